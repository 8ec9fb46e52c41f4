// Polynomials with integer coefficients: the one canonical form of sizes and of index arithmetic.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace theon::ir {

/// A sum of monomials over atoms. The order of atoms is `compare(const Atom&, const Atom&)`, found by
/// argument-dependent lookup; equal polynomials have equal representations. Coefficients are exact: a result that
/// overflows, or that grows past `max_terms` or `max_degree`, is not `valid()`, and neither is anything computed from
/// it.
template <class Atom>
class Polynomial {
 public:
  static constexpr std::size_t max_terms = 4096;
  static constexpr std::size_t max_degree = 16;

  struct Term {
    std::vector<Atom> factors;  // sorted, powers as repetitions, never empty
    std::int64_t coefficient;   // never 0
  };

  Polynomial(std::int64_t constant = 0) : constant_(constant) {}
  static Polynomial of(Atom atom) { return of(Term{{std::move(atom)}, 1}); }
  static Polynomial of(Term term) {
    Polynomial result;
    result.terms_.push_back(std::move(term));
    return result;
  }
  static Polynomial invalid() {
    Polynomial result;
    result.valid_ = false;
    return result;
  }

  bool valid() const { return valid_; }
  bool is_constant() const { return terms_.empty(); }
  std::int64_t constant() const { return constant_; }
  /// Those with factors, highest degree first.
  const std::vector<Term>& terms() const { return terms_; }
  /// The polynomial as one term, where it is one without a constant.
  const Term* single_term() const { return terms_.size() == 1 && constant_ == 0 ? &terms_.front() : nullptr; }
  /// The polynomial as one atom, where it is one.
  const Atom* single_atom() const {
    const Term* term = single_term();
    return term && term->coefficient == 1 && term->factors.size() == 1 ? &term->factors.front() : nullptr;
  }

  Polynomial& operator+=(std::int64_t constant) {
    valid_ = !__builtin_add_overflow(constant_, constant, &constant_) && valid_;
    return *this;
  }
  friend Polynomial operator+(const Polynomial& a, const Polynomial& b) { return sum(a, b, 1); }
  friend Polynomial operator-(const Polynomial& a, const Polynomial& b) { return sum(a, b, -1); }
  friend Polynomial operator-(const Polynomial& a) { return sum(Polynomial(), a, -1); }
  friend Polynomial operator*(const Polynomial& a, const Polynomial& b) {
    if (b.is_constant()) return scaled(a, b.constant_, a.valid_ && b.valid_);
    if (a.is_constant()) return scaled(b, a.constant_, a.valid_ && b.valid_);
    return product(a, b);
  }
  friend bool operator==(const Polynomial& a, const Polynomial& b) {
    return a.constant_ == b.constant_ && a.valid_ == b.valid_ &&
           std::ranges::equal(a.terms_, b.terms_, [](const Term& x, const Term& y) {
             return x.coefficient == y.coefficient && order(x.factors, y.factors) == 0;
           });
  }
  friend std::strong_ordering compare(const Polynomial& a, const Polynomial& b) {
    const std::size_t common = std::min(a.terms_.size(), b.terms_.size());
    for (std::size_t i = 0; i < common; ++i) {
      if (const auto by = order(a.terms_[i].factors, b.terms_[i].factors); by != 0) return by;
      if (const auto by = a.terms_[i].coefficient <=> b.terms_[i].coefficient; by != 0) return by;
    }
    if (const auto by = b.terms_.size() <=> a.terms_.size(); by != 0) return by;
    return a.constant_ <=> b.constant_;
  }

