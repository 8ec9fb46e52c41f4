#include <theon/tensor.h>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace theon;

TEST_CASE("a tensor without arguments is the float64 scalar 0") {
  const Tensor x;
  CHECK(x.dtype() == DType::float64);
  CHECK(x.sizes() == Sizes{});
  CHECK(x.size() == 1);
  CHECK(x.item<double>() == 0);
}

TEST_CASE("numbers, vectors and spans become tensors of their type") {
  const auto make = [](const Tensor& x) { return x; };
  CHECK(make(2.5f).dtype() == DType::float32);
  CHECK(make(true).dtype() == DType::boolean);
  CHECK(make(7LL).dtype() == DType::int64);
  CHECK(make(std::vector{1, 2, 3}).sizes() == Sizes{3});
  CHECK(make(std::vector{true, false}).to_vector<int>() == std::vector{1, 0});

  std::array<double, 2> values{1.5, 2.5};
  CHECK(make(std::span(values)).to_vector<double>() == std::vector{1.5, 2.5});
  CHECK(make(std::span<const double>(values)).dtype() == DType::float64);
}

TEST_CASE("filled tensors hold what they are named after") {
  CHECK(Tensor::zeros<int>({2, 2}).to_vector<int>() == std::vector(4, 0));
  CHECK(Tensor::full({3}, 2.5f).to_vector<float>() == std::vector(3, 2.5f));
  CHECK(Tensor::ones<Half>({2}).to_vector<float>() == std::vector(2, 1.0f));
  CHECK(Tensor::arange<float>(3).to_vector<float>() == std::vector{0.0f, 1.0f, 2.0f});
  CHECK(Tensor::of({1, 2, 3, 4}, {2, 2}).at<int>({1, 0}) == 3);
}

TEST_CASE("memory is aligned to 64 bytes, that of 16 bytes and less to 16") {
  for (const std::int64_t size : {0, 1, 2, 3, 7, 1000, 3'000'000})
    CHECK(reinterpret_cast<std::uintptr_t>(Tensor(DType::float64, {size}).raw()) % (size > 2 ? 64 : 16) == 0);
}

TEST_CASE("a tensor shares its memory with its copies by value") {
  Tensor x = Tensor::zeros<int>({2});
  const Tensor same = x, other = x.copy();
  x.mutable_data<int>()[1] = 5;
  CHECK(same.to_vector<int>() == std::vector{0, 5});
  CHECK(other.to_vector<int>() == std::vector{0, 0});
}

TEST_CASE("a tensor without elements has sizes, and survives everything") {
  const Tensor x(DType::float32, {0, 3});
  CHECK(x.size() == 0);
  CHECK(x.is_contiguous());
  CHECK(x.copy().sizes() == Sizes{0, 3});
  CHECK(x.astype<int>().to_vector<int>().empty());
  CHECK(x.transpose().sizes() == Sizes{3, 0});
  CHECK(x.transpose().contiguous().sizes() == Sizes{3, 0});
  CHECK(x.reshape({3, 0, 2}).sizes() == Sizes{3, 0, 2});
  CHECK(x.slice(1, 1, 3).sizes() == Sizes{0, 2});
  CHECK(identical(x, x.copy()));
  CHECK(Tensor(std::vector<float>()).size() == 0);
}

TEST_CASE("sizes that cannot be are refused") {
  CHECK_THROWS_WITH(Tensor(DType::int8, {2, -3}), "an array of sizes [2, -3]: -3 is negative");
  CHECK_THROWS_AS(Tensor::arange<int>(-1), ShapeError);
  const std::int64_t huge = std::int64_t{1} << 40;
  CHECK_THROWS_AS(Tensor(DType::float64, {huge, huge}), ShapeError);
  CHECK_THROWS_AS(Tensor(DType::float64, {huge, 1 << 7}), ShapeError);
  CHECK_THROWS_AS(Tensor(DType::float64, {0, huge, huge}), ShapeError);
  CHECK_THROWS_WITH(Tensor::of({1, 2, 3}, {2, 2}), "an array of sizes [2, 2] has 4 elements, but 3 values are given");
}

TEST_CASE("elements are asked for by their type") {
  const Tensor x = Tensor::zeros<int>({2});
  CHECK_THROWS_AS(x.data<float>(), DTypeError);
  CHECK_THROWS_WITH(x.data<float>(),
                    "the elements are asked for as float32, but they are int32; convert with astype first");
}

