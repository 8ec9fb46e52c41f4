// The simplifications of index arithmetic.
#include "src/ir/index.h"
#include "src/ir/index_algebra.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>

namespace theon::ir {

namespace {

using P = IndexPolynomial;

std::int64_t floor_of(std::int64_t a, std::int64_t positive) { return a / positive - (a % positive < 0); }

/// One operation with what is known where it stands.
class IndexRules {
 public:
  IndexRules(NodeStore& store, std::span<const Expr> args)
      : store_(store), args_(args), algebra_(store, args), prover_(algebra_) {}

  /// With the digits of a number put together again.
  Expr recombined(const P& p) { return written(IndexDivider(algebra_).recombined(p)); }

  Expr floor_div() {
    if (b() == P(0)) return store_.literal(DType::int64, 0);
    if (is_negative_number(b()) && algebra_.is_exact(-a()))
      return written(IndexDivider(algebra_).floor_div(-a(), -b()));
    return written(IndexDivider(algebra_).floor_div(a(), b()));
  }

  Expr mod() {
    if (b() == P(0)) return store_.literal(DType::int64, 0);
    if (is_negative_number(b()) && algebra_.is_exact(-a())) return written(-IndexDivider(algebra_).mod(-a(), -b()));
    return written(IndexDivider(algebra_).mod(a(), b()));
  }

  Expr div() { return is_size(args_[0]) && is_size(args_[1]) ? floor_div() : Expr(); }
  Expr abs() { return is_size(args_[0]) ? args_[0] : Expr(); }
  Expr min() { return extremum(args_[0], args_[1]); }
  Expr max() { return extremum(args_[1], args_[0]); }
  Expr lt() { return at_most(b() - a() - 1); }
  Expr le() { return at_most(b() - a()); }
  Expr eq() { return equality(Opcode::eq); }
  Expr ne() { return equality(Opcode::ne); }

 private:
  const P& a() { return polynomial_of(store_, args_[0]); }
  const P& b() { return polynomial_of(store_, args_[1]); }

  Expr written(const P& p) { return is_small(p) ? expression_of(store_, p) : Expr(); }
  Expr truth(bool value) { return store_.literal(DType::boolean, value); }

  bool is_negative_number(const P& p) { return p.is_constant() && p.constant() < 0; }

  bool is_size(Expr x) { return algebra_.is_exact(x) && prover_.is_nonnegative(polynomial_of(store_, x)); }
  bool are_exact() const { return algebra_.is_exact(args_[0]) && algebra_.is_exact(args_[1]); }

  /// `low`, where it is never above `high`, or the other way round.
  Expr extremum(Expr low, Expr high) {
    if (!are_exact()) return {};
    if (prover_.is_at_most(a(), b())) return low;
    return prover_.is_at_most(b(), a()) ? high : Expr();
  }

  /// `difference` >= 0, in one spelling: terms on the side where they are positive, divided by what they have in
  /// common, without a floor_div that stands alone.
  Expr at_most(P difference) {
    if (!are_exact()) return {};
    if (prover_.is_nonnegative(difference)) return truth(true);
    if (prover_.is_positive(-difference)) return truth(false);
    difference = in_lowest_terms(without_division(difference));
    const std::int64_t c = difference.constant();
    const Sides sides = sides_of(difference - c);
    if (c == -1) return compared(Opcode::lt, sides.right, sides.left);
    if (c > 0) return compared(Opcode::lt, sides.right, sides.left + P(c) + 1);
    return compared(Opcode::le, sides.right - c, sides.left);
  }

  /// left - right, both without negative coefficients.
  struct Sides {
    P left, right;
  };

  static Sides sides_of(const P& p) {
    if (!p.valid()) return {P::invalid(), P::invalid()};
    Sides sides;
    for (const auto& term : p.terms()) {
      if (term.coefficient > 0)
        sides.left = sides.left + P::of(term);
      else
        sides.right = sides.right - P::of(term);
    }
    return sides;
  }

  Expr compared(Opcode op, const P& x, const P& y) {
    if (!is_small(x) || !is_small(y) || !algebra_.is_exact(x) || !algebra_.is_exact(y)) return {};
    const Expr args[] = {expression_of(store_, x), expression_of(store_, y)};
    return store_.intern({.op = op, .dtype = DType::boolean, .args = args});
  }

