// Proving that polynomials over sizes and indices are never negative.
#pragma once

#include "src/ir/polynomial.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace theon::ir {

/// What is known about an atom.
template <class Atom>
struct AtomFacts {
  enum class Kind : std::uint8_t {
    interval,   // parts: none. Between `low` and `high`, where there are such
    quotient,   // parts: numerator and divisor of a floor_div
    remainder,  // parts: numerator and divisor of a mod
    least,      // the least of the parts
    greatest,   // the greatest of the parts
    choice,     // any one of the parts
  };

  Kind kind = Kind::interval;
  std::optional<Polynomial<Atom>> low = {}, high = {};
  std::vector<Polynomial<Atom>> parts = {};
};

/// The parts of a polynomial that has an atom in no higher power than the first: slope * atom + rest.
template <class Atom>
struct Linear {
  Polynomial<Atom> slope, rest;
};

template <class Atom>
std::optional<Linear<Atom>> linear_in(const Polynomial<Atom>& p, const Atom& atom) {
  Linear<Atom> result{0, p.constant()};
  for (const auto& term : p.terms()) {
    const auto is_atom = [&](const Atom& factor) { return compare(factor, atom) == 0; };
    const auto power = std::ranges::count_if(term.factors, is_atom);
    if (power > 1) return std::nullopt;
    if (power == 0) {
      result.rest = result.rest + Polynomial<Atom>::of(term);
      continue;
    }
    auto other = term;
    other.factors.erase(std::ranges::find_if(other.factors, is_atom));
    result.slope = result.slope + (other.factors.empty() ? Polynomial<Atom>(term.coefficient)
                                                         : Polynomial<Atom>::of(std::move(other)));
  }
  return result;
}

/// Proves by replacing atoms, the most derived first, by what bounds them. `Algebra` knows the atoms:
///   AtomFacts<Atom> facts(const Atom&) const;
///   auto rank(const Atom&) const;  // larger than the ranks of all atoms in its facts; ordered
/// What cannot be shown within a fixed number of steps is not shown.
template <class Atom, class Algebra>
class Prover {
 public:
  using P = Polynomial<Atom>;

  explicit Prover(const Algebra& algebra) : algebra_(algebra) {}

  bool is_nonnegative(const P& p) {
    steps_ = 0;
    return proves(p);
  }
  bool is_positive(const P& p) { return is_nonnegative(p - 1); }
  bool is_at_most(const P& a, const P& b) { return is_nonnegative(b - a); }

 private:
  using Facts = AtomFacts<Atom>;
  static constexpr int max_steps = 100;

  bool proves(const P& p) {
    if (!p.valid() || ++steps_ > max_steps) return false;
    if (p.is_constant()) return p.constant() >= 0;
    const Atom* atom = most_derived(p);
    const Facts facts = algebra_.facts(*atom);
    if (is_base(facts)) return proves_base(p);
    const auto linear = linear_in(p, *atom);
    return linear && proves(linear->slope, linear->rest, facts);
  }

  const Atom* most_derived(const P& p) const {
    const Atom* best = nullptr;
    for (const auto& term : p.terms()) {
      for (const Atom& atom : term.factors) {
        if (!best || algebra_.rank(*best) < algebra_.rank(atom)) best = &atom;
      }
    }
    return best;
  }

  static bool is_base(const Facts& facts) { return facts.kind == Facts::Kind::interval && facts.low && !facts.high; }

  /// Whether no coefficient is negative once the atoms are counted from their least values. All atoms of p are at best
  /// bounded from below.
  bool proves_base(const P& p) const {
    bool is_shifted = false;
    for (const auto& term : p.terms()) {
      for (const Atom& atom : term.factors) {
        const auto low = constant_low(atom);
        if (!low) return false;
        is_shifted |= *low != 0;
      }
    }
    return has_no_negative(is_shifted ? counted_from_lows(p) : p);
  }

