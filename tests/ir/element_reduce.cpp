#include "src/ir/element.h"

#include <theon/error.h>
#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <vector>

using namespace theon;
using namespace theon::ir;

namespace {

struct Fixture {
  Pool pool;
  Dim n = dim("n"), m = dim("m"), K = dim("K");
  Expr i = pool.index(0, n);
  const Monoid* add = pool.monoid(Opcode::add, DType::float32);
  const Monoid* most = pool.monoid(Opcode::max, DType::float32);

  Expr load(std::int64_t buffer, std::initializer_list<Expr> indices) {
    return pool.load(buffer, DType::float32, std::span<const Expr>(indices.begin(), indices.size()));
  }
};

/// Which of two loads of buffer `from` become loads of `to`.
auto rename_buffer(Pool& pool, std::int64_t from, std::int64_t to) {
  return [&pool, from, to](Expr leaf) -> Expr {
    return leaf->op == Opcode::load && leaf->number == from ? pool.load(to, leaf->dtype, leaf->args) : Expr();
  };
}

}  // namespace

TEST_CASE_METHOD(Fixture, "the index of a reduction is named one above the indices in its body") {
  const Expr nested = pool.reduce(add, K, [&](Expr k) {
    return load(0, {k}) * pool.reduce(add, m, [&](Expr l) { return load(1, {k, l}); });
  });
  CHECK(to_string(nested) == "reduce(add, k0 < K, load b0[k0] * reduce(add, k1 < m, load b1[k0, k1]))");
}

TEST_CASE_METHOD(Fixture, "a reduction that does not mention the outer index is the same inside and outside") {
  const auto maximum = [&] { return pool.reduce(most, m, [&](Expr l) { return load(1, {l}); }); };
  Expr inside;
  const Expr outer = pool.reduce(add, K, [&](Expr k) {
    inside = maximum();
    return load(0, {k}) * inside;
  });
  CHECK(same(inside, maximum()));
  CHECK(to_string(outer) == "reduce(add, k0 < K, load b0[k0] * reduce(max, k0 < m, load b1[k0]))");
}

TEST_CASE_METHOD(Fixture, "equal reductions built in another order are one node") {
  const Expr first = pool.reduce(add, K, [&](Expr k) {
    const Expr x = load(0, {i, k}), y = load(1, {k});
    return exp(x) * y + x;
  });
  const Expr second = pool.reduce(add, K, [&](Expr k) {
    const Expr y = load(1, {k});
    exp(y * 3);
    const Expr x = load(0, {i, k});
    return x + y * exp(x);
  });
  CHECK(same(first, second));
}

TEST_CASE_METHOD(Fixture, "equal reductions built at another depth are one node") {
  const auto product = [&](Expr row) {
    return pool.reduce(add, K, [&](Expr k) { return load(0, {row, k}) * load(1, {k}); });
  };
  Expr deep;
  pool.reduce(add, m, [&](Expr j) {
    pool.reduce(add, m, [&](Expr l) {
      deep = product(i);
      return load(2, {j, l});
    });
    return load(2, {j, j});
  });
  CHECK(same(deep, product(i)));
}

TEST_CASE_METHOD(Fixture, "an extent may mention outer indices") {
  const auto running = [&](Expr end) {
    return pool.reduce(add, end + 1, n, [&](Expr k) { return std::vector{load(0, {k})}; }).front();
  };
  CHECK(to_string(running(i)) == "reduce(add, k0 < i0 + 1, load b0[k0])");
  const Expr total = pool.reduce(add, n, running);
  CHECK(to_string(total) == "reduce(add, k0 < n, reduce(add, k1 < k0 + 1, load b0[k1]))");
  CHECK(total->free_levels == 0);
}

TEST_CASE_METHOD(Fixture, "a reduction that runs once is its body, and one that never runs its identity") {
  const auto sum = [&](const Dim& extent) { return pool.reduce(add, extent, [&](Expr k) { return load(0, {k}); }); };
  CHECK(to_string(sum(0)) == "0");
  // The sum of -0 alone is +0, as 0 + -0 is.
  CHECK(to_string(sum(1)) == "load b0[0] + 0");
  CHECK(to_string(pool.reduce(most, 1, [&](Expr k) { return load(0, {k}); })) == "load b0[0]");
}

TEST_CASE_METHOD(Fixture, "a reduction over several components has one value for each") {
  const Expr a0 = pool.argument(0, DType::float32), a1 = pool.argument(1, DType::int64);
  const Expr b0 = pool.argument(2, DType::float32), b1 = pool.argument(3, DType::int64);
  const Monoid* argmax = pool.monoid(Monoid{"argmax",
                                            {pool.literal(DType::float32, -1e30), pool.literal(0)},
                                            {select(a0 < b0, b0, a0), select(a0 < b0, b1, a1)}});
  const std::vector<Expr> both = pool.reduce(argmax, pool.parameter(K), K, [&](Expr k) {
    return std::vector{load(0, {k}), k};
  });
  REQUIRE(both.size() == 2);
  CHECK(to_string(both[1]) == "reduce(argmax, k0 < K, load b0[k0], k0).1");
  CHECK(both[0]->dtype == DType::float32);
  CHECK(both[1]->dtype == DType::int64);
  const std::vector<Expr> once = pool.reduce(argmax, pool.literal(1), 1, [&](Expr k) {
    return std::vector{load(0, {k}), k};
  });
  CHECK(once[0]->op == Opcode::select);
}

