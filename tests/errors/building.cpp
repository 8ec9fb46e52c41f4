// Mistakes while a graph is built.
#include "tests/errors/mistakes.h"

#include <limits>

using namespace theon;
using namespace theon::errors;

TEST_CASE("operands that do not fit are named with their shapes") {
  const Variable x = input<float>("x", {3, 4}), w = input<float>("w", {5, 2}), v = input<float>("v", {5});
  const Variable n = input<std::int32_t>("n", {3}), small = input<std::int8_t>("small", {3}),
                 yes = input<bool>("yes", {3});
  const Variable cube = input<float>("cube", {2, 3, 4}), nothing;
  check({
      {"shapes that do not broadcast",
       is<ShapeError>,
       {"add", "[3, 4]", "[5]"},
       [&](Location& line) {
         line = next_line();
         x + v;
       }},
      {"comparing shapes that do not broadcast",
       is<ShapeError>,
       {"[3, 4]", "[5]"},
       [&](Location& line) {
         line = next_line();
         static_cast<void>(x < v);
       }},
      {"inner sizes of a product",
       is<ShapeError>,
       {"dot", "4", "5"},
       [&](Location& line) {
         line = next_line();
         dot(x, w);
       }},
      {"a product of a cube",
       is<ShapeError>,
       {"dot", "rank 3"},
       [&](Location& line) {
         line = next_line();
         dot(cube, w);
       }},
      {"bits of floating numbers",
       is<DTypeError>,
       {"float32"},
       [&](Location& line) {
         line = next_line();
         x& x;
       }},
      {"subtracting booleans",
       is<DTypeError>,
       {"boolean"},
       [&](Location& line) {
         line = next_line();
         yes - yes;
       }},
      {"a literal that does not fit",
       is<DTypeError>,
       {"1000", "int8"},
       [&](Location& line) {
         line = next_line();
         small + 1000;
       }},
      {"an empty operand",
       is<ArgumentError>,
       {"empty Variable"},
       [&](Location& line) {
         line = next_line();
         x* nothing;
       }},
      {"an empty operand of a product",
       is<ArgumentError>,
       {"dot", "empty Variable"},
       [&](Location& line) {
         line = next_line();
         dot(x, nothing);
       }},
      {"a sum of nothing",
       is<ArgumentError>,
       {"add_n", "no terms"},
       [&](Location& line) {
         line = next_line();
         add_n(std::vector<Variable>{});
       }},
      {"a target of the wrong rank",
       is<ShapeError>,
       {"categorical_crossentropy", "[2, 3, 4]"},
       [&](Location& line) {
         line = next_line();
         categorical_crossentropy(x, cube);
       }},
      {"fewer targets than rows",
       is<ShapeError>,
       {"categorical_crossentropy", "[2]", "[3, 4]", "target"},
       [&](Location& line) {
         line = next_line();
         categorical_crossentropy(softmax(x), input<std::int32_t>("t", {2}));
       }},
      {"random integers",
       is<DTypeError>,
       {"random_uniform", "int32"},
       [&](Location& line) {
         line = next_line();
         random_uniform(1, {3}, DType::int32);
       }},
      {"a floating key",
       is<DTypeError>,
       {"random_bits", "float32"},
       [&](Location& line) {
         line = next_line();
         random_bits(sum(x), {3});
       }},
      {"a floating size",
       is<DTypeError>,
       {"size", "float32"},
       [&](Location& line) {
         line = next_line();
         arange(sum(x));
       }},
      {"a vector as a size",
       is<ShapeError>,
       {"size", "[3]"},
       [&](Location& line) {
         line = next_line();
         arange(n);
       }},
  });
}

