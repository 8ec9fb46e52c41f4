#include "src/ops/contraction.h"

#include "src/graph/print.h"
#include "src/ops/elementwise.h"
#include "src/ops/reduce.h"
#include "src/support/check.h"

#include <memory>

namespace theon {

namespace {

std::string mismatch(const Variable& x, const Variable& y) {
  return fmt::format("dot: inner dimensions {} and {} differ ({} is {}, {} is {})", to_string(x.dims().back()),
                     to_string(y.dims().front()), brief(x), to_string(x.dims()), brief(y), to_string(y.dims()));
}

void require_equal_inner(const Variable& x, const Variable& y, std::vector<Obligation>& obligations, Location where) {
  const Dim &a = x.dims().back(), &b = y.dims().front();
  switch (equal(a, b)) {
    case Answer::yes:
      return;
    case Answer::no:
      throw ShapeError(where, mismatch(x, y));
    case Answer::unknown:
      obligations.push_back({Obligation::Relation::equal, a, b, where, mismatch(x, y)});
  }
}

void require_rank(const Variable& x, Location where) {
  if (x.ndim() != 1 && x.ndim() != 2)
    fail<ShapeError>(where, "dot: {} has rank {}; the operands are vectors or matrices", brief(x), x.ndim());
}

/// A column times a row.
Variable outer(const Variable& x, const Variable& y) { return expand_dims(x, 1) * expand_dims(y, 0); }

/// Products of truth values count, as sums of them do.
DType product_dtype(const Operand& x, const Operand& y) {
  const DType dtype = promote(x.value().dtype(), y.value().dtype());
  return is_boolean(dtype) ? DType::int64 : dtype;
}

}  // namespace

Signature Dot::infer(std::span<const Variable> inputs, Location where) const {
  const Variable &x = inputs[0], &y = inputs[1];
  THEON_CHECK(x.dtype() == y.dtype());
  require_rank(x, where);
  require_rank(y, where);
  Shape dims(x.dims().begin(), x.dims().end() - 1);
  dims.insert(dims.end(), y.dims().begin() + 1, y.dims().end());
  Signature signature{{{x.dtype(), std::move(dims)}}};
  require_equal_inner(x, y, signature.obligations, where);
  return signature;
}

std::vector<ir::Expr> Dot::element(const ElementContext& context, std::span<const ir::Expr> indices) const {
  const TensorType& x = context.input(0);
  const DType wide = accumulator(x.dtype);
  const std::size_t rows = x.dims.size() - 1;
  std::vector<ir::Expr> left(indices.begin(), indices.begin() + rows), right(indices.begin() + rows, indices.end());
  left.push_back({});
  right.insert(right.begin(), ir::Expr());
  const auto product = [&](ir::Expr k) {
    left.back() = right.front() = k;
    return convert(context.load(0, left), wide) * convert(context.load(1, right), wide);
  };
  const ir::Monoid* sum = context.pool().monoid(ir::Opcode::add, wide);
  return {convert(context.pool().reduce(sum, x.dims.back(), product), x.dtype)};
}

std::vector<Variable> Dot::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const Variable &x = node.inputs[0], &y = node.inputs[1], &g = cotangents[0];
  if (x.ndim() == 1 && y.ndim() == 1) return {g * y, g * x};
  if (y.ndim() == 1) return {outer(g, y), dot(g, x)};
  if (x.ndim() == 1) return {dot(y, g), outer(x, g)};
  return {dot(g, transpose(y)), dot(transpose(x), g)};
}

std::vector<Variable> Dot::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  std::vector<Variable> terms;
  if (!tangents[0].is_empty()) terms.push_back(dot(tangents[0], node.inputs[1]));
  if (!tangents[1].is_empty()) terms.push_back(dot(node.inputs[0], tangents[1]));
  return {add_n(terms, node.where)};
}

bool is_dot(const Op& op) { return dynamic_cast<const Dot*>(&op) != nullptr; }

Variable dot(Operand x, Operand y) {
  static const OpRef op = std::make_shared<const Dot>();
  const Location where = x.where();
  for (const Operand& operand : {x, y})
    if (operand.value().is_empty()) fail<ArgumentError>(where, "dot: an operand is an empty Variable");
  if (is_pattern(x.value()) || is_pattern(y.value())) return apply(op, {x.value(), y.value()}, where);
  if (x.value().ndim() == 0 || y.value().ndim() == 0) return x * y;
  const DType dtype = product_dtype(x, y);
  return apply(op, {cast_to(x.value(), dtype, where), cast_to(y.value(), dtype, where)}, where);
}

}  // namespace theon
