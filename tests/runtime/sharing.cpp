// Calls on several threads: the bits do not depend on how many there are.
#include <theon/theon.h>

#include "runtime/thread_pool.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>
#include <thread>
#include <vector>

using namespace theon;

namespace {

/// Runs tasks in an order of its own, each on a thread of its own, and counts.
class Unruly final : public Executor {
 public:
  explicit Unruly(int workers) : workers_(workers) {}
  int workers() const override { return workers_; }
  void run(std::size_t count, const std::function<void(std::size_t)>& task) override {
    tasks += static_cast<int>(count);
    std::vector<std::thread> threads;
    for (std::size_t k = count; k-- > 0;) threads.emplace_back([&task, k] { task(k); });
    for (std::thread& thread : threads) thread.join();
  }
  std::atomic<int> tasks = 0;

 private:
  const int workers_;
};

bool equal(const Results& a, const Results& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!identical(a[i], b[i])) return false;
  return a.size() == b.size();
}

/// Formulas of every kind of kernel.
std::vector<Variable> formulas(const Variable& x, const Variable& v) {
  const Variable centred = v - mean(v);
  return {tanh(x) * sigmoid(x) + exp(-sqr(x)),
          softmax(x),
          sum(x),
          sum(x, 0),
          sum(sqr(x), 1),
          mean(sqr(x - mean(x))),
          max(x, 0),
          argmax(x, 0),
          argmax(x, 1),
          argmax(v, 0),
          sum(v),
          centred / sqrt(mean(sqr(centred)) + 1),
          log(sum(exp(v - max(v)))),
          transpose(x) * 2 + 1,
          cumsum(x, 0),
          dot(v, v)};
}

/// Primes, ones, zeros, and sizes that are worth several threads.
std::vector<std::pair<Sizes, Sizes>> shapes() {
  return {{{1, 1}, {1}},         {{7, 13}, {16385}},    {{1009, 1013}, {99991}},  {{1, 30011}, {300007}},
          {{50021, 3}, {49999}}, {{40009, 10}, {8193}}, {{300, 4099}, {1000003}}, {{2, 70001}, {2}}};
}

template <class T>
void check_bits() {
  const Variable x = matrix<T>("x"), v = vector<T>("v");
  const std::vector<Variable> outputs = formulas(x, v);
  const Function alone = function({x, v}, outputs);
  for (const int threads : {2, 3, 7}) {
    const Function shared = function({x, v}, outputs, {.threads = threads});
    for (const auto& [of_x, of_v] : shapes()) {
      INFO(to_string(of_x) << " " << to_string(of_v) << " on " << threads);
      const std::vector<Tensor> arguments{Tensor::randn<T>(of_x, 1), Tensor::randn<T>(of_v, 2)};
      const Results wanted = alone.call(arguments), results = shared.call(arguments);
      for (std::size_t k = 0; k < outputs.size(); ++k) {
        INFO("output " << k);
        CHECK(identical(results[k], wanted[k]));
      }
    }
  }
}

}  // namespace

TEST_CASE("results have the same bits on any number of threads") {
  check_bits<float>();
  check_bits<double>();
}

TEST_CASE("reductions that are cut into blocks agree with the reference evaluator") {
  const Variable x = matrix<double>("x"), v = vector<double>("v");
  std::mt19937 random(1);
  const Function f =
      function({x, v}, {sum(x), sum(x, 0), max(x, 0), argmax(x, 0), sum(v), argmax(v, 0), v - mean(v), mean(sqr(x - mean(x)))},
               {.mode = Mode::verify, .threads = 3});
  for (const std::int64_t rows : {0, 1, 127, 128, 129, 255, 256, 257, 1009})
    for (const std::int64_t columns : {1, 7, 64, 1024, 2049}) {
      if (rows == 0) continue;
      const auto n = std::uniform_int_distribution<std::int64_t>(1, 70000)(random);
      CHECK_NOTHROW(f(Tensor::randn<double>({rows, columns}, 1), Tensor::randn<double>({n}, 2)));
    }
  const Function sums = function({x, v}, {sum(x), sum(x, 0), sum(v), prod(v), v * prod(v)}, {.mode = Mode::verify, .threads = 3});
  CHECK_NOTHROW(sums(Tensor::zeros<double>({0, 5}), Tensor::zeros<double>({0})));
  CHECK_NOTHROW(sums(Tensor::zeros<double>({5, 0}), Tensor::zeros<double>({0})));
}

