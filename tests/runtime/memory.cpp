// The memory of calls: what is planned, and what steady calls take.
#include <theon/theon.h>

#include "tests/runtime/allocations.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>

#include <sys/resource.h>

#include <vector>

using namespace theon;

namespace {

double ratio(const Memory& memory) { return static_cast<double>(memory.peak()) / static_cast<double>(memory.bound()); }

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

Function mlp_step(const Dim& batch) {
  const Variable x = input<float>("x", {batch, 784}), y = input<std::int32_t>("y", {batch});
  const Shared w1 = shared("w1", Tensor::randn<float>({784, 500}, 1)), b1 = shared("b1", Tensor::zeros<float>({500}));
  const Shared w2 = shared("w2", Tensor::randn<float>({500, 10}, 2)), b2 = shared("b2", Tensor::zeros<float>({10}));
  const Variable p = softmax(dot(tanh(dot(x, w1) + b1), w2) + b2);
  const Variable cost = mean(categorical_crossentropy(p, y));
  const std::vector<Variable> g = grad(cost, std::vector<Variable>{w1, b1, w2, b2});
  return function({x, y}, {cost},
                  {.updates = {{w1, w1 - 0.1f * g[0]}, {b1, b1 - 0.1f * g[1]}, {w2, w2 - 0.1f * g[2]}, {b2, b2 - 0.1f * g[3]}}});
}

/// A thousand calls, after a few to warm up, allocate nothing and touch no new page.
void check_steady(const std::function<void(int)>& run) {
  run(10);
  const long faults = page_faults();
  const std::int64_t before = allocations().count;
  run(1000);
  CHECK(allocations().count == before);
  CHECK(page_faults() - faults <= (counts_allocations ? 0 : 100));
}

}  // namespace

TEST_CASE("a chain of cheap operations takes no memory beside its argument and its result") {
  const Variable x = vector<float>("x");
  Variable y = x;
  for (int k = 0; k < 100; ++k) y = k % 2 ? y * 1.01f + x : abs(y) - 0.5f;
  const Memory memory = function({x}, {y}).memory({{10'000'000}});
  CHECK(memory.peak() == 2 * 40'000'000);
  CHECK(memory.bound() == memory.peak());
}

TEST_CASE("a training step and a large softmax stay near what must be live") {
  const Memory step = mlp_step(600).memory({{600, 784}, {600}});
  CHECK(ratio(step) <= 1.1);
  CHECK(step.live < 2 * 600 * 500 * 4);
  // Kernels for any number of rows keep a little more for themselves.
  CHECK(static_cast<double>(mlp_step(dim("batch")).memory({{600, 784}, {600}}).peak()) <= 1.1 * static_cast<double>(step.peak()));
  for (const std::int64_t classes : {10'000, 50'000}) {
    const Variable z = matrix<float>("z"), y = vector<std::int32_t>("y");
    const Variable cost = mean(categorical_crossentropy(softmax(z), y));
    const Memory memory = function({z, y}, {cost, grad(cost, z)}).memory({{64, classes}, {64}});
    CHECK(ratio(memory) <= 1.1);
    CHECK(memory.outputs >= 64 * classes * 4);
  }
}

TEST_CASE("updates of one kernel that read each other's old values are in place") {
  const Tensor start = Tensor::randn<float>({1000}, 1);
  const Shared p = shared("p", start), m = shared("m", Tensor::ones<float>({1000})), v = shared("v", Tensor::ones<float>({1000}));
  const Variable g = vector<float>("g"), next = 0.5f * m + g, square = 0.25f * v + g * g;
  const Function step = function({g}, {}, {.updates = {{m, next}, {v, square}, {p, p - next / sqrt(square + m)}}});
  CHECK(step.memory({{1000}}).spare == 0);
  const Tensor slope = Tensor::randn<float>({1000}, 2);
  step(slope);
  for (std::int64_t i = 0; i < 1000; i += 37) {
    const float by = slope.data<float>()[i], momentum = 0.5f + by, squares = 0.25f + by * by;
    CHECK(m.value().data<float>()[i] == Catch::Detail::Approx(momentum));
    CHECK(v.value().data<float>()[i] == Catch::Detail::Approx(squares));
    CHECK(p.value().data<float>()[i] == Catch::Detail::Approx(start.data<float>()[i] - momentum / std::sqrt(squares + 1)).margin(1e-6));
  }
}

TEST_CASE("planned memory counts what it says") {
  const Variable x = matrix<double>("x");
  const Shared w = shared("w", Tensor::zeros<double>({50}));
  const Memory memory = function({x}, {sum(x, 0)}, {.updates = {{w, w + 1}}}).memory({{30, 50}});
  CHECK(memory.inputs == 30 * 50 * 8);
  CHECK(memory.shared == 50 * 8);
  CHECK(memory.outputs == 50 * 8);
  CHECK(memory.spare == 0);
  CHECK(memory.live == 0);
  CHECK_THROWS_AS(function({x}, {sum(x, 0)}).memory({{30}}), ShapeError);
}

TEST_CASE("steady calls allocate nothing and touch no new page") {
  const Function step = mlp_step(dim("batch"));
  const Tensor x = Tensor::randn<float>({60, 784}, 1), y = Tensor::zeros<std::int32_t>({60});
  float cost = 0;
  const void* inputs[] = {x.raw(), y.raw()};
  void* outputs[] = {&cost};
  const Function::Raw raw = step.prepare({x.sizes(), y.sizes()});
  const auto run = [&](int calls) {
    for (int k = 0; k < calls; ++k) raw(inputs, outputs);
  };
  check_steady(run);
}

TEST_CASE("steady checked calls allocate nothing either, whoever keeps the last result") {
  const Variable x = vector<float>("x"), a = scalar<float>("a");
  const Function f = function({x, a}, {tanh(x) * a, sum(x)}), step = mlp_step(dim("batch"));
  const std::vector<Tensor> arguments{Tensor::randn<float>({1000}, 1), Tensor(2.0F)};
  const std::vector<Tensor> batch{Tensor::randn<float>({60, 784}, 1), Tensor::zeros<std::int32_t>({60})};
  Results results = f.call(arguments);
  const auto run = [&](int calls) {
    for (int k = 0; k < calls; ++k) {
      results = f.call(arguments);
      step.call(batch);
    }
  };
  check_steady(run);
}

TEST_CASE("results stay as they are while somebody holds them") {
  const Variable x = vector<float>("x");
  const Function f = function({x}, {x + 1});
  const Results first = f(std::vector<float>{1}), second = f(std::vector<float>{2});
  const Tensor third = f(std::vector<float>{3});
  Results moved = f(std::vector<float>{4});
  const Results taken = std::move(moved);
  for (int k = 0; k < 5; ++k) f(std::vector<float>{9});
  CHECK(first[0].to_vector<float>() == std::vector<float>{2});
  CHECK(second[0].to_vector<float>() == std::vector<float>{3});
  CHECK(third.to_vector<float>() == std::vector<float>{4});
  CHECK(taken[0].to_vector<float>() == std::vector<float>{5});
  CHECK(moved.size() == 0);
  CHECK(moved.begin() == moved.end());
}

TEST_CASE("calls that replace their results take their memory again, on several threads too") {
  const Variable x = vector<float>("x");
  const Function f = function({x}, {tanh(x), sum(x)}, {.threads = 2});
  const Tensor value = Tensor::randn<float>({1'500'000}, 1);
  Results results = f(value);
  for (int k = 0; k < 10; ++k) results = f(value);
  const long faults = page_faults();
  for (int k = 0; k < 100; ++k) results = f(value);
  CHECK(page_faults() - faults < 50);
}
