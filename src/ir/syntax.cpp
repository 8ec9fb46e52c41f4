// The syntax of definitions: operators on expressions and numbers.
#include "src/ir/element.h"
#include "src/support/check.h"

#include <array>

namespace theon::ir {

namespace {

/// The operands as expressions of one dtype: numbers take that of the expressions.
template <std::size_t n>
std::array<Expr, n> operands(const std::array<Term, n>& terms) {
  Expr like;
  for (const Term& term : terms) {
    if (!like) like = term.expr();
  }
  THEON_CHECK(like);
  std::array<Expr, n> result;
  for (std::size_t k = 0; k < n; ++k) result[k] = terms[k].in(*like->pool, like->dtype);
  return result;
}

Expr arithmetic(Opcode op, Term a, Term b) {
  const auto args = operands<2>({a, b});
  return args[0]->pool->make(op, args, args[0]->dtype);
}

Expr compare(Opcode op, Term a, Term b) {
  const auto args = operands<2>({a, b});
  return args[0]->pool->make(op, args, DType::boolean);
}

Expr unary(Opcode op, Expr a) { return a->pool->make(op, {a}, a->dtype); }

}  // namespace

Expr Term::in(Pool& pool, DType dtype) const {
  if (expr_) return expr_;
  return is_integer_ ? pool.literal(dtype, integer_) : pool.literal(dtype, number_);
}

Expr operator+(Term a, Term b) { return arithmetic(Opcode::add, a, b); }
Expr operator-(Term a, Term b) { return arithmetic(Opcode::sub, a, b); }
Expr operator*(Term a, Term b) { return arithmetic(Opcode::mul, a, b); }
Expr operator/(Term a, Term b) { return arithmetic(Opcode::div, a, b); }
Expr operator%(Term a, Term b) { return arithmetic(Opcode::mod, a, b); }
Expr operator<(Term a, Term b) { return compare(Opcode::lt, a, b); }
Expr operator<=(Term a, Term b) { return compare(Opcode::le, a, b); }
Expr operator>(Term a, Term b) { return compare(Opcode::lt, b, a); }
Expr operator>=(Term a, Term b) { return compare(Opcode::le, b, a); }
Expr operator==(Term a, Term b) { return compare(Opcode::eq, a, b); }
Expr operator!=(Term a, Term b) { return compare(Opcode::ne, a, b); }
Expr operator&(Term a, Term b) { return arithmetic(Opcode::bit_and, a, b); }
Expr operator|(Term a, Term b) { return arithmetic(Opcode::bit_or, a, b); }
Expr operator^(Term a, Term b) { return arithmetic(Opcode::bit_xor, a, b); }
Expr operator<<(Term a, Term b) { return arithmetic(Opcode::shift_left, a, b); }
Expr operator>>(Term a, Term b) { return arithmetic(Opcode::shift_right, a, b); }
Expr operator-(Expr a) { return unary(Opcode::neg, a); }
Expr operator~(Expr a) { return unary(Opcode::bit_not, a); }
Expr floor_div(Term a, Term b) { return arithmetic(Opcode::floor_div, a, b); }
Expr min(Term a, Term b) { return arithmetic(Opcode::min, a, b); }
Expr max(Term a, Term b) { return arithmetic(Opcode::max, a, b); }
Expr pow(Term a, Term b) { return arithmetic(Opcode::pow, a, b); }

Expr fma(Term a, Term b, Term c) {
  const auto args = operands<3>({a, b, c});
  return args[0]->pool->make(Opcode::fma, args, args[0]->dtype);
}

Expr select(Expr condition, Term yes, Term no) {
  const auto arms = operands<2>({yes, no});
  return condition->pool->make(Opcode::select, {condition, arms[0], arms[1]}, arms[0]->dtype);
}

Expr convert(Expr a, DType dtype) { return a->pool->make(Opcode::convert, {a}, dtype); }
Expr bitcast(Expr a, DType dtype) { return a->pool->make(Opcode::bitcast, {a}, dtype); }
Expr abs(Expr a) { return unary(Opcode::abs, a); }
Expr sqrt(Expr a) { return unary(Opcode::sqrt, a); }
Expr scale(Term a, Term n) { return arithmetic(Opcode::scale, a, n); }
Expr exponent(Expr a) { return unary(Opcode::exponent, a); }
Expr mantissa(Expr a) { return unary(Opcode::mantissa, a); }
Expr rsqrt_estimate(Expr a) { return unary(Opcode::rsqrt_estimate, a); }
Expr floor(Expr a) { return unary(Opcode::floor, a); }
Expr ceil(Expr a) { return unary(Opcode::ceil, a); }
Expr trunc(Expr a) { return unary(Opcode::trunc, a); }
Expr round(Expr a) { return unary(Opcode::round, a); }
Expr exp(Expr a) { return unary(Opcode::exp, a); }
Expr log(Expr a) { return unary(Opcode::log, a); }
Expr log1p(Expr a) { return unary(Opcode::log1p, a); }
Expr expm1(Expr a) { return unary(Opcode::expm1, a); }
Expr sin(Expr a) { return unary(Opcode::sin, a); }
Expr cos(Expr a) { return unary(Opcode::cos, a); }
Expr tanh(Expr a) { return unary(Opcode::tanh, a); }
Expr erf(Expr a) { return unary(Opcode::erf, a); }

}  // namespace theon::ir
