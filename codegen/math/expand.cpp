#include "codegen/math/expand.h"

#include "codegen/math/functions.h"
#include "codegen/math/number.h"
#include "src/ir/semantics.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace theon::codegen::math {

namespace {

using ir::Expr;
using ir::Opcode;
using Args = std::vector<Expr>;

/// How `op` is expanded; null where it is no function.
Expr (*expansion(Opcode op))(const Args&) {
  switch (op) {
    case Opcode::exp:
      return [](const Args& args) { return expand_exp(args[0]); };
    case Opcode::log:
      return [](const Args& args) { return expand_log(args[0]); };
    case Opcode::log1p:
      return [](const Args& args) { return expand_log1p(args[0]); };
    case Opcode::expm1:
      return [](const Args& args) { return expand_expm1(args[0]); };
    case Opcode::sin:
      return [](const Args& args) { return expand_sin(args[0]); };
    case Opcode::cos:
      return [](const Args& args) { return expand_cos(args[0]); };
    case Opcode::tanh:
      return [](const Args& args) { return expand_tanh(args[0]); };
    case Opcode::erf:
      return [](const Args& args) { return expand_erf(args[0]); };
    case Opcode::pow:
      return [](const Args& args) { return expand_pow(args[0], args[1]); };
    default:
      return nullptr;
  }
}

/// The form for machines with tables, which is also the one of fewest operations; null where there is none.
Expr (*tabulated(Opcode op))(Expr) {
  switch (op) {
    case Opcode::exp:
      return tabulated_exp;
    case Opcode::expm1:
      return tabulated_expm1;
    case Opcode::log:
      return tabulated_log;
    case Opcode::tanh:
      return tabulated_tanh;
    case Opcode::erf:
      return tabulated_erf;
    default:
      return nullptr;
  }
}

/// More operations than this are too many to expand in one kernel.
constexpr int most_in_place = 200;

bool is_half(DType dtype) { return dtype == DType::float16 || dtype == DType::bfloat16; }

/// The function of `e` on other arguments, of float32, float64 or integers.
Expr function_of(Expr e, const Args& args, Forms forms) {
  const Functions functions = forms.functions;
  if (functions != Functions::called && forms.tables && tabulated(e->op)) return tabulated(e->op)(args[0]);
  const bool is_fast = functions == Functions::fast && is_floating(args[0]->dtype);
  if (const std::optional<Expr> fast = is_fast ? fast_form(e->op, args) : std::nullopt) return *fast;
  if (functions != Functions::called || !is_floating(args[0]->dtype)) return expansion(e->op)(args);
  const std::optional<Expr> power = e->op == Opcode::pow ? power_of_literal(args[0], args[1]) : std::nullopt;
  return power ? *power : e->pool->make(e->op, args, args[0]->dtype);
}

/// `e` on other arguments.
Expr applied(Expr e, Args args, Forms forms) {
  if (expansion(e->op) == nullptr)
    return e->op == Opcode::load ? e->pool->load(e->number, e->dtype, args) : e->pool->make(e->op, args, e->dtype);
  if (!is_half(e->dtype)) return function_of(e, args, forms);
  for (Expr& arg : args) arg = convert(arg, DType::float32);
  return convert(function_of(e, args, forms), e->dtype);
}

/// Whether it becomes a product, so that one division serves all quotients with the divisor.
bool multiplies_reciprocal(Expr e, Functions functions) {
  return functions == Functions::fast && e->op == Opcode::div && is_floating(e->dtype) && !is_half(e->dtype) &&
         e->args[0]->op != Opcode::literal;
}

bool divides_by_root(Expr e) { return e->op == Opcode::div && e->args[1]->op == Opcode::sqrt && !is_half(e->dtype); }

/// The divisor, where it is a literal that is better multiplied by.
std::optional<double> known_divisor(Expr e, Forms forms) {
  if (!forms.tables || forms.functions == Functions::fast) return std::nullopt;
  if (e->op != Opcode::div || !is_floating(e->dtype) || is_half(e->dtype)) return std::nullopt;
  const Expr divisor = e->args[1];
  if (divisor->op != Opcode::literal || e->args[0]->op == Opcode::literal) return std::nullopt;
  const double value = ir::convert(ir::Value{divisor->dtype, divisor->bits}, DType::float64).as<double>();
  return has_reciprocal(e, value) ? std::optional(value) : std::nullopt;
}

std::unordered_set<const ir::Node*> loop_indices(Expr root) {
  std::unordered_set<const ir::Node*> found;
  for (const Expr e : ir::postorder(std::span(&root, 1)))
    if (e->op == Opcode::local && e->dtype == DType::int64) found.insert(e.get());
  return found;
}

/// Whether the divisor is the same for many dividends, that of a row, say: it does not know an index that they know.
bool divides_many(Expr e) {
  const std::unordered_set<const ir::Node*> known = loop_indices(e->args[1]);
  return std::ranges::any_of(loop_indices(e->args[0]), [&](const ir::Node* index) { return !known.contains(index); });
}

/// The square roots that divide more than once. One division serves all: unlike other reciprocals, those of square
/// roots neither overflow nor lose digits. With tables the reciprocal is cheaper than a division, and all that a
/// literal is divided by.
std::unordered_set<const ir::Node*> inverted(std::span<const Expr> nodes, Forms forms) {
  std::unordered_set<const ir::Node*> once, often;
  for (const Expr e : nodes) {
    if (!divides_by_root(e)) continue;
    const bool is_alone = once.insert(e->args[1].get()).second;
    const bool is_cheaper = forms.tables && e->args[0]->op == Opcode::literal;
    if (!is_alone || is_cheaper || divides_many(e)) often.insert(e->args[1].get());
  }
  return often;
}

Expr reciprocal_of_root(Expr root, Forms forms) {
  return forms.tables && root->op == Opcode::sqrt ? tabulated_rsqrt(root->args[0]) : 1 / root;
}

std::vector<Expr> expanded(std::span<const Expr> roots, Forms forms) {
  std::unordered_map<const ir::Node*, Expr> done;
  const std::vector<Expr> nodes = ir::postorder(roots);
  const std::unordered_set<const ir::Node*> roots_inverted = inverted(nodes, forms);
  for (const Expr e : nodes) {
    Args args;
    for (const Expr arg : e->args) args.push_back(done.at(arg.get()));
    if (const std::optional<double> divisor = known_divisor(e, forms)) {
      done[e.get()] = quotient(args[0], *divisor);
      continue;
    }
    if (divides_by_root(e) && roots_inverted.contains(e->args[1].get())) {
      done[e.get()] = args[0] * reciprocal_of_root(args[1], forms);
      continue;
    }
    if (multiplies_reciprocal(e, forms.functions)) {
      done[e.get()] = args[0] * (1 / args[1]);
      continue;
    }
    const bool is_kept =
        expansion(e->op) == nullptr && std::ranges::equal(args, e->args, [](Expr a, Expr b) { return same(a, b); });
    done[e.get()] = is_kept ? e : applied(e, std::move(args), forms);
  }
  std::vector<Expr> results;
  for (const Expr root : roots) results.push_back(done.at(root.get()));
  return results;
}

bool is_operation(Expr e) { return !e->args.empty() && e->op != Opcode::bitcast; }

int count_operations(Expr expanded) {
  std::vector<Expr> pending{expanded};
  std::unordered_set<const ir::Node*> seen;
  int count = 0;
  while (!pending.empty()) {
    const Expr e = pending.back();
    pending.pop_back();
    if (!seen.insert(e.get()).second) continue;
    count += is_operation(e);
    if (const std::optional<Lookup> lookup = looked_up(*e)) {
      pending.push_back(lookup->index);
      continue;
    }
    pending.insert(pending.end(), e->args.begin(), has_exception(*e) ? e->args.end() - 1 : e->args.end());
  }
  return count;
}

}  // namespace

