#include "codegen/schedule/pieces.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"
#include "codegen/partition/elements.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;
using Elements = std::vector<Expr>;

/// More loops than this in one kernel, and compiling them costs more than the selects.
constexpr int most_pieces = 24;

/// What lies between two places of an axis.
struct Interval {
  Dim begin, end;
};

bool is_comparison(Expr e) {
  return e->op == Opcode::lt || e->op == Opcode::le || e->op == Opcode::eq || e->op == Opcode::ne;
}

/// The first indices of the axis from which on the comparison may have another outcome than before.
std::vector<Dim> changes(Expr comparison, Expr index) {
  const Expr a = comparison->args[0], b = comparison->args[1];
  if (a->dtype != DType::int64) return {};
  const std::optional<Affine> difference = as_affine(a - b, std::span(&index, 1));
  if (!difference || difference->coefficients[0]->op != Opcode::literal) return {};
  const auto slope = static_cast<std::int64_t>(difference->coefficients[0]->bits);
  const std::optional<Dim> rest = as_dim(difference->rest);
  if (!rest || (slope != 1 && slope != -1)) return {};
  const Dim zero = slope == 1 ? Dim(0) - *rest : *rest;
  switch (comparison->op) {
    case Opcode::lt:
      return {slope == 1 ? zero : zero + 1};
    case Opcode::le:
      return {slope == 1 ? zero + 1 : zero};
    default:
      return {zero, zero + 1};
  }
}

/// Where along the axis the conditions of selects change.
std::vector<Dim> changes(const Elements& elements, Expr index) {
  std::vector<Expr> conditions;
  for (Expr e : ir::postorder(elements))
    if (e->op == Opcode::select && (e->args[0]->free_axes >> index->number & 1)) conditions.push_back(e->args[0]);
  std::vector<Dim> found;
  for (Expr e : ir::postorder(conditions))
    if (is_comparison(e))
      for (const Dim& place : changes(e, index)) found.push_back(place);
  return found;
}

/// What the places cut the axis into; the whole axis where their order is not known.
std::vector<Interval> cut(const Dim& extent, const std::vector<Dim>& places) {
  const auto is_at_most = [](const Dim& a, const Dim& b) { return less_equal(a, b) == Answer::yes; };
  std::vector<Dim> bounds{0, extent};
  for (const Dim& place : places) {
    const auto after =
        std::ranges::find_if(bounds, [&](const Dim& bound) { return !is_at_most(bound, place) || bound == place; });
    if (after == bounds.begin() || after == bounds.end() || *after == place) {
      if (after != bounds.end() && *after != place && !is_at_most(place, 0)) return {{0, extent}};
      continue;
    }
    if (!is_at_most(place, *after)) return {{0, extent}};
    bounds.insert(after, place);
  }
  std::vector<Interval> intervals;
  for (std::size_t k = 1; k < bounds.size(); ++k) intervals.push_back({bounds[k - 1], bounds[k]});
  return intervals;
}

class PieceLowering {
 public:
  PieceLowering(const Group& group, const LoweringInput& input)
      : group_(group),
        input_(input),
        pool_(input.pool),
        builder_(kernel_name(group, input.values), input.values, input.pool,
                 math::best_for(elements(), input.machine.math, input.machine.tables)) {}

  /// Nothing where there would be one piece.
  std::optional<LoweredKernel> run() {
    lower(0, elements());
    if (pieces_ < 2 || pieces_ > most_pieces) return std::nullopt;
    builder_.note("{} pieces of the domain, in which selects are decided, with loops of their own", pieces_);
    return LoweredKernel{builder_.finish(), group_.domain[0]};
  }

 private:
  Elements elements() const {
    Elements all;
    for (const Nest& nest : group_.nests) all.push_back(nest.element);
    return all;
  }

  bool is_last(std::size_t axis) const { return axis + 1 == group_.domain.size(); }

  Expr index(std::size_t axis, const Dim& extent) { return pool_.index(static_cast<int>(axis), extent); }

