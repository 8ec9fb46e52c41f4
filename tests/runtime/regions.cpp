// Loops and branches in compiled functions.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>

using namespace theon;
using Catch::Contains;

namespace {

using List = std::vector<double>;
List doubles(const Tensor& x) { return x.to_vector<double>(); }

/// An identity that counts how often it runs.
auto counting(int& runs) {
  return external(
      "counting", [](const std::vector<TensorType>& types) { return types[0]; },
      [&runs](const std::vector<Tensor>& values) {
        ++runs;
        return values[0];
      });
}

}  // namespace

TEST_CASE("a while loop ends when its condition fails") {
  const Variable a = scalar<std::int64_t>("a"), b = scalar<std::int64_t>("b");
  const Variables divisor = while_loop(
      {.from = {a, b}}, [](Variable, Variable y) { return y != 0; },
      [](Variable x, Variable y) { return Variables{y, x % y}; });
  const auto f = function<std::int64_t(std::int64_t, std::int64_t)>({a, b}, {divisor[0]});
  for (std::int64_t x = 0; x < 40; ++x)
    for (std::int64_t y : {0, 1, 6, 35, 36}) CHECK(f(x, y) == std::gcd(x, y));
}

TEST_CASE("a while loop makes at most max_steps steps") {
  const Variable x = scalar<double>("x"), step = scalar<double>("step");
  const Variable y = while_loop(
      {.from = {x}, .max_steps = 3}, [](Variable v) { return v < 100.0; }, [&](Variable v) { return v + step; })[0];
  const auto f = function<double(double, double)>({x, step}, {y});
  CHECK(f(0.0, 1.0) == 3);
  CHECK(f(0.0, 60.0) == 120);
  CHECK(f(200.0, 60.0) == 200);
}

TEST_CASE("a while loop carries arrays that change places") {
  const Variable x = vector<double>("x"), m = matrix<double>("m");
  const Variables states = while_loop(
      {.from = {x, 2 * x}}, [](Variable u, Variable) { return sum(abs(u)) < 100; },
      [&](Variable u, Variable v) { return Variables{v + 1, dot(m, u)}; });
  const Function f = function({x, m}, {states[0], states[1]});
  const Results got = f(List{1, 2}, Tensor::of<double>({0, 3, 1, 1}, {2, 2}));
  List u{1, 2}, v{2, 4};
  while (std::fabs(u[0]) + std::fabs(u[1]) < 100) {
    const List next{v[0] + 1, v[1] + 1};
    v = {3 * u[1], u[0] + u[1]};
    u = next;
  }
  CHECK(doubles(got[0]) == u);
  CHECK(doubles(got[1]) == v);
}

TEST_CASE("only the chosen branch runs") {
  int then_runs = 0, otherwise_runs = 0;
  const auto then_counts = counting(then_runs), otherwise_counts = counting(otherwise_runs);
  const Variable p = scalar<bool>("p"), x = vector<double>("x");
  const Variable y = ifelse(p, [&] { return then_counts(x * 2); }, [&] { return otherwise_counts(x) + sum(x); });
  const Function f = function({p, x}, {y + 1});
  CHECK(doubles(f(true, List{1, 2})) == List{3, 5});
  CHECK((then_runs == 1 && otherwise_runs == 0));
  CHECK(doubles(f(false, List{1, 2})) == List{5, 6});
  CHECK((then_runs == 1 && otherwise_runs == 1));
}

TEST_CASE("the derivative of a branch is that of the chosen one") {
  const Variable x = scalar<double>("x");
  const Variable y = ifelse(x > 0, [&] { return x * x; }, [&] { return sin(x); });
  const auto f = function<double(double)>({x}, {grad(y, x)});
  CHECK(f(3.0) == 6);
  CHECK(f(-1.0) == Approx(std::cos(-1.0)));
}

