// What a kernel does, as formulas in sizes, for predictions.
#pragma once

#include <theon/dim.h>

#include <functional>
#include <string>
#include <vector>

namespace theon::codegen {

/// A number that depends on sizes: a sum of products, in floating point, so it never overflows.
class Formula {
 public:
  Formula(double number = 0);
  explicit Formula(const Dim& size);

  Formula& operator+=(const Formula& other);
  friend Formula operator+(Formula a, const Formula& b) { return a += b; }
  friend Formula operator*(const Formula& a, const Formula& b);

  /// For sizes that `value` knows.
  double value(const std::function<double(const Dim&)>& value) const;
  /// Whether it depends on no size.
  bool is_number() const;

  /// "2*m*n*k + m*n"
  friend std::string to_string(const Formula& formula);

 private:
  struct Term {
    double coefficient;
    std::vector<Dim> factors;  // in order
  };
  std::vector<Term> terms_;
};

/// What one run of a kernel takes.
struct Estimate {
  Formula operations;   // on elements; a multiplication and an addition are two
  Formula bytes;        // of arrays that are read or written, each once
  Formula picoseconds;  // on one thread, with operands in the second-level cache

  Estimate& operator+=(const Estimate& other);
  Estimate times(const Dim& runs) const;
};

}  // namespace theon::codegen
