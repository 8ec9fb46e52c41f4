#include "codegen/schedule/work.h"

#include "codegen/partition/cost.h"
#include "codegen/schedule/lower.h"
#include "src/ir/size.h"

#include <algorithm>
#include <bit>
#include <map>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

// Set by elementwise kernels of one to a hundred operations, in cache.
constexpr std::int64_t picoseconds_of_operation = 80;  // of one vector
constexpr std::int64_t picoseconds_of_byte = 5;
constexpr std::int64_t picoseconds_of_block = 400'000;

/// More iterations are as good as so many: predictions must not overflow where sizes do not.
constexpr std::int64_t many = std::int64_t{1} << 24;

Dim product(const Shape& dims) {
  Dim count = 1;
  for (const Dim& dim : dims) count = count * dim;
  return min(count, many);
}

/// How often the reductions inside run, by level. Those that side by side have the same level have the same extent.
std::map<std::int64_t, Dim> extents_of(std::span<const Expr> elements) {
  std::map<std::int64_t, Dim> extents;
  for (Expr e : ir::postorder(elements))
    if (e->op == Opcode::reduce)
      if (const std::optional<Dim> extent = ir::as_dim(e->args[0])) extents.emplace(e->number, *extent);
  return extents;
}

/// Of the reductions whose index it depends on.
Dim readings(Expr load, const std::map<std::int64_t, Dim>& extents) {
  Dim count = 1;
  for (const auto& [level, extent] : extents)
    if ((load->free_levels >> level) & 1) count = min(count * extent, many);
  return count;
}

Dim bytes_loaded(std::span<const Expr> elements, const std::map<std::int64_t, Dim>& extents) {
  Dim bytes = 0;
  for (Expr e : ir::postorder(elements))
    if (e->op == Opcode::load && (e->free_axes || e->free_levels))
      bytes = bytes + readings(e, extents) * static_cast<std::int64_t>(size_of(e->dtype));
  return bytes;
}

}  // namespace

Dim WorkModel::of(std::span<const Expr> elements) const {
  const std::vector<Expr> roots(elements.begin(), elements.end());
  const std::map<std::int64_t, Dim> extents = extents_of(elements);
  Dim runs = 1;
  for (const auto& [level, extent] : extents) runs = min(runs * extent, many);
  const std::int64_t cost = std::max(element_cost(elements), 1);
  return runs * std::max<std::int64_t>(picoseconds_of_operation * cost / lanes_of(roots, machine), 1) +
         bytes_loaded(elements, extents) * picoseconds_of_byte;
}

Dim WorkModel::of(const Nest& nest, const std::vector<Value>& values) const {
  const std::int64_t stored = static_cast<std::int64_t>(size_of(values[nest.result].type.dtype));
  return product(nest.domain) * (of(std::span(&nest.element, 1)) + stored * picoseconds_of_byte);
}

Dim WorkModel::of(const Group& group, const std::vector<Value>& values) const {
  Dim work = 0;
  for (const Nest& nest : group.nests) work = work + of(nest, values);
  return work;
}

Dim WorkModel::of(const Contraction& sums, const std::vector<Value>& values) const {
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(values[sums.result].type.dtype));
  return product(sums.domain) * min(sums.k, many) *
         std::max<std::int64_t>(picoseconds_of_operation * bytes / machine.vector_bytes, 1);
}

Dim block_of(const Dim& iteration_work) {
  const Dim most = std::int64_t{1} << 20;
  if (const std::optional<std::int64_t> known = iteration_work.known())
    return min(most, static_cast<std::int64_t>(std::bit_ceil(
                         static_cast<std::uint64_t>(picoseconds_of_block / std::max<std::int64_t>(*known, 1) + 1))));
  return max(1, floor_div(picoseconds_of_block, max(1, iteration_work)));
}

}  // namespace theon::codegen
