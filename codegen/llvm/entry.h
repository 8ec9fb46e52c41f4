// A program as one native function. Inside the LLVM back end only.
#pragma once

#include "codegen/llvm/target.h"
#include "codegen/program/program.h"
#include "src/ir/loop_layout.h"

#include <string_view>

namespace llvm {
class Module;
}

namespace theon::codegen {

inline constexpr std::string_view entry_symbol = "entry";

/// Adds the program's steps to the module: loops, branches, calls of kernels, copies. Any other step is left to
/// TheonFrame::step, by its number in the order of the text, steps inside of others included; a loop or branch itself
/// is announced there before it begins.
void emit_entry(const Program& program, const ir::Layout& layout, const Target& target, llvm::Module& module);

}  // namespace theon::codegen
