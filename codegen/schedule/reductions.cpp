#include "codegen/schedule/reductions.h"

#include "src/ir/size.h"

#include <algorithm>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

std::uint64_t axes_below(int count) { return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1; }

}  // namespace

bool is_row_level(Expr reduce, int outer) {
  return reduce->free_levels == 0 && (reduce->free_axes & ~axes_below(outer)) == 0;
}

std::optional<Running> running_along(Expr reduce) {
  const Expr extent = reduce->args[0];
  const auto runs = [&](Expr index, bool descends) -> std::optional<Running> {
    if (index->op != Opcode::index) return std::nullopt;
    const std::uint64_t axis = std::uint64_t{1} << index->number;
    if (std::any_of(reduce->args.begin() + 1, reduce->args.end(), [&](Expr body) { return body->free_axes & axis; }))
      return std::nullopt;
    return Running{static_cast<int>(index->number), descends};
  };
  if (extent->op == Opcode::add)
    for (int side : {0, 1}) {
      const Expr one = extent->args[1 - side];
      if (one->op != Opcode::literal || one->bits != 1) continue;
      if (const auto found = runs(extent->args[side], false)) return found;
    }
  if (extent->op != Opcode::sub || extent->args[1]->op != Opcode::index) return std::nullopt;
  const std::optional<Dim> first = ir::as_dim(extent->args[0]);
  if (!first || equal(*first, *extent->args[1]->dim) != Answer::yes) return std::nullopt;
  return runs(extent->args[1], true);
}

Expr running_reduction(Expr element) {
  for (Expr e : ir::postorder(std::span(&element, 1)))
    if (e->op == Opcode::reduce && running_along(e)) return e;
  return Expr();
}

bool reduces_columns(Expr element, int rank) {
  if (rank == 0) return false;
  const std::uint64_t last = std::uint64_t{1} << (rank - 1);
  bool found = false;
  for (Expr e : ir::postorder(std::span(&element, 1))) {
    // What is the same for all columns may lie anywhere.
    if (e->op != Opcode::load || !e->free_levels || !(e->free_axes & last)) continue;
    const Expr innermost = e->args.back();
    if (innermost->free_levels) return false;
    found = found || (innermost->free_axes & last) != 0;
  }
  return found;
}

}  // namespace theon::codegen
