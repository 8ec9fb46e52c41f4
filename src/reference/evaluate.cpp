#include "src/reference/evaluate.h"

#include "src/graph/print.h"
#include "src/graph/traversal.h"
#include "src/ops/effect.h"
#include "src/reference/loops.h"
#include "src/reference/regions.h"
#include "src/reference/sizes.h"
#include "src/support/check.h"

#include <algorithm>

namespace theon::reference {

namespace {

/// A graph while it is evaluated: the values of its variables, and of the symbols in their dims.
class Evaluation {
 public:
  explicit Evaluation(SymbolValues symbols) : symbols_(std::move(symbols)) {}

  std::vector<Tensor> run(std::span<const Variable> outputs, const Arguments& arguments, Location where);

 private:
  Tensor value(const Variable& x, Location where) const;
  void run(const Apply& node);
  std::vector<Tensor> results(const Apply& node, std::span<const Tensor> inputs);
  std::vector<Tensor> run_host_op(const Apply& node, std::span<const Tensor> inputs) const;
  std::vector<Tensor> run_graph(const Graph& graph, std::span<const Tensor> inputs, Location where) const;
  void check_obligations(const Apply& node) const;
  void learn_sizes(const Apply& node, std::span<const Tensor> outputs);

  VariableMap<Tensor> values_;
  SymbolValues symbols_;
};

void check_effect(const Apply& node, std::span<const Tensor> inputs) {
  const auto* check = dynamic_cast<const Check*>(node.op.get());
  if (check && !inputs[1].item<bool>()) throw CheckError(node.where, check->message());
}

void check_arguments(const Arguments& arguments, Location where) {
  for (const auto& [x, value] : arguments)
    if (x.is_empty() || x.node()->role != Node::Role::input)
      fail<ArgumentError>(where, "a value is given to {}, which is no input",
                          x.is_empty() ? "an empty Variable" : brief(x));
}

std::vector<Tensor> Evaluation::run(std::span<const Variable> outputs, const Arguments& arguments, Location where) {
  std::vector<Binding> bindings;
  for (const auto& [x, value] : arguments) {
    bindings.push_back({*as_leaf(x), value});
    if (!values_.emplace(x, value).second) fail<ArgumentError>(where, "input {} is given two values", x.name());
  }
  bind_sizes(bindings, symbols_, where);
  for (const Apply* node : toposort(outputs)) run(*node);
  std::vector<Tensor> results;
  // A result is the caller's to write to: it shares no memory with a leaf.
  for (const Variable& x : outputs) results.push_back(value(x, where).copy());
  return results;
}

Tensor Evaluation::value(const Variable& x, Location where) const {
  if (const Constant* constant = as_constant(x)) return constant->value;
  if (as_shared(x)) return snapshot(x);
  const auto found = values_.find(x);
  if (found == values_.end()) fail<ArgumentError>(where, "{} has no value; give it one", brief(x));
  return found->second;
}

void Evaluation::run(const Apply& node) {
  check_obligations(node);
  std::vector<Tensor> inputs;
  for (const Variable& x : node.inputs) inputs.push_back(value(x, node.where));
  check_indices(node, inputs, symbols_);
  check_effect(node, inputs);
  std::vector<Tensor> outputs = results(node, inputs);
  learn_sizes(node, outputs);
  check_obligations(node);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    THEON_CHECK(outputs[k].dtype() == node.types[k].dtype && outputs[k].sizes() == symbols_(node.types[k].dims));
    values_.emplace(node.output(k), std::move(outputs[k]));
  }
}

std::vector<Tensor> Evaluation::results(const Apply& node, std::span<const Tensor> inputs) {
  const GraphFunction inner = [&](const Graph& graph, std::span<const Tensor> values) {
    return run_graph(graph, values, node.where);
  };
  switch (node.op->op_class()) {
    case Op::Class::element:
      return run_element_op(node, inputs, symbols_);
    case Op::Class::scatter:
      return run_scatter_op(node, inputs, symbols_);
    case Op::Class::host:
      return run_host_op(node, inputs);
    case Op::Class::composite:
      return inner(static_cast<const CompositeOp&>(*node.op).body(node), inputs);
    case Op::Class::region:
      return run_region_op(node, inputs, symbols_, inner);
  }
  __builtin_unreachable();
}

std::vector<Tensor> Evaluation::run_host_op(const Apply& node, std::span<const Tensor> inputs) const {
  std::vector<Tensor> contiguous, outputs;
  for (const Tensor& x : inputs) contiguous.push_back(x.contiguous());
  for (const TensorType& type : node.types) {
    const bool is_known = std::ranges::all_of(type.dims, [&](const Dim& dim) { return symbols_.knows(dim); });
    outputs.push_back(is_known ? Tensor(type.dtype, symbols_(type.dims)) : Tensor());
  }
  static_cast<const HostOp&>(*node.op).run(contiguous, outputs);
  return outputs;
}

std::vector<Tensor> Evaluation::run_graph(const Graph& graph, std::span<const Tensor> inputs, Location where) const {
  Arguments arguments;
  for (std::size_t i = 0; i < inputs.size(); ++i) arguments.emplace_back(graph.inputs[i], inputs[i]);
  return Evaluation(symbols_).run(graph.outputs, arguments, where);
}

/// Sizes that the node itself is about to learn are checked when it has.
void Evaluation::check_obligations(const Apply& node) const {
  for (const Obligation& obligation : node.obligations) check_obligation(obligation, symbols_);
}

void Evaluation::learn_sizes(const Apply& node, std::span<const Tensor> outputs) {
  for (const Op::Binding& binding : node.op->binds()) {
    const Tensor& output = outputs[binding.output];
    const std::int64_t size = binding.axis < 0 ? output.item<std::int64_t>() : output.size(binding.axis);
    if (size < 0)
      fail<ShapeError>(node.where, "{} is a size and must not be negative, but is {}", to_string(binding.symbol), size);
    symbols_.set(binding.symbol, size);
  }
}

}  // namespace

std::vector<Tensor> evaluate(const std::vector<Variable>& outputs, const Arguments& arguments, Location where) {
  check_arguments(arguments, where);
  return Evaluation({}).run(outputs, arguments, where);
}

Tensor evaluate(const Variable& output, const Arguments& arguments, Location where) {
  return evaluate(std::vector{output}, arguments, where)[0];
}

}  // namespace theon::reference
