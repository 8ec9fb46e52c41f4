#include "src/control/scan.h"

#include "src/control/capture.h"
#include "src/control/state.h"
#include "src/graph/binding.h"
#include "src/graph/traversal.h"
#include "src/ops/index.h"
#include "src/ops/shape.h"
#include "src/support/check.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_set>

namespace theon {

namespace {

TensorType without_first_axis(const TensorType& type) {
  return {type.dtype, Shape(type.dims.begin() + 1, type.dims.end())};
}

TensorType with_first_axis(const Dim& size, TensorType type) {
  type.dims.insert(type.dims.begin(), size);
  return type;
}

/// Requires an input of the node to be what the body's input says.
void require_type(const TensorType& given, const TensorType& expected, const std::string& what, Signature& signature,
                  Location where) {
  THEON_CHECK(given.dtype == expected.dtype && given.ndim() == expected.ndim());
  const auto message = [&] {
    return fmt::format("{} is {} where the loop was built for {}", what, to_string(given), to_string(expected));
  };
  for (int axis = 0; axis < given.ndim(); ++axis)
    require_equal(given.dims[axis], expected.dims[axis], message, signature, where);
}

void require_length(const Variable& sequence, const Dim& steps, Signature& signature, Location where) {
  const auto message = [&] {
    return fmt::format("scan: a loop of {} steps over an array of {}", to_string(steps), to_string(sequence.dims()));
  };
  require_equal(sequence.dims()[0], steps, message, signature, where);
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// The number of steps asked for, if any.
std::optional<Dim> asked_steps(const Bound& n_steps, Location where) {
  if (const Dim* dim = std::get_if<Dim>(&n_steps.value)) return *dim;
  if (const Variable* variable = std::get_if<Variable>(&n_steps.value)) return size(*variable, where);
  return std::nullopt;
}

void check_sequences(const ScanOptions& options, Location where) {
  for (const Variable& x : options.over)
    if (x.ndim() == 0) fail<ShapeError>(where, "{}: a scan over {}, which is a scalar", options.name, to_string(x));
  if (options.over.empty() && std::holds_alternative<std::monostate>(options.n_steps.value))
    fail<ArgumentError>(where, "{}: there is neither an array to go over nor a number of steps", options.name);
}

Variable slice_parameter(const Variable& x, Location where) {
  const TensorType type = without_first_axis(x.type());
  return input(type.dtype, x.name().empty() ? "" : x.name() + "_t", type.dims, where);
}

/// The loop's parameters, before its body is known.
Loop open_loop(const ScanOptions& options, Location where) {
  const std::optional<Dim> asked = asked_steps(options.n_steps, where);
  Loop loop{.name = options.name, .steps = asked ? *asked : options.over[0].dim(0)};
  for (const Variable& x : options.over) {
    const AxisSlice first{.start = 0, .length = loop.steps, .checked = true};
    loop.sequences.push_back(asked ? slice_axis(x, 0, first, where) : x);
    loop.slices.push_back(slice_parameter(x, where));
  }
  loop.initial = options.from;
  loop.states = state_parameters(options.from, where);
  return loop;
}

/// The body's inputs that its outputs depend on.
std::unordered_set<const Node*> used_inputs(const Loop& loop) {
  std::vector<Variable> outputs = loop.next;
  append(outputs, loop.emitted);
  std::unordered_set<const Node*> used;
  for (const Variable& x : leaves(outputs)) used.insert(x.node().get());
  return used;
}

/// Erases pairs of an outer variable and an unused input of the body.
void keep_used(std::vector<Variable>& outer, std::vector<Variable>& inner,
               const std::unordered_set<const Node*>& used) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (!used.contains(inner[i].node().get())) continue;
    outer[kept] = outer[i];
    inner[kept++] = inner[i];
  }
  outer.resize(kept);
  inner.resize(kept);
}

}  // namespace

Signature Scan::infer(std::span<const Variable> inputs, Location where) const {
  THEON_CHECK(inputs.size() >= spec_.body_inputs() && body_.inputs.size() == spec_.body_inputs());
  Signature signature;
  require_sizes(name_, {spec_.steps}, signature, where);
  for (std::size_t i = 0; i < spec_.body_inputs(); ++i) {
    const bool is_sequence = i < spec_.sequences;
    if (is_sequence) require_length(inputs[i], spec_.steps, signature, where);
    const TensorType given = is_sequence ? without_first_axis(inputs[i].type()) : inputs[i].type();
    require_type(given, body_.inputs[i].type(), fmt::format("{}: input {}", name_, i), signature, where);
  }
  for (std::size_t k = 0; k < spec_.states; ++k)
    signature.outputs.push_back(body_.inputs[spec_.first_state() + k].type());
  for (std::size_t k = 0; k < spec_.states; ++k)
    signature.outputs.push_back(with_first_axis(spec_.steps, signature.outputs[k]));
  for (std::size_t k = 0; k < spec_.emitted; ++k)
    signature.outputs.push_back(with_first_axis(spec_.steps, body_.outputs[spec_.states + k].type()));
  return signature;
}

OpRef Scan::with_inner(std::vector<Graph> graphs) const {
  return std::make_shared<const Scan>(name_, spec_, std::move(graphs.at(0)));
}

LoopResults apply_loop(const Loop& loop, Location where) {
  const ScanSpec spec{loop.steps, loop.slices.size(), loop.states.size(), loop.inner.size(), loop.emitted.size()};
  Graph body{.inputs = loop.slices, .outputs = loop.next};
  append(body.inputs, loop.states);
  append(body.inputs, loop.inner);
  append(body.outputs, loop.emitted);
  std::vector<Variable> inputs = loop.sequences;
  append(inputs, loop.initial);
  append(inputs, loop.captured);
  inputs = with_binders(std::move(inputs), std::span(&loop.steps, 1));
  const std::vector<Variable> outputs =
      apply_all(std::make_shared<const Scan>(loop.name, spec, std::move(body)), std::move(inputs), where);
  const auto first = outputs.begin(), traces = first + spec.first_trace(), emitted = first + spec.first_emitted();
  return {{first, traces}, {traces, emitted}, {emitted, outputs.end()}};
}

LoopResults apply_pruned(Loop loop, Location where) {
  const auto used = used_inputs(loop);
  keep_used(loop.sequences, loop.slices, used);
  keep_used(loop.captured, loop.inner, used);
  return apply_loop(loop, where);
}

namespace detail {

ScanResult scan(const ScanOptions& options, const std::function<Step(const Variables&)>& step, Location where) {
  check_sequences(options, where);
  Loop loop = open_loop(options, where);
  Variables parameters = loop.slices;
  append(parameters, loop.states);
  const std::uint64_t since = next_node();
  const Step result = step(parameters);
  std::vector<Variable> results = checked_states(loop.name, loop.states, result.next, where);
  append(results, result.emit);
  ClosedGraph closed = close_over(std::move(parameters), results, since, where);
  const auto emitted = closed.graph.outputs.begin() + loop.states.size();
  loop.next.assign(closed.graph.outputs.begin(), emitted);
  loop.emitted.assign(emitted, closed.graph.outputs.end());
  loop.captured = closed.captured;
  loop.inner.assign(closed.graph.inputs.begin() + loop.slices.size() + loop.states.size(), closed.graph.inputs.end());
  const LoopResults outputs = apply_loop(loop, where);
  return {outputs.final_states, outputs.emitted};
}

}  // namespace detail

}  // namespace theon
