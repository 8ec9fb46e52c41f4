#include "codegen/partition/affine.h"

#include "src/support/check.h"

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

bool depends(Expr e, std::span<const Expr> indices) {
  for (Expr index : indices)
    if ((e->free_axes & index->free_axes) || (e->free_levels & index->free_levels)) return true;
  return false;
}

Affine constant(Expr e, std::size_t count) { return {std::vector<Expr>(count, e->pool->literal(0)), e}; }

Affine combine(const Affine& a, const Affine& b, Opcode op) {
  const auto both = [&](Expr x, Expr y) { return op == Opcode::add ? x + y : x - y; };
  Affine sum{{}, both(a.rest, b.rest)};
  for (std::size_t n = 0; n < a.coefficients.size(); ++n)
    sum.coefficients.push_back(both(a.coefficients[n], b.coefficients[n]));
  return sum;
}

Affine scale(Affine a, Expr factor) {
  for (Expr& coefficient : a.coefficients) coefficient = coefficient * factor;
  a.rest = a.rest * factor;
  return a;
}

/// Depth is bounded by the nesting of index arithmetic in one operand, not by the size of the graph.
std::optional<Affine> split(Expr e, std::span<const Expr> indices) {
  if (!depends(e, indices)) return constant(e, indices.size());
  for (std::size_t n = 0; n < indices.size(); ++n)
    if (same(e, indices[n])) {
      Affine self = constant(e->pool->literal(0), indices.size());
      self.coefficients[n] = e->pool->literal(1);
      return self;
    }
  if (e->op == Opcode::neg) {
    if (auto inner = split(e->args[0], indices)) return scale(*inner, e->pool->literal(-1));
  } else if (e->op == Opcode::add || e->op == Opcode::sub) {
    const auto left = split(e->args[0], indices), right = split(e->args[1], indices);
    if (left && right) return combine(*left, *right, e->op);
  } else if (e->op == Opcode::mul) {
    const bool swapped = depends(e->args[1], indices);
    const Expr factor = e->args[swapped ? 0 : 1];
    if (depends(factor, indices)) return std::nullopt;
    if (auto inner = split(e->args[swapped ? 1 : 0], indices)) return scale(*inner, factor);
  }
  return std::nullopt;
}

std::optional<Dim> combine_dims(Opcode op, const Dim& a, const Dim& b) {
  if (op == Opcode::add) return a + b;
  if (op == Opcode::sub) return a - b;
  if (op == Opcode::mul) return a * b;
  if (op == Opcode::floor_div) return floor_div(a, b);
  if (op == Opcode::mod) return mod(a, b);
  if (op == Opcode::min) return min(a, b);
  if (op == Opcode::max) return max(a, b);
  return std::nullopt;
}

}  // namespace

std::optional<Affine> as_affine(Expr expr, std::span<const Expr> indices) { return split(expr, indices); }

Expr row_major_offset(const Shape& dims, std::span<const Expr> indices, ir::Pool& pool) {
  THEON_CHECK(dims.size() == indices.size());
  Expr offset = pool.literal(0);
  for (std::size_t axis = 0; axis < dims.size(); ++axis) offset = offset * pool.parameter(dims[axis]) + indices[axis];
  return offset;
}

std::optional<Dim> as_dim(Expr expr) {
  if (expr->op == Opcode::literal) return Dim(static_cast<std::int64_t>(expr->bits));
  if (expr->op == Opcode::parameter) return *expr->dim;
  if (expr->args.size() == 1 && expr->op == Opcode::neg) {
    const auto inner = as_dim(expr->args[0]);
    return inner ? std::optional(Dim(0) - *inner) : std::nullopt;
  }
  if (expr->args.size() != 2) return std::nullopt;
  const auto left = as_dim(expr->args[0]), right = as_dim(expr->args[1]);
  return left && right ? combine_dims(expr->op, *left, *right) : std::nullopt;
}

}  // namespace theon::codegen