  std::optional<std::int64_t> constant_low(const Atom& atom) const {
    const Facts facts = algebra_.facts(atom);
    return is_base(facts) && facts.low->is_constant() ? std::optional(facts.low->constant()) : std::nullopt;
  }

  P counted_from_lows(const P& p) const {
    P shifted = p.constant();
    for (const auto& term : p.terms()) {
      P product = term.coefficient;
      for (const Atom& atom : term.factors) product = product * (P::of(atom) + *constant_low(atom));
      shifted = shifted + product;
    }
    return shifted;
  }

  static bool has_no_negative(const P& p) {
    return p.valid() && p.constant() >= 0 &&
           std::ranges::all_of(p.terms(), [](const auto& term) { return term.coefficient > 0; });
  }

  /// Whether slope * atom + rest >= 0.
  bool proves(const P& slope, const P& rest, const Facts& facts) {
    if (proves(slope)) return proves_rising(slope, rest, facts);
    if (proves(-slope)) return proves_falling(slope, rest, facts);
    return proves_at_ends(slope, rest, facts);
  }

  bool proves_rising(const P& slope, const P& rest, const Facts& facts) {
    const auto at = [&](const P& value) { return proves(slope * value + rest); };
    switch (facts.kind) {
      case Facts::Kind::interval:
        return facts.low && at(*facts.low);
      case Facts::Kind::quotient: {
        const P& numerator = facts.parts[0];
        const P& divisor = facts.parts[1];
        if (proves(numerator) && proves(divisor) && at(0)) return true;
        return proves(divisor - 1) && proves(slope * (numerator - divisor + 1) + divisor * rest + divisor - 1);
      }
      case Facts::Kind::remainder:
        return proves(facts.parts[1]) && at(0);
      case Facts::Kind::greatest:
        return std::ranges::any_of(facts.parts, at);
      case Facts::Kind::least:
      case Facts::Kind::choice:
        return std::ranges::all_of(facts.parts, at);
    }
    return false;
  }

  bool proves_falling(const P& slope, const P& rest, const Facts& facts) {
    const auto at = [&](const P& value) { return proves(slope * value + rest); };
    switch (facts.kind) {
      case Facts::Kind::interval:
        return facts.high && at(*facts.high);
      case Facts::Kind::quotient: {
        const P& numerator = facts.parts[0];
        const P& divisor = facts.parts[1];
        // An integer above -1 is not negative: the last terms make up for the multiplication by the divisor.
        if (proves(divisor - 1)) return proves(slope * numerator + divisor * rest + divisor - 1);
        return proves(divisor) && proves(numerator) && at(numerator);
      }
      case Facts::Kind::remainder: {
        const P& numerator = facts.parts[0];
        const P& divisor = facts.parts[1];
        if (!proves(divisor)) return false;
        return at(proves(divisor - 1) ? divisor - 1 : divisor) || (proves(numerator) && at(numerator));
      }
      case Facts::Kind::least:
        return std::ranges::any_of(facts.parts, at);
      case Facts::Kind::greatest:
      case Facts::Kind::choice:
        return std::ranges::all_of(facts.parts, at);
    }
    return false;
  }

  /// The sign of the slope is not known: a linear function is least at an end.
  bool proves_at_ends(const P& slope, const P& rest, const Facts& facts) {
    const auto at = [&](const P& value) { return proves(slope * value + rest); };
    switch (facts.kind) {
      case Facts::Kind::interval:
        return facts.low && facts.high && at(*facts.low) && at(*facts.high);
      case Facts::Kind::quotient:
        return false;
      case Facts::Kind::remainder:
        return proves(facts.parts[1] - 1) && at(0) && at(facts.parts[1] - 1);
      case Facts::Kind::least:
      case Facts::Kind::greatest:
      case Facts::Kind::choice:
        return std::ranges::all_of(facts.parts, at);
    }
    return false;
  }

  const Algebra& algebra_;
  int steps_ = 0;
};

}  // namespace theon::ir
