// The expansion of each function, for operands of float32 and float64.
#pragma once

#include "codegen/math/extended.h"
#include "src/ir/element.h"

#include <optional>
#include <vector>

namespace theon::codegen::math {

ir::Expr expand_exp(ir::Expr x);
ir::Expr expand_expm1(ir::Expr x);
ir::Expr expand_log(ir::Expr x);
ir::Expr expand_log1p(ir::Expr x);
ir::Expr expand_sin(ir::Expr x);
ir::Expr expand_cos(ir::Expr x);
ir::Expr expand_tanh(ir::Expr x);
ir::Expr expand_erf(ir::Expr x);
ir::Expr expand_pow(ir::Expr x, ir::Expr y);
/// x^y for a floating x and those literals y that need no logarithm.
std::optional<ir::Expr> power_of_literal(ir::Expr x, ir::Expr y);

/// Forms for machines with tables.
ir::Expr tabulated_exp(ir::Expr x);
/// exp that is scaled in one instruction, without a table.
ir::Expr scaled_exp(ir::Expr x);
ir::Expr tabulated_expm1(ir::Expr x);
/// (e^x - 1) / 2 of float64, where that is finite; of -0 it is 0.
Extended tabulated_half_expm1(ir::Expr x);
ir::Expr tabulated_tanh(ir::Expr x);
ir::Expr tabulated_log(ir::Expr x);
ir::Expr tabulated_erf(ir::Expr x);
/// 1 / sqrt(x) without a division or a root.
ir::Expr tabulated_rsqrt(ir::Expr x);

/// `op` in fewer operations, as Math::fast allows, where there is such a form.
std::optional<ir::Expr> fast_form(ir::Opcode op, const std::vector<ir::Expr>& args);
/// The parts of it that functions in other files compute.
ir::Expr fast_exp(ir::Expr x);
ir::Expr fast_log(ir::Expr x);
ir::Expr fast_tanh(ir::Expr x);
}  // namespace theon::codegen::math
