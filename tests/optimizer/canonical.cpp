#include "optimizer/canonical.h"

#include "optimizer/rewrite.h"

#include <catch2/catch.hpp>

#include <limits>

using namespace theon;

namespace {

Variable leaf(const char* name) { return input<double>(name, {3}); }
std::string form(const Variable& x) { return to_string(canonical_form(x)); }

const Variable a = leaf("a"), b = leaf("b"), c = leaf("c");

}  // namespace

TEST_CASE("a difference is a sum with a negative") { CHECK(form(a - b) == to_string(canonical_form(a + -b))); }

TEST_CASE("sums and products are flat") {
  CHECK(form((a + b) + (c + a * b)) == "a + b + c + a * b");
  CHECK(form(a * (b * (c * a))) == "a * b * c * a");
  CHECK(form(a - (b - c)) == form(a + -b + c));
}

TEST_CASE("a sum that something else uses stays whole") {
  const Variable s = a + b;
  const auto both = rewrite({{}, {s + c, exp(s)}}, RuleSet());
  CHECK(to_string(both.graph.outputs[0]) == "a + b + c");
  CHECK(both.graph.outputs[0].owner()->inputs.size() == 2);
}

TEST_CASE("the numbers of a sum or product are one, and come first") {
  CHECK(form(a + 1 + b + 2) == "3.0 + a + b");
  CHECK(form(2 * (3 * a) * 0.5) == "3.0 * a");
  CHECK(form(a * 2 / 2 * 4) == form(4 * (2 * a / 2)));
}

TEST_CASE("numbers stay apart where combining them would overflow or underflow") {
  CHECK(form(1e200 * (1e200 * a)) == "1e+200 * a * 1e+200");
  CHECK(form(1e-200 * (1e-200 * a)) == "1e-200 * a * 1e-200");
}

TEST_CASE("adding minus zero and multiplying by one is nothing; adding zero is something") {
  CHECK(form(a + -0.0) == "a");
  CHECK(form(a * 1) == "a");
  CHECK(form(a + 0) == "0.0 + a");
  CHECK(form(input<std::int32_t>("i", {3}) + 0) == "i");
}

TEST_CASE("signs stand outside") {
  CHECK(form(-a * -b) == "a * b");
  CHECK(form(a * -b) == "-(a * b)");
  CHECK(form(-2 * a) == "-(2.0 * a)");
  CHECK(form(a / -b) == "-(a / b)");
  CHECK(form(-a / -2) == "a / 2.0");
  CHECK(form(-(-a)) == "a");
  CHECK(form(-a - b) == "-(a + b)");
}

TEST_CASE("like terms of one sign are one") {
  CHECK(form(a + a) == "2.0 * a");
  CHECK(form(a + b + 2 * a) == "3.0 * a + b");
  CHECK(form(a - a) == form(a + -a));
}

TEST_CASE("like terms stay apart where their number would overflow") {
  CHECK(form(1.5e308 * a + 1.2e308 * a) == "1.5e+308 * a + 1.2e+308 * a");
}

TEST_CASE("small powers are products") {
  CHECK(form(pow(a, 1)) == "a");
  CHECK(form(pow(a, 2)) == "a * a");
  CHECK(form(pow(a, 3)) == "a * a * a");
}

TEST_CASE("operations on numbers are numbers") {
  CHECK(form(a + (full({3}, 2.0) * 3 - 1)) == "5.0 + a");
  CHECK(form(exp(a) * cast<double>(ones<float>({3}))) == "exp(a)");
}

TEST_CASE("broadcasts come late") {
  const Variable s = scalar<double>("s"), m = input<double>("m", {2, 3});
  CHECK(form(exp(broadcast_to(s, {3}))) == "broadcast_to(exp(s), [3])");
  CHECK(form(m + broadcast_to(a, {2, 3})) == "m + a");
  CHECK(form(log(ones<double>({2, 3}) + a)) == "broadcast_to(log(1.0 + a), [2, 3])");
}

TEST_CASE("the canonical form of a canonical form is itself") {
  for (const Variable& x : {a - b * -2, -(a + b) * 3 - (a - b), pow(a, 2) / -b + a + a, exp(-a) * (1 - b)}) {
    const Variable once = canonical_form(x);
    CHECK(same(canonical_form(once), once));
  }
}