TEST_CASE("regions nest") {
  const Variable rows = matrix<double>("rows");
  // For each row, halve it until its sum is below 1, unless it begins with 0.
  const auto [states, emitted] = scan({.over = {rows}}, [](Variable row) {
    const Variable small = while_loop(
        {.from = {row}}, [](Variable r) { return sum(r) >= 1; }, [](Variable r) { return r / 2; })[0];
    return Step{.next = {}, .emit = {ifelse(row[0] == 0, [&] { return row; }, [&] { return small; })}};
  });
  const Function f = function({rows}, {emitted[0]});
  const Tensor given = Tensor::of<double>({3, 1, 0, 9, 0.25, 0.25}, {3, 2});
  CHECK(doubles(f(given)) == List{0.375, 0.125, 0, 9, 0.25, 0.25});
}

TEST_CASE("a shared variable is updated from a loop") {
  const Shared w = shared("w", Tensor(List{1, 1}));
  const Variable y = while_loop(
      {.from = {w}}, [](Variable v) { return sum(v) < 50; }, [](Variable v) { return v * 3; })[0];
  const Function f = function({}, {}, {.updates = {{w, y}}});
  f();
  CHECK(doubles(w.value()) == List{27, 27});
  f();
  CHECK(doubles(w.value()) == List{27, 27});
}

TEST_CASE("what a while loop must check is checked in every iteration, and state stays") {
  const Variable x = vector<double>("x"), n = scalar<std::int64_t>("n");
  const Shared calls = shared("calls", Tensor(0.0));
  const Variables found = while_loop(
      {.from = {constant(Tensor(std::int64_t{0})), constant(Tensor(0.0))}}, [&](Variable i, Variable) { return i < n; },
      [&](Variable i, Variable total) { return Variables{i + 1, total + take(x, i)}; });
  const Function f = function({x, n}, {found[1]}, {.updates = {{calls, calls + 1}}});
  CHECK(f(List{1, 2, 3}, std::int64_t{3}).item<double>() == 6);
  CHECK_THROWS_WITH(f(List{1, 2, 3}, std::int64_t{1000000000}), Contains("index is out of range for axis 0"));
  CHECK(calls.value().item<double>() == 1);
}

TEST_CASE("what a branch must check is checked where it is chosen") {
  const Variable p = scalar<bool>("p"), x = vector<double>("x"), i = scalar<std::int64_t>("i");
  const Variable y = ifelse(
      p, [&] { return take(x, i); }, [&] { return check(sum(x), all(x > 0), "x must be positive"); });
  const Function f = function({p, x, i}, {y});
  CHECK(f(true, List{-1, 2}, std::int64_t{0}).item<double>() == -1);
  CHECK_THROWS_WITH(f(true, List{-1, 2}, std::int64_t{2}), Contains("index is out of range"));
  CHECK(f(false, List{1, 2}, std::int64_t{2}).item<double>() == 3);
  CHECK_THROWS_WITH(f(false, List{-1, 2}, std::int64_t{0}), Contains("x must be positive"));
}

TEST_CASE("a loop without an end can be cancelled") {
  CancelToken token;
  const auto cancels = external(
      "cancels", [](const std::vector<TensorType>& types) { return types[0]; },
      [token](const std::vector<Tensor>& values) {
        CancelToken(token).cancel();
        return values[0];
      });
  const Variable x = scalar<double>("x");
  const Variable y = while_loop(
      {.from = {x}}, [](Variable v) { return v > 0; }, [&](Variable v) { return cancels(v); })[0];
  const Function f = function({x}, {y});
  CHECK_THROWS_AS(f.call(std::vector<Tensor>{Tensor(1.0)}, token), Cancelled);
}

