#include "codegen/partition/cost.h"

#include "codegen/math/expand.h"

#include <algorithm>
#include <unordered_map>

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
  return math::cost(e);
}

namespace {

/// Literals are the same for all, and so are indices.
bool lies_in_register(Expr e) { return e->op == Opcode::load || element_cost(e) > 0; }

std::vector<Expr> distinct(std::span<const Expr> list) {
  std::vector<Expr> once;
  for (Expr e : list)
    if (std::ranges::none_of(once, [&](Expr known) { return same(known, e); })) once.push_back(e);
  return once;
}

}  // namespace

int element_cost(std::span<const Expr> roots) {
  int cost = 0;
  for (Expr e : ir::postorder(roots)) cost += element_cost(e);
  return cost;
}

Chain longest_chain(std::span<const Expr> roots) {
  const std::vector<Expr> order = ir::postorder(roots);
  std::unordered_map<const ir::Node*, std::size_t> last_use;
  std::unordered_map<const ir::Node*, int> length;
  for (std::size_t k = 0; k < order.size(); ++k)
    for (Expr arg : order[k]->args) last_use[arg.get()] = k;
  Chain chain;
  int live = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Expr e = order[k];
    int before = 0;
    for (Expr arg : e->args) before = std::max(before, length[arg.get()]);
    length[e.get()] = before + element_cost(e);
    chain.length = std::max(chain.length, length[e.get()]);
    chain.calls_function = chain.calls_function || element_cost(e) > 1;
    live += lies_in_register(e);
    chain.live = std::max(chain.live, live);
    for (Expr arg : distinct(e->args)) live -= lies_in_register(arg) && last_use[arg.get()] == k;
  }
  return chain;
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