  /// The loops over the axis and those inside of it.
  void lower(std::size_t axis, const Elements& elements) {
    if (axis == group_.domain.size()) return store(elements);
    if (pieces_ > most_pieces) return;
    for (const Interval& interval : intervals(axis, elements)) {
      const Dim extent = interval.end - interval.begin;
      const Expr own = index(axis, extent), first = pool_.parameter(interval.begin);
      const Elements here = substituted(elements, axis, own + first);
      const auto [begin, end] = range(axis, interval);
      const Expr variable = builder_.open(begin, end, is_last(axis) ? shape(here, extent) : LoopShape{});
      if (is_last(axis)) ++pieces_;
      axes_.push_back({variable, first});
      lower(axis + 1, here);
      axes_.pop_back();
      builder_.close();
    }
  }

  std::vector<Interval> intervals(std::size_t axis, const Elements& elements) {
    const Dim& extent = group_.domain[axis];
    std::vector<Interval> all = cut(extent, changes(elements, index(axis, extent)));
    // Rows of a few elements each are better off with selects.
    const bool has_row = std::ranges::any_of(all, [&](const Interval& interval) {
      return (interval.end - interval.begin).known().value_or(lanes(elements)) >= lanes(elements);
    });
    if (is_last(axis) && !has_row) return {{0, extent}};
    return all;
  }

  int lanes(const Elements& elements) const { return lanes_of(elements, input_.machine); }

  LoopShape shape(const Elements& elements, const Dim& extent) const {
    if (extent == Dim(1)) return {};
    LoopShape shape = loop_shape(elements, input_.machine);
    shape.streams = streams(group_.nests, group_, shape, input_);
    return shape;
  }

  /// The outermost loop is the one that is cut into chunks.
  std::pair<Expr, Expr> range(std::size_t axis, const Interval& interval) {
    const Expr begin = pool_.parameter(interval.begin), end = pool_.parameter(interval.end);
    if (axis > 0) return {begin, end};
    return {interval.begin == Dim(0) ? builder_.begin() : max(builder_.begin(), begin),
            interval.end == group_.domain[0] ? builder_.end() : min(builder_.end(), end)};
  }

  Elements substituted(const Elements& elements, std::size_t axis, Expr value) {
    const auto number = static_cast<std::int64_t>(axis);
    Elements results;
    for (Expr element : elements)
      results.push_back(pool_.substitute(
          element, [&](Expr e) { return e->op == Opcode::index && e->number == number ? value : Expr(); }));
    return results;
  }

  void store(const Elements& elements) {
    std::unordered_map<ValueId, Expr> made;
    std::vector<Expr> here;
    for (const Axis& axis : axes_) here.push_back(axis.variable);
    for (std::size_t n = 0; n < elements.size(); ++n) {
      const Nest& nest = group_.nests[n];
      const Expr value = made[nest.result] = lowered(elements[n], made);
      if (input_.readers_of(nest.result) == Readers::kernel) continue;
      std::vector<Expr> indices = nest.prefix;
      indices.insert(indices.end(), here.begin(), here.end());
      builder_.store(builder_.write(nest.result),
                     row_major_offset(input_.values[nest.result].type.dims, indices, pool_), value);
    }
  }

  Expr lowered(Expr root, const std::unordered_map<ValueId, Expr>& made) {
    return pool_.replace(root, [&](Expr e) -> Expr {
      if (e->op == Opcode::index) return axes_.at(e->number).variable - axes_.at(e->number).first;
      if (e->op != Opcode::load) return Expr();
      if (const auto it = made.find(e->number); it != made.end()) return it->second;
      std::vector<Expr> indices;
      for (Expr index : e->args) indices.push_back(lowered(index, made));
      return pool_.load(builder_.read(e->number), e->dtype,
                        {{row_major_offset(input_.values[e->number].type.dims, indices, pool_)}});
    });
  }

  /// An open loop: its variable, and where the piece begins.
  struct Axis {
    Expr variable, first;
  };

  const Group& group_;
  const LoweringInput& input_;
  ir::Pool& pool_;
  KernelBuilder builder_;
  std::vector<Axis> axes_;
  int pieces_ = 0;
};

/// Whether the nests compute their elements one after the other, each on its own.
bool is_elementwise(const Group& group) {
  return !group.domain.empty() && group.outer == static_cast<int>(group.domain.size()) &&
         std::ranges::all_of(group.nests, [&](const Nest& nest) {
           return nest.domain == group.domain && !has_reduction(std::span(&nest.element, 1));
         });
}

}  // namespace

std::optional<LoweredKernel> lower_pieces(const Group& group, const LoweringInput& input) {
  if (!is_elementwise(group)) return std::nullopt;
  return PieceLowering(group, input).run();
}

}  // namespace theon::codegen
