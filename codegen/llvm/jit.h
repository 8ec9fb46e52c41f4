// Kernels as native code.
#pragma once

#include "codegen/abi.h"
#include "codegen/llvm/target.h"
#include "codegen/program/program.h"
#include "src/ir/loop.h"
#include "src/ir/loop_layout.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace theon::codegen {

/// Machine code in memory of its own, freed with it. Movable; moving keeps the addresses.
class NativeCode {
 public:
  struct Loaded;

  NativeCode();
  explicit NativeCode(std::unique_ptr<const Loaded> loaded);
  ~NativeCode();
  NativeCode(NativeCode&&) noexcept;
  NativeCode& operator=(NativeCode&&) noexcept;

  /// Throws InternalError for a name that was not among the kernels compiled.
  TheonKernel kernel(std::string_view name) const;
  /// The entry; null in an object of kernels alone.
  TheonEntry entry() const;

 private:
  std::unique_ptr<const Loaded> loaded_;
};

/// Machine code as it is kept in a file.
struct ObjectCode {
  std::vector<std::string> kernels;  // their names, in order
  bool has_entry = false;
  std::string bytes;  // a relocatable object
};

/// The name of the machine code of a program: 64 hexadecimal digits that two programs share when every kernel and the
/// entry are the same code. It depends on what they are, on the target, on the version of LLVM and on Theon's sources,
/// and on nothing else; so it may name a file.
std::string object_key(const Program& program, const ir::Layout& layout, const Target& target);

/// Whether this build of Theon has a code generator for the target.
bool can_compile_for(const Target& target);

/// Translates kernels with different names. Functions such as exp that codegen/math has left in them are called.
/// Thread-safe.
ObjectCode compile_object(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target);

/// The steps of a program as one function, which calls the kernels through TheonFrame. Thread-safe.
ObjectCode compile_object(const Program& program, const ir::Layout& layout, const Target& target);

/// Brings an object into memory. Throws InternalError for bytes that are none. Thread-safe.
NativeCode load(const ObjectCode& object);

/// compile_object and load.
NativeCode compile(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target);

/// The program in LLVM's text, and in the target's assembly text, for people: kernels under their own names, and the
/// entry of a program with loops or branches.
std::string llvm_text(const Program& program, const ir::Layout& layout, const Target& target);
std::string assembly(const Program& program, const ir::Layout& layout, const Target& target);
/// The same of kernels, by number.
std::string llvm_text(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target);
std::string assembly(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target);

}  // namespace theon::codegen
