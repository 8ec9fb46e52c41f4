#include "src/ir/index_algebra.h"

#include "src/ir/index.h"
#include "src/support/checked.h"

#include <algorithm>
#include <optional>

namespace theon::ir {

namespace {

bool is_index(Expr x) { return x->op == Opcode::index || x->op == Opcode::bound; }

/// Every index and bound index that `exprs` mention outside of reductions, as far as a bounded search finds them.
std::vector<Expr> indices_in(std::span<const Expr> exprs) {
  constexpr std::size_t max_visits = 64;
  std::vector<Expr> pending(exprs.begin(), exprs.end());
  std::vector<Expr> seen;
  std::vector<Expr> found;
  while (!pending.empty() && seen.size() < max_visits) {
    const Expr node = pending.back();
    pending.pop_back();
    const bool is_known = std::ranges::any_of(seen, [&](Expr x) { return same(x, node); });
    if (is_known || (node->free_axes | node->free_levels) == 0) continue;
    seen.push_back(node);
    if (is_index(node)) found.push_back(node);
    // The body of a reduction may never run.
    if (node->op != Opcode::reduce) pending.insert(pending.end(), node->args.begin(), node->args.end());
  }
  return found;
}

}  // namespace

IndexAlgebra::IndexAlgebra(NodeStore& store, std::span<const Expr> exprs) : store_(store) {
  for (const Expr index : indices_in(exprs)) assume_at_least(extent(*index->dim), 1);
}

std::uint64_t IndexAlgebra::rank(Expr atom) const {
  return std::uint64_t{static_cast<const StoredNode&>(*atom).height} << 32 | atom->id;
}

IndexAlgebra::Facts IndexAlgebra::facts(Expr atom) const {
  if (atom->op == Opcode::parameter) return {.low = P(least(atom))};
  if (is_index(atom)) return {.low = P(0), .high = extent(*atom->dim) - 1};
  if (atom->op == Opcode::floor_div) return parts(Facts::Kind::quotient, atom->args);
  if (atom->op == Opcode::mod) return parts(Facts::Kind::remainder, atom->args);
  if (atom->op == Opcode::min) return parts(Facts::Kind::least, atom->args);
  if (atom->op == Opcode::max) return parts(Facts::Kind::greatest, atom->args);
  if (atom->op == Opcode::select) return parts(Facts::Kind::choice, atom->args.subspan(1));
  const auto range = atom->op == Opcode::convert ? range_of(atom->args[0]->dtype) : std::nullopt;
  return range ? Facts{.low = P(*range->low), .high = P(*range->high)} : Facts{};
}

bool IndexAlgebra::is_exact(Expr expr) {
  const auto& node = static_cast<const StoredNode&>(*expr);
  return !node.is_polynomial || node.range.is_bounded();
}

IndexAlgebra::P IndexAlgebra::atom(Opcode op, const P& numerator, const P& divisor) const {
  if (numerator == P(0)) return 0;
  if (!is_small(numerator) || !is_small(divisor)) return P::invalid();
  const Expr args[] = {expression_of(store_, numerator), expression_of(store_, divisor)};
  return P::of(store_.intern({.op = op, .dtype = DType::int64, .args = args}));
}

IndexAlgebra::Facts IndexAlgebra::parts(Facts::Kind kind, std::span<const Expr> args) const {
  if (!std::ranges::all_of(args, [](Expr arg) { return is_exact(arg); })) return {};
  Facts facts{.kind = kind};
  for (const Expr arg : args) facts.parts.push_back(polynomial_of(store_, arg));
  return facts;
}

IndexAlgebra::P IndexAlgebra::extent(const Dim& dim) const {
  return polynomial_of(store_, store_.pool().parameter(dim));
}

std::int64_t IndexAlgebra::least(Expr parameter) const {
  const auto known = std::ranges::find_if(least_, [&](const auto& entry) { return same(entry.first, parameter); });
  return known == least_.end() ? 0 : known->second;
}

void IndexAlgebra::assume_at_least(const P& p, std::int64_t bound) {
  if (p.terms().size() != 1 || p.terms().front().coefficient <= 0) return;
  const auto& term = p.terms().front();
  const auto rest = checked_add(bound, -p.constant());
  if (!rest) return;
  const std::int64_t least = *rest / term.coefficient + (*rest % term.coefficient > 0);
  if (term.factors.size() == 1) return assume_at_least(term.factors.front(), least);
  const bool are_sizes = std::ranges::all_of(term.factors, [](Expr x) { return x->op == Opcode::parameter; });
  if (!are_sizes || least < 1) return;
  for (const Expr factor : term.factors) assume_at_least(factor, 1);
}

void IndexAlgebra::assume_at_least(Expr atom, std::int64_t bound) {
  if (atom->op == Opcode::parameter && bound > least(atom)) {
    std::erase_if(least_, [&](const auto& entry) { return same(entry.first, atom); });
    least_.emplace_back(atom, bound);
  }
  if (atom->op == Opcode::floor_div && atom->args[1]->op == Opcode::literal) {
    const auto divisor = static_cast<std::int64_t>(atom->args[1]->bits);
    const auto numerator = checked_multiply(bound, divisor);
    if (divisor > 0 && numerator) assume_at_least(polynomial_of(store_, atom->args[0]), *numerator);
  }
}

}  // namespace theon::ir
