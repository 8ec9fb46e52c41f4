#include "src/control/external.h"

#include "src/control/composite.h"
#include "src/support/check.h"

#include <memory>

namespace theon {

namespace {

std::vector<TensorType> types_of(std::span<const Variable> list) {
  std::vector<TensorType> types;
  for (const Variable& x : list) types.push_back(x.type());
  return types;
}

void check_result(const std::string& name, const Tensor& expected, const Tensor& got) {
  if (got.dtype() != expected.dtype())
    fail<DTypeError>({}, "{}: it gives {} where it promised {}", name, theon::name(got.dtype()),
                     theon::name(expected.dtype()));
  if (got.sizes() != expected.sizes())
    fail<ShapeError>({}, "{}: it gives sizes {} where it promised {}", name, to_string(got.sizes()),
                     to_string(expected.sizes()));
}

}  // namespace

Signature External::infer(std::span<const Variable> inputs, Location where) const {
  Signature signature{definition_->infer(types_of(inputs))};
  if (signature.outputs.size() != outputs_)
    fail<ArgumentError>(where, "{}: it now has {} results where it had {}", name(), signature.outputs.size(), outputs_);
  return signature;
}

void External::run(std::span<const Tensor> inputs, std::span<Tensor> outputs) const {
  const std::vector<Tensor> results = definition_->run({inputs.begin(), inputs.end()});
  if (results.size() != outputs.size())
    fail<ArgumentError>({}, "{}: it gives {} results where it promised {}", name(), results.size(), outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    check_result(name(), outputs[i], results[i]);
    outputs[i] = results[i].contiguous();
  }
}

std::vector<Variable> External::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  if (!definition_->pullback) fail<GradientError>(node.where, "{}: it was declared without a gradient", name());
  Variables pulled =
      definition_->pullback(node.input_list(), node.output_list(), {cotangents.begin(), cotangents.end()});
  if (pulled.size() != node.inputs.size())
    fail<GradientError>(node.where, "{}: its gradient gives {} cotangents for {} arguments", name(), pulled.size(),
                        node.inputs.size());
  return pulled;
}

std::vector<Variable> External::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  return pushforward_by_pullback(node, tangents);
}

namespace detail {

Variables apply_external(const std::shared_ptr<const ExternalDefinition>& definition,
                         const std::vector<Operand>& operands) {
  std::vector<Variable> inputs;
  for (const Operand& x : operands) inputs.push_back(x.value());
  const std::size_t outputs = definition->infer(types_of(inputs)).size();
  return apply_all(std::make_shared<const External>(definition, outputs), std::move(inputs), operands.at(0).where());
}

}  // namespace detail

}  // namespace theon
