// Reshape: one row-major sequence of elements under two shapes.
#include "src/ops/shape.h"
#include "src/graph/binding.h"
#include "src/graph/limits.h"
#include "src/support/check.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace theon {

namespace {

using ir::Expr;

/// Axes [first_in, last_in) of the operand hold the same elements as axes [first_out, last_out) of the result, in the
/// same order.
struct Group {
  std::size_t first_in, last_in, first_out, last_out;
};

std::vector<Dim> running_products(const Shape& dims) {
  std::vector<Dim> products{1};
  for (const Dim& dim : dims) products.push_back(products.back() * dim);
  return products;
}

/// The finest groups that can be seen: [n, 28, 28] and [n, 784] are n and n, then [28, 28] and [784]. An index then
/// depends only on its group.
std::vector<Group> groups(const Shape& in, const Shape& out) {
  const std::vector<Dim> left = running_products(in), right = running_products(out);
  std::vector<Group> found;
  std::size_t i = 0, j = 0;
  for (std::size_t next = 1; next < in.size(); ++next) {
    const auto match = std::find(right.begin() + std::min(j + 1, right.size()), right.end(), left[next]);
    if (match == right.end()) continue;
    const std::size_t end = match - right.begin();
    found.push_back({i, next, j, end});
    i = next;
    j = end;
  }
  found.push_back({i, in.size(), j, out.size()});
  return found;
}

/// The position of an element in row-major order over the axes [first, last).
Expr linear_index(ir::Pool& pool, const Shape& dims, std::span<const Expr> indices, std::size_t first,
                  std::size_t last) {
  Expr position = pool.literal(std::int64_t{0});
  for (std::size_t axis = first; axis < last; ++axis) position = position * pool.parameter(dims[axis]) + indices[axis];
  return position;
}

/// Writes the indices over the axes [first, last) of the element at `position`.
void split_index(Expr position, const Shape& dims, std::span<Expr> indices, std::size_t first, std::size_t last) {
  for (std::size_t axis = last; axis-- > first;) {
    const Expr extent = position->pool->parameter(dims[axis]);
    indices[axis] = axis == first ? position : position % extent;
    position = floor_div(position, extent);
  }
}

/// Removes what two products have in common, so that the rest can be divided exactly even where sizes are symbols.
void cancel(std::vector<Dim>& dividend, std::vector<Dim>& divisor) {
  std::erase_if(divisor, [&](const Dim& factor) {
    const auto twin = std::ranges::find(dividend, factor);
    if (twin == dividend.end()) return false;
    dividend.erase(twin);
    return true;
  });
}

std::string mismatch(const Shape& from, const Shape& to) {
  return fmt::format("reshape: {} and {} hold different numbers of elements", to_string(from), to_string(to));
}

/// The size that -1 stands for.
Dim inferred_size(const Shape& from, const Shape& to, std::size_t axis, Location where) {
  std::vector<Dim> dividend = from, divisor = to;
  divisor.erase(divisor.begin() + axis);
  cancel(dividend, divisor);
  const Dim rest = number_of_elements(divisor), total = number_of_elements(dividend);
  if (rest == Dim(0))
    fail<ShapeError>(where, "reshape: -1 in {} could be any size, because another size is 0", to_string(to));
  if (rest.is_known() && total.is_known() && *total.known() % *rest.known() != 0)
    throw ShapeError(where, mismatch(from, to));
  return floor_div(total, rest);
}

Shape with_inferred_size(const Shape& from, Shape to, Location where) {
  const auto unknown = std::ranges::find(to, Dim(-1));
  if (unknown == to.end()) return to;
  if (std::find(unknown + 1, to.end(), Dim(-1)) != to.end())
    fail<ShapeError>(where, "reshape: more than one size of {} is -1", to_string(to));
  *unknown = inferred_size(from, to, unknown - to.begin(), where);
  return to;
}

}  // namespace

Signature Reshape::infer(std::span<const Variable> inputs, Location where) const {
  const Variable& x = inputs[0];
  Signature signature{{{x.dtype(), dims_}}};
  require_sizes("reshape", dims_, signature, where);
  require_equal(
      number_of_elements(x.dims()), number_of_elements(dims_), [&] { return mismatch(x.dims(), dims_); }, signature,
      where);
  return signature;
}

std::vector<Expr> Reshape::element(const ElementContext& context, std::span<const Expr> indices) const {
  const Shape& dims = context.input(0).dims;
  std::vector<Expr> own(dims.size());
  for (const Group& group : groups(dims, dims_)) {
    const Expr position = linear_index(context.pool(), dims_, indices, group.first_out, group.last_out);
    split_index(position, dims, own, group.first_in, group.last_in);
  }
  return {context.load(0, own)};
}

std::vector<Variable> Reshape::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  return for_inputs(node, {reshape(cotangents[0], node.inputs[0].dims())});
}

std::vector<Variable> Reshape::pushforward(const Apply&, std::span<const Variable> tangents) const {
  return {reshape(tangents[0], dims_)};
}

Variable reshape(Operand x, Shape dims) {
  if (!is_pattern(x.value())) {
    check_limits("reshape", dims, x.where());
    dims = with_inferred_size(x.value().dims(), std::move(dims), x.where());
    if (x.value().dims() == dims) return x.value();
  }
  std::vector<Variable> inputs = with_binders({x.value()}, dims);
  return apply(std::make_shared<const Reshape>(std::move(dims)), std::move(inputs), x.where());
}

Variable flatten(Operand x) { return reshape(x, {-1}); }

}  // namespace theon
