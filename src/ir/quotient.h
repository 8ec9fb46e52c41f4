// The canonical form of floor_div and mod over polynomials.
#pragma once

#include "src/ir/bounds.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace theon::ir {

/// floor_div and mod of polynomials, and polynomials of those. All equations hold for every divisor >= 1; that it is
/// must be proved first. `Algebra` is that of Prover, and makes atoms:
///   Polynomial<Atom> quotient(const P& numerator, const P& divisor) const;   // one new atom
///   Polynomial<Atom> remainder(const P& numerator, const P& divisor) const;
///   bool is_exact(const P&) const;  // whether it can be computed without overflow
template <class Atom, class Algebra>
class Divider {
 public:
  using P = Polynomial<Atom>;
  using Term = typename P::Term;
  using Facts = AtomFacts<Atom>;

  explicit Divider(const Algebra& algebra) : algebra_(algebra), prover_(algebra) {}

  P floor_div(const P& numerator, const P& divisor) {
    if (divisor == P(1)) return numerator;
    if (!prover_.is_positive(divisor)) return algebra_.quotient(numerator, divisor);
    if (const auto result = unnested_quotient(numerator, divisor)) return *result;
    if (!algebra_.is_exact(numerator)) return algebra_.quotient(numerator, divisor);
    const Split split = divided(numerator, divisor);
    if (split.rest == P(0)) return split.quotient;
    return split.quotient + reduced_quotient(split.rest, divisor);
  }

  P mod(const P& numerator, const P& divisor) {
    if (divisor == P(1)) return 0;
    if (!prover_.is_positive(divisor)) return algebra_.remainder(numerator, divisor);
    if (const auto result = unnested_remainder(numerator, divisor)) return *result;
    if (!algebra_.is_exact(numerator)) return algebra_.remainder(numerator, divisor);
    const Split split = divided(numerator, divisor);
    return split.rest == P(0) ? P(0) : reduced_remainder(split.rest, divisor);
  }

  /// d * floor_div(x, d) + mod(x, d) is x, and d * mod(floor_div(x, d), e) + mod(x, d) is mod(x, d * e).
  P recombined(P p) {
    while (const auto shorter = with_fewer_divisions(p)) p = *shorter;
    return p;
  }

 private:
  /// numerator = divisor * quotient + rest
  struct Split {
    P quotient, rest;
  };

  /// A product and its coefficient; a number has no factors.
  struct Product {
    std::span<const Atom> factors;
    std::int64_t coefficient;
  };

  static Product leading(const P& p) {
    if (p.is_constant()) return {{}, p.constant()};
    return {p.terms().front().factors, p.terms().front().coefficient};
  }

  static bool before(const Atom& a, const Atom& b) { return compare(a, b) < 0; }

  static P product(std::vector<Atom> factors, std::int64_t coefficient) {
    if (factors.empty() || coefficient == 0) return coefficient;
    return P::of(Term{std::move(factors), coefficient});
  }

  /// The term divided by a product, the coefficient truncated; nothing where its factors do not divide.
  static std::optional<P> truncated_quotient(const Term& term, const Product& by) {
    if (by.coefficient <= 0) return std::nullopt;
    std::vector<Atom> factors;
    std::ranges::set_difference(term.factors, by.factors, std::back_inserter(factors), before);
    if (factors.size() + by.factors.size() != term.factors.size()) return std::nullopt;
    return product(std::move(factors), term.coefficient / by.coefficient);
  }

  static std::optional<P> exact_quotient(const Term& term, const Product& by) {
    return by.coefficient > 0 && term.coefficient % by.coefficient == 0 ? truncated_quotient(term, by) : std::nullopt;
  }

