#include <theon/gradient.h>

#include "src/graph/fields.h"

#include <memory>

namespace theon {

namespace {

/// An identity that derivatives do not pass.
class StopGradient final : public Defined<StopGradient, ElementOp> {
 public:
  static auto fields(auto&) { return std::tie(); }

  std::string name() const override { return "stop_gradient"; }
  Signature infer(std::span<const Variable> inputs, Location) const override { return {{inputs[0].type()}}; }
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override {
    return {context.load(0, indices)};
  }
  std::vector<Variable> pullback(const Apply&, std::span<const Variable>) const override { return {Variable()}; }
  std::vector<Variable> pushforward(const Apply&, std::span<const Variable>) const override { return {Variable()}; }
};

}  // namespace

Variable stop_gradient(Operand x) { return apply(std::make_shared<const StopGradient>(), {x.value()}, x.where()); }

}  // namespace theon
