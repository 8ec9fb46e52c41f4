#include <theon/tensor.h>

#include <catch2/catch.hpp>

#include <limits>
#include <numeric>

using namespace theon;

namespace {

constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max();

std::vector<int> sliced(std::int64_t start, std::int64_t stop, std::int64_t step = 1) {
  return Tensor::arange<int>(5).slice(0, start, stop, step).to_vector<int>();
}

bool share_memory(const Tensor& a, const Tensor& b) { return a.storage() == b.storage(); }

}  // namespace

TEST_CASE("slices are those of Python") {
  CHECK(sliced(1, 4) == std::vector{1, 2, 3});
  CHECK(sliced(-2, far) == std::vector{3, 4});
  CHECK(sliced(0, -1) == std::vector{0, 1, 2, 3});
  CHECK(sliced(0, 5, 2) == std::vector{0, 2, 4});
  CHECK(sliced(0, 5, far) == std::vector{0});
  CHECK(sliced(3, 1) == std::vector<int>{});
  CHECK(sliced(-100, 100) == std::vector{0, 1, 2, 3, 4});
  CHECK(sliced(7, 9) == std::vector<int>{});
}

TEST_CASE("slices run backwards with a negative step") {
  CHECK(sliced(far, -far, -1) == std::vector{4, 3, 2, 1, 0});
  CHECK(sliced(3, 0, -2) == std::vector{3, 1});
  CHECK(sliced(-1, -6, -4) == std::vector{4, 0});
  CHECK(sliced(0, 5, -1) == std::vector<int>{});
  CHECK(sliced(4, -far, -far - 1) == std::vector{4});
}

TEST_CASE("a slice of a slice counts in its own elements") {
  const Tensor x = Tensor::arange<int>(10).slice(0, 9, -100, -2);
  CHECK(x.to_vector<int>() == std::vector{9, 7, 5, 3, 1});
  CHECK(x.slice(0, 1, 5, 3).to_vector<int>() == std::vector{7, 1});
  CHECK(x.slice(0, 4, -100, -3).to_vector<int>() == std::vector{1, 7});
}

TEST_CASE("slices take any axis and share the memory") {
  const Tensor x = Tensor::arange<int>(6).reshape({2, 3});
  const Tensor last = x.slice(-1, 2, 3);
  CHECK(last.sizes() == Sizes{2, 1});
  CHECK(last.to_vector<int>() == std::vector{2, 5});
  CHECK(share_memory(x, last));
  CHECK_THROWS_AS(x.slice(2, 0, 1), IndexError);
  CHECK_THROWS_AS(x.slice(0, 0, 1, 0), ArgumentError);
}

TEST_CASE("an index takes one row") {
  const Tensor x = Tensor::arange<int>(6).reshape({2, 3});
  CHECK(x[1].to_vector<int>() == std::vector{3, 4, 5});
  CHECK(x[-1][0].item<int>() == 3);
  CHECK_THROWS_WITH(x[2], "index 2 is out of range: it must be at least -2 and less than 2");
  CHECK_THROWS_AS(Tensor(1.0)[0], IndexError);
}

TEST_CASE("axes are permuted without a copy") {
  const Tensor x = Tensor::arange<int>(24).reshape({2, 3, 4});
  CHECK(x.transpose().sizes() == Sizes{4, 3, 2});
  CHECK(x.transpose().at<int>({3, 2, 1}) == 23);
  CHECK(x.permute({1, -1, 0}).sizes() == Sizes{3, 4, 2});
  CHECK(x.permute({1, 2, 0}).at<int>({2, 1, 0}) == x.at<int>({0, 2, 1}));
  CHECK(share_memory(x, x.permute({1, 2, 0})));
  CHECK_FALSE(x.transpose().is_contiguous());
  CHECK_THROWS_WITH(x.permute({0, 0, 1}), "permute: axes [0, 0, 1] must name each of 3 axes once");
  CHECK_THROWS_AS(x.permute({0, 1}), ArgumentError);
  CHECK_THROWS_AS(x.permute({0, 1, 3}), IndexError);
}

