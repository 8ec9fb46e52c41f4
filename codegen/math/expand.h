// Functions as expressions of what every target has: arithmetic, fma, comparisons, bits. Only on machines with tables
// are numbers taken apart in one instruction and coefficients looked up, in registers. Targets branch only around what
// is rarely needed (`usually` in number.h), so kernels vectorise functions with the rest.
//
// A product that must be rounded before it enters a sum is used more than once there: targets may contract a product of
// one use with a sum, and no other.
#pragma once

#include <theon/math.h>

#include "src/ir/element.h"

#include <span>
#include <vector>

namespace theon::codegen::math {

/// Where functions are computed: among the operations around them, or once for all, by a function of the target's own
/// that is called; or in place in the fewest operations that Math::fast allows.
enum class Functions { in_place, called, fast };

/// The same, and whether they may use the operations that only some machines have (Machine::tables).
struct Forms {
  Functions functions = Functions::in_place;
  bool tables = false;

  Forms(Functions how, bool has_tables = false) : functions(how), tables(has_tables) {}
};

/// Which is better for a kernel with these values. In place a function costs no more than its operations; but hundreds
/// of them take long to compile, and they compete for registers.
Forms best_for(std::span<const ir::Expr> values, Math math, bool tables = false);

/// `root` with every function expanded: exp, log, log1p, expm1, sin, cos, tanh, erf and pow. float16 and bfloat16 go
/// through float32. Reductions are to be lowered before. Special cases are those of C99, Annex F; subnormal numbers
/// count as operands and as results.
///
/// Largest errors, in units in the last place:
///
///              exp   expm1  log   log1p  sin   cos   tanh  erf   pow
///     float32  0.90  0.89   0.96  0.96   1.53  1.54  2.42  0.99  0.61
///     float64  0.88  1.23   1.30  1.30   1.50  1.47  1.63  1.57  1.00
///
/// for float32 of all 2^32 operands, of sin and cos those below 2^16, of pow a sample; for float64 of samples, against
/// MPFR or long double.
///
/// With tables the same bounds hold, but in float64 those of exp and expm1 are 0.65 and 1.12. A division by a literal
/// becomes two operations that round it once, and the reciprocal of a square root six or eight without a division, good
/// to 1.07 units, where a division by the rounded root is good to 1.5.
///
/// pow with a literal integer from -2 to 16 or +-1/2 as exponent is a product or a square root of its operand or of the
/// reciprocal: exponent n stands for at most n - 1 roundings, 12 units at 16. With an integer of up to 64 else it is
/// good to 0.51 units.
ir::Expr expand(ir::Expr root);
/// The same for several, with one memo.
std::vector<ir::Expr> expand(std::span<const ir::Expr> roots);
/// The same, but for functions that are called: those of float32 and float64 remain, unless they are powers with a
/// literal exponent that is a product or a root.
ir::Expr expand(ir::Expr root, Forms forms);

/// `op` of argument 0, and argument 1 for pow, of a dtype, expanded: what one that is called computes.
ir::Expr definition(ir::Opcode op, DType dtype, ir::Pool& pool, bool tables = false);

/// How many operations the last one of `e` comes to, once expanded, without what is rarely needed; a bitcast is none,
/// and a lookup one.
int cost(ir::Expr e, bool tables = false);

}  // namespace theon::codegen::math
