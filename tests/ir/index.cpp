#include "src/ir/element.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

using namespace theon;
using namespace theon::ir;

namespace {

struct Fixture {
  Pool pool;
  Dim n = dim("n"), K = dim("K"), L = dim("L");
  Expr N = pool.parameter(n), k_size = pool.parameter(K), l_size = pool.parameter(L);
  Expr i = pool.index(0, n), j = pool.index(1, K), l = pool.index(2, L);
  Expr six = pool.index(3, 6), four = pool.index(4, 4);
  Expr x = pool.load(0, DType::int64, std::span<const Expr>());

  Expr index(int axis, const Dim& extent) { return pool.index(axis, extent); }
};

/// The place of an element of a contiguous array.
Expr flat(Pool& pool, const std::vector<Expr>& indices, const Shape& shape) {
  Expr offset = pool.literal(0);
  for (std::size_t axis = 0; axis < shape.size(); ++axis) offset = offset * pool.parameter(shape[axis]) + indices[axis];
  return offset;
}

/// The indices of the element at a place.
std::vector<Expr> unflat(Pool& pool, Expr offset, const Shape& shape) {
  std::vector<Expr> indices(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const Expr extent = pool.parameter(shape[axis]);
    indices[axis] = axis == 0 ? offset : offset % extent;
    offset = floor_div(offset, extent);
  }
  return indices;
}

std::vector<Expr> indices_over(Pool& pool, const Shape& shape) {
  std::vector<Expr> indices;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    indices.push_back(pool.index(static_cast<int>(axis), shape[axis]));
  return indices;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a split index comes apart again") {
  CHECK(same(floor_div(i * k_size + j, k_size), i));
  CHECK(same((i * k_size + j) % k_size, j));
  CHECK(same(floor_div(six * 4 + four, 4), six));
  CHECK(same((six * 4 + four) % 4, four));
  const Expr offset = (i * k_size + j) * l_size + l;
  CHECK(to_string(offset) == "i0 * K * L + i1 * L + i2");
  CHECK(same(floor_div(offset, k_size * l_size), i));
  CHECK(same(floor_div(offset, l_size) % k_size, j));
  CHECK(same(floor_div(offset % (k_size * l_size), l_size), j));
  CHECK(same(offset % l_size, l));
}

TEST_CASE_METHOD(Fixture, "the digits of a number make the number") {
  const Expr number = index(0, n * K * L);
  const Expr high = floor_div(number, k_size * l_size), middle = floor_div(number, l_size) % k_size,
             low = number % l_size;
  CHECK(same((high * k_size + middle) * l_size + low, number));
  CHECK(same(middle * l_size + low, number % (k_size * l_size)));
  CHECK(same(floor_div(x, 4) * 4 + x % 4, x));
  CHECK(same(x - floor_div(x, 4) * 4, x - floor_div(x, 4) * 4));
}

TEST_CASE_METHOD(Fixture, "a reshape and its inverse cancel") {
  const std::vector<std::pair<Shape, Shape>> pairs{
      {{4, 6}, {24}},          {{24}, {2, 3, 4}},       {{2, 3, 4}, {6, 4}},     {{4, 6}, {6, 4}},
      {{4, 6}, {3, 8}},        {{n, 6}, {n * 6}},       {{n, K}, {n * K}},       {{n * K}, {n, K}},
      {{n, K, L}, {n, K * L}}, {{n, K, L}, {n * K, L}}, {{n, 2, K}, {n * 2, K}}, {{n, 4}, {2 * n, 2}},
  };
  for (const auto& [from, to] : pairs) {
    const std::vector<Expr> indices = indices_over(pool, from);
    const std::vector<Expr> there = unflat(pool, flat(pool, indices, from), to);
    const std::vector<Expr> back = unflat(pool, flat(pool, there, to), from);
    for (std::size_t axis = 0; axis < from.size(); ++axis) {
      INFO(to_string(from) << " to " << to_string(to) << ": " << to_string(back[axis]));
      CHECK(same(back[axis], indices[axis]));
    }
  }
}

TEST_CASE_METHOD(Fixture, "a ladder of random reshapes is one") {
  std::mt19937 random(7);
  const std::vector<Shape> shapes{{60},         {6, 10}, {10, 6}, {3, 4, 5},  {5, 4, 3},
                                  {2, 3, 2, 5}, {30, 2}, {12, 5}, {2, 2, 15}, {1, 60}};
  for (int trial = 0; trial < 200; ++trial) {
    const std::vector<Expr> indices = indices_over(pool, {60});
    std::vector<Expr> there = indices;
    Shape shape{60};
    for (int step = 0; step < 4; ++step) {
      const Shape& next = shapes[std::uniform_int_distribution<std::size_t>(0, shapes.size() - 1)(random)];
      there = unflat(pool, flat(pool, there, shape), next);
      shape = next;
    }
    const Expr back = flat(pool, there, shape);
    INFO(to_string(back));
    CHECK(same(back, indices[0]));
  }
}

TEST_CASE_METHOD(Fixture, "merging axes of known sizes divides what they have in common") {
  CHECK(to_string(floor_div(six * 4 + four, 8)) == "floor_div(i3, 2)");
  CHECK(to_string((six * 4 + four) % 8) == "i4 + i3 % 2 * 4");
  CHECK(to_string((six * 4 + four) % 12) == "i4 + i3 % 3 * 4");
  CHECK(to_string(floor_div(six * 4 + four, 3)) == "i3 + floor_div(i3 + i4, 3)");
  CHECK(to_string((six * 7) % 5) == "i3 * 2 % 5");
}

TEST_CASE_METHOD(Fixture, "an index is within its extent") {
  CHECK(to_string(i < N) == "true");
  CHECK(to_string(i >= N) == "false");
  CHECK(to_string(i >= 0) == "true");
  CHECK(to_string(i == N) == "false");
  CHECK(to_string(i != -1) == "true");
  CHECK(to_string(i * k_size + j < N * k_size) == "true");
  CHECK(to_string(six < 5) == "i3 < 5");
  CHECK(same(min(max(i, 0), N - 1), i));
  CHECK(same(i % N, i));
  CHECK(to_string(floor_div(i, N)) == "0");
  CHECK(same(abs(i), i));
  CHECK(same(select(i < N, i, N), i));
  CHECK(same(floor_div(i, 2), i / 2));
}

TEST_CASE_METHOD(Fixture, "a reversed index is within its extent") {
  const Expr reversed = N - 1 - i;
  CHECK(to_string(reversed) == "n - i0 - 1");
  CHECK(same(reversed % N, reversed));
  CHECK(same(N - 1 - reversed, i));
  CHECK(to_string(reversed >= 0) == "true");
}

TEST_CASE_METHOD(Fixture, "the windows of a convolution stay inside") {
  const Expr window = index(0, floor_div(n - 3, 2) + 1), tap = index(1, 3);
  CHECK(to_string(window * 2 + tap < N) == "true");
  CHECK(to_string(window * 2 + tap <= N) == "true");
  const Expr valid = index(0, n - K + 1);
  CHECK(to_string(valid + j < N) == "true");
}

TEST_CASE_METHOD(Fixture, "a bound index is within its limit") {
  const Expr sum =
      pool.reduce(pool.monoid(Opcode::add, DType::int64), K, [&](Expr k) { return (i * k_size + k) % k_size; });
  CHECK(to_string(sum) == "reduce(add, k0 < K, k0)");
}

TEST_CASE_METHOD(Fixture, "a clamped load is within its bounds") {
  const Expr clamped = min(max(x, 0), N - 1);
  CHECK(same(floor_div(clamped * k_size + j, k_size), clamped));
  CHECK(same((clamped * k_size + j) % k_size, j));
  CHECK(to_string(clamped < N) == "true");
  const Expr byte = convert(pool.load(1, DType::uint8, std::span<const Expr>()), DType::int64);
  CHECK(to_string(byte < 256) == "true");
  CHECK(same((six * 256 + byte) % 256, byte));
}

TEST_CASE_METHOD(Fixture, "what may overflow is left alone") {
  CHECK(to_string(floor_div(x * 4, 4)) == "floor_div(load b0[] * 4, 4)");
  CHECK(to_string((x + 1) % 3) == "(load b0[] + 1) % 3");
  CHECK(to_string(x < x + 1) == "load b0[] < load b0[] + 1");
  CHECK(to_string(x == x + 1) == "false");
  const Expr wide = convert(pool.load(1, DType::int32, std::span<const Expr>()), DType::int64);
  CHECK(same(floor_div(wide * 4, 4), wide));
  CHECK(to_string(floor_div(wide * (std::int64_t{1} << 40), std::int64_t{1} << 40)) != to_string(wide));
}

TEST_CASE_METHOD(Fixture, "divisions nest into one, whatever they divide") {
  CHECK(same(floor_div(floor_div(x, 4), 5), floor_div(x, 20)));
  CHECK(same((x % 12) % 4, x % 4));
  CHECK(same(floor_div(x % 12, 4), floor_div(x, 4) % 3));
}

TEST_CASE_METHOD(Fixture, "a size that may be 0 is divided by only where an index runs") {
  CHECK(to_string(floor_div(N * 4, N)) == "floor_div(n * 4, n)");
  CHECK(to_string(N % N) == "0");
  CHECK(same(floor_div(N * four + i * 0, N), floor_div(N * four, N)));
  CHECK(same(floor_div(N * four + i, N), four));
}

TEST_CASE_METHOD(Fixture, "a comparison has one spelling") {
  CHECK(same(i - 1 >= 0, i > 0));
  CHECK(same(i + 2 < N + 1, i < N - 1));
  CHECK(same(six * 2 < 7, six < 4));
  CHECK(same(six * 2 <= 7, six < 4));
  CHECK(same(floor_div(six, 2) < 2, six < 4));
  CHECK(same(floor_div(six, 4) >= 1, six >= 4));
  CHECK(same(four * 4 < six * 6 + 1, four * 2 <= six * 3));
  CHECK(to_string(six * 2 == 5) == "false");
  CHECK(same(six * 2 == four * 2, six == four));
  CHECK(same(six - four == 0, four == six));
}

TEST_CASE_METHOD(Fixture, "division by a negative number is a division by a positive one") {
  CHECK(to_string(floor_div(six, -4)) == "floor_div(-i3, 4)");
  CHECK(to_string(six % -4) == "-(-i3 % 4)");
  CHECK(to_string(floor_div(x, 0)) == "0");
  CHECK(to_string(x % 0) == "0");
}

TEST_CASE_METHOD(Fixture, "a parameter is the polynomial of its symbols") {
  CHECK(same(pool.parameter(n * K + 1), N * k_size + 1));
  CHECK(same(pool.parameter(3), pool.literal(3)));
  CHECK(same(pool.parameter(floor_div(n, 2)), floor_div(N, 2)));
  CHECK(same(pool.parameter(max(n, K)), max(N, k_size)));
  CHECK(same(pool.parameter(mod(n, K + 1)), N % (k_size + 1)));
}
