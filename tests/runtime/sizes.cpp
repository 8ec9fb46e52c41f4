// Sizes that must be equal are one size to the compiler.
#include <theon/theon.h>

#include "runtime/compile.h"
#include "runtime/requirements.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <variant>

using namespace theon;
using Catch::Contains;

namespace {

const codegen::Program& program(const runtime::Compilation& made) { return made.executable->program; }

runtime::Compilation compiled(const std::vector<Variable>& inputs, const std::vector<Variable>& outputs) {
  const FunctionOptions options;
  std::vector<In> in(inputs.begin(), inputs.end());
  return runtime::compile(runtime::checked_request(in, outputs, options, Location::here()), options);
}

template <class Kind>
std::ptrdiff_t count(const codegen::Program& program) {
  return std::count_if(program.steps.begin(), program.steps.end(),
                       [](const codegen::Step& step) { return std::holds_alternative<Kind>(step.node); });
}

}  // namespace

TEST_CASE("a product of matrices of any sizes accumulates into its neighbour") {
  const Variable w = matrix<float>("w"), x = matrix<float>("x"), g = matrix<float>("g");
  const runtime::Compilation made = compiled({w, x, g}, {w - 0.1f * dot(x.T(), g)});
  CHECK(count<codegen::KernelStep>(program(made)) == 1);
}

TEST_CASE("arrays of sizes that must agree run as one loop") {
  const Variable x = matrix<double>("x"), y = matrix<double>("y"), z = matrix<double>("z");
  const runtime::Compilation made = compiled({x, y, z}, {tanh(x + y) * (y - z)});
  REQUIRE(program(made).kernels.size() == 1);
  CHECK(program(made).kernels[0].body.size() == 1);
  CHECK(std::get<codegen::KernelStep>(program(made).steps[0].node).trips == x.dim(0) * x.dim(1));
}

TEST_CASE("equations between sizes are solved for the symbols of later inputs, and for numbers") {
  const Variable x = input<float>("x", {dim("a"), dim("b")}), y = input<float>("y", {dim("c"), 5});
  const auto equal = [](const Dim& left, const Dim& right) {
    return Obligation{Obligation::Relation::equal, left, right, Location::here(), ""};
  };
  const Dim a = x.dim(0), b = x.dim(1), c = y.dim(0), other = dim("other");
  const DimMap map = runtime::equalities({equal(c, 2 * a), equal(b, c), equal(5, a), equal(other, c)}, {x, y});
  CHECK(map(a) == Dim(5));
  CHECK(map(b) == Dim(10));
  CHECK(map(c) == Dim(10));
  CHECK(map(other) == other);
}

TEST_CASE("an equation that a size alone cannot solve is left to the call") {
  const Variable x = vector<float>("x");
  const Function f = function({x}, {reshape(x, {floor_div(x.dim(0), 2), 2})});
  CHECK(f(std::vector<float>{1, 2, 3, 4})[0].sizes() == Sizes{2, 2});
  CHECK_THROWS_AS(f(std::vector<float>{1, 2, 3}), ShapeError);
}

TEST_CASE("sizes that differ are reported as the operation sees them") {
  const Variable x = matrix<float>("x"), w = matrix<float>("w");
  const Function f = function({x, w}, {dot(x, w)});
  CHECK_THROWS_WITH(f(Tensor::zeros(DType::float32, {2, 3}), Tensor::zeros(DType::float32, {4, 5})),
                    Contains("inner dimensions x_1 and w_0 differ"));
}

TEST_CASE("a size that an argument is and one that an argument has must agree") {
  const Variable n = scalar<std::int64_t>("n"), r = arange(n);
  const Variable x = input<double>("x", {r.dim(0)});
  for (const Function& f : {function({x, n}, {x * 2.0 + r}), function({n, x}, {x * 2.0 + r})}) {
    const std::map<std::string, Tensor> fitting{{"x", Tensor(std::vector<double>{1, 1})}, {"n", Tensor(std::int64_t{2})}},
        longer{{"x", Tensor(std::vector<double>{1, 1})}, {"n", Tensor(std::int64_t{5})}};
    CHECK(f.call(fitting)[0].to_vector<double>() == std::vector<double>{2, 3});
    CHECK_THROWS_AS(f.call(longer), ShapeError);
  }
}

TEST_CASE("a size that is narrowed on the way is the narrow one") {
  const Variable n = scalar<std::int64_t>("n");
  const Function f = function({n}, {arange(cast(n, DType::int8))}), g = function({n}, {arange(cast(n, DType::uint8))});
  CHECK(f(std::int64_t{300})[0].sizes() == Sizes{44});
  CHECK(g(std::int64_t{-1})[0].sizes() == Sizes{255});
}

TEST_CASE("a result too large to exist is refused before anything is overwritten") {
  const Shared w = shared("w", Tensor(std::vector<double>{1}));
  const Variable x = vector<std::int64_t>("x");
  const Function f = function({x}, {w * 2.0, arange(sum(x)) * 3}, {.updates = {{w, w * 2.0}}});
  CHECK_THROWS_AS(f(std::vector<std::int64_t>{std::int64_t{1} << 59}), Error);
  CHECK(w.value().to_vector<double>() == std::vector<double>{1});
  CHECK(f(std::vector<std::int64_t>{2, 1})[1].to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 3, 6});
  CHECK(w.value().to_vector<double>() == std::vector<double>{2});
}

TEST_CASE("a row of probabilities without a target is an error, not a shorter mean") {
  const Variable p = matrix<float>("p"), t = vector<std::int32_t>("t"), q = matrix<float>("q");
  const Function picked = function({p, t}, {mean(categorical_crossentropy(softmax(p), t))});
  const Function weighed = function({p, q}, {mean(categorical_crossentropy(softmax(p), q))});
  const Tensor rows = Tensor::zeros<float>({6, 4});
  CHECK(picked(rows, Tensor::zeros<std::int32_t>({6}))[0].item<float>() == Approx(std::log(4.0f)));
  CHECK_THROWS_AS(picked(rows, Tensor::zeros<std::int32_t>({3})), ShapeError);
  CHECK_THROWS_AS(picked(rows, Tensor::zeros<std::int32_t>({8})), ShapeError);
  CHECK_THROWS_AS(weighed(rows, Tensor::zeros<float>({3, 4})), ShapeError);
}
