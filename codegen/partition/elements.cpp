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

}  // namespace

Expr NodeContext::load(std::size_t input, std::span<const Expr> indices) const {
  const Variable& x = node_.inputs[input];
  if (const Constant* constant = as_constant(x))
    if (const std::optional<Tensor> value = constant->uniform()) return pool_.literal_bits(x.dtype(), bits_of(*value));
  return pool_.load(number_(x), x.dtype(), indices);
}

Tuple index_tuple(const Shape& dims, ir::Pool& pool) {
  Tuple indices;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) indices.push_back(pool.index(static_cast<int>(axis), dims[axis]));
  return indices;
}

std::vector<Expr> canonical_elements(const Apply& node, ir::Pool& pool) {
  const auto position = [&](const Variable& x) {
    const auto it = std::find_if(node.inputs.begin(), node.inputs.end(), [&](const Variable& y) { return same(x, y); });
    return it - node.inputs.begin();
  };
  return static_cast<const ElementOp&>(*node.op).element(NodeContext(node, pool, position), index_tuple(node.types[0].dims, pool));
}

bool same_tuple(std::span<const Expr> a, std::span<const Expr> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](Expr x, Expr y) { return same(x, y); });
}

}  // namespace theon::codegen
