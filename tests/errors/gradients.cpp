// Mistakes with derivatives.
#include "tests/errors/mistakes.h"

using namespace theon;
using namespace theon::errors;

TEST_CASE("derivatives that do not exist, or were not asked for correctly") {
  const Variable x = vector<double>("x"), y = vector<double>("y"), nothing;
  const Variable n = vector<std::int32_t>("n"), two = input<double>("two", {2}), three = input<double>("three", {3});
  const Variable cost = sum(sqr(x));
  const Location loop = next_line();
  const auto root = while_loop(
      {.from = {x}}, [](Variable s) { return sum(s) < 10; }, [](Variable s) { return s * 2; });
  const auto opaque = external(
      "opaque", [](const std::vector<TensorType>& types) { return types[0]; },
      [](const std::vector<Tensor>& values) { return values[0]; });
  check({
      {"a cost that is no scalar",
       is<GradientError>,
       {"grad", "no scalar"},
       [&](Location& line) {
         line = next_line();
         grad(x * 2, x);
       }},
      {"an integer cost",
       is<GradientError>,
       {"grad", "int64"},
       [&](Location& line) {
         line = next_line();
         grad(sum(n), x);
       }},
      {"an integer variable",
       is<GradientError>,
       {"grad", "n", "int32"},
       [&](Location& line) {
         line = next_line();
         grad(cost, n);
       }},
      {"a variable that the cost does not depend on",
       is<GradientError>,
       {"grad", "y", "depend"},
       [&](Location& line) {
         line = next_line();
         grad(cost, y);
       }},
      {"a variable cut off by consider_constant",
       is<GradientError>,
       {"grad", "x", "depend"},
       [&](Location& line) {
         line = next_line();
         grad(cost, {x}, {.consider_constant = {x * 1, sqr(x), cost}});
       }},
      {"an empty variable",
       is<ArgumentError>,
       {"grad", "empty Variable"},
       [&](Location& line) {
         line = next_line();
         grad(cost, nothing);
       }},
      {"neither a cost nor a gradient",
       is<ArgumentError>,
       {"grad", "neither"},
       [&](Location& line) {
         line = next_line();
         grad(nothing, std::vector<Variable>{x});
       }},
      {"a direction of another shape",
       is<GradientError>,
       {"jvp", "[2]", "[3]"},
       [&](Location& line) {
         line = next_line();
         jvp(sqr(two), two, three);
       }},
      {"a cotangent of another shape",
       is<GradientError>,
       {"[2]", "[3]"},
       [&](Location& line) {
         line = next_line();
         vjp(sqr(two), two, three);
       }},
      {"the hessian of a vector",
       is<GradientError>,
       {"no scalar"},
       [&](Location& line) {
         line = next_line();
         hessian(x, x);
       }},
      {"a loop of unknown length",
       is<GradientError>,
       {"while_loop", "no derivative"},
       [&](Location& line) {
         line = loop;
         grad(sum(root[0]), x);
       }},
      {"a function without a gradient",
       is<GradientError>,
       {"opaque", "without a gradient"},
       [&](Location& line) {
         line = next_line();
         grad(sum(opaque(x)), x);
       }},
  });
}
