#include "src/ops/elementwise.h"

#include "src/graph/print.h"
#include "src/ops/reduce.h"
#include "src/support/check.h"

#include <algorithm>
#include <utility>

namespace theon {

namespace {

bool stretches(const Dim& dim) { return dim == Dim(1); }

/// The size of the axis that is `axis` places from the right; nothing past the left end.
const Dim* from_right(const Variable& x, int axis) {
  return axis < x.ndim() ? &x.dims()[x.ndim() - 1 - axis] : nullptr;
}

/// The first operand whose size decides an axis of the result: it does not stretch.
const Variable* first_that_decides(std::span<const Variable> operands, int axis) {
  for (const Variable& x : operands)
    if (const Dim* dim = from_right(x, axis); dim && !stretches(*dim)) return &x;
  return nullptr;
}

std::string conflict(std::string_view op, const Variable& left, const Variable& right) {
  return fmt::format("{}: shapes {} and {} do not broadcast", op, to_string(left.dims()), to_string(right.dims()));
}

/// What an operand is in an error: its expression, type and line, in columns.
struct Description {
  explicit Description(const Variable& x)
      : expression(brief(x)), type(to_string(x.type())), line(to_string(x.where())) {}
  std::string expression, type, line;
};

std::string described(const Variable& left, const Variable& right) {
  const Description l(left), r(right);
  const std::size_t expression = std::max(l.expression.size(), r.expression.size());
  const std::size_t type = std::max(l.type.size(), r.type.size());
  return fmt::format("\n  left:  {:{}}   {:{}}   {}\n  right: {:{}}   {:{}}   {}", l.expression, expression, l.type,
                     type, l.line, r.expression, expression, r.type, type, r.line);
}

/// Advice: the dims that the operand of lower rank would need.
std::string advice(const Variable& left, const Variable& right) {
  const Variable& smaller = right.ndim() <= left.ndim() ? right : left;
  const Variable& larger = right.ndim() <= left.ndim() ? left : right;
  const Shape wanted(larger.dims().end() - smaller.ndim(), larger.dims().end());
  return fmt::format(
      "\n  hint:  a dim broadcasts only where its size is known to be 1; use expand_dims or give {} shape {}",
      brief(smaller), to_string(wanted));
}

/// Checks that two operands agree on an axis; adds an obligation where that cannot be seen.
void require_equal(std::string_view op, const Variable& left, const Variable& right, int axis,
                   std::vector<Obligation>& obligations, Location where) {
  const Dim &a = *from_right(left, axis), &b = *from_right(right, axis);
  switch (equal(a, b)) {
    case Answer::yes:
      return;
    case Answer::no:
      throw ShapeError(where, conflict(op, left, right) + described(left, right) + advice(left, right));
    case Answer::unknown:
      obligations.push_back({Obligation::Relation::equal, a, b, where, conflict(op, left, right)});
  }
}

Dim broadcast_size(std::string_view op, std::span<const Variable> operands, int axis,
                   std::vector<Obligation>& obligations, Location where) {
  const Variable* decisive = first_that_decides(operands, axis);
  if (!decisive) return Dim(1);
  for (const Variable& x : operands) {
    const Dim* dim = from_right(x, axis);
    if (!dim || stretches(*dim) || *dim == *from_right(*decisive, axis)) continue;
    require_equal(op, *decisive, x, axis, obligations, where);
    if (dim->is_known()) decisive = &x;
  }
  return *from_right(*decisive, axis);
}

}  // namespace

Broadcast broadcast_dims(std::string_view op, std::span<const Variable> operands, Location where) {
  int rank = 0;
  for (const Variable& x : operands) rank = std::max(rank, x.ndim());
  Broadcast result;
  result.dims.resize(rank);
  for (int axis = 0; axis < rank; ++axis)
    result.dims[rank - 1 - axis] = broadcast_size(op, operands, axis, result.obligations, where);
  return result;
}

Variable sum_to_shape(const Variable& x, const Shape& dims, Location where) {
  if (x.dims() == dims) return x;
  const int extra = x.ndim() - static_cast<int>(dims.size());
  std::vector<int> summed, pattern;
  int kept = 0;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    const bool added = axis < extra;
    const bool stretched = !added && stretches(dims[axis - extra]) && !stretches(x.dims()[axis]);
    if (added || stretched) summed.push_back(axis);
    if (stretched)
      pattern.push_back(broadcast_axis);
    else if (!added)
      pattern.push_back(kept++);
  }
  if (summed.empty()) return x;
  const Variable total = reduce(Reduction::sum, x, summed, where);
  return std::ranges::count(pattern, broadcast_axis) == 0 ? total : dimshuffle(total, pattern);
}

}  // namespace theon
