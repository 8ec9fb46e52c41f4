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
// Between machines that multiply one vector of 64 bytes a cycle (270) and two (125).
constexpr std::int64_t picoseconds_of_multiply_add = 180;  // of one vector

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

/// Whether what it computed so far decides if it runs at all: the rule is that it does not.
bool is_exception(Expr reduce) {
  const Expr extent = reduce->args[0];
  return extent->op == Opcode::select &&
         std::ranges::any_of(extent->args, [](Expr e) { return e->op == Opcode::literal && e->bits == 0; });
}

/// Every node that is computed as a rule, once.
std::vector<Expr> computed_nodes(std::span<const Expr> elements) {
  std::vector<Expr> nodes, stack(elements.begin(), elements.end());
  std::unordered_set<const ir::Node*> seen;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (!seen.insert(e.get()).second) continue;
    if (e->op == Opcode::reduce && is_exception(e)) continue;
    nodes.push_back(e);
    stack.insert(stack.end(), e->args.begin(), e->args.end());
  }
  return nodes;
}

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

/// Once for each index of the reductions of these levels.
template <class Number>
Number runs_of(std::uint64_t levels, const Extents<Number>& extents) {
  Number count = 1;
  for (const auto& [level, extent] : extents)
    if ((levels >> level) & 1) count = bounded(count * extent);
  return count;
}

/// A reduction combines as often as it runs.
std::uint64_t levels_of(Expr e) {
  return e->free_levels | (e->op == Opcode::reduce ? std::uint64_t{1} << e->number : 0);
}

/// What is computed of an element, each node once for each index of the reductions that it depends on.
struct Count {
  std::map<std::uint64_t, std::int64_t> operations, bytes_loaded;  // by these levels

  explicit Count(std::span<const Expr> elements) {
    for (Expr e : computed_nodes(elements)) {
      if (const int cost = element_cost(e)) operations[levels_of(e)] += cost;
      if (e->op == Opcode::load && (e->free_axes || e->free_levels))
        bytes_loaded[e->free_levels] += static_cast<std::int64_t>(size_of(e->dtype));
    }
  }
};

std::int64_t bytes_of(ValueId value, const std::vector<Value>& values) {
  return static_cast<std::int64_t>(size_of(values[value].type.dtype));
}

