// Matrix products of all sizes and layouts, and what is computed with them, against sums in long double.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>

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

struct Case {
  std::int64_t m, n, k;
  Layout layout;
};

std::string to_string(const Case& c) {
  return std::to_string(c.m) + " x " + std::to_string(c.n) + ", sums of " + std::to_string(c.k) + (c.layout.a_transposed ? ", a transposed" : "") +
         (c.layout.b_transposed ? ", b transposed" : "");
}

double epsilon(DType dtype) { return dtype == DType::float32 ? 0x1p-23 : 0x1p-52; }

Shape as_stored(const Dim& rows, const Dim& columns, bool transposed) {
  return transposed ? Shape{columns, rows} : Shape{rows, columns};
}

/// c - 0.5 a b, for one layout.
Function update(DType dtype, const Dim& m, const Dim& n, const Dim& k, Layout layout) {
  const Variable a = input(dtype, "a", as_stored(m, k, layout.a_transposed)), b = input(dtype, "b", as_stored(k, n, layout.b_transposed)),
                 c = input(dtype, "c", {m, n});
  return function({a, b, c}, {c - cast(constant(Tensor(0.5)), dtype) * dot(as_factor(a, layout.a_transposed), as_factor(b, layout.b_transposed))});
}

Function update_of_any_size(DType dtype, Layout layout) { return update(dtype, dim("m"), dim("n"), dim("k"), layout); }

/// The largest error of `update`, over the rounding that the sum of k products may have.
double worst(const Function& f, DType dtype, const Case& c) {
  const auto [m, n, k, layout] = c;
  const Sizes of_a = stored(m, k, layout.a_transposed), of_b = stored(k, n, layout.b_transposed);
  const Tensor x = Tensor::randn(dtype, of_a, 1), y = Tensor::randn(dtype, of_b, 2), z = Tensor::randn(dtype, {m, n}, 3);
  const std::vector<double> got = f(x, y, z)[0].to_vector<double>(), xs = x.to_vector<double>(), ys = y.to_vector<double>(),
                            zs = z.to_vector<double>();
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
      most = std::max(most, static_cast<double>(std::fabs(got[i * n + j] - exact) / (epsilon(dtype) * size)));
    }
  return most;
}

double worst_of_known(DType dtype, const Case& c) { return worst(update(dtype, c.m, c.n, c.k, c.layout), dtype, c); }

/// While it lives, code is generated for that instruction set; null: for the machine.
class Isa {
 public:
  explicit Isa(const char* name) : before_(std::getenv("THEON_ISA") ? std::getenv("THEON_ISA") : "") { set(name ? name : ""); }
  ~Isa() { set(before_); }

 private:
  static void set(const std::string& name) { name.empty() ? unsetenv("THEON_ISA") : setenv("THEON_ISA", name.c_str(), 1); }
  const std::string before_;
};

/// Small integers: their products are exact in any order.
Tensor integers(DType dtype, const Sizes& sizes, std::uint64_t seed) { return Tensor::uniform(DType::int32, sizes, seed, -4, 5).astype(dtype); }

/// Exactly what the reference evaluator says, for sizes that are known and for sizes that are not.
void expect_exact(const std::vector<Sizes>& sizes, const std::function<Variable(const std::vector<Variable>&)>& formula, DType dtype = DType::float32,
                  const std::vector<const char*>& isas = {std::getenv("THEON_ISA")}) {
  std::vector<double> expected;
  for (const bool known : {true, false}) {
    std::vector<Variable> inputs;
    std::vector<Tensor> values;
    std::vector<In> in;
    reference::Arguments arguments;
    for (const Sizes& each : sizes) {
      const std::string name = "x" + std::to_string(inputs.size());
      inputs.push_back(known ? input(dtype, name, Shape(each.begin(), each.end())) : input_of_rank(static_cast<int>(each.size()), dtype, name));
      values.push_back(integers(dtype, each, 7 + inputs.size()));
      in.push_back(inputs.back());
      arguments.emplace_back(inputs.back(), values.back());
    }
    const Variable output = formula(inputs);
    if (known) expected = reference::evaluate(output, arguments).to_vector<double>();
    for (const char* isa : isas) {
      const Isa masked(isa);
      INFO("known: " << known << ", " << (isa ? isa : "the machine's own vectors"));
      CHECK(function(in, {output}).call(values)[0].to_vector<double>() == expected);
    }
  }
}

}  // namespace

