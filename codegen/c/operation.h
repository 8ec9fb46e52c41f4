// One operation of the element language in C.
#pragma once

#include "codegen/c/prelude.h"
#include "src/ir/element.h"

#include <string>
#include <vector>

namespace theon::codegen {

/// "0x1.8p+1f", "INT64_C(3)", "true".
std::string c_literal(DType dtype, std::uint64_t bits, Prelude& prelude);

/// The expression for `op` on operands that are names or literals. Throws InternalError for what is no operation.
std::string c_operation(ir::Opcode op, DType result, DType operand, const std::vector<std::string>& args,
                        Prelude& prelude);

}  // namespace theon::codegen