TEST_CASE("a scan of scalars is one kernel, chunk by chunk") {
  const Variable n = scalar<std::int64_t>("n"), x = scalar<double>("x");
  const Dim steps = size(n);
  const auto [states, emitted] = scan({.from = {x, constant(Tensor(0.0))}, .n_steps = steps}, [](Variable a, Variable b) {
    return Step{.next = {b + 1, a}, .emit = {a - b}};
  });
  const Function f = function({n, x}, {states[0], states[1], emitted[0]});
  for (std::int64_t count : {1, 2, 7, 16384, 40001}) {
    double a = 0.5, b = 0;
    List differences;
    for (std::int64_t i = 0; i < count; ++i) {
      differences.push_back(a - b);
      const double next = b + 1;
      b = a;
      a = next;
    }
    const Results got = f(count, 0.5);
    CHECK(got[0].item<double>() == a);
    CHECK(got[1].item<double>() == b);
    CHECK(doubles(got[2]) == differences);
  }
}

TEST_CASE("a scan of short vectors keeps its states apart") {
  const Variable x = input<double>("x", {3}), steps = matrix<double>("steps");
  const auto [states, emitted] = scan({.over = {steps}, .from = {x, 2 * x}}, [](Variable s, Variable u, Variable v) {
    return Step{.next = {v + s[0], u * 0.5 + sum(v)}, .emit = {dot(u, v)}};
  });
  const Function f = function({x, steps}, {states[0], states[1], emitted[0]});
  const Tensor start(List{1, -2, 3}), rows = Tensor::randn(DType::float64, {9, 1}, 4);
  const std::vector<Variable> outputs{states[0], states[1], emitted[0]};
  const std::vector<Tensor> wanted = reference::evaluate(outputs, {{x, start}, {steps, rows}});
  const Results got = f(start, rows);
  for (std::size_t k = 0; k < wanted.size(); ++k) CHECK_THAT(doubles(got[k]), Catch::Approx(doubles(wanted[k])).epsilon(1e-12));
}

TEST_CASE("the derivative of a scan of scalars is one too") {
  // x -> r x (1 - x), thirty times: the derivative is the product of r (1 - 2x).
  const Variable x = scalar<double>("x"), r = scalar<double>("r");
  const auto [states, emitted] =
      scan({.from = {x}, .n_steps = 30}, [&](Variable v) { return Step{.next = {r * v * (1 - v)}}; });
  const auto f = function<std::tuple<double, double>(double, double)>({x, r}, {states[0], grad(states[0], x)});
  double v = 0.3, slope = 1;
  for (int i = 0; i < 30; ++i) {
    slope *= 2.5 * (1 - 2 * v);
    v = 2.5 * v * (1 - v);
  }
  const auto [value, derivative] = f(0.3, 2.5);
  CHECK(value == Approx(v).epsilon(1e-13));
  CHECK(derivative == Approx(slope).epsilon(1e-12));
}

TEST_CASE("native loops and branches do what single steps do") {
  const Variable x = matrix<double>("x"), h = vector<double>("h"), w = matrix<double>("w");
  const auto [states, emitted] = scan({.over = {x}, .from = {h, 2 * h}}, [&](Variable row, Variable a, Variable b) {
    const Variable next = ifelse(
        sum(row) > 0, [&] { return tanh(dot(w, a) + b); },
        [&] {
          return while_loop(
              {.from = {b}, .max_steps = 5}, [](Variable v) { return sum(sqr(v)) > 1; },
              [&](Variable v) { return v / 2 + 0.01 * row; })[0];
        });
    return Step{.next = {b - row, next}, .emit = {sort(a), sum(b)}};
  });
  const std::vector<Variable> outputs{states[0], states[1], emitted[0], emitted[1]};
  const Function native = function({x, h, w}, outputs);
  const Function stepped = function({x, h, w}, outputs, {.mode = Mode::nan_guard});
  for (std::int64_t steps : {0, 1, 6, 7}) {
    const Tensor xs = Tensor::randn(DType::float64, {steps, 4}, 1), hs = Tensor::randn(DType::float64, {4}, 2),
                 ws = Tensor::randn(DType::float64, {4, 4}, 3);
    const std::vector<Tensor> wanted = reference::evaluate(outputs, {{x, xs}, {h, hs}, {w, ws}});
    const Results got = native(xs, hs, ws), again = stepped(xs, hs, ws);
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      INFO(steps << " steps, output " << k);
      CHECK(doubles(got[k]) == doubles(again[k]));
      CHECK_THAT(doubles(got[k]), Catch::Approx(doubles(wanted[k])).epsilon(1e-12));
    }
  }
}

