// Largest and smallest values and their places, among zeros of both signs, infinities and NaNs.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace theon;

namespace {

/// Rows drawn from few numbers, so that ties, rows of zeros of one sign and rows of NaNs occur.
template <class T>
Tensor awkward(std::int64_t rows, std::int64_t columns, unsigned seed) {
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const std::vector<std::vector<T>> kinds{{0, T(-0.0)}, {T(-0.0)}, {-1, T(-0.0), -2}, {1, 0, T(-0.0)}, {-inf}, {inf, 1, -inf}, {nan}, {-nan, -3}, {nan, inf, 2}, {-3, -2, -1.5}, {-nan, nan, -inf}, {1, 2, 3, -4}};
  std::mt19937 random(seed);
  std::vector<T> values;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) values.push_back(kinds[r % kinds.size()][random() % kinds[r % kinds.size()].size()]);
  return Tensor(values).reshape({rows, columns});
}

bool agree(double a, double b) { return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b); }

void expect_reference(const Variable& x, const std::vector<Variable>& outputs, const Tensor& value) {
  const Results got = function({x}, outputs)(value);
  const std::vector<Tensor> wanted = reference::evaluate(outputs, {{x, value}});
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const std::vector<double> is = got[k].template to_vector<double>(), should = wanted[k].template to_vector<double>();
    REQUIRE(is.size() == should.size());
    for (std::size_t i = 0; i < is.size(); ++i) {
      INFO("output " << k << " element " << i << " of " << to_string(value.sizes()) << ": " << is[i] << " instead of " << should[i]);
      CHECK(agree(is[i], should[i]));
    }
  }
}

template <class T>
void check_extremes() {
  const Variable x = matrix<T>("x");
  for (const std::int64_t columns : {1, 2, 15, 16, 17, 64, 131})
    expect_reference(x, {max(x, 1), min(x, 1), argmax(x, 1), argmax(-x, 1), max(x, 0), min(x, 0), argmax(x, 0), max(x), min(x)}, awkward<T>(37, columns, 1));
  const Variable flat = vector<T>("flat");
  for (const std::int64_t n : {1, 3, 100, 1009}) expect_reference(flat, {max(flat), argmax(flat, 0), min(flat)}, awkward<T>(1, n, 2).reshape({n}));
  expect_reference(x, {max(sum(x, 1)), sum(max(x, 1)), max(x - expand_dims(max(x, 1), 1), 0)}, Tensor::uniform(DType::int32, {33, 67}, 3, -9, 9).astype(dtype_of<T>));
}

template <class T>
void check_places_down_columns() {
  for (const std::int64_t rows : {1, 2, 613}) {
    const Variable x = input<T>("x", {rows, 131}), turned = input<T>("turned", {131, rows});
    const Tensor value = reference::evaluate({transpose(turned)}, {{turned, awkward<T>(131, rows, 3)}});
    expect_reference(x, {argmax(x, 0), max_and_argmax(-x, 0).second, max_and_argmax(x, 0).first}, value);
  }
}

// Long rows are searched in two steps.
template <class T>
void check_places_in_long_rows() {
  const Variable x = matrix<T>("x"), known = input<T>("known", {13, 5003});
  const Tensor value = awkward<T>(13, 5003, 4);
  expect_reference(x, {argmax(x, 1), max(x, 1)}, value);
  expect_reference(known, {argmax(known, 1), argmax(-known, 1)}, value);
  const Variable flat = vector<T>("flat");
  for (const std::int64_t largest : {0, 2047, 2048, 40000, 99999}) {
    std::vector<T> values(100000, T(1));
    values[largest] = 2;
    values[99999] = 2;
    expect_reference(flat, {argmax(flat, 0)}, Tensor(values));
    values[largest] = std::numeric_limits<T>::quiet_NaN();
    expect_reference(flat, {argmax(flat, 0)}, Tensor(values));
  }
}

}  // namespace

TEST_CASE("places of largest values down columns of known numbers") {
  check_places_down_columns<float>();
  check_places_down_columns<double>();
}
TEST_CASE("places of largest values in long rows") {
  check_places_in_long_rows<float>();
  check_places_in_long_rows<double>();
}
TEST_CASE("extremes of float32 among awkward numbers") { check_extremes<float>(); }
TEST_CASE("extremes of float64 among awkward numbers") { check_extremes<double>(); }

TEST_CASE("the largest of computed values is found again by its gradient") {
  const Variable x = matrix<double>("x"), y = matrix<double>("y"), b = input<double>("b", {x.dims()[0], 1});
  const Variable c = x * y - b;
  const std::vector<Tensor> arguments{Tensor::randn<double>({200, 67}, 1), Tensor::randn<double>({200, 67}, 2), Tensor::randn<double>({200, 1}, 3)};
  for (const int axis : {0, 1}) {
    const Function f = function({x, y, b}, {grad(sum(max(c * c, axis)), c), grad(sum(min(c * c, axis)), c)});
    const Results gradients = f.call(arguments);
    // One element of each row, or column, has influence.
    for (const Tensor& gradient : gradients) {
      const std::vector<double> values = gradient.to_vector<double>();
      CHECK(std::ranges::count_if(values, [](double g) { return g != 0; }) == (axis == 0 ? 67 : 200));
    }
  }
}

TEST_CASE("choices by a bit of short integers are no look-ups of short floats") {
  const Variable x = vector<std::int16_t>("x");
  for (const DType dtype : {DType::float16, DType::bfloat16}) {
    const Function f = function({x}, {cast(where((x & 8) != 0, cast(constant(Tensor(3.F)), dtype), cast(constant(Tensor(2.F)), dtype)), DType::float32)});
    std::vector<std::int16_t> values(40);
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<std::int16_t>(k * 7);
    const std::vector<float> found = Tensor(f(values)).to_vector<float>();
    for (std::size_t k = 0; k < values.size(); ++k) CHECK(found[k] == (values[k] & 8 ? 3.F : 2.F));
  }
}
