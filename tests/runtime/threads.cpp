// Several threads at once: on one function, on one graph, and each on functions of its own.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <cmath>
#include <functional>
#include <thread>
#include <vector>

using namespace theon;

namespace {

using List = std::vector<double>;

/// Runs `work` with the number of the thread on each of a few threads, and waits for all.
void on_threads(const std::function<void(int thread)>& work) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(work, t);
  for (std::thread& thread : threads) thread.join();
}

bool equal(const Results& a, const Results& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!identical(a[i], b[i])) return false;
  return a.size() == b.size();
}

}  // namespace

TEST_CASE("calls at once give the bits of calls one after the other, whatever steps they are made of") {
  const Variable x = matrix<double>("x"), n = scalar<std::int64_t>("n");
  const Shared w = shared("w", Tensor::randn<double>({3, 3}, 1));
  const auto twos = external(
      "twos", [](const std::vector<TensorType>& types) { return types[0]; },
      [](const std::vector<Tensor>& values) { return Tensor::full<double>(values[0].sizes(), 2); });
  const Variable walked = scan({.from = {x}, .n_steps = n}, [&](Variable s) { return tanh(dot(s, w)); }).states[0];
  const std::vector<Variable> outputs{softmax(dot(x, w)), walked,         nonzero(x > 0)[0],
                                      sort(x),            twos(x) * x, take(x, arange(n))};
  const Function f = function({x, n}, outputs);
  constexpr int cases = 20;
  std::vector<Tensor> arguments;
  std::vector<Results> wanted;
  for (int k = 0; k < cases; ++k) {
    arguments.push_back(Tensor::randn<double>({5 + k % 3, 3}, static_cast<std::uint64_t>(k)));
    wanted.push_back(f(arguments.back(), k % 4));
  }
  std::atomic<int> wrong = 0;
  on_threads([&](int t) {
    for (int k = 0; k < 2 * cases; ++k) {
      const int i = (k + 5 * t) % cases;
      wrong += !equal(f(arguments[i], i % 4), wanted[i]);
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("a call that fails or is cancelled does not disturb the calls beside it") {
  const Variable x = vector<double>("x");
  const Function f = function({x}, {sum(check(x, x > 0, "x is positive"))});
  std::atomic<int> wrong = 0;
  on_threads([&](int t) {
    for (int k = 0; k < 100; ++k) {
      CancelToken token;
      if (t == 0) token.cancel();
      try {
        const List value{1, 2, t == 1 ? -1.0 : 1.0 + k};
        const Results results = f.call(std::vector<Tensor>{Tensor(value)}, token);
        wrong += t < 2 || results[0].item<double>() != 4 + k;
      } catch (const Cancelled&) {
        wrong += t != 0;
      } catch (const CheckError&) {
        wrong += t != 1;
      }
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("threads build on one graph, compile it, and let it go") {
  const Shared w = shared("w", Tensor(List{1, 2, 3}));
  const Variable x = vector<double>("x");
  const Variable common = tanh(x * w);
  std::atomic<int> wrong = 0;
  on_threads([&](int t) {
    for (int k = 0; k < 5; ++k) {
      const Variable cost = sum(sqr(common.named("common") * (t + 1)));
      const Function f = function({x}, {cost, grad(cost, x)});
      const double value = f(List{0, 0, 1})[0].item<double>();
      const double wanted = (t + 1) * (t + 1) * std::pow(std::tanh(3), 2);
      wrong += std::abs(value - wanted) > 1e-12 * wanted;
    }
  });
  CHECK(wrong == 0);
  CHECK(common.name() == "common");
}

TEST_CASE("a shared variable is set while functions read it") {
  const Shared w = shared("w", Tensor::zeros<double>({100}));
  const Function spread = function({}, {max(w) - min(w)});
  std::atomic<int> torn = 0;
  on_threads([&](int t) {
    for (int k = 0; k < 200; ++k) {
      if (t == 0)
        w.set_value(Tensor::full<double>({100}, k));
      else
        torn += spread()[0].item<double>() != 0;
    }
  });
  CHECK(torn == 0);
}
