#include "src/control/while_loop.h"

#include "src/control/capture.h"
#include "src/control/state.h"
#include "src/ops/shape.h"
#include "src/support/check.h"

#include <memory>

namespace theon {

namespace {

Variable as_condition(const std::string& name, const Variables& results, Location where) {
  if (results.size() != 1)
    fail<ArgumentError>(where, "{}: the condition gives {} results; it gives one", name, results.size());
  if (!is_boolean(results[0].dtype()) || results[0].ndim() != 0)
    fail<ArgumentError>(where, "{}: the condition is {}; it must be a boolean scalar", name,
                        to_string(results[0].type()));
  return results[0];
}

void check_options(const WhileOptions& options, Location where) {
  if (options.from.empty()) fail<ArgumentError>(where, "{}: there are no initial states", options.name);
  if (options.max_steps.value_or(0) < 0)
    fail<ArgumentError>(where, "{}: max_steps is {}", options.name, *options.max_steps);
}

[[noreturn]] void refuse_derivative(const WhileLoop& op, Location where) {
  fail<GradientError>(where,
                      "{}: a loop of unknown length has no derivative; use scan with a fixed n_steps, and `where` for "
                      "steps that come after the end",
                      op.name());
}

}  // namespace

Signature WhileLoop::infer(std::span<const Variable> inputs, Location where) const {
  THEON_CHECK(inputs.size() == spec_.states + spec_.captured && body().inputs.size() == inputs.size());
  Signature signature;
  for (const Graph& graph : graphs_)
    for (std::size_t i = 0; i < inputs.size(); ++i)
      for (int axis = 0; axis < inputs[i].ndim(); ++axis)
        require_equal(
            inputs[i].dim(axis), graph.inputs[i].dim(axis), [this] { return name_ + ": it was built for other sizes"; },
            signature, where);
  for (std::size_t k = 0; k < spec_.states; ++k) signature.outputs.push_back(body().inputs[k].type());
  return signature;
}

std::vector<Variable> WhileLoop::pullback(const Apply& node, std::span<const Variable>) const {
  refuse_derivative(*this, node.where);
}
std::vector<Variable> WhileLoop::pushforward(const Apply& node, std::span<const Variable>) const {
  refuse_derivative(*this, node.where);
}

OpRef WhileLoop::with_inner(std::vector<Graph> graphs) const {
  return std::make_shared<const WhileLoop>(name_, spec_, std::move(graphs));
}

namespace detail {

Variables while_loop(const WhileOptions& options, const ListFunction& condition, const ListFunction& body,
                     Location where) {
  check_options(options, where);
  const std::vector<Variable> states = state_parameters(options.from, where);
  const std::uint64_t since = next_node();
  std::vector<Variable> results{as_condition(options.name, condition(states), where)};
  for (const Variable& next : checked_states(options.name, states, body(states), where)) results.push_back(next);
  const ClosedGraph closed = close_over(states, results, since, where);
  std::vector<Graph> graphs{{closed.graph.inputs, {closed.graph.outputs[0]}},
                            {closed.graph.inputs, {closed.graph.outputs.begin() + 1, closed.graph.outputs.end()}}};
  const WhileSpec spec{states.size(), closed.captured.size(), options.max_steps};
  Variables inputs = options.from;
  inputs.insert(inputs.end(), closed.captured.begin(), closed.captured.end());
  return apply_all(std::make_shared<const WhileLoop>(options.name, spec, std::move(graphs)), std::move(inputs), where);
}

}  // namespace detail

}  // namespace theon
