#include <theon/dim.h>

#include "src/ir/dim_node.h"

#include <theon/error.h>
#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <sstream>
#include <vector>

using namespace theon;

namespace {

std::int64_t python_floor_div(std::int64_t a, std::int64_t b) {
  if (b == 0) return 0;
  std::int64_t quotient = 0;
  while (quotient * b > a == (b > 0) && quotient * b != a) --quotient;
  while ((b > 0 && (quotient + 1) * b <= a) || (b < 0 && (quotient + 1) * b >= a)) ++quotient;
  return quotient;
}

std::int64_t python_mod(std::int64_t a, std::int64_t b) { return b == 0 ? 0 : a - b * python_floor_div(a, b); }

std::function<std::int64_t(SymbolId)> values(const std::vector<Dim>& symbols,
                                             const std::vector<std::int64_t>& numbers) {
  return [symbols, numbers](SymbolId id) {
    for (std::size_t k = 0; k < symbols.size(); ++k) {
      if (symbol_of(symbols[k]) == id) return numbers[k];
    }
    throw std::out_of_range("a symbol without a value");
  };
}

}  // namespace

TEST_CASE("a number is a size and needs no symbol") {
  CHECK(Dim(3).is_known());
  CHECK(Dim(3).known() == 3);
  CHECK(Dim(3) + 4 == Dim(7));
  CHECK(Dim(3) * 4 == Dim(12));
  CHECK(Dim() == Dim(0));
}

TEST_CASE("two symbols of one name differ") {
  const Dim n = dim("n"), other = dim("n");
  CHECK(n == n);
  CHECK_FALSE(n == other);
  CHECK_FALSE(n.is_known());
}

TEST_CASE("equal sizes have one form, however they were written") {
  const Dim n = dim("n"), m = dim("m");
  CHECK((n + 1) * (m + 2) == n * m + 2 * n + m + 2);
  CHECK((n + m) * (n + m) == n * n + 2 * n * m + m * m);
  CHECK(n - n == Dim(0));
  CHECK((n + m) - m == n);
  CHECK((n * m).hash() == (m * n).hash());
  CHECK(min(n, m) == min(m, n));
  CHECK(max(max(n, m), 3) == max(n, max(3, m)));
}

TEST_CASE("sizes print as polynomials, constants last") {
  const Dim n = dim("n"), m = dim("m");
  CHECK(to_string(2 * n + 1) == "2*n + 1");
  CHECK(to_string(1 - n) == "-n + 1");
  CHECK(to_string(n * m * n - 3 * m) == "n*n*m - 3*m");
  CHECK(to_string(floor_div(n, 2) * m) == "m*floor_div(n, 2)");
  CHECK(to_string(max(mod(n, 4), 2)) == "max(2, mod(n, 4))");
  CHECK(to_string(Shape{n, 4}) == "[n, 4]");
  CHECK(to_string(Shape{}) == "[]");
  std::ostringstream out;
  out << n + m;
  CHECK(out.str() == "n + m");
}

TEST_CASE("symbols of one name are told apart where they are printed together") {
  const Dim n = dim("n"), other = dim("n"), third = dim("n");
  CHECK(to_string(Shape{n, other, third, n}) == "[n, n', n'', n]");
  CHECK(to_string(other) == "n");
}

TEST_CASE("a size that does not fit 64 bits is an error") {
  const Dim n = dim("n");
  const Dim huge = std::numeric_limits<std::int64_t>::max();
  CHECK_THROWS_AS(huge + 1, ShapeError);
  CHECK_THROWS_AS(huge * 2, ShapeError);
  CHECK_THROWS_AS(n * huge + n, ShapeError);
  CHECK_THROWS_AS(Dim(std::numeric_limits<std::int64_t>::min()) - 1, ShapeError);
  CHECK_THROWS_AS(evaluate(n * n, [](SymbolId) { return std::int64_t{1} << 40; }), ShapeError);
}

