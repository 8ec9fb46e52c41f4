// Mistakes in what function() is asked for.
#include "tests/errors/mistakes.h"

using namespace theon;
using namespace theon::errors;

TEST_CASE("inputs and outputs that make no function") {
  const Variable x = vector<float>("x"), y = vector<float>("y"), nothing, pattern = any("pattern");
  const Shared w = shared("w", Tensor(std::vector<float>{1, 2}));
  const Variable c = constant(Tensor(3.0f));
  const Dim n = dim("n");
  check({
      {"a missing input",
       is<ArgumentError>,
       {"function", "y (compiling.cpp:", "not among the inputs"},
       [&](Location& line) {
         line = next_line();
         function({x}, {x * y});
       }},
      {"a missing input of an update",
       is<ArgumentError>,
       {"y (compiling.cpp:"},
       [&](Location& line) {
         line = next_line();
         function({}, {}, {.updates = {{w, w + y}}});
       }},
      {"a step to leave out that is none",
       is<ArgumentError>,
       {"'fold constant'", "fold constants"},
       [&](Location& line) {
         line = next_line();
         function({x}, {x}, {.disabled = {"fold constant"}});
       }},
      {"a repeated input",
       is<ArgumentError>,
       {"input 1 repeats input 0", "x (compiling.cpp:"},
       [&](Location& line) {
         line = next_line();
         function({x, x}, {x});
       }},
      {"an unused input",
       is<ArgumentError>,
       {"input 1", "y (compiling.cpp:", "on_unused_input"},
       [&](Location& line) {
         line = next_line();
         function({x, y}, {x});
       }},
      {"a constant as input",
       is<ArgumentError>,
       {"input 0 is a constant"},
       [&](Location& line) {
         line = next_line();
         function({c}, {c});
       }},
      {"a shared variable as input",
       is<ArgumentError>,
       {"input 0 is the shared variable w", "givens"},
       [&](Location& line) {
         line = next_line();
         function({w}, {w});
       }},
      {"an empty input",
       is<ArgumentError>,
       {"input 0 is an empty Variable"},
       [&](Location& line) {
         line = next_line();
         function({nothing}, {x});
       }},
      {"an empty output",
       is<ArgumentError>,
       {"output 1 is an empty Variable"},
       [&](Location& line) {
         line = next_line();
         function({x}, {x, nothing});
       }},
      {"a pattern as output",
       is<ArgumentError>,
       {"output 0 is a pattern"},
       [&](Location& line) {
         line = next_line();
         function({}, {pattern + 1});
       }},
      {"the name of the function",
       is<ArgumentError>,
       {"train: input 0 is a constant"},
       [&](Location& line) {
         line = next_line();
         function({c}, {c}, {.name = "train"});
       }},
      {"a size that no input has",
       is<ArgumentError>,
       {"size n is needed"},
       [&](Location& line) {
         line = next_line();
         function({}, {zeros<float>({n})});
       }},
      {"a size that is only part of another",
       is<ArgumentError>,
       {"no input has the size n alone"},
       [&](Location& line) {
         const Variable z = input<float>("z", {2 * n});
         line = next_line();
         function({z}, {z});
       }},
      {"a default of another rank",
       is<ShapeError>,
       {"default of input 0", "x (compiling.cpp:", "[]"},
       [&](Location& line) {
         line = next_line();
         function({In(x, Tensor(1.0f))}, {x});
       }},
      {"a default of another dtype",
       is<DTypeError>,
       {"default of input 0", "float64", "float32"},
       [&](Location& line) {
         line = next_line();
         function({In(x, Tensor(std::vector<double>{1}))}, {x});
       }},
  });
}

