#include "codegen/schedule/strips.h"

#include "codegen/partition/elements.h"
#include "codegen/schedule/reductions.h"
#include "src/ir/size.h"

#include <algorithm>
#include <unordered_set>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// No nest has this axis: it stands for the index of a reduction over all outer axes at once.
constexpr int flat_axis = 63;

/// Rows known to be shorter may run side by side in vectors, which a sum over them would keep from it.
constexpr std::int64_t shortest_row = 64;

std::uint64_t axes_below(int count) { return (std::uint64_t{1} << count) - 1; }

Dim product(const Shape& dims, int first, int last) {
  Dim count = 1;
  for (int axis = first; axis < last; ++axis) count = count * dims[axis];
  return count;
}

/// The reduction that no other one encloses, where there is just one.
Expr outermost_reduction(Expr element) {
  Expr found;
  std::vector<Expr> stack{element};
  std::unordered_set<const ir::Node*> seen;
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (!seen.insert(e.get()).second) continue;
    if (e->op != Opcode::reduce) {
      stack.insert(stack.end(), e->args.begin(), e->args.end());
    } else if (found) {
      return Expr();
    } else {
      found = e;
    }
  }
  return found;
}

std::vector<Expr> nodes_of(Expr root, Opcode op) {
  std::vector<Expr> nodes = ir::postorder(std::span(&root, 1));
  std::erase_if(nodes, [&](Expr e) { return e->op != op; });
  return nodes;
}

/// A nest held against the rows of a group.
class RowView {
 public:
  RowView(const Nest& nest, const Group& group, const std::vector<Value>& values)
      : nest_(nest), group_(group), values_(values), pool_(*nest.element->pool) {
    for (const Nest& member : group.nests) made_.insert(member.result);
  }

  std::optional<RowTerm> term() const {
    const Expr reduce = outermost_reduction(nest_.element);
    if (!reduce || reduce->monoid->size() != 1 || !has_rows() || !runs_down_columns() || is_short())
      return std::nullopt;
    const Expr term = body_in_row(reduce);
    if (!term || !stays_in_row(term) || !shares_memory(term) || reads_rows_outside(reduce)) return std::nullopt;
    return RowTerm{reduce, term};
  }

 private:
  /// Whether the group reduces each row and computes others of them: then it goes through them one by one anyway. Where
  /// it reduces them only, several at once are faster, here and down the columns.
  bool has_rows() const {
    const auto is_row = [&](const Nest& member) { return static_cast<int>(member.domain.size()) > group_.outer; };
    if (group_.outer == 0 || std::ranges::none_of(group_.nests, is_row)) return false;
    return std::ranges::any_of(group_.nests, [&](const Nest& member) {
      const std::vector<Expr> reductions = nodes_of(member.element, Opcode::reduce);
      return std::ranges::any_of(reductions, [&](Expr e) { return e->free_axes && is_row_level(e, group_.outer); });
    });
  }

  bool runs_down_columns() const { return reduces_columns(nest_.element, static_cast<int>(nest_.domain.size())); }

  bool is_short() const {
    const std::optional<std::int64_t> columns = product(nest_.domain, 0, static_cast<int>(nest_.domain.size())).known();
    return columns && *columns < shortest_row;
  }

  /// Null where the reduction does not run over the group's rows.
  Expr body_in_row(Expr reduce) const {
    Expr e = pool_.replace(
        reduce, [&](Expr i) { return i->op == Opcode::index ? pool_.index(column_axis(i), *i->dim) : Expr(); });
    if (group_.outer > 1 && ir::as_dim(e->args[0]) == product(group_.domain, 0, group_.outer)) return flat_body(e);
    for (int axis = 0; axis < group_.outer; ++axis) {
      const bool runs_along = e->op == Opcode::reduce && e->monoid == reduce->monoid && !running_along(e) &&
                              ir::as_dim(e->args[0]) == group_.domain[axis];
      if (!runs_along) return Expr();
      e = pool_.body(e, pool_.index(axis, group_.domain[axis]))[0];
    }
    return e;
  }

  int column_axis(Expr index) const { return static_cast<int>(index->number) + group_.outer; }