namespace {

/// Products of the layouts, shapes and sizes that have kernels of their own.
std::vector<Variable> products(const std::vector<Variable>& x) {
  const Variable &a = x[0], &b = x[1], &few = x[2], &batch = x[3], &small = x[4];
  const auto each = [](const Variable& left, const Variable& right) { return sum(expand_dims(left, 3) * expand_dims(right, 1), 2); };
  return {dot(a, b),
          dot(b.T(), a.T()),
          maximum(dot(b.T(), b), 0),
          dot(dot(a, b).T(), a),
          dot(a, b.T()),
          dot(a.T(), a),
          dot(a, few),
          dot(few.T(), a.T()),
          each(batch, transpose(batch, {0, 2, 1})),
          each(small, small)};
}

template <class T>
void check_products(const std::vector<Variable>& factors, std::int64_t m, std::int64_t n) {
  const std::vector<Tensor> arguments{Tensor::randn<T>({m, n}, 1), Tensor::randn<T>({n, n}, 2), Tensor::randn<T>({n, 3}, 3),
                                      Tensor::randn<T>({8, n / 3, 70}, 4), Tensor::randn<T>({5 * m, 5, 5}, 5)};
  const std::vector<In> x(factors.begin(), factors.end());
  const auto executor = std::make_shared<Unruly>(3);
  const Results wanted = function(x, products(factors), {.threads = 1}).call(arguments);
  const Results two = function(x, products(factors), {.threads = 2}).call(arguments);
  const Results three = function(x, products(factors), {.threads = 3}).call(arguments);
  const Results unruly = function(x, products(factors), {.executor = executor}).call(arguments);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    INFO("output " << k << " of " << m << " x " << n);
    CHECK(identical(two[k], wanted[k]));
    CHECK(identical(three[k], wanted[k]));
    CHECK(identical(unruly[k], wanted[k]));
  }
  CHECK(executor->tasks >= static_cast<int>(wanted.size()));
}

template <class T>
std::vector<Variable> factors(const Dim& m, const Dim& n) {
  return {input<T>("a", {m, n}), input<T>("b", {n, n}), input<T>("few", {n, 3}), input<T>("batch", {8, floor_div(n, 3), 70}),
          input<T>("small", {5 * m, 5, 5})};
}

}  // namespace

TEST_CASE("products have the same bits on any number of threads") {
  check_products<float>(factors<float>(512, 512), 512, 512);
  check_products<float>(factors<float>(dim("m"), dim("n")), 601, 430);
  check_products<double>(factors<double>(300, 391), 300, 391);
}

TEST_CASE("a layer of 600 x 784 times 784 x 500, its gradient and its update in place are the same on any number of threads") {
  const auto trained = [](FunctionOptions options) {
    const Shared w = shared("w", Tensor::randn<float>({784, 500}, 1));
    const Variable x = input<float>("x", {600, 784}), loss = mean(sqr(relu(dot(x, w))));
    options.updates = {{w, w - 0.1f * grad(loss, w)}};
    const Function step = function({x}, {loss}, options);
    for (std::uint64_t k = 0; k < 3; ++k) step(Tensor::randn<float>({600, 784}, k));
    return w.value();
  };
  const Tensor alone = trained({.threads = 1});
  CHECK(identical(trained({.threads = 2}), alone));
  CHECK(identical(trained({.threads = 3}), alone));
  const auto executor = std::make_shared<Unruly>(3);
  CHECK(identical(trained({.executor = executor}), alone));
  CHECK(executor->tasks >= 18);  // three steps of two products
}

TEST_CASE("few columns of many rows") {
  const Variable x = input<float>("x", {dim("n"), 10});
  const Function alone = function({x}, {sum(x, 0), max(x, 0)}, {.mode = Mode::verify});
  const Function shared = function({x}, {sum(x, 0), max(x, 0)}, {.threads = 3});
  for (const std::int64_t rows : {1, 100, 20011, 100003}) {
    const Tensor value = Tensor::randn<float>({rows, 10}, 3);
    CHECK(equal(alone(value), shared(value)));
  }
}

TEST_CASE("loops share the kernels of their bodies") {
  const Variable x = matrix<double>("x"), n = scalar<std::int64_t>("n");
  const auto body = [](Variable s) { return tanh(s) + mean(s, 0); };
  const std::vector<Variable> outputs{scan({.from = {x}, .n_steps = n}, body).states[0]};
  const Function alone = function({x, n}, outputs), shared = function({x, n}, outputs, {.threads = 3});
  const auto executor = std::make_shared<Unruly>(3);
  const Function unruly = function({x, n}, outputs, {.executor = executor});
  const Tensor value = Tensor::randn<double>({503, 211}, 1);
  const Results wanted = alone(value, 5);
  CHECK(equal(shared(value, 5), wanted));
  CHECK(equal(unruly(value, 5), wanted));
  CHECK(executor->tasks > 5);
}

TEST_CASE("updates in place are shared") {
  const auto trained = [](std::optional<int> threads) {
    Shared w = shared("w", Tensor::randn<double>({300007}, 1)), total = shared("total", Tensor(0.0));
    const Function f = function({}, {sum(w)}, {.updates = {{w, w - 0.1 * sqr(w)}, {total, total + sum(w)}}, .threads = threads});
    for (int k = 0; k < 5; ++k) f();
    return std::pair(w.value(), total.value());
  };
  const auto alone = trained(1);
  for (const int threads : {2, 3, 7}) {
    const auto shared = trained(threads);
    CHECK(identical(shared.first, alone.first));
    CHECK(identical(shared.second, alone.second));
  }
}

