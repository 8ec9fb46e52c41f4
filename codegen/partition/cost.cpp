#include "codegen/partition/cost.h"

#include "codegen/math/expand.h"

#include <algorithm>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

// A stored float64 costs eight bytes written and eight read per reader: about this many vector operations from the
// second-level cache.
constexpr int store_cost = 8;

}  // namespace

int element_cost(Expr e) {
  if (e->op == Opcode::load || e->args.empty()) return 0;
  if (e->dtype == DType::int64) return e->op == Opcode::floor_div || e->op == Opcode::mod ? 4 : 0;
  return math::cost(e->op, e->args[0]->dtype);
}

int element_cost(std::span<const Expr> roots) {
  int cost = 0;
  for (Expr e : ir::postorder(roots)) cost += element_cost(e);
  return cost;
}

bool has_reduction(std::span<const Expr> roots) {
  const std::vector<Expr> nodes = ir::postorder(roots);
  return std::any_of(nodes.begin(), nodes.end(), [](Expr e) { return e->op == Opcode::reduce; });
}

bool is_tangled(std::span<const Expr> indices) {
  constexpr int most_divisions = 8;
  const std::vector<Expr> nodes = ir::postorder(indices);
  return std::ranges::count_if(nodes, [](Expr e) { return e->op == Opcode::floor_div || e->op == Opcode::mod; }) >
         most_divisions;
}

bool recomputing_costs_more(std::span<const Expr> roots, std::size_t readings) {
  return static_cast<int>(readings - 1) * element_cost(roots) > store_cost;
}

}  // namespace theon::codegen