TEST_CASE("products are right in every layout, known and unknown, of every size") {
  const std::vector<std::array<std::int64_t, 3>> sizes{{0, 3, 4},    {3, 0, 4},   {2, 3, 0},    {1, 1, 5000}, {1, 40, 70},  {70, 1, 40}, {16, 16, 16},
                                                       {17, 17, 17}, {5, 67, 31}, {61, 37, 29}, {9, 48, 1},   {10, 49, 64}, {101, 33, 7}, {130, 100, 101}};
  for (const char* isa : {"avx512", "avx2", "sse2"}) {
    const Isa masked(isa);
    for (const DType dtype : {DType::float32, DType::float64})
      for (const Layout layout : {Layout{false, false}, {true, false}, {false, true}, {true, true}}) {
        const Function any = update_of_any_size(dtype, layout);
        for (const auto& [m, n, k] : sizes) {
          const Case c{m, n, k, layout};
          INFO(isa << ", " << name(dtype) << ", " << to_string(c));
          CHECK(worst_of_known(dtype, c) < 16);
          CHECK(worst(any, dtype, c) < 16);
        }
      }
  }
}

TEST_CASE("products with few columns or rows are right in every layout") {
  for (const char* isa : {"avx512", "sse2"}) {
    const Isa masked(isa);
    for (const DType dtype : {DType::float32, DType::float64})
      for (const Layout layout : {Layout{false, false}, {true, false}, {false, true}, {true, true}})
        for (const std::int64_t few : {2, 10, 16}) {
          const Function columns = update(dtype, dim("m"), few, dim("k"), layout), rows = update(dtype, few, dim("n"), dim("k"), layout);
          for (const auto& [many, k] : {std::pair(0, 3), {1, 5000}, {7, 0}, {5, 1}, {2, 17}, {33, 64}, {101, 31}}) {
            INFO(isa << ", " << name(dtype) << ", " << few << " by " << many << ", sums of " << k << layout.a_transposed << layout.b_transposed);
            CHECK(worst(columns, dtype, {many, few, k, layout}) < 16);
            CHECK(worst(rows, dtype, {few, many, k, layout}) < 16);
          }
        }
  }
}

TEST_CASE("products that do not fit the caches are cut into blocks") {
  for (const Layout layout : {Layout{false, false}, {true, true}}) {
    const Function any = update_of_any_size(DType::float32, layout);
    for (const Case& c : {Case{300, 130, 2000, layout}, {700, 50, 513, layout}, {60, 1700, 300, layout}, {257, 1601, 1030, layout}}) {
      INFO(to_string(c));
      CHECK(worst_of_known(DType::float32, c) < 16);
      CHECK(worst(any, DType::float32, c) < 16);
    }
  }
}

TEST_CASE("what follows each element of a product is computed with it") {
  for (const char* isa : {"avx512", "avx2"}) {
    const Isa masked(isa);
    for (const Sizes& a : {Sizes{61, 70}, {7, 33}, {1, 100}})
      for (const std::int64_t n : {100, 37, 3}) {
        INFO(isa << ", " << to_string(a) << " by " << n);
        expect_exact({a, {a[1], n}, {n}}, [](const auto& x) { return maximum(dot(x[0], x[1]) + x[2], 0); });
        expect_exact({a, {a[1], n}, {n}, {a[0]}}, [](const auto& x) {
          const Variable y = dot(x[0], x[1]) + x[2];
          return where(y > 3, y * y, floor(y / 2) - expand_dims(x[3], 1)) + minimum(y, x[2]) * clip(y, -5, 5) - abs(y) + sign(y);
        });
      }
  }
}

