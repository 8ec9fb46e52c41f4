#include "codegen/partition/elements.h"

#include <algorithm>
#include <unordered_map>

namespace theon::codegen {

using ir::Expr;

namespace {

std::uint64_t bits_of(const Tensor& scalar) {
  std::uint64_t bits = 0;
  std::copy_n(scalar.raw(), size_of(scalar.dtype()), reinterpret_cast<std::byte*>(&bits));
  return bits;
}

/// For each axis of the domain, the axis of the result that it is the plain index of; nothing unless all but one axis
/// of the result are such.
std::optional<std::vector<std::size_t>> plain_axes(std::span<const Expr> target, const Shape& domain,
                                                   const Shape& dims) {
  std::vector<std::size_t> axes(domain.size(), target.size());
  for (std::size_t axis = 0; axis < target.size(); ++axis) {
    if (target[axis]->op != ir::Opcode::index) continue;
    const auto from = static_cast<std::size_t>(target[axis]->number);
    if (axes[from] == target.size() && domain[from] == dims[axis]) axes[from] = axis;
  }
  const bool all = std::find(axes.begin(), axes.end(), target.size()) == axes.end();
  return all && target.size() == domain.size() + 1 ? std::optional(axes) : std::nullopt;
}

std::optional<Expr> scatter_element(const ScatterOp& op, const NodeContext& context, std::span<const Expr> indices) {
  const Apply& node = context.node();
  const Shape domain = op.domain(node);
  const Shape& dims = node.types[0].dims;
  ir::Pool& pool = context.pool();
  const auto axes = plain_axes(op.target(context, index_tuple(domain, pool)), domain, dims);
  if (!axes) return std::nullopt;
  std::size_t compared = 0;
  while (std::find(axes->begin(), axes->end(), compared) != axes->end()) ++compared;
  Tuple from;
  for (std::size_t axis : *axes) from.push_back(indices[axis]);
  const Expr base = context.load(0, indices), value = op.value(context, from);
  const Expr written = op.combine() ? pool.make(*op.combine(), {base, value}, base->dtype) : value;
  return select(indices[compared] == op.target(context, from)[compared], written, base);
}

/// A box within the result: where along each axis it begins.
using Box = std::vector<Expr>;

/// Whether a box takes up so much of the result that computing all of it at once is worth it.
bool is_most_of(const Shape& domain, const Shape& dims) {
  std::int64_t inside = 1, all = 1;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    if (less_equal(1, domain[axis]) != Answer::yes) return false;
    if (domain[axis] == dims[axis]) continue;
    const std::optional<std::int64_t> part = domain[axis].known(), whole = dims[axis].known();
    constexpr std::int64_t large = std::int64_t{1} << 20;
    if (!part || !whole || *whole > large || all > large) return false;
    inside *= *part, all *= *whole;
  }
  return inside * 2 >= all;
}

/// The targets as a box that each axis of the domain moves through by single steps.
std::optional<Box> as_box(std::span<const Expr> target, const Tuple& domain) {
  Box box;
  for (std::size_t axis = 0; axis < target.size(); ++axis) {
    const Expr offset = target[axis] - domain[axis];
    if (offset->free_axes || offset->loads) return std::nullopt;
    box.push_back(offset);
  }
  return box;
}

std::optional<Expr> box_element(const ScatterOp& op, const NodeContext& context, std::span<const Expr> indices) {
  const Apply& node = context.node();
  const Shape domain = op.domain(node);
  const Shape& dims = node.types[0].dims;
  ir::Pool& pool = context.pool();
  if (domain.empty() || domain.size() != dims.size() || !is_most_of(domain, dims)) return std::nullopt;
  const std::optional<Box> box = as_box(op.target(context, index_tuple(domain, pool)), index_tuple(domain, pool));
  if (!box) return std::nullopt;
  Expr inside = pool.literal_bits(DType::boolean, 1);
  Tuple from;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    const Expr index = indices[axis] - (*box)[axis], extent = pool.parameter(domain[axis]);
    inside = inside & (0 <= index) & (index < extent);
    // Both arms of a select are computed.
    from.push_back(max(min(index, extent - 1), 0));
  }
  const Expr base = context.load(0, indices), value = op.value(context, from);
  return select(inside, op.combine() ? pool.make(*op.combine(), {base, value}, base->dtype) : value, base);
}

}  // namespace

Expr NodeContext::load(std::size_t input, std::span<const Expr> indices) const {
  const Variable& x = node_.inputs[input];
  if (const Constant* constant = as_constant(x))
    if (const std::optional<Tensor> value = constant->uniform()) return pool_.literal_bits(x.dtype(), bits_of(*value));
  // What indices alone determine, an arange, is known at once: a scatter whose target it is shows its plain axes.
  const Apply* made = x.owner();
  if (made && made->inputs.empty() && made->op->op_class() == Op::Class::element)
    return static_cast<const ElementOp&>(*made->op).element(NodeContext(*made, pool_, number_), indices)[x.index()];
  return pool_.load(number_(x), x.dtype(), indices);
}

Tuple index_tuple(const Shape& dims, ir::Pool& pool) {
  Tuple indices;
  for (std::size_t axis = 0; axis < dims.size(); ++axis)
    indices.push_back(pool.index(static_cast<int>(axis), dims[axis]));
  return indices;
}

std::optional<std::vector<Expr>> elements(const NodeContext& context, std::span<const Expr> indices) {
  const Op& op = *context.node().op;
  if (op.op_class() == Op::Class::element) return static_cast<const ElementOp&>(op).element(context, indices);
  if (op.op_class() != Op::Class::scatter) return std::nullopt;
  const auto& scatter = static_cast<const ScatterOp&>(op);
  std::optional<Expr> element = scatter_element(scatter, context, indices);
  if (!element) element = box_element(scatter, context, indices);
  return element ? std::optional(std::vector<Expr>{*element}) : std::nullopt;
}

std::optional<std::vector<Expr>> canonical_elements(const Apply& node, ir::Pool& pool) {
  const auto position = [&](const Variable& x) {
    const auto it = std::find_if(node.inputs.begin(), node.inputs.end(), [&](const Variable& y) { return same(x, y); });
    return it - node.inputs.begin();
  };
  return elements(NodeContext(node, pool, position), index_tuple(node.types[0].dims, pool));
}

bool same_tuple(std::span<const Expr> a, std::span<const Expr> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](Expr x, Expr y) { return same(x, y); });
}

}  // namespace theon::codegen
