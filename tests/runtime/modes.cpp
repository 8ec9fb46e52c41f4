#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <cmath>
#include <memory>

using namespace theon;

using List = std::vector<double>;

TEST_CASE("every mode computes the same") {
  for (const Mode mode : {Mode::fast_run, Mode::fast_compile, Mode::verify, Mode::nan_guard}) {
    const Shared w = shared("w", Tensor(List{1, 2, 3}));
    const Variable x = matrix<double>("x");
    const Variable y = tanh(dot(x, w));
    const Function f = function({x}, {y, sum(y)}, {.updates = {{w, w - 0.1 * grad(sum(y), w)}}, .mode = mode});
    const Results results = f(Tensor::of<double>({0.1, 0, 0, 0, 0.2, 0}, {2, 3}));
    CHECK(results[0].at<double>({0}) == Approx(std::tanh(0.1)));
    CHECK(results[1].item<double>() == Approx(std::tanh(0.1) + std::tanh(0.4)));
    CHECK(w.value().at<double>({2}) == 3);
    CHECK(w.value().at<double>({0}) == Approx(1 - 0.01 * (1 - std::pow(std::tanh(0.1), 2))));
  }
}

TEST_CASE("verify finds what differs from the reference evaluator, and commits nothing") {
  const auto counts = external(
      "counts", [](const std::vector<TensorType>& types) { return types[0]; },
      [calls = std::make_shared<int>(0)](const std::vector<Tensor>& values) {
        return Tensor(values[0].item<double>() + (*calls)++);
      });
  const Shared w = shared("w", Tensor(1.0));
  const Variable x = scalar<double>("x");
  const Variable y = counts(x) * 2;
  CHECK_THROWS_WITH(function({x}, {y}, {.updates = {{w, w + 1}}, .mode = Mode::verify})(5.0),
                    Catch::Contains("output 0 differs") && Catch::Contains("is 10, and should be 12"));
  CHECK_THROWS_WITH(function({x}, {}, {.updates = {{w, y}}, .mode = Mode::verify})(5.0),
                    Catch::Contains("the update of w") && Catch::Contains("differs"));
  CHECK(w.value().item<double>() == 1);
}

TEST_CASE("nothing is overwritten early where every step is watched") {
  const Shared w = shared("w", Tensor(List{1, 2}));
  CHECK_THAT(function({}, {}, {.updates = {{w, w * 2}}, .mode = Mode::nan_guard}).explain(), Catch::Contains("spare"));
}

TEST_CASE("nan_guard watches loops iteration by iteration, and arrays that they fill once they are full") {
  const Variable x = matrix<double>("x"), h = vector<double>("h");
  const auto [states, emitted] = scan({.over = {x}, .from = {h}}, [](Variable row, Variable state) {
    const Variable next = log(state + row).named("next");
    return Step{.next = {next}, .emit = {next * 2}};
  });
  const Function f = function({x, h}, {states[0], emitted[0]}, {.mode = Mode::nan_guard});
  const auto rows = [](std::int64_t count, double value) { return Tensor::of<double>(std::vector<double>(count * 2, value), {count, 2}); };
  for (std::int64_t count : {0, 1, 2, 50}) CHECK(f(rows(count, 9), std::vector<double>{1, 1})[1].sizes() == Sizes{count, 2});
  CHECK_THROWS_WITH(f(rows(50, -1), std::vector<double>{1, 1}), Catch::Contains("inf at [0]"));
}