TEST_CASE("one element is read by its indices, converted") {
  const Tensor x = Tensor::of({1.5, 2.5, 3.5, 4.5}, {2, 2});
  CHECK(x.at<double>({0, 1}) == 2.5);
  CHECK(x.at<int>({-1, -2}) == 3);
  CHECK(x.slice(0, 1, 2).slice(1, 0, 1).item<float>() == 3.5f);
  CHECK_THROWS_AS(x.at<double>({0}), IndexError);
  CHECK_THROWS_WITH(x.at<double>({0, 2}), "index 2 is out of range: it must be at least -2 and less than 2");
  CHECK_THROWS_AS(x.item<double>(), ShapeError);
}

TEST_CASE("borrowed memory is seen, not copied") {
  std::vector<int> values{1, 2, 3, 4, 5, 6};
  const Tensor x = Tensor::view(values.data(), {2, 3});
  values[4] = 50;
  CHECK(x.at<int>({1, 1}) == 50);
  CHECK(Tensor::view(values.data(), {3, 2}, {1, 3}).to_vector<int>() == std::vector{1, 4, 2, 50, 3, 6});
  CHECK(Tensor::view(values.data() + 5, {3}, {-2}).to_vector<int>() == std::vector{6, 4, 2});
  CHECK(Tensor::view(static_cast<const int*>(values.data()), {}).item<int>() == 1);
}

TEST_CASE("the storage of borrowed memory spans all elements") {
  std::vector<int> values(6);
  const Tensor reversed = Tensor::view(values.data() + 5, {3}, {-2});
  CHECK(reversed.storage()->data() == reinterpret_cast<std::byte*>(values.data() + 1));
  CHECK(reversed.storage()->bytes() == 5 * sizeof(int));
}

TEST_CASE("memory that cannot be borrowed is refused") {
  std::array<int, 2> values{};
  CHECK_THROWS_AS(Tensor::view(static_cast<int*>(nullptr), {2}), ArgumentError);
  CHECK_NOTHROW(Tensor::view(static_cast<int*>(nullptr), {0}));
  CHECK_THROWS_AS(Tensor::borrow(DType::int32, reinterpret_cast<std::byte*>(values.data()) + 1, {1}), ArgumentError);
  CHECK_THROWS_AS(Tensor::view(values.data(), {2}, {1, 1}), ShapeError);
  CHECK_THROWS_AS(Tensor::view(values.data(), {2}, {std::int64_t{1} << 60}), ShapeError);
}

TEST_CASE("a tensor on a storage stays inside of it") {
  const Tensor x = Tensor::arange<int>(6);
  CHECK(Tensor::on(x.storage(), 4, DType::int32, {2}, {3}).to_vector<int>() == std::vector{1, 4});
  CHECK(Tensor::on(x.storage(), 20, DType::int32, {2}, {-5}).to_vector<int>() == std::vector{5, 0});
  CHECK_NOTHROW(Tensor::on(x.storage(), 24, DType::int32, {0}, {1}));
  CHECK_THROWS_AS(Tensor::on(x.storage(), 8, DType::int32, {2}, {4}), ShapeError);
  CHECK_THROWS_AS(Tensor::on(x.storage(), 4, DType::int32, {2}, {-2}), ShapeError);
  CHECK_THROWS_AS(Tensor::on(x.storage(), 28, DType::int32, {}, {}), ShapeError);
  CHECK_THROWS_AS(Tensor::on(x.storage(), 2, DType::int32, {}, {}), ArgumentError);
}

TEST_CASE("astype converts every pair of dtypes") {
  for (const DTypeInfo& from : dtype_table) {
    for (const DTypeInfo& to : dtype_table) {
      INFO(from.name << " to " << to.name);
      const Tensor x = Tensor::arange(from.dtype, 2).astype(to.dtype);
      CHECK(x.dtype() == to.dtype);
      CHECK(x.to_vector<double>() == std::vector{0.0, 1.0});
    }
  }
}

TEST_CASE("astype truncates and saturates, and reads strided memory in row-major order") {
  const Tensor x = Tensor::of({-1.9, 2.9, 300.0, std::nan("")}, {2, 2});
  CHECK(x.astype<std::uint8_t>().to_vector<int>() == std::vector{0, 2, 255, 0});
  CHECK(x.transpose().astype<std::int8_t>().to_vector<int>() == std::vector{-1, 127, 2, 0});
}

TEST_CASE("identical compares dtype, sizes and bits") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(identical(Tensor(nan), Tensor(nan)));
  CHECK_FALSE(identical(Tensor(0.0), Tensor(-0.0)));
  CHECK_FALSE(identical(Tensor(1.0), Tensor(1.0f)));
  CHECK_FALSE(identical(Tensor::zeros<int>({2, 3}), Tensor::zeros<int>({3, 2})));
  CHECK(identical(Tensor::of({1, 2, 3, 4}, {2, 2}).transpose(), Tensor::of({1, 3, 2, 4}, {2, 2})));
}
