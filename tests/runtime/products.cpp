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