TEST_CASE_METHOD(Fixture, "substitution under a reduction does not capture its index") {
  const Expr sum = pool.reduce(add, K, [&](Expr k) { return load(0, {k}) * load(1, {i}); });
  // b1[i] becomes a reduction of its own, which inside the sum must not use the sum's index.
  const Expr inlined = pool.substitute(sum, [&](Expr leaf) -> Expr {
    if (leaf->op != Opcode::load || leaf->number != 1) return {};
    return pool.reduce(most, m, [&](Expr l) { return load(2, {leaf->args[0], l}); });
  });
  CHECK(to_string(inlined) == "reduce(add, k0 < K, load b0[k0] * reduce(max, k0 < m, load b2[i0, k0]))");
}

TEST_CASE_METHOD(Fixture, "a replacement may mention the index of the reduction it stands in") {
  const Expr sum = pool.reduce(add, K, [&](Expr k) { return load(0, {k}); });
  const Expr inlined = pool.substitute(sum, [&](Expr leaf) -> Expr {
    if (leaf->op != Opcode::load) return {};
    return pool.reduce(most, m, [&](Expr l) { return load(1, {leaf->args[0], l}); });
  });
  const Expr direct = pool.reduce(add, K, [&](Expr k) {
    return pool.reduce(most, m, [&](Expr l) { return load(1, {k, l}); });
  });
  CHECK(same(inlined, direct));
}

TEST_CASE_METHOD(Fixture, "a free bound index is not captured by reductions below") {
  // The body of a reduction over k, taken out: k is free in it, under the name k0.
  const Expr outer = pool.reduce(add, K, [&](Expr k) { return load(0, {k}) * load(1, {i}); });
  const Expr body = outer->args[1];
  const Expr replaced = pool.substitute(body, [&](Expr leaf) -> Expr {
    if (leaf->op != Opcode::load || leaf->number != 1) return {};
    return pool.reduce(most, m, [&](Expr l) { return body->args[0] * load(2, {l}); });
  });
  CHECK(to_string(replaced) == "t0 = load b0[k0]; t0 * reduce(max, k1 < m, t0 * load b2[k1])");
}

TEST_CASE_METHOD(Fixture, "indices keep their meaning under substitution at any depth") {
  const Expr deep = pool.reduce(add, n, [&](Expr a) {
    return pool.reduce(add, m, [&](Expr b) {
      return pool.reduce(add, K, [&](Expr c) { return load(0, {a, b, c}) * load(1, {b}); });
    });
  });
  const Expr renamed = pool.substitute(deep, rename_buffer(pool, 1, 2));
  CHECK(to_string(renamed) ==
        "reduce(add, k0 < n, reduce(add, k1 < m, reduce(add, k2 < K, load b0[k0, k1, k2] * load b2[k1])))");
  CHECK(same(pool.substitute(renamed, rename_buffer(pool, 2, 1)), deep));
}

TEST_CASE_METHOD(Fixture, "what a replacement makes independent moves to a lower level") {
  const Expr nested = pool.reduce(add, K, [&](Expr k) {
    return load(0, {k}) * pool.reduce(most, m, [&](Expr l) { return load(1, {k, l}); });
  });
  const Expr simpler = pool.substitute(nested, [&](Expr leaf) -> Expr {
    return leaf->op == Opcode::load && leaf->number == 1 ? load(2, {leaf->args[1]}) : Expr();
  });
  CHECK(to_string(simpler) == "reduce(add, k0 < K, load b0[k0] * reduce(max, k0 < m, load b2[k0]))");
}

TEST_CASE_METHOD(Fixture, "the body of a reduction can be had at any index") {
  const Expr nested = pool.reduce(add, K, [&](Expr k) {
    return pool.reduce(most, m, [&](Expr l) { return load(0, {k, l}); });
  });
  const Expr v = pool.local(4, DType::int64);
  CHECK(to_string(pool.body(nested, v).front()) == "reduce(max, k0 < m, load b0[v4, k0])");
}

TEST_CASE_METHOD(Fixture, "a body that throws leaves the pool usable") {
  CHECK_THROWS_AS(pool.reduce(add, K, [](Expr) -> Expr { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK(to_string(pool.reduce(add, K, [&](Expr k) { return load(0, {k}); })) == "reduce(add, k0 < K, load b0[k0])");
}

TEST_CASE_METHOD(Fixture, "a body of another dtype is found when the reduction is made") {
  CHECK_THROWS_AS(pool.reduce(add, K, [&](Expr k) { return k; }), InternalError);
}

TEST_CASE_METHOD(Fixture, "thirty reductions nest") {
  std::vector<Expr> indices;
  const std::function<Expr(int)> nest = [&](int depth) -> Expr {
    if (depth == 0) return pool.load(1, DType::float32, indices);
    return pool.reduce(add, K, [&](Expr k) {
      indices.push_back(k);
      return nest(depth - 1);
    });
  };
  const Expr nested = nest(30);
  CHECK(nested->free_levels == 0);
  CHECK(pool.substitute(nested, rename_buffer(pool, 1, 2))->number == 0);
}