TEST_CASE("axes that do not exist, or are given twice") {
  const Variable x = input<float>("x", {3, 4}), empty = input<float>("empty", {0, 4});
  check({
      {"a reduction's axis",
       is<IndexError>,
       {"sum", "axis 2", "rank 2"},
       [&](Location& line) {
         line = next_line();
         sum(x, 2);
       }},
      {"a negative axis",
       is<IndexError>,
       {"mean", "axis -3", "rank 2"},
       [&](Location& line) {
         line = next_line();
         mean(x, -3);
       }},
      {"an axis given twice",
       is<ArgumentError>,
       {"sum", "axis 0", "twice"},
       [&](Location& line) {
         line = next_line();
         sum(x, {0, 0});
       }},
      {"one axis under two names",
       is<ArgumentError>,
       {"max", "twice"},
       [&](Location& line) {
         line = next_line();
         max(x, {1, -1});
       }},
      {"an axis of argmax",
       is<IndexError>,
       {"argmax", "axis 5"},
       [&](Location& line) {
         line = next_line();
         argmax(x, 5);
       }},
      {"an axis of softmax",
       is<IndexError>,
       {"softmax", "axis 2"},
       [&](Location& line) {
         line = next_line();
         softmax(x, 2);
       }},
      {"an axis of cumsum",
       is<IndexError>,
       {"cumsum", "axis 2"},
       [&](Location& line) {
         line = next_line();
         cumsum(x, 2);
       }},
      {"an axis of sort",
       is<IndexError>,
       {"sort", "axis 2"},
       [&](Location& line) {
         line = next_line();
         sort(x, 2);
       }},
      {"the largest of nothing",
       is<ShapeError>,
       {"max", "0"},
       [&](Location& line) {
         line = next_line();
         max(empty, 0);
       }},
      {"a transposition that repeats an axis",
       is<ArgumentError>,
       {"transpose", "[0, 0]"},
       [&](Location& line) {
         line = next_line();
         transpose(x, {0, 0});
       }},
      {"a transposition of too few axes",
       is<ArgumentError>,
       {"transpose", "[0]"},
       [&](Location& line) {
         line = next_line();
         transpose(x, {0});
       }},
      {"a dimshuffle with an unknown axis",
       is<IndexError>,
       {"dimshuffle", "axis 2"},
       [&](Location& line) {
         line = next_line();
         dimshuffle(x, {2, 0});
       }},
      {"a dimshuffle that repeats an axis",
       is<ArgumentError>,
       {"dimshuffle", "twice"},
       [&](Location& line) {
         line = next_line();
         dimshuffle(x, {0, 0, 1});
       }},
      {"a dimshuffle that drops a size",
       is<ShapeError>,
       {"dimshuffle: axis 0 of [3, 4] is dropped"},
       [&](Location& line) {
         line = next_line();
         dimshuffle(x, {1});
       }},
      {"a new axis too far out",
       is<IndexError>,
       {"expand_dims", "axis 4"},
       [&](Location& line) {
         line = next_line();
         expand_dims(x, 4);
       }},
      {"squeezing an axis of size 3",
       is<ShapeError>,
       {"axis 0 of [3, 4] is dropped"},
       [&](Location& line) {
         line = next_line();
         squeeze(x, 0);
       }},
      {"the size of an axis",
       is<IndexError>,
       {"axis 2", "rank 2"},
       [&](Location& line) {
         line = x.where();
         x.dim(2);
       }},
  });
}

TEST_CASE("shapes that cannot be had") {
  const Variable x = input<float>("x", {3, 4}), y = input<float>("y", {2, 5}), v = input<float>("v", {4});
  check({
      {"a reshape to more elements",
       is<ShapeError>,
       {"reshape", "[3, 4]", "[5, 5]"},
       [&](Location& line) {
         line = next_line();
         reshape(x, {5, 5});
       }},
      {"two sizes to be found",
       is<ShapeError>,
       {"reshape", "-1"},
       [&](Location& line) {
         line = next_line();
         reshape(x, {-1, -1});
       }},
      {"a size that does not divide",
       is<ShapeError>,
       {"reshape", "[3, 4]", "5"},
       [&](Location& line) {
         line = next_line();
         reshape(x, {5, -1});
       }},
      {"broadcasting an axis of size 3",
       is<ShapeError>,
       {"[3, 4]", "[5, 4]"},
       [&](Location& line) {
         line = next_line();
         broadcast_to(x, {5, 4});
       }},
      {"joining parts of other sizes",
       is<ShapeError>,
       {"concatenate", "[3, 4]", "[2, 5]"},
       [&](Location& line) {
         line = next_line();
         concatenate({x, y});
       }},
      {"joining parts of other ranks",
       is<ShapeError>,
       {"concatenate", "rank 2 and 1"},
       [&](Location& line) {
         line = next_line();
         concatenate({x, v});
       }},
      {"joining nothing",
       is<ArgumentError>,
       {"concatenate", "no parts"},
       [&](Location& line) {
         line = next_line();
         concatenate({});
       }},
      {"a negative size of an input",
       is<ShapeError>,
       {"input z", "-3"},
       [&](Location& line) {
         line = next_line();
         input<float>("z", {-3});
       }},
      {"a reshape to more elements than 64 bits count",
       is<ShapeError>,
       {"reshape", "[1073741824, 1073741824, 1073741824]", "64 bits"},
       [&](Location& line) {
         line = next_line();
         reshape(v, {1 << 30, 1 << 30, 1 << 30});
       }},
      {"zeros of more elements than 64 bits count",
       is<ShapeError>,
       {"full", "[1073741824, 1073741824, 1073741824]", "64 bits"},
       [&](Location& line) {
         line = next_line();
         zeros<float>({1 << 30, 1 << 30, 1 << 30});
       }},
      {"an input of more elements than 64 bits count",
       is<ShapeError>,
       {"input z", "[1073741824, 1073741824, 1073741824]", "64 bits"},
       [&](Location& line) {
         line = next_line();
         input<float>("z", {1 << 30, 1 << 30, 1 << 30});
       }},
      {"joining parts to a size that 64 bits do not hold",
       is<ShapeError>,
       {"concatenate", "64 bits"},
       [&](Location& line) {
         const Variable most = input<float>("most", {std::numeric_limits<std::int64_t>::max()});
         line = next_line();
         concatenate({most, most});
       }},
      {"more axes than arrays may have",
       is<ShapeError>,
       {"dimshuffle", "rank 33", "32 axes"},
       [&](Location& line) {
         const Variable most = input<float>("most", Shape(32, 1));
         line = next_line();
         expand_dims(most, 0);
       }},
      {"an input of more axes than arrays may have",
       is<ShapeError>,
       {"input z", "rank 33", "32 axes"},
       [&](Location& line) {
         line = next_line();
         input<float>("z", Shape(33, 1));
       }},
      {"an input of a negative rank",
       is<ArgumentError>,
       {"input z", "-1"},
       [&](Location& line) {
         line = next_line();
         input_of_rank(-1, DType::float32, "z");
       }},
      {"a slice with the smallest step",
       is<ArgumentError>,
       {"slice", "-9223372036854775808"},
       [&](Location& line) {
         line = next_line();
         index(v, {slice({}, {}, std::numeric_limits<std::int64_t>::min())});
       }},
      {"zeros of a negative size",
       is<ShapeError>,
       {"-3"},
       [&](Location& line) {
         line = next_line();
         zeros<float>({-3});
       }},
  });
}

