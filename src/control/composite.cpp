#include "src/control/composite.h"

#include <theon/gradient.h>

#include "src/control/capture.h"
#include "src/control/derivative.h"
#include "src/graph/traversal.h"
#include "src/ops/elementwise.h"
#include "src/support/check.h"

#include <algorithm>
#include <optional>

namespace theon {

namespace {

/// A weak number takes the floating type of the others.
std::vector<Variable> typed(const std::vector<Operand>& operands, Location where) {
  std::optional<DType> common;
  for (const Operand& x : operands)
    if (!x.is_weak() && is_floating(x.value().dtype()))
      common = common ? promote(*common, x.value().dtype()) : x.value().dtype();
  std::vector<Variable> values;
  for (const Operand& x : operands) {
    const bool adapts = x.is_weak() && common && is_floating(x.value().dtype());
    values.push_back(adapts ? cast_to(x.value(), *common, where) : x.value());
  }
  return values;
}

void refuse_captures(const detail::CompositeDefinition& definition, const std::vector<Variable>& captured,
                     Location where) {
  for (const Variable& x : captured)
    if (definition.pullback && is_floating(x.dtype()))
      fail<ArgumentError>(where, "{}: it has a gradient of its own, but uses {} from outside; make that an argument",
                          definition.name, to_string(x));
}

bool same_types(std::span<const Variable> a, std::span<const Variable> b) {
  return std::ranges::equal(a, b, [](const Variable& x, const Variable& y) { return x.type() == y.type(); });
}

/// The part of an elementwise gradient that belongs to one argument.
Variable chained(const Variable& cotangent, const Variable& partial, const Variable& x) {
  return sum_to_shape(cast_to(cotangent * partial, x.dtype(), x.where()), x.dims(), x.where());
}

}  // namespace

Signature UserComposite::infer(std::span<const Variable> inputs, Location) const {
  const std::vector<Variable> outputs =
      same_types(inputs, graph_.inputs) ? graph_.outputs : substitute_inputs(graph_.outputs, graph_.inputs, inputs);
  Signature signature;
  for (const Variable& x : outputs) signature.outputs.push_back(x.type());
  return signature;
}

std::vector<Variable> UserComposite::expand(const Apply& node) const {
  return substitute_inputs(graph_.outputs, graph_.inputs, node.inputs);
}

std::vector<Variable> UserComposite::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  if (!definition_->pullback) {
    const std::vector<Variable> seeds = inputs_like(cotangents);
    std::vector<Variable> from = graph_.inputs, to = node.input_list();
    from.insert(from.end(), seeds.begin(), seeds.end());
    to.insert(to.end(), cotangents.begin(), cotangents.end());
    return substitute_inputs(pull_through(graph_, seeds), from, to);
  }
  const Variables operands(node.inputs.begin(), node.inputs.begin() + operands_);
  Variables pulled = definition_->pullback(operands, node.output_list(), {cotangents.begin(), cotangents.end()});
  if (pulled.size() != operands_)
    fail<GradientError>(node.where, "{}: its gradient gives {} cotangents for {} arguments", name(), pulled.size(),
                        operands_);
  pulled.resize(node.inputs.size());
  return pulled;
}

std::vector<Variable> UserComposite::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  if (definition_->pullback) return pushforward_by_pullback(node, tangents);
  const std::vector<Variable> seeds = inputs_like(tangents);
  std::vector<Variable> from = graph_.inputs, to = node.input_list();
  from.insert(from.end(), seeds.begin(), seeds.end());
  to.insert(to.end(), tangents.begin(), tangents.end());
  return substitute_inputs(push_through(graph_, seeds), from, to);
}

OpRef UserComposite::with_inner(std::vector<Graph> graphs) const {
  return std::make_shared<const UserComposite>(definition_, operands_, std::move(graphs.at(0)));
}

std::vector<Variable> pushforward_by_pullback(const Apply& node, std::span<const Variable> tangents) {
  std::vector<Variable> outputs, seeds;
  for (std::size_t i = 0; i < node.outputs(); ++i) {
    outputs.push_back(is_floating(node.types[i].dtype) ? node.output(i) : Variable());
  }
  seeds = inputs_like(outputs);
  const std::vector<Variable> pulled = node.op->pullback(node, seeds);
  GradOptions options{.disconnected = Disconnected::none};
  for (std::size_t i = 0; i < pulled.size(); ++i)
    if (!pulled[i].is_empty() && !tangents[i].is_empty()) options.known_grads.emplace_back(pulled[i], tangents[i]);
  std::vector<Variable> result(outputs.size());
  if (options.known_grads.empty()) return result;
  const std::vector<Variable> pushed = grad({}, present(seeds), options, node.where);
  for (std::size_t i = 0, next = 0; i < result.size(); ++i)
    if (!seeds[i].is_empty()) result[i] = pushed[next++];
  return result;
}

namespace detail {

void wrong_number_of_arguments(std::size_t given, Location where) {
  fail<ArgumentError>(where, "a function was to be called with {} Variables, but takes another number of them", given);
}

Variables apply_composite(const std::shared_ptr<const CompositeDefinition>& definition,
                          const std::vector<Operand>& operands) {
  const Location where = operands.at(0).where();
  std::vector<Variable> inputs = typed(operands, where);
  const std::uint64_t since = next_node();
  std::vector<Variable> parameters;
  for (const Variable& x : inputs) parameters.push_back(input(x.dtype(), x.name(), x.dims(), x.where()));
  const Variables results = definition->value(parameters);
  ClosedGraph closed = close_over(std::move(parameters), results, since, where);
  refuse_captures(*definition, closed.captured, where);
  const auto op = std::make_shared<const UserComposite>(definition, inputs.size(), std::move(closed.graph));
  inputs.insert(inputs.end(), closed.captured.begin(), closed.captured.end());
  return apply_all(op, std::move(inputs), where);
}

Pullback elementwise_pullback(std::vector<ListFunction> partials) {
  return [partials](const Variables& inputs, const Variables&, const Variables& cotangents) {
    if (partials.size() != inputs.size())
      fail<GradientError>(cotangents[0].where(), "an elementwise function of {} arguments has {} derivatives",
                          inputs.size(), partials.size());
    Variables result;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      result.push_back(is_floating(inputs[i].dtype()) ? chained(cotangents[0], partials[i](inputs).at(0), inputs[i])
                                                      : Variable());
    return result;
  };
}

}  // namespace detail

}  // namespace theon
