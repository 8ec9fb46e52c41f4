// Functions that run before they are optimised.
#include <theon/theon.h>

#include "runtime/background.h"
#include "runtime/compile.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <cmath>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace theon;

namespace {

FunctionOptions instant(std::vector<Update> updates = {}) {
  return {.updates = std::move(updates), .tier = Tier::instant, .cache = false};
}

bool has_stage(const Function& f, const std::string& name) {
  for (const Function::Stage& stage : f.compile_times())
    if (stage.name == name) return true;
  return false;
}

bool says(const Function& f, const std::string& text) { return f.explain().find(text) != std::string::npos; }

/// Every kind of code: loops over vectors and their rest, a reduction, a product, a loop in an entry.
std::vector<Variable> outputs_of(const Variable& x) {
  const ScanResult powers = scan({.from = {x}, .n_steps = 3}, [&](Variable y) { return tanh(y) + x; });
  return {exp(x) * sin(x) + log1p(abs(x)), sum(sqr(x)), dot(x, x.T()), powers.states[0]};
}

double largest_difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  REQUIRE(x.size() == y.size());
  double most = 0;
  for (std::size_t k = 0; k < x.size(); ++k) most = std::max(most, std::fabs(x[k] - y[k]) / std::max(1.0, std::fabs(y[k])));
  return most;
}

void check_close(const Results& a, const Results& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t k = 0; k < a.size(); ++k) CHECK(largest_difference(a[k], b[k]) < 1e-13);
}

runtime::Compilation compiled(const Variable& x, const Variable& y, const FunctionOptions& options) {
  return runtime::compile(runtime::checked_request({x}, {y}, options, Location::here()), options);
}

}  // namespace

TEST_CASE("instant code computes what optimised code computes, up to rounding") {
  const Variable x = matrix<double>("x");
  const Function wanted = function({x}, outputs_of(x), {.cache = false});
  for (const std::int64_t n : {1, 7, 8, 61}) {
    const Tensor value = Tensor::randn<double>({n, n + 2}, 1);
    const Function f = function({x}, outputs_of(x), instant());
    check_close(f(value), wanted(value));
    CHECK(f.wait_until_optimised());
    const Results now = f(value), then = wanted(value);
    for (std::size_t k = 0; k < now.size(); ++k) CHECK(identical(now[k], then[k]));
  }
}

TEST_CASE("a function says which code it runs") {
  const Variable x = vector<double>("x");
  const Function f = function({x}, {exp(x)}, instant());
  CHECK(has_stage(f, "instant code"));
  CHECK_FALSE(has_stage(f, "native code"));
  CHECK(f.wait_until_optimised());
  CHECK(has_stage(f, "optimised code"));
  CHECK(says(f, "optimised code runs in the place of instant code"));

  const Function optimised = function({x}, {exp(x)}, {.cache = false});
  CHECK(optimised.wait_until_optimised());
  CHECK(has_stage(optimised, "native code"));
  CHECK_FALSE(says(optimised, "instant"));
}

TEST_CASE("a call under way ends with the code that it has begun with") {
  std::atomic<bool> is_inside = false, may_go_on = false;
  const auto pause = external(
      "pause", [](const std::vector<TensorType>& types) { return types[0]; },
      [&](const std::vector<Tensor>& values) {
        is_inside = true;
        while (!may_go_on) std::this_thread::yield();
        return values[0];
      });
  const Variable x = vector<double>("x");
  const Function f = function({x}, {exp(pause(sqr(x)))}, instant());
  Tensor result;
  std::thread call([&] { result = f(std::vector<double>{1, 2, 3}); });
  while (!is_inside) std::this_thread::yield();
  CHECK(f.wait_until_optimised());
  may_go_on = true;
  call.join();
  CHECK(result.at<double>({2}) == Approx(std::exp(9)));
}

TEST_CASE("threads call, update and prepare while the code is replaced") {
  const Shared total = shared("total", Tensor(0.0));
  const Variable x = vector<double>("x");
  const Function count = function({x}, {}, instant({{total, total + sum(tanh(x) * 0 + 1)}}));
  const Function f = function({x}, {exp(x) * cos(x)}, instant());
  std::atomic<int> calls = 0;
  std::atomic<bool> is_over = false, all_right = true;
  const auto work = [&] {
    const Tensor value = Tensor::full<double>({9}, 0.5);
    std::vector<double> result(9);
    const void* inputs[] = {value.raw()};
    void* outputs[] = {result.data()};
    const Function::Raw raw = f.prepare({{9}});
    const double wanted = std::exp(0.5) * std::cos(0.5);
    for (int k = 0; k < 20 || !is_over; ++k) {
      count(value);
      calls += 9;
      const Tensor checked = f(value);
      if (raw(inputs, outputs) != 0 || std::fabs(result[8] - wanted) > 1e-14 ||
          std::fabs(checked.at<double>({8}) - wanted) > 1e-14)
        all_right = false;
    }
  };
  std::vector<std::thread> threads;
  for (int k = 0; k < 3; ++k) threads.emplace_back(work);
  CHECK(f.wait_until_optimised());
  CHECK(count.wait_until_optimised());
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(all_right);
  CHECK(total.value().item<double>() == calls);
}

TEST_CASE("a function may be dropped while its optimised code is being compiled") {
  const Variable x = vector<double>("x");
  for (int k = 0; k < 5; ++k) {
    const Function f = function({x}, {tanh(x + k)}, instant());
    if (k % 2 == 0) CHECK(f(std::vector<double>{0}).item<double>() == Approx(std::tanh(k)));
  }
}

TEST_CASE("where optimised code cannot be compiled, instant code goes on running, and the reason is told") {
  const Variable x = vector<double>("x");
  const runtime::Compilation made = compiled(x, exp(x), instant());
  const runtime::Code* const before = &made.executable->code();
  const runtime::Background failing(*made.executable,
                                    []() -> runtime::StoredCode { throw std::runtime_error("no memory"); });
  CHECK(failing.wait().failure == "no memory");
  CHECK(failing.to_string() == "instant code runs, optimised code could not be compiled: no memory");
  CHECK(&made.executable->code() == before);

  const runtime::Background working(*made.executable, made.optimise);
  CHECK(working.wait().failure.empty());
  CHECK(&made.executable->code() != before);
}

TEST_CASE("instant code serves every mode") {
  for (const Mode mode : {Mode::fast_compile, Mode::verify, Mode::nan_guard}) {
    const Variable x = vector<double>("x");
    const Function f = function({x}, {softmax(x)}, {.mode = mode, .tier = Tier::instant, .cache = false});
    CHECK(f(std::vector<double>{1, 1}).operator Tensor().to_vector<double>() == std::vector<double>{0.5, 0.5});
  }
}
