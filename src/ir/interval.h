// Numbers that polynomials over sizes and indices never leave.
#pragma once

#include "src/ir/bounds.h"
#include "src/support/checked.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>

namespace theon::ir {

/// From `low` to `high`, both included; without an end where there is none that fits.
struct Interval {
  std::optional<std::int64_t> low, high;

  bool is_bounded() const { return low && high; }
};

inline Interval operator+(const Interval& a, const Interval& b) {
  const auto sum = [](const auto& x, const auto& y) { return x && y ? checked_add(*x, *y) : std::nullopt; };
  return {sum(a.low, b.low), sum(a.high, b.high)};
}

inline Interval scaled(const Interval& a, std::int64_t factor) {
  const auto product = [&](const auto& x) { return x ? checked_multiply(*x, factor) : std::nullopt; };
  return factor >= 0 ? Interval{product(a.low), product(a.high)} : Interval{product(a.high), product(a.low)};
}

inline Interval operator*(const Interval& a, const Interval& b) {
  if (a.low && a.low == a.high) return scaled(b, *a.low);
  if (b.low && b.low == b.high) return scaled(a, *b.low);
  if (a.is_bounded() && b.is_bounded()) {
    const Interval x = scaled(a, *b.low), y = scaled(a, *b.high);
    if (!x.is_bounded() || !y.is_bounded()) return {};
    return {std::min(*x.low, *y.low), std::max(*x.high, *y.high)};
  }
  const bool is_nonnegative = a.low >= std::optional<std::int64_t>(0) && b.low >= std::optional<std::int64_t>(0);
  return is_nonnegative ? Interval{checked_multiply(*a.low, *b.low), std::nullopt} : Interval{};
}

namespace ends {

using End = std::optional<std::int64_t>;

/// The smaller end where both are known, otherwise none; and the same for the larger.
inline End both(const End& a, const End& b, const std::int64_t& (*choose)(const std::int64_t&, const std::int64_t&)) {
  return a && b ? End(choose(*a, *b)) : End();
}

/// The end that is known, the better one of two.
inline End either(const End& a, const End& b, const std::int64_t& (*choose)(const std::int64_t&, const std::int64_t&)) {
  return a && b ? End(choose(*a, *b)) : a ? a : b;
}

inline std::int64_t floor_of(std::int64_t a, std::int64_t positive) { return a / positive - (a % positive < 0); }

}  // namespace ends

inline Interval least(const Interval& a, const Interval& b) {
  return {ends::both(a.low, b.low, std::min), ends::either(a.high, b.high, std::min)};
}

inline Interval greatest(const Interval& a, const Interval& b) {
  return {ends::either(a.low, b.low, std::max), ends::both(a.high, b.high, std::max)};
}

inline Interval hull(const Interval& a, const Interval& b) {
  return {ends::both(a.low, b.low, std::min), ends::both(a.high, b.high, std::max)};
}

inline bool is_at_least(const Interval& a, std::int64_t bound) { return a.low && *a.low >= bound; }

/// Of floor_div: a divisor of 0 gives 0.
inline Interval quotient(const Interval& n, const Interval& d) {
  if (!is_at_least(d, 1)) return is_at_least(n, 0) && is_at_least(d, 0) ? Interval{0, n.high} : Interval{};
  // Divided by the divisor that leaves the least, or the most, of it.
  const auto divided = [](const ends::End& x, const ends::End& by, std::int64_t limit) -> ends::End {
    return !x ? ends::End() : by ? ends::floor_of(*x, *by) : limit;
  };
  return {divided(n.low, is_at_least(n, 0) ? d.high : d.low, 0),
          divided(n.high, n.high && *n.high >= 0 ? d.low : d.high, -1)};
}

/// Of mod: a divisor of 0 gives 0.
inline Interval remainder(const Interval& n, const Interval& d) {
  if (!is_at_least(d, 0)) return {};
  const ends::End below = d.high ? ends::End(std::max<std::int64_t>(*d.high - 1, 0)) : ends::End();
  return {0, is_at_least(n, 0) ? ends::either(below, n.high, std::min) : below};
}

/// Finds intervals by interval arithmetic. `Algebra` is that of Prover. What would take too many steps has no ends.
template <class Atom, class Algebra>
class Ranger {
 public:
  using P = Polynomial<Atom>;

  explicit Ranger(const Algebra& algebra) : algebra_(algebra) {}

  Interval operator()(const P& p) {
    steps_ = 0;
    return of(p);
  }

 private:
  using Facts = AtomFacts<Atom>;
  static constexpr int max_steps = 100;

  Interval of(const P& p) {
    if (!p.valid()) return {};
    Interval sum{p.constant(), p.constant()};
    for (const auto& term : p.terms()) {
      Interval product{term.coefficient, term.coefficient};
      for (const Atom& atom : term.factors) product = product * of(atom);
      sum = sum + product;
    }
    return sum;
  }

  Interval of(const Atom& atom) {
    if (++steps_ > max_steps) return {};
    const Facts facts = algebra_.facts(atom);
    switch (facts.kind) {
      case Facts::Kind::interval:
        return {facts.low ? of(*facts.low).low : std::nullopt, facts.high ? of(*facts.high).high : std::nullopt};
      case Facts::Kind::quotient:
        return quotient(of(facts.parts[0]), of(facts.parts[1]));
      case Facts::Kind::remainder:
        return remainder(of(facts.parts[0]), of(facts.parts[1]));
      case Facts::Kind::least:
        return joined(facts, least);
      case Facts::Kind::greatest:
        return joined(facts, greatest);
      case Facts::Kind::choice:
        return joined(facts, hull);
    }
    return {};
  }

  Interval joined(const Facts& facts, Interval (*join)(const Interval&, const Interval&)) {
    Interval result = of(facts.parts.front());
    for (std::size_t k = 1; k < facts.parts.size(); ++k) result = join(result, of(facts.parts[k]));
    return result;
  }

  const Algebra& algebra_;
  int steps_ = 0;
};

}  // namespace theon::ir