std::vector<Expr> expand(std::span<const Expr> roots) { return expanded(roots, Functions::in_place); }

Expr expand(Expr root, Forms forms) { return expanded(std::span(&root, 1), forms).front(); }

Expr expand(Expr root) { return expand(root, Functions::in_place); }

Expr definition(Opcode op, DType dtype, ir::Pool& pool, bool tables) {
  const Expr x = pool.argument(0, dtype);
  return expand(op == Opcode::pow ? pow(x, pool.argument(1, dtype)) : pool.make(op, {x}, dtype),
                {Functions::in_place, tables});
}

Forms best_for(std::span<const Expr> values, Math math, bool tables) {
  if (math == Math::fast) return {Functions::fast, tables};
  int operations = 0;
  for (const Expr e : ir::postorder(values)) {
    if (expansion(e->op) != nullptr) operations += cost(e, tables);
  }
  return {operations > most_in_place ? Functions::called : Functions::in_place, tables};
}

int cost(Expr e, bool tables) {
  if (expansion(e->op) == nullptr) return e->op == Opcode::bitcast ? 0 : 1;
  const bool is_known_power = e->op == Opcode::pow && e->args[1]->op == Opcode::literal;
  const std::optional<std::uint64_t> exponent = is_known_power ? std::optional(e->args[1]->bits) : std::nullopt;
  const DType dtype = e->args[0]->dtype;
  static std::mutex mutex;
  static std::map<std::tuple<Opcode, DType, std::optional<std::uint64_t>, bool>, int> known;
  const std::lock_guard lock(mutex);
  const auto [it, is_new] = known.try_emplace({e->op, dtype, exponent, tables}, 0);
  if (is_new) {
    ir::Pool pool;
    const Expr x = pool.argument(0, dtype);
    it->second =
        count_operations(exponent ? expand(pow(x, pool.literal_bits(dtype, *exponent)), {Functions::in_place, tables})
                                  : definition(e->op, dtype, pool, tables));
  }
  return it->second;
}

}  // namespace theon::codegen::math