TEST_CASE("reshape keeps the row-major order and shares the memory where it can") {
  const Tensor x = Tensor::arange<int>(12).reshape({3, 4});
  CHECK(share_memory(x, x.reshape({2, 6})));
  CHECK(share_memory(x, x.reshape({1, 12, 1})));
  CHECK(share_memory(x, x.slice(0, 0, 3, 2).reshape({2, 2, 2})));
  CHECK(share_memory(x, x.transpose().reshape({2, 2, 3})));
  CHECK(share_memory(x, x.slice(0, 2, -100, -1).reshape({3, 1, 4})));
  CHECK_FALSE(share_memory(x, x.transpose().reshape({12})));
  CHECK(x.transpose().reshape({12}).to_vector<int>() == std::vector{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11});
}

TEST_CASE("reshape gives the elements of a copy, for every view and sizes") {
  const Tensor x = Tensor::arange<int>(48).reshape({4, 3, 4});
  for (const Tensor& view : {x, x.transpose(), x.permute({1, 0, 2}), x.slice(0, 3, -100, -2), x.slice(2, 0, 4, 2),
                             x.slice(1, 1, 3), x[0].broadcast_to({2, 3, 4})})
    for (const Sizes& sizes :
         {Sizes{-1}, Sizes{2, -1}, Sizes{-1, 2}, Sizes{2, -1, 1, 2}, Sizes{8, -1}, Sizes{-1, 4}, Sizes{2, 2, -1}})
      CHECK(identical(view.reshape(sizes), view.copy().reshape(sizes)));
}

TEST_CASE("reshape completes one size, and refuses another number of elements") {
  const Tensor x = Tensor::arange<int>(6);
  CHECK(x.reshape({2, -1}).sizes() == Sizes{2, 3});
  CHECK(x.slice(0, 1, 2).reshape({}).item<int>() == 1);
  CHECK_THROWS_WITH(x.reshape({4, 2}), "reshape: sizes [6] have 6 elements, but sizes [4, 2] have 8");
  CHECK_THROWS_AS(x.reshape({4, -1}), ShapeError);
  CHECK_THROWS_AS(x.reshape({-1, -1}), ShapeError);
  CHECK_THROWS_AS(x.reshape({-2, -3}), ShapeError);
  CHECK_THROWS_AS(x.reshape({0, -1}), ShapeError);
}

TEST_CASE("broadcasting repeats without copying") {
  const Tensor column = Tensor::of({1, 2}, {2, 1});
  CHECK(column.broadcast_to({2, 3}).to_vector<int>() == std::vector{1, 1, 1, 2, 2, 2});
  CHECK(Tensor::of({1, 2}, {2}).broadcast_to({2, 2}).to_vector<int>() == std::vector{1, 2, 1, 2});
  CHECK(column.broadcast_to({2, 1 << 20}).storage() == column.storage());
  CHECK(column.broadcast_to({2, 0}).size() == 0);
  CHECK_THROWS_WITH(column.broadcast_to({3, 3}), "broadcast_to: an array of sizes [2, 1] does not broadcast to [3, 3]");
  CHECK_THROWS_AS(column.broadcast_to({2}), ShapeError);
  CHECK_THROWS_AS(column.broadcast_to({2, std::int64_t{1} << 62}), ShapeError);
}

TEST_CASE("row-major is what a fresh array is, axes of size 1 aside") {
  const Tensor x = Tensor::arange<int>(6).reshape({2, 3});
  CHECK(x.is_contiguous());
  CHECK(x[1].is_contiguous());
  CHECK(x.slice(0, 1, 2).is_contiguous());
  CHECK_FALSE(x.slice(1, 0, 2).is_contiguous());
  CHECK(share_memory(x, x.contiguous()));
  CHECK_FALSE(share_memory(x, x.transpose().contiguous()));
  CHECK(Tensor::arange<int>(3).reshape({1, 3}).transpose().is_contiguous());
}