 private:
  /// Higher degrees come first, equal degrees in lexicographic order.
  static std::strong_ordering order(const std::vector<Atom>& a, const std::vector<Atom>& b) {
    if (const auto by = b.size() <=> a.size(); by != 0) return by;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (const auto by = compare(a[i], b[i]); by != 0) return by;
    }
    return std::strong_ordering::equal;
  }

  void append(std::vector<Atom> factors, std::int64_t coefficient) {
    if (coefficient != 0) terms_.push_back(Term{std::move(factors), coefficient});
  }

  /// a + sign * b
  static Polynomial sum(const Polynomial& a, const Polynomial& b, std::int64_t sign) {
    Polynomial result;
    bool overflow = add_scaled(a.constant_, b.constant_, sign, result.constant_);
    result.terms_.reserve(a.terms_.size() + b.terms_.size());
    auto x = a.terms_.begin();
    auto y = b.terms_.begin();
    while (x != a.terms_.end() || y != b.terms_.end()) {
      const auto by = x == a.terms_.end()   ? std::strong_ordering::greater
                      : y == b.terms_.end() ? std::strong_ordering::less
                                            : order(x->factors, y->factors);
      std::int64_t coefficient = 0;
      overflow |= add_scaled(by <= 0 ? x->coefficient : 0, by >= 0 ? y->coefficient : 0, sign, coefficient);
      result.append(by <= 0 ? x->factors : y->factors, coefficient);
      if (by <= 0) ++x;
      if (by >= 0) ++y;
    }
    result.valid_ = a.valid_ && b.valid_ && !overflow && result.terms_.size() <= max_terms;
    return result;
  }

  /// Whether a + sign * b overflows.
  static bool add_scaled(std::int64_t a, std::int64_t b, std::int64_t sign, std::int64_t& result) {
    return sign > 0 ? __builtin_add_overflow(a, b, &result) : __builtin_sub_overflow(a, b, &result);
  }

  static Polynomial scaled(const Polynomial& a, std::int64_t factor, bool valid) {
    if (factor == 0) return valid ? Polynomial() : invalid();
    Polynomial result = a;
    bool overflow = __builtin_mul_overflow(a.constant_, factor, &result.constant_);
    for (Term& term : result.terms_) overflow |= __builtin_mul_overflow(term.coefficient, factor, &term.coefficient);
    result.valid_ = valid && !overflow;
    return result;
  }

  static Polynomial product(const Polynomial& a, const Polynomial& b) {
    if (!a.valid_ || !b.valid_ || (a.terms_.size() + 1) * (b.terms_.size() + 1) > max_terms) return invalid();
    Polynomial result = scaled(b, a.constant_, true);
    std::vector<Term> terms;
    for (const Term& x : a.terms_) {
      for (const Term& y : b.terms_) {
        if (!multiply(x, y, terms)) return invalid();
      }
      if (!multiply(x, Term{{}, b.constant_}, terms)) return invalid();
    }
    return result + collected(std::move(terms));
  }

  /// Appends x * y; false where it overflows.
  static bool multiply(const Term& x, const Term& y, std::vector<Term>& terms) {
    if (x.factors.size() + y.factors.size() > max_degree) return false;
    Term term{{}, 0};
    if (__builtin_mul_overflow(x.coefficient, y.coefficient, &term.coefficient)) return false;
    if (term.coefficient == 0) return true;
    term.factors.reserve(x.factors.size() + y.factors.size());
    std::ranges::merge(x.factors, y.factors, std::back_inserter(term.factors),
                       [](const Atom& p, const Atom& q) { return compare(p, q) < 0; });
    terms.push_back(std::move(term));
    return true;
  }

  static Polynomial collected(std::vector<Term> terms) {
    std::ranges::sort(terms, [](const Term& x, const Term& y) { return order(x.factors, y.factors) < 0; });
    Polynomial result;
    for (Term& term : terms) {
      const bool repeats = !result.terms_.empty() && order(result.terms_.back().factors, term.factors) == 0;
      if (!repeats) {
        result.terms_.push_back(std::move(term));
      } else if (__builtin_add_overflow(result.terms_.back().coefficient, term.coefficient,
                                        &result.terms_.back().coefficient)) {
        return invalid();
      }
    }
    std::erase_if(result.terms_, [](const Term& term) { return term.coefficient == 0; });
    return result;
  }

  std::vector<Term> terms_;  // sorted
  std::int64_t constant_ = 0;
  bool valid_ = true;
};

}  // namespace theon::ir
