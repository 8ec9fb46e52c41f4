// Nests that are cut into the parts of their domain, against the reference evaluator and plain loops.
#include <theon/theon.h>

#include "src/reference/evaluate.h"
#include "tests/runtime/fence.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <functional>

using namespace theon;

namespace {

class Isa {
 public:
  explicit Isa(const char* name) { setenv("THEON_ISA", name, 1); }
  ~Isa() { unsetenv("THEON_ISA"); }
};

using Formula = std::function<std::vector<Variable>(const Variable&)>;

/// Exactly what the reference evaluator says, for sizes that are known and for sizes that are not, with vectors of
/// every width. Elements are small integers: every order of operations is exact.
void expect_exact(const Sizes& sizes, const Formula& formula) {
  const Tensor value = Tensor::uniform(DType::int32, sizes, 3, -9, 10).astype(DType::float64);
  for (const char* isa : {"avx512", "avx2", "sse2"})
    for (const bool known : {true, false}) {
      const Isa masked(isa);
      const Variable x = known ? input<double>("x", Shape(sizes.begin(), sizes.end()))
                               : input_of_rank(static_cast<int>(sizes.size()), DType::float64, "x");
      const std::vector<Variable> outputs = formula(x);
      const Results got = function({x}, outputs)(value);
      const std::vector<Tensor> wanted = reference::evaluate(outputs, {{x, value}});
      for (std::size_t k = 0; k < wanted.size(); ++k) {
        INFO(isa << ", output " << k << " of " << to_string(sizes) << ", known: " << known);
        CHECK(got[k].to_vector<double>() == wanted[k].to_vector<double>());
      }
    }
}

const Slice inside = slice(1, -1);

/// The mean of neighbours inside, the border as it was.
Variable smoothed(const Variable& u) {
  const Variable around = index(u, {inside, slice(0, -2)}) + index(u, {inside, slice(2, Bound())}) +
                          index(u, {slice(0, -2), inside}) + index(u, {slice(2, Bound()), inside});
  return set_subtensor(u, {inside, inside}, around * 0.25);
}

}  // namespace

TEST_CASE("a stencil keeps its border") {
  for (const std::int64_t rows : {3, 4, 7, 31})
    for (const std::int64_t columns : {3, 5, 17, 61, 130})
      expect_exact({rows, columns}, [](const Variable& u) { return std::vector{smoothed(u), smoothed(u) * 2 + u}; });
}

TEST_CASE("parts with nothing, one element or all of it") {
  for (const std::int64_t n : {1, 2, 3, 5, 37, 64, 1000}) {
    expect_exact({n}, [](const Variable& x) { return std::vector{inc_subtensor(x, {slice(1, Bound())}, 3)}; });
    expect_exact({n}, [](const Variable& x) { return std::vector{inc_subtensor(x, {slice(0, -1)}, x[slice(1, Bound())])}; });
    expect_exact({n}, [](const Variable& x) { return std::vector{set_subtensor(x, {slice()}, exp(x * 0)), set_subtensor(x, {slice(-3, Bound())}, 5)}; });
    expect_exact({n}, [](const Variable& x) { return std::vector{concatenate({x, x * 2, x + 1})}; });
  }
}

TEST_CASE("joined rows, joined columns and joined planes") {
  for (const std::int64_t n : {1, 3, 13, 40})
    for (int axis = 0; axis < 3; ++axis)
      expect_exact({5, n, 11}, [&](const Variable& x) {
        const Variable joined = concatenate({x, sqr(x), x - 1}, axis);
        return std::vector{joined, joined + 1, concatenate({joined, joined * joined}, (axis + 1) % 3)};
      });
}

TEST_CASE("a plate cools as plain loops say") {
  constexpr std::int64_t rows = 19, columns = 23;
  const Variable u = input<double>("u", {rows, columns});
  const Variable cooled = scan({.from = {u}, .n_steps = 50}, [](Variable plate) { return smoothed(plate); }).states[0];
  const Tensor start = Tensor::uniform(DType::float64, {rows, columns}, 1);
  std::vector<double> plate = start.to_vector<double>();
  for (int step = 0; step < 50; ++step) {
    const std::vector<double> before = plate;
    for (std::int64_t i = 1; i < rows - 1; ++i)
      for (std::int64_t j = 1; j < columns - 1; ++j) {
        const std::int64_t k = i * columns + j;
        plate[k] = (before[k - 1] + before[k + 1] + before[k - columns] + before[k + columns]) * 0.25;
      }
  }
  CHECK_THAT(function({u}, {cooled})(start)[0].to_vector<double>(), Catch::Approx(plate).epsilon(1e-12));
}

TEST_CASE("of arrays that are joined, one that is empty is not read") {
  const Variable x = matrix<float>("x"), y = input<float>("y", {dim("m"), x.dim(1)});
  const Variable joined = concatenate({index(x, {slice(1, -1, 3)}), y, index(x, {slice(2, {}, 2)})});
  const Function f = function({x, y}, {joined, sum(joined, 0), softmax(joined), max(joined.T(), 1), dot(joined, y.T())});
  for (const std::int64_t rows : {0, 1, 2, 3}) {
    const test::Fenced of_x(Tensor::zeros<float>({rows, 37}), test::Fenced::At::end), of_y(Tensor::randn<float>({5, 37}, 1), test::Fenced::At::end);
    const std::int64_t before = rows > 2;
    CHECK(identical(f(of_x.tensor(), of_y.tensor())[0].slice(0, before, before + 5).copy(), of_y.tensor()));
  }
}