/// Picoseconds of the elements, once each.
template <class Number>
Number time_of(std::span<const Expr> elements, const Machine& machine) {
  const Extents<Number> extents = extents_of<Number>(elements);
  const int lanes = lanes_of({elements.begin(), elements.end()}, machine);
  const Count count(elements);
  // A copy is as good as an operation.
  Number time = count.operations.empty() ? std::max<std::int64_t>(picoseconds_of_operation / lanes, 1) : 0;
  for (const auto& [levels, operations] : count.operations)
    time = time + runs_of(levels, extents) * std::max<std::int64_t>(picoseconds_of_operation * operations / lanes, 1);
  for (const auto& [levels, bytes] : count.bytes_loaded)
    time = time + runs_of(levels, extents) * (picoseconds_of_byte * bytes);
  return time;
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

/// Picoseconds of a multiply-add. Vectors run along columns, which in batches of small matrices do not fill them.
std::int64_t time_of_multiply_add(const Contraction& sums, const std::vector<Value>& values, const Machine& machine) {
  const std::int64_t lanes = machine.vector_bytes / bytes_of(sums.result, values);
  const std::optional<std::int64_t> columns = sums.domain[sums.column].known();
  if (sums.domain.size() == 2 || !columns || *columns == 0)
    return std::max<std::int64_t>(picoseconds_of_multiply_add / lanes, 1);
  return std::max<std::int64_t>(picoseconds_of_multiply_add * ((*columns + lanes - 1) / lanes) / *columns, 1);
}

/// Elements of a factor, which lacks one axis of the result.
template <class Number>
Number elements_of_factor(const Contraction& sums, int missing) {
  Number elements = 1;
  for (int axis = 0; axis < static_cast<int>(sums.domain.size()); ++axis)
    if (axis != missing) elements = elements * Number(sums.domain[axis]);
  return bounded(bounded(elements) * Number(sums.k));
}

/// Picoseconds of an element of a factor: of computing it, and of what it comes to in memory.
std::int64_t time_of_factor(Expr factor, const Contraction& sums, const std::vector<Value>& values,
                            const Machine& machine) {
  const int lanes = machine.vector_bytes / static_cast<int>(bytes_of(sums.result, values));
  return picoseconds_of_operation * element_cost(std::span(&factor, 1)) / lanes +
         picoseconds_of_byte * bytes_of(sums.result, values);
}

template <class Number>
Number time_of(const Contraction& sums, const std::vector<Value>& values, const Machine& machine) {
  const Number elements = product<Number>(sums.domain);
  return elements * bounded(Number(sums.k)) * time_of_multiply_add(sums, values, machine) +
         elements * (picoseconds_of_byte * bytes_of(sums.result, values)) +
         elements_of_factor<Number>(sums, sums.column) * time_of_factor(sums.left, sums, values, machine) +
         elements_of_factor<Number>(sums, sums.row) * time_of_factor(sums.right, sums, values, machine);
}

// Estimates, for people.

Formula operations_of(std::span<const Expr> elements) {
  const Extents<Formula> extents = extents_of<Formula>(elements);
  Formula all;
  for (const auto& [levels, operations] : Count(elements).operations)
    all += runs_of(levels, extents) * Formula(static_cast<double>(operations));
  return all;
}

bool is_looked_up(Expr load) {
  return std::ranges::any_of(ir::postorder(load->args), [](Expr e) { return e->op == Opcode::load; });
}

/// The smaller one where both are numbers, the second where it is not known.
Formula at_most(const Formula& a, const Formula& b) {
  const auto no_size = [](const Dim&) { return 0.0; };
  return a.is_number() && b.is_number() && a.value(no_size) < b.value(no_size) ? a : b;
}

/// What the elements of a domain read of an array.
class Reading {
 public:
  Reading(std::span<const Expr> elements, const Shape& domain)
      : domain_(domain), extents_(extents_of<Formula>(elements)) {}

  /// Elements that a load touches. Where they are looked up, as many as there are look-ups.
  Formula of(Expr load, const Shape& dims) const {
    Formula elements = 1;
    if (is_looked_up(load)) {
      for (const Formula& extent : moving(load).extents) elements = elements * extent;
      return elements;
    }
    for (std::size_t axis = 0; axis < dims.size(); ++axis) elements = elements * along(load->args[axis], dims[axis]);
    return elements;
  }

 private:
  /// What an expression depends on; whether that is all.
  struct Moving {
    std::vector<Formula> extents;
    bool is_all = true;
  };

  Moving moving(Expr e) const {
    Moving moving;
    for (std::size_t axis = 0; axis < domain_.size(); ++axis)
      if ((e->free_axes >> axis) & 1) moving.extents.emplace_back(domain_[axis]);
    for (int level = 0; level < 64; ++level) {
      if (((e->free_levels >> level) & 1) == 0) continue;
      const auto extent = extents_.find(level);
      moving.is_all = moving.is_all && extent != extents_.end();
      if (extent != extents_.end()) moving.extents.push_back(extent->second);
    }
    return moving;
  }

  /// An index that moves alone touches as many places, in a flat reduction those of further axes too; one that several
  /// move, as a window, none twice.
  Formula along(Expr index, const Dim& dim) const {
    const Moving moving = this->moving(index);
    if (!moving.is_all) return Formula(dim);
    Formula places = 1;
    for (const Formula& extent : moving.extents) places = places * extent;
    return moving.extents.size() > 1 ? at_most(places, Formula(dim)) : places;
  }

  const Shape& domain_;
  const Extents<Formula> extents_;
};

/// What kernels read and write of arrays.
class Traffic {
 public:
  explicit Traffic(const std::vector<Value>& values) : values_(values) {}

  /// Loads at different indices touch different elements, as far as the array has them.
  void read(std::span<const Expr> elements, const Shape& domain) {
    const Reading reading(elements, domain);
    for (Expr e : ir::postorder(elements)) {
      if (e->op != Opcode::load || own_.contains(e->number) || !seen_.insert(e.get()).second) continue;
      const Formula touched = reading.of(e, values_[e->number].type.dims);
      const auto [found, is_first] = read_.emplace(e->number, touched);
      if (!is_first) found->second = at_most(found->second + touched, whole(e->number));
    }
  }
  void write(ValueId value, const Shape& domain) {
    own_.insert(value);
    written_ += product<Formula>(domain) * size(value);
  }
  /// What the kernel alone reads.
  void keep_inside(ValueId value) { own_.insert(value); }
  Formula bytes() const {
    Formula all = written_;
    for (const auto& [value, elements] : read_) all += elements * size(value);
    return all;
  }

 private:
  Formula whole(ValueId value) const { return product<Formula>(values_[value].type.dims); }
  Formula size(ValueId value) const { return Formula(static_cast<double>(bytes_of(value, values_))); }

  const std::vector<Value>& values_;
  std::unordered_set<ValueId> own_;
  std::unordered_set<const ir::Node*> seen_;
  std::map<ValueId, Formula> read_;
  Formula written_;
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
  const auto operations_of_factor = [&](Expr factor, int missing) {
    return elements_of_factor<Formula>(sums, missing) * operations_of(std::span(&factor, 1));
  };
  return {elements * (Formula(2) * Formula(sums.k) + operations_of(std::span(&sums.element, 1))) +
              operations_of_factor(sums.left, sums.column) + operations_of_factor(sums.right, sums.row),
          traffic.bytes(), time_of<Formula>(sums, values, machine)};
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
