// Matrix products with few columns, in every layout.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace theon;

namespace {

struct Layout {
  bool a_transposed, b_transposed;
};

/// x as it lies in memory: transposed or not.
Variable as_factor(const Variable& x, bool transposed) { return transposed ? x.T() : x; }
Sizes stored(std::int64_t rows, std::int64_t columns, bool transposed) {
  return transposed ? Sizes{columns, rows} : Sizes{rows, columns};
}

double at(const std::vector<double>& x, std::int64_t row, std::int64_t column, const Sizes& sizes, bool transposed) {
  return transposed ? x[column * sizes[1] + row] : x[row * sizes[1] + column];
}

/// The largest error of c - 0.5 a b, over the rounding that the sum of k products may have.
double worst(DType dtype, std::int64_t m, std::int64_t n, std::int64_t k, Layout layout) {
  const Sizes of_a = stored(m, k, layout.a_transposed), of_b = stored(k, n, layout.b_transposed);
  // The few columns are known, the rest is not.
  const Variable a = input(dtype, "a", Shape{dim("a_0"), dim("a_1")});
  Shape b_dims{a.dim(layout.a_transposed ? 0 : 1), n};
  if (layout.b_transposed) std::swap(b_dims[0], b_dims[1]);
  const Variable b = input(dtype, "b", b_dims), c = input(dtype, "c", {a.dim(layout.a_transposed ? 1 : 0), n});
  const Function f = function(
      {a, b, c}, {c - cast(constant(Tensor(0.5)), dtype) * dot(as_factor(a, layout.a_transposed), as_factor(b, layout.b_transposed))});
  const Tensor x = Tensor::randn(dtype, of_a, 1), y = Tensor::randn(dtype, of_b, 2), z = Tensor::randn(dtype, {m, n}, 3);
  const std::vector<double> got = f(x, y, z)[0].to_vector<double>(), xs = x.to_vector<double>(), ys = y.to_vector<double>(),
                            zs = z.to_vector<double>();
  const double epsilon = dtype == DType::float32 ? 0x1p-23 : 0x1p-52;
  double most = 0;
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      long double exact = 0, size = std::fabs(zs[i * n + j]);
      for (std::int64_t l = 0; l < k; ++l) {
        const long double term = static_cast<long double>(at(xs, i, l, of_a, layout.a_transposed)) * at(ys, l, j, of_b, layout.b_transposed);
        exact += term;
        size += std::fabs(term);
      }
      exact = zs[i * n + j] - 0.5L * exact;
      most = std::max(most, static_cast<double>(std::fabs(got[i * n + j] - exact) / (epsilon * size)));
    }
  return most;
}

}  // namespace

TEST_CASE("products with few columns are right in every layout") {
  for (const char* isa : {"avx512", "avx2", "sse2"}) {
    setenv("THEON_ISA", isa, 1);
    for (const DType dtype : {DType::float32, DType::float64})
      for (const Layout layout : {Layout{false, false}, {true, false}, {false, true}, {true, true}})
        for (const std::int64_t n : {2, 3, 10, 16, 17}) {
          INFO(isa << ", " << name(dtype) << ", " << n << " columns, " << layout.a_transposed << layout.b_transposed);
          double most = 0;
          for (const auto & [m, k] : {std::pair(0, 3), {1, 5000}, {7, 0}, {5, 1}, {2, 17}, {33, 64}, {101, 31}})
            most = std::max(most, worst(dtype, m, n, k, layout));
          CHECK(most < 16);
        }
  }
  unsetenv("THEON_ISA");
}

TEST_CASE("an update by a product with few columns happens in the variable's memory") {
  const Shared w = shared("w", Tensor::zeros(DType::float32, {50, 4}));
  const Variable x = input<float>("x", {dim("batch"), 50}), g = input<float>("g", {x.dim(0), 4});
  const Function f = function({x, g}, {}, {.updates = {{w, w + dot(x.T(), g)}}});
  CHECK_THAT(f.explain(), Catch::Contains("product_0") && Catch::Contains("from here on nothing fails"));
  for (int i = 0; i < 3; ++i) f(Tensor::ones<float>({6, 50}), Tensor::ones<float>({6, 4}));
  CHECK(w.value().to_vector<float>() == std::vector<float>(200, 18.0f));
}

TEST_CASE("a part or a repetition of a sum with a product is computed as such") {
  const Variable a = matrix<double>("a"), b = matrix<double>("b"), c = matrix<double>("c");
  const Variable whole = c + dot(a, b);
  const Function f = function({a, b, c}, {index(whole, {slice(0, 1)}), index(whole, {slice(), slice(0, 1)}),
                                          broadcast_to(expand_dims(whole, 2), {c.dim(0), c.dim(1), 3})});
  const Function one = function({a, b, c}, {index(whole, {slice(0, 1)})});
  const Tensor x = Tensor::randn(DType::float64, {40, 3}, 1), y = Tensor::randn(DType::float64, {3, 4}, 2),
               z = Tensor::randn(DType::float64, {40, 4}, 3);
  const std::vector<double> all = function({a, b, c}, {whole})(x, y, z)[0].to_vector<double>();
  const Results got = f(x, y, z);
  for (std::int64_t i = 0; i < 40; ++i)
    for (std::int64_t j = 0; j < 4; ++j) {
      if (i == 0) CHECK(got[0].at<double>({i, j}) == Approx(all[j]));
      if (i == 0) CHECK(one(x, y, z)[0].at<double>({i, j}) == Approx(all[j]));
      if (j == 0) CHECK(got[1].at<double>({i, j}) == Approx(all[4 * i]));
      for (std::int64_t k = 0; k < 3; ++k) CHECK(got[2].at<double>({i, j, k}) == Approx(all[4 * i + j]));
    }
}