TEST_CASE("batches of products") {
  expect_exact({{3, 20, 30}, {3, 30, 40}}, [](const auto& x) { return sum(expand_dims(x[0], 3) * expand_dims(x[1], 1), 2); });
  expect_exact({{2, 3, 20, 30}, {3, 30, 17}}, [](const auto& x) { return sum(expand_dims(x[0], 4) * expand_dims(expand_dims(x[1], 1), 0), 3); });
  // Every second row of the sums.
  expect_exact({{3, 20, 62}, {3, 31, 40}}, [](const auto& x) {
    return sum(expand_dims(index(x[0], {slice(), slice(), slice(0, {}, 2)}), 3) * expand_dims(x[1], 1), 2);
  });
  // A sum over the first axis; the batch in the middle.
  expect_exact({{30, 5, 20}, {30, 5, 40}}, [](const auto& x) { return sum(expand_dims(x[0], 3) * expand_dims(x[1], 2), 0); });
}

TEST_CASE("batches of products of small matrices, of any layout") {
  std::mt19937 random(7);
  const std::vector<std::int64_t> extents{0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17};
  const auto any = [&] { return extents[random() % extents.size()]; };
  for (const char* isa : {"avx512", "avx2", "sse2"}) {
    const Isa masked(isa);
    for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16})
      for (const Layout layout : {Layout{false, false}, {true, false}, {false, true}, {true, true}}) {
        const std::int64_t count = 257, m = any(), n = any(), k = any();
        INFO(isa << ", " << name(dtype) << ", " << to_string(Case{m, n, k, layout}));
        const auto batch = [&](std::int64_t rows, std::int64_t columns, bool transposed) {
          const Sizes each = stored(rows, columns, transposed);
          return Sizes{count, each[0], each[1]};
        };
        const auto turned = [](const Variable& x, bool transposed) { return transposed ? transpose(x, {0, 2, 1}) : x; };
        expect_exact({batch(m, k, layout.a_transposed), batch(k, n, layout.b_transposed), {n}}, [&](const auto& x) {
          const Variable a = turned(x[0], layout.a_transposed), b = turned(x[1], layout.b_transposed);
          return maximum(sum(expand_dims(a, 3) * expand_dims(b, 1), 2) - x[2], -3);
        }, dtype);
      }
  }
}

TEST_CASE("small matrices in batches that overlap, repeat, or are not known, in long sums and in place") {
  const auto products = [](const Variable& a, const Variable& b) { return sum(expand_dims(a, 3) * expand_dims(b, 1), 2); };
  // One matrix for all; every second number of the sums; batches of two axes.
  expect_exact({{700, 3, 5}, {5, 7}}, [&](const auto& x) { return products(x[0], broadcast_to(expand_dims(x[1], 0), {x[0].dim(0), x[1].dim(0), x[1].dim(1)})); });
  expect_exact({{300, 6, 10}, {300, 5, 6}}, [&](const auto& x) { return products(index(x[0], {slice(), slice(), slice(0, {}, 2)}), x[1]); });
  expect_exact({{20, 30, 6, 2}, {30, 2, 19}}, [](const auto& x) { return sum(expand_dims(x[0], 4) * expand_dims(expand_dims(x[1], 1), 0), 3); });
  expect_exact({{90, 2, 31}, {90, 31, 3}}, [&](const auto& x) { return products(x[0], x[1]); }, DType::float64);
  expect_exact({{9, 37, 32}, {9, 32, 3}}, [&](const auto& x) { return products(x[0], x[1]); });

  const Variable a = input<float>("a", {dim("batch"), 3, 4}), b = input<float>("b", {a.dim(0), 4, 3});
  const Function f = function({a, b}, {products(a, b)});
  CHECK_THAT(f.explain(), Catch::Contains("product_0"));
  for (const std::int64_t count : {0, 1, 100}) {
    const Tensor x = integers(DType::float32, {count, 3, 4}, 1), y = integers(DType::float32, {count, 4, 3}, 2);
    CHECK(f(x, y)[0].to_vector<float>() == reference::evaluate(products(a, b), {{a, x}, {b, y}}).to_vector<float>());
  }
  const Shared w = shared("w", Tensor::ones<float>({500, 3, 3}));
  const Function step = function({a, b}, {}, {.updates = {{w, w + products(a, b)}}});
  CHECK_THAT(step.explain(), Catch::Contains("from here on nothing fails"));
  for (int i = 0; i < 2; ++i) step(Tensor::ones<float>({500, 3, 4}), Tensor::ones<float>({500, 4, 3}));
  CHECK(w.value().to_vector<float>() == std::vector<float>(4500, 9.0f));
}