TEST_CASE("a user's executor runs large kernels, and small ones stay on the calling thread") {
  const auto executor = std::make_shared<Unruly>(4);
  const Variable x = vector<double>("x");
  const Function f = function({x}, {exp(x), sum(x)}, {.executor = executor});
  const Function alone = function({x}, {exp(x), sum(x)});
  const Tensor small = Tensor::randn<double>({100}, 1), large = Tensor::randn<double>({500009}, 1);
  CHECK(equal(f(small), alone(small)));
  CHECK(executor->tasks == 0);
  CHECK(equal(f(large), alone(large)));
  CHECK(executor->tasks >= 4);
  const Function few = function({x}, {exp(x)}, {.threads = 1, .executor = executor});
  executor->tasks = 0;
  few(large);
  CHECK(executor->tasks == 0);
}

TEST_CASE("a function called by a host function of another, and from many threads") {
  const Variable x = vector<double>("x");
  const Function inner = function({x}, {sum(sqr(x))}, {.threads = 3});
  const auto called = external(
      "called", [](const std::vector<TensorType>& types) { return TensorType{types[0].dtype, {}}; },
      [inner](const std::vector<Tensor>& values) -> Tensor { return inner(values[0]); });
  const Function outer = function({x}, {called(exp(x)) + sum(x)}, {.threads = 3});
  const Tensor value = Tensor::randn<double>({200003}, 1);
  const Results wanted = outer(value);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) wrong += !equal(outer(value), wanted);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("errors and cancelling leave functions on several threads as they were") {
  const Variable x = vector<double>("x");
  Shared w = shared("w", Tensor::zeros<double>({100003}));
  const Function f = function({x}, {sum(check(x, x > 0, "x is positive"))}, {.updates = {{w, w + x}}, .threads = 2});
  CHECK_THROWS_AS(f(Tensor::full<double>({100003}, -1)), CheckError);
  CancelToken token;
  token.cancel();
  CHECK_THROWS_AS(f.call({Tensor::full<double>({100003}, 1)}, token), Cancelled);
  CHECK(identical(w.value(), Tensor::zeros<double>({100003})));
  f(Tensor::full<double>({100003}, 1));
  CHECK(identical(w.value(), Tensor::full<double>({100003}, 1)));
}

TEST_CASE("the number of threads is what the options say, or else the environment") {
  const Variable x = vector<double>("x");
  const auto threads = [&](FunctionOptions options) {
    const std::string text = function({x}, {x + 1}, std::move(options)).explain();
    return text.substr(0, text.find('\n'));
  };
  ::setenv("THEON_THREADS", "3", 1);
  CHECK(threads({}) == "function, threads 3");
  CHECK(threads({.threads = 2}) == "function, threads 2");
  ::setenv("THEON_THREADS", "many", 1);
  CHECK_THROWS_WITH(function({x}, {x + 1}),
                    Catch::Contains("THEON_THREADS is many: give a number of threads, or all"));
  ::unsetenv("THEON_THREADS");
  CHECK(threads({}) == "function, threads 1");
  CHECK_THROWS_WITH(function({x}, {x + 1}, {.threads = -1}), Catch::Contains("on -1 threads"));
}

TEST_CASE("explain says which steps are shared, and why the others are not") {
  const Variable x = input<double>("x", {1'000'000}), y = input<double>("y", {10}), z = vector<double>("z");
  const auto text = [](const Function& f) { return f.explain(); };
  CHECK_THAT(text(function({x}, {x + 1})), Catch::Contains(", shared "));
  CHECK_THAT(text(function({x}, {sum(x)})), Catch::Contains("shared in 2 phases"));
  CHECK_THAT(text(function({y}, {y + 1})), Catch::Contains("too little to share"));
  CHECK_THAT(text(function({z}, {z + 1})), Catch::Contains("shared where"));
  CHECK_THAT(text(function({z}, {cumsum(z, 0)})), Catch::Contains("on one thread: one iteration"));
}

TEST_CASE("every task of a pool runs once, whoever calls") {
  runtime::ThreadPool pool(4);
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (int c = 0; c < 3; ++c)
    callers.emplace_back([&, c] {
      for (int k = 0; k < 2000; ++k) {
        const std::size_t count = static_cast<std::size_t>(1 + (k * 7 + c) % 11);
        std::vector<int> runs(count, 0);
        pool.run(count, [&](std::size_t task) { ++runs[task]; }, k % 3 == 0 ? 1'000'000 : 100'000'000);
        for (const int n : runs) wrong += n != 1;
        if (k % 500 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));  // the workers fall asleep
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
  std::atomic<int> inner = 0;
  pool.run(4, [&](std::size_t) { pool.run(5, [&](std::size_t) { ++inner; }); });
  CHECK(inner == 20);
}