  static std::int64_t floor_of(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

  /// Long division by the leading term; what it does not divide is the rest.
  static Split divided(const P& numerator, const P& divisor) {
    constexpr int max_rounds = 64;
    Split split{0, numerator};
    for (int round = 0; round < max_rounds; ++round) {
      const auto part = first_quotient(split.rest, leading(divisor));
      if (!part) break;
      const Split next{split.quotient + *part, split.rest - *part * divisor};
      if (!next.quotient.valid() || !next.rest.valid()) break;
      split = next;
    }
    if (!divisor.is_constant()) return split;
    const std::int64_t whole = floor_of(split.rest.constant(), divisor.constant());
    return {split.quotient + whole, split.rest - P(whole) * divisor};
  }

  static std::optional<P> first_quotient(const P& p, const Product& by) {
    for (const Term& term : p.terms()) {
      auto part = truncated_quotient(term, by);
      if (part && *part != P(0)) return part;
    }
    return std::nullopt;
  }

  bool is_below(const P& value, const P& limit) {
    return prover_.is_nonnegative(value) && prover_.is_positive(limit - value);
  }

  /// What the quotient always is, where it is always 0, or -1, or 1.
  std::optional<std::int64_t> constant_quotient(const P& rest, const P& divisor) {
    for (const std::int64_t whole : {0, -1, 1}) {
      if (is_below(rest - P(whole) * divisor, divisor)) return whole;
    }
    return std::nullopt;
  }

  P reduced_quotient(const P& rest, const P& divisor) {
    if (const auto whole = constant_quotient(rest, divisor)) return *whole;
    if (const auto common = common_factor(rest, divisor)) return floor_div(common->rest, common->divisor);
    const auto unnested = unnested_quotient(rest, divisor);
    return unnested ? *unnested : algebra_.quotient(rest, divisor);
  }

  P reduced_remainder(const P& rest, const P& divisor) {
    if (const auto whole = constant_quotient(rest, divisor)) return rest - P(*whole) * divisor;
    if (const auto common = common_factor(rest, divisor))
      return common->factor * mod(common->rest, common->divisor) + common->below;
    const P smaller = without_inner_remainders(rest, divisor);
    return smaller == rest ? algebra_.remainder(rest, divisor) : mod(smaller, divisor);
  }

  /// rest = factor * rest' + below, divisor = factor * divisor', 0 <= below < factor
  struct Common {
    P factor, rest, divisor, below;
  };

  std::optional<Common> common_factor(const P& rest, const P& divisor) {
    if (!divisor.is_constant() && !divisor.single_term()) return std::nullopt;
    for (const P& factor : candidate_factors(rest, divisor)) {
      const Common common = split_by(factor, rest, divisor);
      if (prover_.is_positive(factor) && prover_.is_positive(common.divisor) && is_below(common.below, factor))
        return common;
    }
    return std::nullopt;
  }

  static Common split_by(const P& factor, const P& rest, const P& divisor) {
    const std::int64_t whole = factor.is_constant() ? floor_of(rest.constant(), factor.constant()) : 0;
    Common common{factor, whole, divided(divisor, factor).quotient, P(rest.constant()) - P(whole) * factor};
    for (const Term& term : rest.terms()) {
      const auto part = exact_quotient(term, leading(factor));
      if (part)
        common.rest = common.rest + *part;
      else
        common.below = common.below + P::of(term);
    }
    return common;
  }

  /// The greatest common divisors of the divisor and single terms, the largest first.
  static std::vector<P> candidate_factors(const P& rest, const P& divisor) {
    const Product whole = leading(divisor);
    std::vector<P> result;
    for (const Term& term : rest.terms()) {
      std::vector<Atom> common;
      std::ranges::set_intersection(term.factors, whole.factors, std::back_inserter(common), before);
      const P factor = product(std::move(common), static_cast<std::int64_t>(gcd(term.coefficient, whole.coefficient)));
      if (factor != P(1) && factor != divisor && std::ranges::find(result, factor) == result.end())
        result.push_back(factor);
    }
    std::ranges::stable_sort(result, [](const P& a, const P& b) { return size(a) > size(b); });
    return result;
  }

  static std::uint64_t gcd(std::int64_t a, std::int64_t b) {
    const auto magnitude = [](std::int64_t x) {
      return x < 0 ? 0 - static_cast<std::uint64_t>(x) : static_cast<std::uint64_t>(x);
    };
    return std::gcd(magnitude(a), magnitude(b));
  }

  static std::pair<std::size_t, std::int64_t> size(const P& factor) {
    return {leading(factor).factors.size(), leading(factor).coefficient};
  }

  /// The facts of the atom that p is up to a constant.
  std::optional<Facts> facts_of_shifted_atom(const P& p) const {
    const P rest = p - p.constant();
    const Atom* atom = rest.single_atom();
    return atom ? std::optional(algebra_.facts(*atom)) : std::nullopt;
  }

  /// floor_div(floor_div(x, a) + c, b) is floor_div(x + a*c, a*b);
  /// floor_div(mod(x, a*b), b) is mod(floor_div(x, b), a).
  std::optional<P> unnested_quotient(const P& numerator, const P& divisor) {
    const auto facts = facts_of_shifted_atom(numerator);
    if (!facts) return std::nullopt;
    if (facts->kind == Facts::Kind::quotient && prover_.is_positive(facts->parts[1])) {
      const P product = facts->parts[1] * divisor;
      const P shifted = facts->parts[0] + facts->parts[1] * numerator.constant();
      const bool is_exact = numerator.constant() == 0 || (algebra_.is_exact(numerator) && algebra_.is_exact(shifted));
      const bool fits = product.valid() && shifted.valid() && is_exact;
      return fits ? std::optional(floor_div(shifted, product)) : std::nullopt;
    }
    if (facts->kind != Facts::Kind::remainder || numerator.constant() != 0) return std::nullopt;
    const Split split = divided(facts->parts[1], divisor);
    if (split.rest != P(0) || !prover_.is_positive(split.quotient)) return std::nullopt;
    return mod(floor_div(facts->parts[0], divisor), split.quotient);
  }

  /// mod(mod(x, a*b), b) is mod(x, b).
  std::optional<P> unnested_remainder(const P& numerator, const P& divisor) {
    const Atom* atom = numerator.single_atom();
    if (!atom) return std::nullopt;
    const Facts facts = algebra_.facts(*atom);
    if (facts.kind != Facts::Kind::remainder || divided(facts.parts[1], divisor).rest != P(0)) return std::nullopt;
    return prover_.is_positive(facts.parts[1]) ? std::optional(mod(facts.parts[0], divisor)) : std::nullopt;
  }

  /// Replaces c * mod(x, m) by c * x where the divisor divides c * m.
  P without_inner_remainders(const P& rest, const P& divisor) {
    P result = rest.constant();
    for (const Term& term : rest.terms()) result = result + without_inner_remainder(term, divisor);
    return result.valid() && algebra_.is_exact(result) ? result : rest;
  }

  P without_inner_remainder(const Term& term, const P& divisor) {
    for (std::size_t k = 0; k < term.factors.size(); ++k) {
      const Facts facts = algebra_.facts(term.factors[k]);
      if (facts.kind != Facts::Kind::remainder || !prover_.is_positive(facts.parts[1])) continue;
      const P scale = without_factor(term, k);
      if (divided(scale * facts.parts[1], divisor).rest == P(0)) return scale * facts.parts[0];
    }
    return P::of(term);
  }

  static P without_factor(const Term& term, std::size_t k) {
    std::vector<Atom> others = term.factors;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
    return product(std::move(others), term.coefficient);
  }

  /// How many floor_div and mod p is written with.
  std::size_t divisions(const P& p) const {
    std::size_t count = 0;
    for (const Term& term : p.terms()) {
      count += static_cast<std::size_t>(std::ranges::count_if(term.factors, [&](const Atom& atom) {
        const auto kind = algebra_.facts(atom).kind;
        return kind == Facts::Kind::quotient || kind == Facts::Kind::remainder;
      }));
    }
    return count;
  }

  std::optional<P> with_fewer_divisions(const P& p) {
    for (const Term& term : p.terms()) {
      for (std::size_t k = 0; k < term.factors.size(); ++k) {
        const Facts facts = algebra_.facts(term.factors[k]);
        if (facts.kind != Facts::Kind::remainder || !prover_.is_positive(facts.parts[1])) continue;
        if (auto joined = with_joined_digits(p, without_factor(term, k), P::of(term.factors[k]), facts)) return joined;
      }
    }
    return std::nullopt;
  }

  /// p with scale * (low + divisor * high) replaced by what the two digits are together, if it contains that.
  std::optional<P> with_joined_digits(const P& p, const P& scale, const P& low, const Facts& digit) {
    const P& number = digit.parts[0];
    const P& divisor = digit.parts[1];
    const P above = floor_div(number, divisor);
    const auto replaced = [&](const P& high, const P& whole) -> std::optional<P> {
      const P result = p - scale * (low + divisor * high) + scale * whole;
      return result.valid() && divisions(result) < divisions(p) ? std::optional(result) : std::nullopt;
    };
    if (auto result = replaced(above, number)) return result;
    for (const Term& term : p.terms()) {
      for (const Atom& atom : term.factors) {
        const Facts facts = algebra_.facts(atom);
        if (facts.kind != Facts::Kind::remainder || facts.parts[0] != above) continue;
        if (!prover_.is_positive(facts.parts[1])) continue;
        if (auto result = replaced(P::of(atom), mod(number, divisor * facts.parts[1]))) return result;
      }
    }
    return std::nullopt;
  }

  const Algebra& algebra_;
  Prover<Atom, Algebra> prover_;
};

}  // namespace theon::ir