TEST_CASE("products whose left rows are pages apart") {
  for (const Sizes& size : {Sizes{37, 1024, 16}, Sizes{20, 2048, 40}})
    expect_exact({{size[0], size[1]}, {size[1], size[2]}}, [](const auto& x) { return dot(x[0], x[1]); });
}

TEST_CASE("products of half precision are summed in float32") {
  for (const DType dtype : {DType::bfloat16, DType::float16})
    expect_exact({{33, 70}, {70, 40}}, [](const auto& x) { return dot(x[0], x[1]); }, dtype);
}

TEST_CASE("an update by a product happens in the variable's memory") {
  for (const auto& [m, n] : {std::pair(50, 40), {500, 700}}) {
    const Shared w = shared("w", Tensor::zeros(DType::float32, {m, n}));
    const Variable x = input<float>("x", {dim("batch"), m}), g = input<float>("g", {x.dim(0), n});
    const Function f = function({x, g}, {}, {.updates = {{w, w + 2 * dot(x.T(), g)}}});
    CHECK_THAT(f.explain(), Catch::Contains("from here on nothing fails"));
    for (int i = 0; i < 3; ++i) f(Tensor::ones<float>({6, m}), Tensor::ones<float>({6, n}));
    CHECK(w.value().to_vector<float>() == std::vector<float>(m * n, 36.0f));
  }
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

TEST_CASE("a matrix times its own transpose is what it is times an equal matrix") {
  for (const Sizes& size : {Sizes{300, 40}, {200, 333}, {257, 1700}, {5, 9}, {0, 3}})
    for (const bool known : {true, false}) {
      INFO(size[0] << " x " << size[1] << ", known: " << known);
      const Shape dims = known ? Shape{size[0], size[1]} : Shape{dim("rows"), dim("columns")};
      const Variable x = input<float>("x", dims), y = input<float>("y", dims), z = input<float>("z", {dims[0], dims[0]});
      const auto all = [&](const Variable& other) {
        return std::vector<Variable>{dot(x, other.T()), dot(x.T(), other), maximum(3 * dot(x, other.T()) - z, -20)};
      };
      const Tensor value = integers(DType::float32, size, 3), added = integers(DType::float32, {size[0], size[0]}, 4);
      const Results own = function({x, z}, all(x))(value, added), equal = function({x, y, z}, all(y))(value, value, added);
      for (std::size_t k = 0; k < own.size(); ++k) CHECK(own[k].to_vector<float>() == equal[k].to_vector<float>());
    }
  expect_exact({{190, 9}}, [](const auto& x) { return dot(x[0], x[0].T()); }, DType::float64);
}

namespace {

/// Exact on small integers, and longer than storing it takes.
Variable costly(const Variable& x) {
  const Variable y = where(x > 1, x - 3, abs(x) + 1), z = minimum(y * y, 7) - maximum(x, -2);
  return where(z < 2, z + 1, -z) + clip(y, -1, 2) + sign(x);
}

}  // namespace

TEST_CASE("what computes a factor of a product runs as it is packed") {
  using Formula = std::function<Variable(const Variable& a, const Variable& b)>;
  const std::vector<Formula> formulas{
      [](const Variable& a, const Variable& b) { return dot(costly(a), b); },
      [](const Variable& a, const Variable& b) { return dot(costly(a.T()), b.T()); },
      [](const Variable& a, const Variable& b) { return dot(2 * a - 1, 1 - b); },
      [](const Variable& a, const Variable& b) { return dot((costly(a.T()) * 2).T().T(), costly(b).T()); },
      [](const Variable& a, const Variable& b) { return maximum(dot(a + expand_dims(index(a, {slice(), -1}), 1), b - index(b, {-1})), -9); },
      // Loads in two orders; a join; rows that are looked up; a reversed operand.
      [](const Variable& a, const Variable& b) { return dot(concatenate({costly(a), a * 2}, 1), concatenate({b, b + 1}, 0)); },
      [](const Variable& a, const Variable& b) { return dot(costly(index(a, {slice(), slice({}, {}, -1)})), index(b, {slice({}, {}, -1)})); },
      [](const Variable& a, const Variable& b) { return dot(costly(take(a, cast(abs(index(a, {slice(), 0})) * 0, DType::int64), 0)), b); },
  };
  // Both sides of what decides where elements are packed: the bytes of the left operand, few rows and columns, steps of the sum.
  const std::vector<Sizes> sizes{{133, 510, 67}, {17, 40, 33}, {40, 1801, 20}, {3, 50, 200}, {90, 40, 2}, {0, 5, 40}, {40, 0, 20}, {1, 1, 1}};
  for (std::size_t n = 0; n < formulas.size(); ++n)
    for (const Sizes& size : sizes) {
      if ((n == 4 || n == 7) && size[0] * size[1] == 0) continue;  // there is no row to look up
      INFO("formula " << n << ", " << to_string(size));
      const bool is_turned = n == 1 || n == 3;
      expect_exact({stored(size[0], size[1], is_turned), stored(size[1], size[2], is_turned)},
                   [&](const auto& x) { return formulas[n](x[0], x[1]); }, DType::float64, {"avx512", "avx2"});
    }
}

TEST_CASE("a factor is computed as it is packed where nobody else reads it and packing is done once") {
  const Variable x = input<float>("x", {700, 400}), w = input<float>("w", {400, 400}), v = input<float>("v", {700, 400});
  const auto packs = [&](const Variable& y) {
    const Function f = function({x, w, v}, {y}, {.on_unused_input = OnUnusedInput::ignore});
    return f.explain().find("left operand computed as it is packed") != std::string::npos;
  };
  CHECK(packs(dot(tanh(x), w)));
  CHECK(packs(dot(tanh(x * v), w) + v));
  CHECK(packs(dot(x * v, w)));
  CHECK(packs(dot(softmax(x), w)));  // the division alone
  CHECK_FALSE(packs(dot(x, tanh(w))));
  CHECK_FALSE(packs(dot(tanh(x), w) + tanh(x)));
  CHECK_FALSE(packs(dot(tanh(index(x, {slice(0, 300)})), w)));
}

TEST_CASE("a factor that is also added to the product is stored") {
  for (const Sizes& size : {Sizes{40, 40}, {600, 300}})
    expect_exact({{size[0], size[1]}, {size[1], size[1]}}, [](const auto& x) {
      const Variable h = maximum(x[0], 0), g = costly(x[0]);
      return dot(h, x[1]) + h + dot(g, x[1]) * 2 - g;
    });
}

TEST_CASE("long sums of few rows are packed whole") {
  const auto packed = [](const auto& x) { return dot(maximum(x[0], 0), x[1]); };
  const auto turned = [](const auto& x) { return dot(maximum(x[0].T(), 0), x[1]); };
  for (const DType dtype : {DType::float32, DType::bfloat16}) {
    expect_exact({{32, 2048}, {2048, 40}}, packed, dtype);
    expect_exact({{2048, 32}, {2048, 40}}, turned, dtype);
    expect_exact({{32, 2048}, {2048, 40}}, [](const auto& x) { return dot(x[0], x[1]); }, dtype);
  }
}

TEST_CASE("a row times a matrix is shared among threads, and its bits are those of one") {
  const Variable x = input<float>("x", {1, 1100}), w = input<float>("w", {1100, 2100}), u = input<float>("u", {2100, 1100});
  const Tensor a = Tensor::randn(DType::float32, {1, 1100}, 1), b = Tensor::randn(DType::float32, {1100, 2100}, 2), c = Tensor::randn(DType::float32, {2100, 1100}, 3);
  const auto on = [&](int threads) { return function({x, w, u}, {dot(x, w), tanh(dot(x, u.T()))}, {.threads = threads}); };
  const Results one = on(1)(a, b, c);
  const Function two = on(2);
  CHECK_THAT(two.explain(), !Catch::Contains(" for 1, shared") && !Catch::Contains(" for 1 "));
  const Results shared = two(a, b, c);
  for (std::size_t k = 0; k < 2; ++k) CHECK(one[k].to_vector<float>() == shared[k].to_vector<float>());
  expect_exact({{1, 300}, {300, 2100}}, [](const auto& y) { return maximum(dot(y[0] - 1, y[1]), 3); });
}

TEST_CASE("factors are computed in batches, for symmetric products, in other dtypes, in loops and by several threads") {
  const auto products = [](const Variable& a, const Variable& b) { return sum(expand_dims(a, 3) * expand_dims(b, 1), 2); };
  expect_exact({{3, 20, 130}, {3, 130, 40}}, [&](const auto& x) { return products(costly(x[0]), costly(x[1])); });
  expect_exact({{3, 200, 600}, {600, 20}}, [&](const auto& x) { return products(costly(x[0]), broadcast_to(expand_dims(2 * x[1], 0), {x[0].dim(0), x[1].dim(0), x[1].dim(1)})); });
  expect_exact({{300, 50}}, [](const auto& x) { return dot(x[0] - 1, (x[0] - 1).T()); });
  expect_exact({{50, 300}}, [](const auto& x) { return dot(costly(x[0]).T(), costly(x[0])); }, DType::float64);
  expect_exact({{300, 500}, {500, 20}}, [](const auto& x) { return dot(cast(2 * x[0], DType::float32), cast(cast(x[1] + 1, DType::int8), DType::float32)); }, DType::float64);
  for (const DType half : {DType::bfloat16, DType::float16})
    expect_exact({{90, 300}, {300, 40}}, [](const auto& x) { return dot(cast(abs(x[0]) > 2, x[0].dtype()), x[1]); }, half);
  expect_exact({{70, 70}, {70, 70}}, [](const auto& x) {
    return scan({.from = {x[0]}, .n_steps = 3}, [&](Variable state) { return clip(dot(costly(state), x[1] - 1), -3, 3); }).states[0];
  });
  const Variable a = input<float>("a", {700, 300}), b = input<float>("b", {300, 90});
  const Tensor x = integers(DType::float32, {700, 300}, 1), y = integers(DType::float32, {300, 90}, 2);
  const Variable c = dot(costly(a), b + 1);
  const std::vector<float> expected = reference::evaluate(c, {{a, x}, {b, y}}).to_vector<float>();
  for (int threads = 1; threads <= 3; ++threads) CHECK(function({a, b}, {c}, {.threads = threads})(x, y)[0].to_vector<float>() == expected);
}

TEST_CASE("a factor that each sum reads once is computed where it is read") {
  expect_exact({{37, 50}, {50}}, [](const auto& x) { return dot(costly(x[0]), x[1]); });
  expect_exact({{37, 50}, {37}}, [](const auto& x) { return dot(costly(x[0]).T(), costly(x[1])); });
  expect_exact({{501}, {501}}, [](const auto& x) { return dot(costly(x[0]), x[1] - 1); });
  expect_exact({{1, 50}, {50, 70}}, [](const auto& x) { return dot(x[0], costly(x[1])); });
  const Variable x = input<float>("x", {37, 50}), w = input<float>("w", {50});
  CHECK_THAT(function({x, w}, {dot(tanh(x), w)}).explain(), !Catch::Contains("#1"));
}
