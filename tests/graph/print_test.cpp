// Expressions as their user would write them, and graphs node by node.
#include <theon/ops.h>

#include "src/graph/print.h"

#include <catch2/catch.hpp>

#include <locale>
#include <sstream>

using namespace theon;
using Catch::Contains;

namespace {

const Variable x = vector<double>("x"), y = vector<double>("y"), z = vector<double>("z");

}  // namespace

TEST_CASE("operators print with the parentheses they need and no others") {
  CHECK(to_string(x + y * z) == "x + y * z");
  CHECK(to_string((x + y) * z) == "(x + y) * z");
  CHECK(to_string(x - (y - z)) == "x - (y - z)");
  CHECK(to_string((x - y) - z) == "x - y - z");
  CHECK(to_string(x / (y * z)) == "x / (y * z)");
  CHECK(to_string(-(x + y)) == "-(x + y)");
  CHECK(to_string(-x * y) == "-x * y");
  CHECK(to_string(x < y + z) == "x < y + z");
  CHECK(to_string((x < y) & (y < z)) == "(x < y) & (y < z)");
  CHECK(to_string(~(x < y)) == "~(x < y)");
}

TEST_CASE("powers bind tightest and group from the right") {
  CHECK(to_string(pow(x, 2.0) * y + sin(x)) == "x**2.0 * y + sin(x)");
  CHECK(to_string(pow(x + 1.0, y)) == "(x + 1.0)**y");
  CHECK(to_string(pow(pow(x, y), z)) == "(x**y)**z");
  CHECK(to_string(pow(x, pow(y, z))) == "x**y**z");
  CHECK(to_string(pow(x, -1.0)) == "x**(-1.0)");
  CHECK(to_string(-pow(x, y)) == "-x**y");
}

TEST_CASE("functions print their attributes") {
  const Variable m = matrix<double>("m");
  CHECK(to_string(sum(m, 1)) == "sum(m, axes=[1])");
  CHECK(to_string(softmax(m)) == "softmax(m, axis=1)");
  CHECK(to_string(sort_with_indices(x).second) == "sort(x, axis=0)[1]");
  CHECK(to_string(cast<float>(x)) == "cast(x, float32)");
}

TEST_CASE("what is used twice is named and printed once") {
  const Variable shared_part = exp(x);
  CHECK(to_string(shared_part / (1.0 + shared_part)) == "t0 = exp(x)\nt0 / (1.0 + t0)");
}

TEST_CASE("what the user named is printed by its name") {
  const Variable h = tanh(x + y).named("h");
  CHECK(to_string(h * z) == "h = tanh(x + y)\nh * z");
  CHECK(to_string(h) == "tanh(x + y)");
}

TEST_CASE("two variables of one name are told apart") {
  const Variable other = vector<double>("x");
  CHECK(to_string(x + other) == "x + x'");
  CHECK(to_string(vector<double>() * x) == "input * x");
}

TEST_CASE("constants print as numbers, large ones as their type") {
  CHECK(to_string(constant(Tensor(std::int64_t{3}))) == "3");
  CHECK(to_string(constant(Tensor::zeros<float>({100}))) == "constant(float32 [100])");
}

TEST_CASE("a long expression becomes several lines") {
  Variable sum = x;
  for (int i = 0; i < 40; ++i) sum = sum * y + z;
  std::istringstream lines(to_string(sum));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) CHECK(line.size() < 100);
  CHECK(count > 3);
}

TEST_CASE("a brief form leaves out what is nested deeply") {
  CHECK(brief(x + y) == "x + y");
  Variable nested = x;
  for (int i = 0; i < 10; ++i) nested = exp(nested);
  CHECK(brief(nested) == "exp(exp(exp(exp(...))))");
  CHECK(brief(exp(nested.named("h"))) == "exp(h)");
}

TEST_CASE("an expression can be written to a stream") {
  std::ostringstream out;
  out << x + y;
  CHECK(out.str() == "x + y");
}

TEST_CASE("what is printed does not depend on the locale") {
  struct Commas : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\1"; }
  };
  Variable y = vector<double>("y");
  for (int i = 0; i < 20; ++i) y = y + 1234.5;
  const auto texts = [&] {
    std::ostringstream out;
    out << y << Tensor(std::vector<double>{0.5, 12345.5}) << y.type().dims[0];
    return std::vector{to_string(y), debugprint(y), to_dot(std::span(&y, 1)), out.str()};
  };
  const std::vector<std::string> plain = texts();
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Commas));
  const std::vector<std::string> local = texts();
  std::locale::global(before);
  CHECK(local == plain);
}

TEST_CASE("debugprint shows types, lines and names, and each node once") {
  const Variable h = exp(x).named("h");
  const std::string text = debugprint(h / (1.0 + h));
  CHECK_THAT(text, Contains("div [A] float64 [x_0]  print_test.cpp:"));
  CHECK_THAT(text, Contains("  exp [B] float64 [x_0] 'h'"));
  CHECK_THAT(text, Contains("    exp [B]\n"));
  CHECK_THAT(text, Contains("    x float64 [x_0]"));
}

TEST_CASE("Graphviz shows operations, leaves and types, whatever the names are") {
  const Variable hostile = vector<double>("a\"]; b");
  const Variable sum = hostile + y;
  const std::string text = to_dot(std::span(&sum, 1));
  CHECK_THAT(text, Contains("digraph"));
  CHECK_THAT(text, Contains("add"));
  CHECK_THAT(text, Contains("a\\\"]; b"));
}