TEST_CASE("a size with too many terms is an error, soon") {
  Dim product = 1;
  const auto grow = [&] {
    for (int k = 0; k < 100; ++k) product = product * (dim("n") + k);
  };
  CHECK_THROWS_AS(grow(), ShapeError);
  Dim nested = dim("n");
  const auto nest = [&] {
    for (int k = 0; k < 100'000; ++k) nested = mod(nested * nested + k, dim("m"));
  };
  CHECK_THROWS_AS(nest(), ShapeError);
}

TEST_CASE("floor_div and mod of numbers follow Python, and a divisor of 0 gives 0") {
  for (std::int64_t a = -9; a <= 9; ++a) {
    for (std::int64_t b = -4; b <= 4; ++b) {
      CHECK(floor_div(Dim(a), Dim(b)) == Dim(python_floor_div(a, b)));
      CHECK(mod(Dim(a), Dim(b)) == Dim(python_mod(a, b)));
    }
  }
}

TEST_CASE("division by a number takes out what it divides") {
  const Dim n = dim("n"), m = dim("m");
  CHECK(floor_div(4 * n + 3, 4) == n);
  CHECK(mod(4 * n + 3, 4) == Dim(3));
  CHECK(floor_div(4 * n + m, 4) == n + floor_div(m, 4));
  CHECK(mod(4 * n + m, 4) == mod(m, 4));
  CHECK(floor_div(n, 1) == n);
  CHECK(mod(n, 1) == Dim(0));
  CHECK(floor_div(6 * n + 4, 8) == floor_div(3 * n + 2, 4));
  CHECK(floor_div(6 * n + 5, 8) == floor_div(3 * n + 2, 4));
  CHECK(mod(6 * n + 5, 8) == 2 * mod(3 * n + 2, 4) + 1);
  CHECK(floor_div(n + 5, 4) == floor_div(n + 1, 4) + 1);
}

TEST_CASE("divisions nest into one") {
  const Dim n = dim("n");
  CHECK(floor_div(floor_div(n, 3), 4) == floor_div(n, 12));
  CHECK(floor_div(floor_div(n, 3) + 2, 4) == floor_div(n + 6, 12));
  CHECK(mod(mod(n, 12), 4) == mod(n, 4));
  CHECK(floor_div(mod(n, 12), 4) == mod(floor_div(n, 4), 3));
}

TEST_CASE("a divisor that may be 0 is not cancelled") {
  const Dim n = dim("n"), m = dim("m");
  CHECK_FALSE(floor_div(4 * n, n) == Dim(4));
  CHECK(evaluate(floor_div(4 * n, n), values({n}, {0})) == 0);
  CHECK(floor_div((n + 1) * m, n + 1) == m);
  CHECK(mod(n, n + 1) == n);
  CHECK(floor_div((n + 1) * m + n, n + 1) == m);
}

TEST_CASE("the least of sizes whose order is known is one of them") {
  const Dim n = dim("n"), m = dim("m");
  CHECK(min(n, n + 1) == n);
  CHECK(max(n, n + 1) == n + 1);
  CHECK(max(min(n, m), n) == n);
  CHECK(max(n, 0) == n);
  CHECK(min(n, -1) == Dim(-1));
  CHECK(min(n, n) == n);
  CHECK(max(floor_div(n, 2), n) == n);
}

TEST_CASE("two sizes are equal, different, or it cannot be seen") {
  const Dim n = dim("n"), m = dim("m");
  CHECK(equal(n, n) == Answer::yes);
  CHECK(equal(n, m) == Answer::unknown);
  CHECK(equal(n, n + 1) == Answer::no);
  CHECK(equal(2 * n + 1, 2 * n + 3) == Answer::no);
  CHECK(equal(n, -1) == Answer::no);
  CHECK(equal(n, 0) == Answer::unknown);
  CHECK(equal(n + m + 1, 0) == Answer::no);
  CHECK(equal(mod(n, 4), 4) == Answer::no);
  CHECK(equal(n * n, n) == Answer::unknown);
  CHECK(equal(Dim(3), Dim(3)) == Answer::yes);
  CHECK(equal(Dim(3), Dim(4)) == Answer::no);
}

TEST_CASE("an order of sizes is known, refuted, or it cannot be seen") {
  const Dim n = dim("n"), m = dim("m");
  CHECK(less_equal(n, n + m) == Answer::yes);
  CHECK(less_equal(n + 1, n) == Answer::no);
  CHECK(less_equal(n, m) == Answer::unknown);
  CHECK(less_equal(0, n * m) == Answer::yes);
  CHECK(less_equal(mod(n, 4), 3) == Answer::yes);
  CHECK(less_equal(mod(n, 4), n) == Answer::yes);
  CHECK(less_equal(2 * floor_div(n, 2), n) == Answer::yes);
  CHECK(less_equal(n, 2 * floor_div(n, 2) + 1) == Answer::yes);
  CHECK(less_equal(min(n, m), n) == Answer::yes);
  CHECK(less_equal(n, max(n, m)) == Answer::yes);
  CHECK(less_equal(min(n, m), max(n, m)) == Answer::yes);
  CHECK(less_equal(n + 1, min(n, m)) == Answer::no);
}

TEST_CASE("what overflows in a comparison is unknown") {
  const Dim n = dim("n");
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  CHECK(equal(n * huge, n * -2) == Answer::unknown);
  CHECK(less_equal(Dim(std::numeric_limits<std::int64_t>::min()) - 0 * n, huge) == Answer::yes);
}

TEST_CASE("the symbols of a size are listed, oldest first") {
  const Dim n = dim("n"), m = dim("m"), k = dim("k");
  CHECK(symbols(k * floor_div(m + n, 2) + m) == std::vector{n, m, k});
  CHECK(symbols(Dim(3)).empty());
  CHECK(is_symbol(n));
  CHECK_FALSE(is_symbol(2 * n));
  CHECK_FALSE(is_symbol(3));
}

TEST_CASE("substitution simplifies again") {
  const Dim n = dim("n"), m = dim("m");
  const auto replace = [&](const Dim& by) {
    return [&n, by](SymbolId id) { return symbol_of(n) == id ? std::optional(by) : std::nullopt; };
  };
  CHECK(substitute(floor_div(n, 4) + m, replace(4 * m)) == 2 * m);
  CHECK(substitute(min(n, m), replace(m + 2)) == m);
  CHECK(substitute(n * n, replace(3)) == Dim(9));
  CHECK(substitute(m, replace(3)) == m);
}

TEST_CASE("sizes have numeric bounds where they can be seen") {
  const Dim n = dim("n");
  CHECK(bounds(n + 2).low == 2);
  CHECK_FALSE(bounds(n).high);
  CHECK(bounds(mod(n, 8)).high == 7);
  CHECK(bounds(min(n, 5)).high == 5);
  CHECK(bounds(floor_div(min(n, 9), 2) + 1).high == 5);
  CHECK(bounds(3 - min(n, 5)).low == -2);
  CHECK(bounds(Dim(4)).low == 4);
}

namespace {

/// A size, and the same computed by Python's rules step by step.
struct Sample {
  Dim dim;
  std::function<std::int64_t(const std::array<std::int64_t, 3>&)> value;
};

class Samples {
 public:
  explicit Samples(unsigned seed) : random_(seed) {}

  Sample make(int depth) {
    if (depth == 0) return leaf();
    const Sample a = make(depth - 1), b = make(pick(depth));
    switch (pick(7)) {
      case 0: return {a.dim + b.dim, [a, b](const auto& v) { return a.value(v) + b.value(v); }};
      case 1: return {a.dim - b.dim, [a, b](const auto& v) { return a.value(v) - b.value(v); }};
      case 2: return {a.dim * b.dim, [a, b](const auto& v) { return a.value(v) * b.value(v); }};
      case 3:
        return {floor_div(a.dim, b.dim), [a, b](const auto& v) { return python_floor_div(a.value(v), b.value(v)); }};
      case 4: return {mod(a.dim, b.dim), [a, b](const auto& v) { return python_mod(a.value(v), b.value(v)); }};
      case 5: return {min(a.dim, b.dim), [a, b](const auto& v) { return std::min(a.value(v), b.value(v)); }};
      default: return {max(a.dim, b.dim), [a, b](const auto& v) { return std::max(a.value(v), b.value(v)); }};
    }
  }

  std::vector<Dim> symbols{dim("n"), dim("m"), dim("k")};

 private:
  int pick(int end) { return std::uniform_int_distribution(0, end - 1)(random_); }

  Sample leaf() {
    const auto k = static_cast<std::size_t>(pick(3));
    if (pick(2) == 0) return {symbols[k], [k](const auto& v) { return v[k]; }};
    const std::int64_t number = pick(9) - 2;
    return {number, [number](const auto&) { return number; }};
  }

  std::mt19937 random_;
};

std::vector<std::array<std::int64_t, 3>> points() {
  std::vector<std::array<std::int64_t, 3>> result;
  for (const std::int64_t n : {0, 1, 2, 5, 12}) {
    for (const std::int64_t m : {0, 1, 3, 4}) {
      for (const std::int64_t k : {0, 1, 2, 7}) result.push_back({n, m, k});
    }
  }
  return result;
}

}  // namespace

TEST_CASE("a simplified size has the value of what was written") {
  Samples samples(1);
  for (int trial = 0; trial < 3000; ++trial) {
    const Sample sample = samples.make(1 + trial % 4);
    for (const auto& point : points()) {
      INFO(sample.dim << " at " << point[0] << ", " << point[1] << ", " << point[2]);
      REQUIRE(evaluate(sample.dim, values(samples.symbols, {point.begin(), point.end()})) == sample.value(point));
    }
  }
}

TEST_CASE("a yes or a no about sizes is never wrong") {
  Samples samples(2);
  int answered = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    const Sample a = samples.make(1 + trial % 3), b = samples.make(trial % 3);
    const Answer equality = equal(a.dim, b.dim), order = less_equal(a.dim, b.dim);
    const ir::Interval interval = bounds(a.dim);
    answered += order != Answer::unknown;
    for (const auto& point : points()) {
      INFO(a.dim << " and " << b.dim << " at " << point[0] << ", " << point[1] << ", " << point[2]);
      const std::int64_t x = a.value(point), y = b.value(point);
      if (equality != Answer::unknown) REQUIRE((x == y) == (equality == Answer::yes));
      if (order != Answer::unknown) REQUIRE((x <= y) == (order == Answer::yes));
      REQUIRE((!interval.low || *interval.low <= x));
      REQUIRE((!interval.high || x <= *interval.high));
    }
  }
  CHECK(answered > 1000);
}
