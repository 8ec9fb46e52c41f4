#include "codegen/schedule/work.h"

#include "codegen/partition/cost.h"
#include "codegen/schedule/lower.h"
#include "src/ir/size.h"

#include <algorithm>
#include <bit>
#include <map>
#include <unordered_set>

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

Dim bounded(const Dim& count) { return min(count, many); }
/// These do not overflow.
const Formula& bounded(const Formula& count) { return count; }

// Numbers are Dims, which decisions are made by, or Formulas.

template <class Number>
Number product(const Shape& dims) {
  Number count = 1;
  for (const Dim& dim : dims) count = count * Number(dim);
  return bounded(count);
}

template <class Number>
using Extents = std::map<std::int64_t, Number>;

/// How often the reductions inside run at most, by level, but for running values. Those that side by side have the same
/// level have the same extent.
template <class Number>
Extents<Number> extents_of(std::span<const Expr> elements) {
  Extents<Number> extents;
  for (Expr e : ir::postorder(elements))
    if (e->op == Opcode::reduce && e->args[0]->free_axes == 0)
      extents.emplace(e->number, Number(ir::as_dim(e->args[0]).value_or(*e->dim)));
  return extents;
}

/// How often something is computed: once for each index of the reductions that it depends on.
template <class Number>
Number runs_of(Expr e, const Extents<Number>& extents) {
  Number count = 1;
  for (const auto& [level, extent] : extents)
    if ((e->free_levels >> level) & 1) count = bounded(count * extent);
  return count;
}

template <class Number>
Number bytes_loaded(std::span<const Expr> elements, const Extents<Number>& extents) {
  Number bytes = 0;
  for (Expr e : ir::postorder(elements))
    if (e->op == Opcode::load && (e->free_axes || e->free_levels))
      bytes = bytes + runs_of(e, extents) * static_cast<std::int64_t>(size_of(e->dtype));
  return bytes;
}

std::int64_t bytes_of(ValueId value, const std::vector<Value>& values) {
  return static_cast<std::int64_t>(size_of(values[value].type.dtype));
}

/// Picoseconds of the elements, once each.
template <class Number>
Number time_of(std::span<const Expr> elements, const Machine& machine) {
  const std::vector<Expr> roots(elements.begin(), elements.end());
  const Extents<Number> extents = extents_of<Number>(elements);
  Number runs = 1;
  for (const auto& [level, extent] : extents) runs = bounded(runs * extent);
  const std::int64_t cost = std::max(element_cost(elements), 1);
  return runs * std::max<std::int64_t>(picoseconds_of_operation * cost / lanes_of(roots, machine), 1) +
         bytes_loaded(elements, extents) * picoseconds_of_byte;
}

template <class Number>
Number time_of(const Nest& nest, const std::vector<Value>& values, const Machine& machine) {
  return product<Number>(nest.domain) *
         (time_of<Number>(std::span(&nest.element, 1), machine) + bytes_of(nest.result, values) * picoseconds_of_byte);
}

template <class Number>
Number time_of(const Group& group, const std::vector<Value>& values, const Machine& machine) {
  Number work = 0;
  for (const Nest& nest : group.nests) work = work + time_of<Number>(nest, values, machine);
  return work;
}

template <class Number>
Number time_of(const Contraction& sums, const std::vector<Value>& values, const Machine& machine) {
  return product<Number>(sums.domain) * bounded(Number(sums.k)) *
         std::max<std::int64_t>(picoseconds_of_operation * bytes_of(sums.result, values) / machine.vector_bytes, 1);
}

// Estimates, for people.

/// Of each node once for each index that it depends on; a reduction combines as often as it runs.
Formula operations_of(std::span<const Expr> elements) {
  const Extents<Formula> extents = extents_of<Formula>(elements);
  Formula operations;
  for (Expr e : ir::postorder(elements)) {
    const int cost = element_cost(e);
    if (cost == 0) continue;
    const Formula runs = runs_of(e, extents) * Formula(cost);
    const auto extent = e->op == Opcode::reduce ? extents.find(e->number) : extents.end();
    operations += extent == extents.end() ? runs : runs * extent->second;
  }
  return operations;
}