TEST_CASE("sizes that an iteration learns are its own") {
  const Variable p = matrix<double>("p"), q = matrix<double>("q");
  const auto chosen = [](const Variable& x) { return x[nonzero(x)[0]]; };
  const auto [states, emitted] = scan({.over = {p, q}}, [&](Variable x, Variable y) {
    return Step{.next = {}, .emit = {sum(chosen(x) * chosen(y))}};
  });
  const Function f = function({p, q}, {emitted[0]});
  const Tensor xs = Tensor::of<double>({1, 2, 3, 0, 0, 4, 5, 6, 0}, {3, 3}), ys = Tensor::of<double>({1, 1, 1, 0, 2, 0, 3, 0, 3}, {3, 3});
  CHECK(doubles(f(xs, ys)) == List{6, 8, 33});
  const Tensor longer = Tensor::of<double>({1, 1, 1, 0, 2, 1, 3, 0, 3}, {3, 3});
  CHECK_THROWS_AS(f(xs, longer), ShapeError);
  CHECK(doubles(f(xs, ys)) == List{6, 8, 33});
}

TEST_CASE("the test that ends a while loop is checked too") {
  const Variable x = vector<double>("x");
  const Variable start = constant(Tensor(std::int64_t{0}));
  const auto run = [&](std::optional<std::int64_t> most) {
    const Variable i = while_loop(
        {.from = {start}, .max_steps = most}, [&](Variable i) { return take(x, i) > 0; },
        [](Variable i) { return i + 2; })[0];
    return function<std::int64_t(List)>({x}, {i});
  };
  CHECK(run({})({1, 1, 0, 0}) == 2);
  CHECK_THROWS_WITH(run({})({1, 1, 1, 0}), Contains("index is out of range"));
  CHECK(run(2)({1, 1, 1, 0}) == 4);
  CHECK_THROWS_WITH(run(3)({1, 1, 1, 0}), Contains("index is out of range"));
}

TEST_CASE("a prepared call that failed in a loop leaves the next one as it should be") {
  bool fails = false;
  const auto identity = external(
      "identity", [](const std::vector<TensorType>& types) { return types[0]; },
      [&fails](const std::vector<Tensor>& values) {
        if (fails) throw std::runtime_error("once");
        return values[0].copy();
      });
  const Variable x = input<double>("x", {40});
  const Variable y = while_loop(
      {.from = {x}}, [&](Variable v) { return sum(identity(v)) < 10000; },
      [](Variable v) { return index(v, {slice({}, {}, -1)}) * 2.0 + v; })[0];
  const Function f = function({x}, {y});
  const Tensor from = Tensor::ones<double>({40}), to = Tensor::zeros<double>({40});
  const Function::Raw raw = f.prepare({{40}});
  const void* const inputs[] = {from.raw()};
  void* const outputs[] = {to.raw()};
  CHECK(raw(inputs, outputs) == 0);
  const List right = doubles(to);
  fails = true;
  CHECK(raw(inputs, outputs) != 0);
  fails = false;
  for (int i = 0; i < 3; ++i) {
    CHECK(raw(inputs, outputs) == 0);
    CHECK(doubles(to) == right);
  }
}

TEST_CASE("a large unsigned index counts from nowhere") {
  const Variable p = scalar<bool>("p"), x = vector<double>("x"), i = scalar<std::uint64_t>("i");
  const Function f = function({p, x, i}, {ifelse(p, [&] { return take(x, i); }, [&] { return sum(x); })});
  CHECK(f(true, List{1, 2}, std::uint64_t{1}).item<double>() == 2);
  CHECK_THROWS_WITH(f(true, List{1, 2}, ~std::uint64_t{0}), Contains("index is out of range"));
}