TEST_CASE("updates that do not fit their variables") {
  const Shared w = shared("w", Tensor(std::vector<float>{1, 2}));
  const Variable x = vector<float>("x"), three = input<float>("three", {3}), nothing;
  check({
      {"another dtype",
       is<DTypeError>,
       {"w (compiling.cpp:", "float32", "float64", "cast"},
       [&](Location& line) {
         line = next_line();
         function({}, {}, {.updates = {{w, w * constant(Tensor(2.0))}}});
       }},
      {"other sizes",
       is<ShapeError>,
       {"w (compiling.cpp:", "[2]", "[3]"},
       [&](Location& line) {
         line = next_line();
         function({three}, {}, {.updates = {{w, three}}});
       }},
      {"another rank",
       is<ShapeError>,
       {"w (compiling.cpp:", "[2]", "[]"},
       [&](Location& line) {
         line = next_line();
         function({}, {}, {.updates = {{w, sum(w)}}});
       }},
      {"two updates of one variable",
       is<ArgumentError>,
       {"w (compiling.cpp:", "updated twice"},
       [&](Location& line) {
         line = next_line();
         function({}, {}, {.updates = {{w, w + 1}, {w, w + 2}}});
       }},
      {"an empty update",
       is<ArgumentError>,
       {"the update of w", "empty Variable"},
       [&](Location& line) {
         line = next_line();
         function({}, {}, {.updates = {{w, nothing}}});
       }},
  });
  CHECK(w.value().to_vector<float>() == std::vector<float>{1, 2});
}

TEST_CASE("givens that cannot stand for what they replace") {
  const Variable x = vector<float>("x"), y = vector<double>("y"), m = matrix<float>("m"), nothing;
  const Variable two = input<float>("two", {2}), three = input<float>("three", {3});
  check({
      {"another dtype",
       is<DTypeError>,
       {"x", "float32", "float64"},
       [&](Location& line) {
         line = next_line();
         function({y}, {x * 2}, {.givens = {{x, y}}});
       }},
      {"another rank",
       is<ShapeError>,
       {"x", "rank 1", "2"},
       [&](Location& line) {
         line = next_line();
         function({m}, {x * 2}, {.givens = {{x, m}}});
       }},
      {"another size",
       is<ShapeError>,
       {"two", "2", "3"},
       [&](Location& line) {
         line = next_line();
         function({three}, {two * 2}, {.givens = {{two, three}}});
       }},
      {"two values for one variable",
       is<ArgumentError>,
       {"x (compiling.cpp:", "two values"},
       [&](Location& line) {
         line = next_line();
         function({two}, {x}, {.givens = {{x, two}, {x, two}}});
       }},
      {"a value for an input",
       is<ArgumentError>,
       {"x (compiling.cpp:", "is an input"},
       [&](Location& line) {
         line = next_line();
         function({x}, {x}, {.givens = {{x, two}}});
       }},
      {"an empty value",
       is<ArgumentError>,
       {"given for x", "empty Variable"},
       [&](Location& line) {
         line = next_line();
         function({}, {x}, {.givens = {{x, nothing}}});
       }},
  });
}

TEST_CASE("signatures that do not fit") {
  const Variable x = scalar<double>("x"), v = vector<double>("v");
  check({
      {"an argument too many",
       is<ArgumentError>,
       {"2 arguments", "1 inputs"},
       [&](Location& line) {
         line = next_line();
         function<double(double, double)>({x}, {x});
       }},
      {"a result too few",
       is<ArgumentError>,
       {"1 results", "2 outputs"},
       [&](Location& line) {
         line = next_line();
         function<double(double)>({x}, {x, x});
       }},
      {"an array for a number",
       is<ShapeError>,
       {"argument 0", "rank 0", "v", "float64"},
       [&](Location& line) {
         line = next_line();
         function<double(double)>({v}, {sum(v)});
       }},
      {"an array for a number as result",
       is<ShapeError>,
       {"result 0", "number", "[2]"},
       [&](Location& line) {
         line = next_line();
         function<double(double)>({x}, {stack({x, x})});
       }},
      {"an empty Variable with a signature",
       is<ArgumentError>,
       {"input 0", "empty Variable"},
       [&](Location& line) {
         line = next_line();
         function<double(double)>({Variable()}, {x});
       }},
      {"an array for a reference to a number",
       is<ShapeError>,
       {"argument 0", "rank 0"},
       [&](Location& line) {
         line = next_line();
         function<double(const double&)>({v}, {sum(v)});
       }},
      {"elements of another dtype",
       is<DTypeError>,
       {"argument 0", "float32", "float64"},
       [&](Location& line) {
         line = next_line();
         function<double(std::vector<float>)>({v}, {sum(v)});
       }},
  });
}
