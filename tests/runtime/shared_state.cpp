#include "src/graph/node.h"

#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace theon;

namespace {

using List = std::vector<double>;
List doubles(const Tensor& x) { return x.to_vector<double>(); }

}  // namespace

TEST_CASE("updates are computed from the old values") {
  const Shared a = shared("a", Tensor(List{1, 2})), b = shared("b", Tensor(List{3, 4}));
  const Function swap = function({}, {a + b}, {.updates = {{a, b}, {b, a}}});
  CHECK(doubles(swap()) == List{4, 6});
  CHECK(doubles(a.value()) == List{3, 4});
  CHECK(doubles(b.value()) == List{1, 2});
  swap();
  CHECK(doubles(a.value()) == List{1, 2});
}

TEST_CASE("outputs see the old value of what is updated") {
  const Shared w = shared("w", Tensor(List{1, 2}));
  const Function f = function({}, {w, w * 10, w + 1}, {.updates = {{w, w + 1}}});
  const Results results = f();
  CHECK(doubles(results[0]) == List{1, 2});
  CHECK(doubles(results[1]) == List{10, 20});
  CHECK(doubles(results[2]) == List{2, 3});
  CHECK(doubles(w.value()) == List{2, 3});
}

TEST_CASE("a step of gradient descent is written in place") {
  const Shared w = shared("w", Tensor::ones<float>({64, 8}));
  const Variable x = matrix<float>("x");
  const Function f = function({x}, {}, {.updates = {{w, w - 0.5f * x}}});
  CHECK_THAT(f.explain(), !Catch::Contains("spare"));
  const Tensor& held = as_shared(w)->state->value;
  const std::byte* memory = held.raw();
  f(Tensor::ones<float>({64, 8}));
  CHECK(held.raw() == memory);
  CHECK(w.value().at<float>({3, 3}) == 0.5f);
}

TEST_CASE("an update that reads other elements of its variable") {
  const Shared w = shared("w", Tensor(List{1, 2, 3, 4}));
  const Function f = function({}, {}, {.updates = {{w, concatenate({w[slice(1)], w[slice(0, 1)]})}}});
  f();
  CHECK(doubles(w.value()) == List{2, 3, 4, 1});
  f();
  f();
  CHECK(doubles(w.value()) == List{4, 1, 2, 3});
}

TEST_CASE("rows of a shared table are updated where they lie") {
  const Shared w = shared("w", Tensor::zeros<double>({4, 2}));
  const Variable rows = vector<std::int64_t>("rows");
  const Variable cost = sum(take(w, rows));
  const Function f = function({rows}, {cost}, {.updates = {{w, w - grad(cost, w)}}});
  f(std::vector<std::int64_t>{1, 1, 3});
  CHECK(doubles(w.value()) == List{0, 0, -2, -2, 0, 0, -1, -1});
}

TEST_CASE("a value that was read or set is the user's own") {
  const Shared w = shared("w", Tensor(List{1, 2}));
  Tensor read = w.value();
  read.mutable_data<double>()[0] = 5;
  CHECK(doubles(w.value()) == List{1, 2});
  Tensor given(List{3, 4});
  w.set_value(given);
  given.mutable_data<double>()[0] = 5;
  CHECK(doubles(w.value()) == List{3, 4});
}

TEST_CASE("a snapshot keeps its values through updates") {
  const Shared w = shared("w", Tensor(List{1, 2}));
  const Function f = function({}, {}, {.updates = {{w, w * 2}}});
  const Tensor before = snapshot(w);
  f();
  const Tensor between = snapshot(w);
  f();
  CHECK(doubles(before) == List{1, 2});
  CHECK(doubles(between) == List{2, 4});
  CHECK(doubles(w.value()) == List{4, 8});
}

TEST_CASE("a shared variable's memory as an argument of the call that updates it") {
  const Shared w = shared("w", Tensor(List{1, 2}));
  const Variable x = vector<double>("x");
  const Function f = function({x}, {x + w}, {.updates = {{w, w + x}}});
  CHECK(doubles(f(w.value())) == List{2, 4});
  CHECK(doubles(w.value()) == List{2, 4});
  CHECK(doubles(f(w.value())) == List{4, 8});
}

TEST_CASE("functions share a variable") {
  const Shared count = shared("count", Tensor(std::int64_t{0}));
  const Function up = function({}, {}, {.updates = {{count, count + 1}}});
  const Function read = function({}, {count * 10});
  up();
  CHECK(read().item<int>() == 10);
  count.set_value(Tensor(std::int64_t{5}));
  up();
  CHECK(read().item<int>() == 60);
}

TEST_CASE("an update to a value of another variable, to an argument and to a constant") {
  const Shared a = shared("a", Tensor(1.0)), b = shared("b", Tensor(2.0)), c = shared("c", Tensor(3.0));
  const Variable x = scalar<double>("x");
  function({x}, {}, {.updates = {{a, b}, {b, x}, {c, constant(Tensor(7.0))}}})(9.0);
  CHECK(a.value().item<double>() == 2);
  CHECK(b.value().item<double>() == 9);
  CHECK(c.value().item<double>() == 7);
}

// Threads.

TEST_CASE("calls of one function run at once") {
  const Variable x = vector<double>("x");
  const Function f = function({x}, {sum(sqr(x)), x + 1});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int k = 0; k < 200; ++k) {
        const double value = t * 1000 + k;
        const Results results = f(List{value, 2, 3});
        wrong += results[0].item<double>() != value * value + 13 || results[1].at<double>({0}) != value + 1;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("updates of several threads are all counted, and readers see whole values") {
  const Shared w = shared("w", Tensor::zeros<double>({50})), total = shared("total", Tensor(0.0));
  const Function up = function({}, {}, {.updates = {{w, w + 1}, {total, total + 1}}});
  const Function read = function({}, {min(w), max(w), total});
  std::atomic<int> torn = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) up();
    });
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        const Results results = read();
        const double low = results[0].item<double>();
        torn += low != results[1].item<double>() || low != results[2].item<double>();
      }
    });
  threads.emplace_back([&] {
    for (int k = 0; k < 200; ++k) {
      const List snapshot = doubles(w.value());
      torn += snapshot.front() != snapshot.back();
    }
  });
  for (std::thread& thread : threads) thread.join();
  CHECK(torn == 0);
  CHECK(total.value().item<double>() == 400);
  CHECK(doubles(w.value())[49] == 400);
}

TEST_CASE("functions that update two variables in different orders do not wait for each other") {
  const Shared a = shared("a", Tensor(0.0)), b = shared("b", Tensor(0.0));
  const Function forth = function({}, {}, {.updates = {{a, b + 1}}});
  const Function back = function({}, {}, {.updates = {{b, a + 1}}});
  std::thread one([&] {
    for (int k = 0; k < 300; ++k) forth();
  });
  std::thread other([&] {
    for (int k = 0; k < 300; ++k) back();
  });
  one.join();
  other.join();
  CHECK(a.value().item<double>() >= 1);
}
