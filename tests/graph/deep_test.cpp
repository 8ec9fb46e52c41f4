// Graphs that are as deep as a program can make them, on a small stack.
#include <theon/ops.h>

#include "src/graph/boost_view.h"
#include "src/graph/fields.h"
#include "src/graph/traversal.h"

#include <catch2/catch.hpp>

#include <pthread.h>

#include <functional>
#include <string>

using namespace theon;

namespace {

constexpr int deep = 100'000;

/// Runs f on a thread with a stack of 512 KiB, and rethrows what it throws.
void on_small_stack(std::function<void()> f) {
  struct Work {
    std::function<void()> f;
    std::exception_ptr failure;
  } work{std::move(f), nullptr};
  const auto run = [](void* argument) -> void* {
    auto& own = *static_cast<Work*>(argument);
    try {
      own.f();
    } catch (...) {
      own.failure = std::current_exception();
    }
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, 512 * 1024) == 0);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, run, &work) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  if (work.failure) std::rethrow_exception(work.failure);
}

Variable chain(const Variable& x, int length) {
  Variable y = x;
  for (int i = 0; i < length; ++i) y = y + 1;
  return y;
}

}  // namespace

TEST_CASE("a deep chain is built and dies on a small stack") {
  on_small_stack([] {
    const Variable y = chain(vector<double>("x"), deep);
    CHECK(toposort(std::span(&y, 1)).size() == deep);
  });
}

TEST_CASE("a deep chain is replaced on a small stack") {
  on_small_stack([] {
    const Variable x = vector<double>("x"), z = vector<double>("z");
    const Variable y = chain(x, deep);
    const Variable other = replace(std::vector{y}, {{x, z}})[0];
    const std::vector<Variable> found = leaves(std::span(&other, 1));
    REQUIRE(found.size() == 1);
    CHECK(same(found[0], z));
  });
}

TEST_CASE("a deep chain is printed on a small stack, in lines that do not grow") {
  on_small_stack([] {
    const Variable y = chain(vector<double>("x"), deep);
    CHECK(to_string(y).size() < 100u * deep);
    CHECK(debugprint(y).size() < 200u * deep);
    CHECK(to_dot(std::span(&y, 1)).size() < 200u * deep);
  });
}

TEST_CASE("a deep chain is compared and hashed on a small stack") {
  on_small_stack([] {
    const Variable x = vector<double>("x"), z = vector<double>("z");
    const Graph a{{x}, {chain(x, deep)}}, b{{z}, {chain(z, deep)}};
    CHECK(same_graph(a, b));
    CHECK(field::hash_graph(a) == field::hash_graph(b));
  });
}

TEST_CASE("a deep chain is viewed on a small stack") {
  on_small_stack([] {
    const Variable y = chain(vector<double>("x"), deep);
    const GraphView view(std::span(&y, 1));
    CHECK(topological_order(view.digraph).has_value());
    CHECK(immediate_dominators(view.digraph).size() == view.nodes.size());
  });
}

TEST_CASE("a scalar computed in many steps becomes a size on a small stack") {
  on_small_stack([] {
    Variable n = scalar<std::int64_t>("n");
    const Dim first = size(n);
    for (int i = 0; i < deep; ++i) n = n + 1;
    CHECK(size(n) == first + deep);
  });
}

TEST_CASE("a million nodes are built and destroyed") {
  on_small_stack([] {
    const Variable y = chain(vector<double>("x"), 1'000'000);
    CHECK(y.ndim() == 1);
  });
}