  /// The same of a reduction over all outer axes as one, whose loads have 0 on all of these but the last.
  Expr flat_body(Expr reduce) const {
    const Expr flat = pool_.index(flat_axis, *ir::as_dim(reduce->args[0]));
    const Expr body = pool_.replace(pool_.body(reduce, flat)[0], [&](Expr e) -> Expr {
      const auto place =
          e->op == Opcode::load ? std::ranges::find_if(e->args, [&](Expr i) { return same(i, flat); }) : e->args.end();
      if (place == e->args.end() || place - e->args.begin() != group_.outer - 1) return Expr();
      const Shape& dims = values_[e->number].type.dims;
      if (!std::equal(dims.begin() + 1, dims.begin() + group_.outer, group_.domain.begin() + 1)) return Expr();
      const auto is_zero = [](Expr i) { return i->op == Opcode::literal && i->bits == 0; };
      if (!std::all_of(e->args.begin(), place, is_zero)) return Expr();
      std::vector<Expr> indices(e->args.begin(), e->args.end());
      for (int axis = 0; axis < group_.outer; ++axis) indices[axis] = pool_.index(axis, group_.domain[axis]);
      return pool_.load(e->number, e->dtype, indices);
    });
    return body->free_axes & flat->free_axes ? Expr() : body;
  }

  /// Whether one row after the other has all that the term reads there.
  bool stays_in_row(Expr term) const {
    for (Expr e : ir::postorder(std::span(&term, 1))) {
      if (e->op == Opcode::reduce && !is_row_level(e, group_.outer)) return false;
      if (e->op != Opcode::load) continue;
      const bool has_row = made_.contains(e->number) || (e->free_axes & axes_below(group_.outer));
      if (has_row && canonical_prefix(e) < group_.outer) return false;
      if (group_.strips && group_.strips->combined.contains(e->number)) return false;
    }
    return true;
  }

  /// Whether the term reads a result of the group, or what the group reads row by row.
  bool shares_memory(Expr term) const {
    std::unordered_set<ValueId> rows = made_;
    for (const Nest& member : group_.nests)
      for (Expr load : nodes_of(member.element, Opcode::load))
        if (canonical_prefix(load) >= group_.outer) rows.insert(load->number);
    return std::ranges::any_of(nodes_of(term, Opcode::load), [&](Expr load) { return rows.contains(load->number); });
  }

  bool reads_rows_outside(Expr reduce) const {
    const Expr rest =
        pool_.replace(nest_.element, [&](Expr e) { return same(e, reduce) ? e->monoid->identity[0] : Expr(); });
    return std::ranges::any_of(nodes_of(rest, Opcode::load), [&](Expr load) { return made_.contains(load->number); });
  }

  const Nest& nest_;
  const Group& group_;
  const std::vector<Value>& values_;
  ir::Pool& pool_;
  std::unordered_set<ValueId> made_;
};

}  // namespace

int canonical_prefix(Expr load) {
  int axis = 0;
  for (Expr index : load->args) {
    if (index->op != Opcode::index || index->number != axis) break;
    ++axis;
  }
  return axis;
}

std::optional<RowTerm> term_in_rows(const Nest& nest, const Group& group, const std::vector<Value>& values) {
  return RowView(nest, group, values).term();
}

Strips strips_of(const Group& group) {
  // What a strip leaves is written once and read once: next to so many rows, that is little.
  constexpr std::int64_t least_rows = 16, most_strips = 64;
  const Dim& rows = group.domain[0];
  const Dim rows_of_each = max(1, product(group.domain, 1, group.outer));
  const Dim least = floor_div(rows_of_each + (least_rows - 1), rows_of_each);
  const Dim count = max(1, min(most_strips, floor_div(rows, least)));
  return {count, floor_div(rows + count - 1, count), {}};
}

Nest after_strips(const Nest& nest, Expr reduce, ValueId partial, const Dim& count) {
  ir::Pool& pool = *nest.element->pool;
  const Expr together = pool.reduce(reduce->monoid, count, [&](Expr strip) {
    std::vector<Expr> indices = index_tuple(nest.domain, pool);
    indices.insert(indices.begin(), strip);
    return pool.load(partial, reduce->dtype, indices);
  });
  Nest rest = nest;
  rest.element = pool.replace(nest.element, [&](Expr e) { return same(e, reduce) ? together : Expr(); });
  return rest;
}

}  // namespace theon::codegen
