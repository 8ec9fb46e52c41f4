#include "codegen/partition/opposites.h"

#include "codegen/partition/elements.h"

#include <unordered_map>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

bool is_sum(Expr element) {
  return element->op == Opcode::reduce && element->monoid->size() == 1 && is_floating(element->dtype) &&
         element->monoid->combine[0]->op == Opcode::add;
}

/// Minus the product, by the order of a difference among its factors; null where there is none.
Expr turned(Expr product) {
  if (product->op == Opcode::sub) return product->args[1] - product->args[0];
  if (product->op != Opcode::mul) return {};
  if (const Expr left = turned(product->args[0])) return left * product->args[1];
  if (const Expr right = turned(product->args[1])) return product->args[0] * right;
  return {};
}

/// Minus the sum, term by term; null where the terms have no difference among their factors.
Expr opposite(Expr sum, ir::Pool& pool) {
  const Expr term = sum->args[1], other = turned(term);
  if (!other) return {};
  return pool.replace(sum, [&](Expr e) { return same(e, term) ? other : Expr(); });
}

}  // namespace

void share_opposites(std::vector<Work>& works, ir::Pool& pool) {
  std::unordered_map<const ir::Node*, const Nest*> sums;
  for (Work& work : works) {
    Nest* nest = std::get_if<Nest>(&work);
    if (!nest || !nest->prefix.empty() || !is_sum(nest->element)) continue;
    const Expr other = opposite(nest->element, pool);
    const auto found = other ? sums.find(other.get()) : sums.end();
    if (found == sums.end())
      sums.emplace(nest->element.get(), nest);
    else if (found->second->domain == nest->domain)
      // Not the negation: that of 0 is -0.
      nest->element = 0 - pool.load(found->second->result, nest->element->dtype, index_tuple(nest->domain, pool));
  }
}

}  // namespace theon::codegen