/// Elements of the array that are touched: along an axis all, where the index moves. Where it is looked up, as many as
/// there are look-ups.
Formula touched(Expr load, const Shape& domain, const Shape& dims, const Extents<Formula>& extents) {
  const bool is_looked_up = std::ranges::any_of(load->args, [](Expr index) {
    return std::ranges::any_of(ir::postorder(std::span(&index, 1)), [](Expr e) { return e->op == Opcode::load; });
  });
  Formula elements = is_looked_up ? runs_of(load, extents) : Formula(1);
  if (is_looked_up) {
    for (std::size_t axis = 0; axis < domain.size(); ++axis)
      if ((load->free_axes >> axis) & 1) elements = elements * Formula(domain[axis]);
    return elements;
  }
  for (std::size_t axis = 0; axis < dims.size(); ++axis)
    if (load->args[axis]->free_axes || load->args[axis]->free_levels) elements = elements * Formula(dims[axis]);
  return elements;
}

/// What kernels read and write of arrays, each array once.
class Traffic {
 public:
  explicit Traffic(const std::vector<Value>& values) : values_(values) {}

  void read(std::span<const Expr> elements, const Shape& domain) {
    const Extents<Formula> extents = extents_of<Formula>(elements);
    for (Expr e : ir::postorder(elements))
      if (e->op == Opcode::load && seen_.insert(e->number).second)
        add(e->number, touched(e, domain, values_[e->number].type.dims, extents));
  }
  void write(ValueId value, const Shape& domain) {
    seen_.insert(value);
    add(value, product<Formula>(domain));
  }
  /// What the kernel alone reads.
  void keep_inside(ValueId value) { seen_.insert(value); }
  const Formula& bytes() const { return bytes_; }

 private:
  void add(ValueId value, const Formula& elements) {
    bytes_ += elements * Formula(static_cast<double>(bytes_of(value, values_)));
  }

  const std::vector<Value>& values_;
  std::unordered_set<ValueId> seen_;
  Formula bytes_;
};

}  // namespace

Dim WorkModel::of(std::span<const Expr> elements) const { return time_of<Dim>(elements, machine); }

Dim WorkModel::of(const Group& group, const std::vector<Value>& values) const {
  return time_of<Dim>(group, values, machine);
}

Dim WorkModel::of(const Contraction& sums, const std::vector<Value>& values) const {
  return time_of<Dim>(sums, values, machine);
}

Estimate WorkModel::estimate(const Group& group, const std::vector<Value>& values,
                             const std::function<bool(ValueId)>& is_kept) const {
  Formula operations;
  Traffic traffic(values);
  for (const Nest& nest : group.nests) {
    operations += product<Formula>(nest.domain) * operations_of(std::span(&nest.element, 1));
    const Shape& stored = group.combines(nest) ? values[nest.result].type.dims : nest.domain;
    is_kept(nest.result) ? traffic.write(nest.result, stored) : traffic.keep_inside(nest.result);
  }
  for (const Nest& nest : group.nests) traffic.read(std::span(&nest.element, 1), nest.domain);
  return {operations, traffic.bytes(), time_of<Formula>(group, values, machine)};
}

Estimate WorkModel::estimate(const Contraction& sums, const std::vector<Value>& values) const {
  const Formula elements = product<Formula>(sums.domain);
  const Expr roots[] = {sums.left, sums.right, sums.element};
  Traffic traffic(values);
  traffic.write(sums.result, sums.domain);
  traffic.read(roots, sums.domain);
  return {elements * (Formula(2) * Formula(sums.k) + operations_of(std::span(&sums.element, 1))), traffic.bytes(),
          time_of<Formula>(sums, values, machine)};
}

/// One element after the other, with no vectors.
Estimate WorkModel::estimate(const Scatter& scatter, const std::vector<Value>& values) const {
  std::vector<Expr> elements = scatter.target;
  elements.push_back(scatter.value);
  Traffic traffic(values);
  traffic.read(elements, scatter.domain);
  traffic.write(scatter.result, scatter.domain);
  const Formula count = product<Formula>(scatter.domain), operations = count * operations_of(elements);
  return {operations, traffic.bytes(),
          (operations + count) * Formula(picoseconds_of_operation) + traffic.bytes() * Formula(picoseconds_of_byte)};
}

Dim block_of(const Dim& iteration_work) {
  const Dim most = std::int64_t{1} << 20;
  if (const std::optional<std::int64_t> known = iteration_work.known())
    return min(most, static_cast<std::int64_t>(std::bit_ceil(
                         static_cast<std::uint64_t>(picoseconds_of_block / std::max<std::int64_t>(*known, 1) + 1))));
  return max(1, floor_div(picoseconds_of_block, max(1, iteration_work)));
}

}  // namespace theon::codegen