TEST_CASE("indices that cannot be right") {
  const Variable x = input<float>("x", {3, 4}), v = input<float>("v", {4});
  check({
      {"a number past the end",
       is<IndexError>,
       {"index: 5", "size 3"},
       [&](Location& line) {
         line = next_line();
         index(x, {5});
       }},
      {"a number before the start",
       is<IndexError>,
       {"index: -4", "size 3"},
       [&](Location& line) {
         line = next_line();
         index(x, {-4});
       }},
      {"more indices than axes",
       is<IndexError>,
       {"index", "3 indices", "rank 2"},
       [&](Location& line) {
         line = next_line();
         index(x, {0, 0, 0});
       }},
      {"floating indices",
       is<DTypeError>,
       {"float32"},
       [&](Location& line) {
         line = next_line();
         take(x, v);
       }},
      {"a step of 0",
       is<ArgumentError>,
       {"slice", "step is 0"},
       [&](Location& line) {
         line = next_line();
         index(x, {slice({}, {}, 0)});
       }},
      {"an axis of take",
       is<IndexError>,
       {"take", "axis 7"},
       [&](Location& line) {
         line = next_line();
         take(x, 0, 7);
       }},
      {"indices of a scalar's elements",
       is<ArgumentError>,
       {"nonzero", "scalar"},
       [&](Location& line) {
         line = next_line();
         nonzero(sum(x));
       }},
  });
}

TEST_CASE("loops whose pieces do not fit") {
  const Variable x = input<float>("x", {5, 3}), h = input<float>("h", {3}), one = input<float>("one", {2});
  check({
      {"a state that changes its dtype",
       is<DTypeError>,
       {"scan", "float64"},
       [&](Location& line) {
         line = next_line();
         scan({.over = {x}, .from = {h}}, [&](Variable, Variable s) { return cast<double>(s); });
       }},
      {"a state that changes its shape",
       is<ShapeError>,
       {"scan", "[2]"},
       [&](Location& line) {
         line = next_line();
         scan({.over = {x}, .from = {h}}, [&](Variable, Variable) { return one; });
       }},
      {"a step of another number of arguments",
       is<ArgumentError>,
       {"2 Variables"},
       [&](Location& line) {
         line = next_line();
         scan({.over = {x}, .from = {h}}, [&](Variable s) { return s; });
       }},
      {"one state too few",
       is<ArgumentError>,
       {"scan", "0", "1"},
       [&](Location& line) {
         line = next_line();
         scan({.over = {x}, .from = {h}}, [&](Variable, Variable) { return Step{}; });
       }},
      {"nothing to go over",
       is<ArgumentError>,
       {"scan"},
       [&](Location& line) {
         line = next_line();
         scan({.from = {h}}, [&](Variable s) { return s; });
       }},
      {"a scalar to go over",
       is<ShapeError>,
       {"scan", "scalar"},
       [&](Location& line) {
         line = next_line();
         scan({.over = {sum(x)}, .from = {h}}, [&](Variable, Variable s) { return s; });
       }},
      {"a condition that is a number",
       is<ArgumentError>,
       {"while_loop", "boolean"},
       [&](Location& line) {
         line = next_line();
         while_loop(
             {.from = {h}}, [](Variable s) { return sum(s); }, [](Variable s) { return s; });
       }},
      {"branches of two dtypes",
       is<DTypeError>,
       {"float64"},
       [&](Location& line) {
         line = next_line();
         ifelse(
             sum(x) > 0, [&] { return h; }, [&] { return cast<double>(h); });
       }},
  });
}

TEST_CASE("a value that does not fit its shared variable leaves it as it was") {
  const Shared w = shared("w", Tensor(std::vector<float>{1, 2}));
  check({
      {"another dtype",
       is<DTypeError>,
       {"set_value", "w", "float64", "float32"},
       [&](Location& line) {
         line = next_line();
         w.set_value(Tensor(std::vector<double>{3, 4}));
       }},
      {"other sizes",
       is<ShapeError>,
       {"set_value", "w", "[3]", "[2]"},
       [&](Location& line) {
         line = next_line();
         w.set_value(Tensor(std::vector<float>{3, 4, 5}));
       }},
  });
  CHECK(w.value().to_vector<float>() == std::vector<float>{1, 2});
}
