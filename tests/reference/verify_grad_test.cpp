#include <theon/gradient.h>

#include "src/graph/fields.h"

#include <catch2/catch.hpp>

#include <memory>

using namespace theon;

namespace {

/// x * x whose derivative is wrong for positive x.
class WrongSquare final : public Defined<WrongSquare, ElementOp> {
 public:
  static auto fields(auto&) { return std::tie(); }
  std::string name() const override { return "wrong_square"; }
  Signature infer(std::span<const Variable> inputs, Location) const override { return {{inputs[0].type()}}; }
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override {
    const ir::Expr x = context.load(0, indices);
    return {x * x};
  }
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> g) const override {
    return {g[0] * where(node.inputs[0] > 0, 3.0, 2.0) * node.inputs[0]};
  }
  std::vector<Variable> pushforward(const Apply&, std::span<const Variable> t) const override { return {t[0]}; }
};

std::string complaint(const std::vector<Tensor>& point, const VerifyOptions& options = {}) {
  try {
    verify_grad([](Variable x) { return apply(std::make_shared<const WrongSquare>(), {x}, {}); }, point, options);
  } catch (const GradientError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a right gradient passes in every precision") {
  for (const DType dtype : {DType::float64, DType::float32}) {
    const Tensor x = Tensor::randn(dtype, {3, 4}, 1);
    CHECK_NOTHROW(verify_grad([](Variable a) { return log(sum(exp(a), 1)); }, {x}));
    CHECK_NOTHROW(verify_grad([](Variable a) { return tanh(a); }, {x}, {.step = 1e-4, .seed = 5}));
  }
}

TEST_CASE("several arguments, integers among them") {
  const std::function<Variable(std::vector<Variable>)> power = [](std::vector<Variable> x) {
    return pow(x[0], x[1]) * x[2];
  };
  CHECK_NOTHROW(verify_grad(power, {Tensor(std::vector<double>{1.5, 2}), Tensor(std::vector<int>{3, 2}), Tensor(0.5)}));
}

TEST_CASE("a wrong gradient is an error that names the worst element") {
  CHECK(complaint({Tensor(std::vector<double>{-1, -2})}).empty());
  const std::string text = complaint({Tensor::of<double>({-1, -2, 1, -3}, {2, 2})});
  CHECK(text.find("verify_grad: the derivative with respect to element [1, 0] of argument 0 is") != std::string::npos);
}

TEST_CASE("tolerances may be chosen") {
  CHECK(complaint({Tensor(1.0)}, {.relative = 0.5, .absolute = 0.5}).empty());
  CHECK_FALSE(complaint({Tensor(1.0)}, {.relative = 0.1}).empty());
}