  static std::int64_t common_divisor(const P& p) {
    std::int64_t result = 0;
    for (const auto& term : p.terms()) {
      if (term.coefficient == std::numeric_limits<std::int64_t>::min()) return 1;
      result = std::gcd(result, term.coefficient);
    }
    return result;
  }

  /// The polynomial >= 0 divided by the common divisor of its coefficients.
  static P in_lowest_terms(const P& p) {
    const std::int64_t divisor = common_divisor(p);
    return divisor > 1 ? divided(p, divisor) : p;
  }

  static P divided(const P& p, std::int64_t divisor) {
    P result = divisor > 0 ? floor_of(p.constant(), divisor) : p.constant() / divisor;
    for (auto term : p.terms()) {
      term.coefficient /= divisor;
      result = result + P::of(std::move(term));
    }
    return result;
  }

  /// x / d <= t is x <= d * t + d - 1, and x / d >= t is x >= d * t.
  P without_division(P p) {
    while (const auto next = without_one_division(p)) p = *next;
    return p;
  }

  std::optional<P> without_one_division(const P& p) {
    for (const auto& term : p.terms()) {
      const Expr atom = term.factors.front();
      const bool is_alone = term.factors.size() == 1 && (term.coefficient == 1 || term.coefficient == -1);
      if (!is_alone || atom->op != Opcode::floor_div) continue;
      const P& divisor = polynomial_of(store_, atom->args[1]);
      const P& numerator = polynomial_of(store_, atom->args[0]);
      const P rest = (p - P::of(term)) * divisor;
      const P result = term.coefficient == 1 ? numerator + rest : rest + divisor - 1 - numerator;
      const bool is_exact = algebra_.is_exact(atom->args[0]) && algebra_.is_exact(atom->args[1]);
      if (is_exact && is_small(result) && prover_.is_positive(divisor)) return result;
    }
    return std::nullopt;
  }

  /// a == b, or a != b, in one spelling.
  Expr equality(Opcode op) {
    const P difference = a() - b();
    if (difference == P(0)) return truth(op == Opcode::eq);
    if (difference.is_constant() && difference.valid()) return truth(op == Opcode::ne);
    if (!are_exact() || !difference.valid()) return {};
    const std::int64_t divisor = common_divisor(difference);
    const bool differs =
        difference.constant() % divisor != 0 || prover_.is_positive(difference) || prover_.is_positive(-difference);
    if (differs) return truth(op == Opcode::ne);
    const P lowest = divided(difference, divisor);
    const P canonical = lowest.terms().front().coefficient < 0 ? -lowest : lowest;
    const std::int64_t c = canonical.constant();
    const Sides sides = sides_of(canonical - c);
    return compared(op, sides.left + std::max<std::int64_t>(c, 0), sides.right - std::min<std::int64_t>(c, 0));
  }

  NodeStore& store_;
  std::span<const Expr> args_;
  IndexAlgebra algebra_;
  IndexProver prover_;
};

bool mentions_remainder(const P& p) {
  return std::ranges::any_of(p.terms(), [](const auto& term) {
    return std::ranges::any_of(term.factors, [](Expr x) { return x->op == Opcode::mod; });
  });
}

Expr simplify_ring(NodeStore& store, Opcode op, std::span<const Expr> args) {
  const P result = ring_polynomial(store, op, args);
  if (!is_small(result)) return {};
  return mentions_remainder(result) ? IndexRules(store, args).recombined(result) : expression_of(store, result);
}

}  // namespace

Expr simplify_index(NodeStore& store, Opcode op, std::span<const Expr> args) {
  if (op == Opcode::add || op == Opcode::sub || op == Opcode::mul || op == Opcode::neg)
    return simplify_ring(store, op, args);
  struct Rule {
    Opcode op;
    Expr (IndexRules::*simplify)();
  };
  static constexpr Rule rules[] = {
      {Opcode::div, &IndexRules::div}, {Opcode::floor_div, &IndexRules::floor_div},
      {Opcode::mod, &IndexRules::mod}, {Opcode::min, &IndexRules::min},
      {Opcode::max, &IndexRules::max}, {Opcode::abs, &IndexRules::abs},
      {Opcode::lt, &IndexRules::lt},   {Opcode::le, &IndexRules::le},
      {Opcode::eq, &IndexRules::eq},   {Opcode::ne, &IndexRules::ne},
  };
  for (const Rule& rule : rules) {
    if (rule.op == op) return (IndexRules(store, args).*rule.simplify)();
  }
  return {};
}

}  // namespace theon::ir
