// Deep expressions on a small stack: nothing that walks an expression recurses.
#include "src/ir/element.h"
#include "src/ir/evaluate.h"

#include <catch2/catch.hpp>

#include <pthread.h>

#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>

using namespace theon;
using namespace theon::ir;

namespace {

void* call(void* work) {
  (*static_cast<std::function<void()>*>(work))();
  return nullptr;
}

/// Runs `work` on a stack of 512 KiB.
void on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  pthread_t thread;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, 512 * 1024) == 0);
  REQUIRE(pthread_create(&thread, &attributes, call, &work) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

constexpr int depth = 100'000;

Expr scalar(Pool& pool, std::int64_t buffer, DType dtype) { return pool.load(buffer, dtype, std::span<const Expr>()); }

/// What everything that walks an expression makes of one.
struct Walked {
  std::size_t nodes = 0, text = 0, substituted = 0;
  double value = 0;
};

Walked walk(Pool& pool, Expr root) {
  const Environment ones{.load = [](std::int64_t, std::span<const std::int64_t>) { return Value::of(1.0); }};
  const Expr other = pool.substitute(root, [&](Expr leaf) {
    return leaf->op == Opcode::load ? scalar(pool, leaf->number + 1, DType::float64) : Expr();
  });
  return {postorder(std::span(&root, 1)).size(), to_string(root).size(), postorder(std::span(&other, 1)).size(),
          convert(evaluate(root, ones), DType::float64).as<double>()};
}

}  // namespace

TEST_CASE("a chain of a hundred thousand operations is built, printed, substituted and evaluated") {
  Walked walked;
  on_small_stack([&] {
    Pool pool;
    Expr chain = scalar(pool, 0, DType::float64);
    for (int k = 0; k < depth; ++k) chain = chain * 0.5 + 1;
    walked = walk(pool, chain);
  });
  CHECK(walked.nodes == 2 * depth + 3);
  CHECK(walked.substituted == walked.nodes);
  CHECK(walked.text > depth);
  CHECK(walked.value == Approx(2));
}

TEST_CASE("a hundred thousand nested selects are evaluated") {
  Walked walked;
  on_small_stack([&] {
    Pool pool;
    Expr chain = scalar(pool, 0, DType::float64);
    const Expr x = exp(scalar(pool, 1, DType::float64));
    for (int k = 0; k < depth; ++k) chain = select(x < k % 7, chain + x, chain - 1);
    walked = walk(pool, chain);
  });
  CHECK(walked.nodes > depth);
  CHECK(walked.substituted == walked.nodes);
}

TEST_CASE("an index expression a hundred thousand deep is built in linear time") {
  std::size_t size = 0;
  std::int64_t value = 0;
  on_small_stack([&] {
    Pool pool;
    Expr chain = scalar(pool, 0, DType::int64);
    for (int k = 0; k < depth / 10; ++k)
      chain = min(max(chain % 1000, floor_div(chain + k, 3)), scalar(pool, 1 + k % 9, DType::int64) + k);
    size = pool.size();
    const Environment ones{
        .load = [](std::int64_t, std::span<const std::int64_t>) { return Value::of(std::int64_t{1}); }};
    value = evaluate(chain, ones).as<std::int64_t>();
  });
  CHECK(size < 2 * depth);
  CHECK(value >= 0);
}

TEST_CASE("a sum of a hundred thousand different terms is built in linear time") {
  std::size_t size = 0;
  on_small_stack([&] {
    Pool pool;
    Expr sum = pool.literal(0);
    for (int k = 0; k < depth; ++k) sum = sum + scalar(pool, k, DType::int64) * (k % 5);
    size = pool.size();
  });
  CHECK(size < 10 * depth);
}
