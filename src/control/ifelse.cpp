#include "src/control/ifelse.h"

#include "src/control/capture.h"
#include "src/control/derivative.h"
#include "src/graph/specify.h"
#include "src/graph/traversal.h"
#include "src/ops/shape.h"
#include "src/support/check.h"

#include <algorithm>
#include <memory>

namespace theon {

namespace {

using List = std::vector<Variable>;

Variable in_type_of(const Variable& x, const Variable& model, Location where) {
  const std::string types =
      fmt::format("ifelse: one branch gives {}, the other {}", to_string(model.type()), to_string(x.type()));
  if (x.dtype() != model.dtype()) fail<DTypeError>(where, "{}; cast one of them", types);
  if (x.ndim() != model.ndim()) throw ShapeError(where, types);
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (equal(x.dim(axis), model.dim(axis)) == Answer::no) throw ShapeError(where, types);
  return specify_dims(x, model.dims(), where);
}

/// Where one branch has something, both have: zeros in the other.
void fill_gaps(List& one, List& other, Location where) {
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i].is_empty() && !other[i].is_empty()) one[i] = zeros(other[i].dtype(), other[i].dims(), where);
    if (other[i].is_empty() && !one[i].is_empty()) other[i] = zeros(one[i].dtype(), one[i].dims(), where);
  }
}

/// Puts results in the places where `pattern` is not empty.
List spread_over(const List& pattern, const List& results) {
  List spread(pattern.size());
  for (std::size_t i = 0, next = 0; i < pattern.size(); ++i)
    if (!pattern[i].is_empty()) spread[i] = results[next++];
  return spread;
}

List extended(std::span<const Variable> list, std::span<const Variable> more) {
  List both(list.begin(), list.end());
  const List added = present(more);
  both.insert(both.end(), added.begin(), added.end());
  return both;
}

/// The branch's outputs over other inputs than its own: both branches must agree on them.
List moved(const List& outputs, const Graph& from, std::span<const Variable> to) {
  return substitute_inputs(outputs, from.inputs, to);
}

/// An ifelse of branches with one list of inputs, which stand for `captured`.
List apply_branches(const Variable& condition, const List& inputs, List then, List otherwise,
                    std::span<const Variable> captured, Location where) {
  List operands{condition};
  operands.insert(operands.end(), captured.begin(), captured.end());
  std::vector<Graph> branches{{inputs, std::move(then)}, {inputs, std::move(otherwise)}};
  return apply_all(std::make_shared<const IfElse>(std::move(branches)), std::move(operands), where);
}

Variable boolean_scalar(const Operand& condition) {
  const Variable& x = condition.value();
  if (!is_boolean(x.dtype()) || x.ndim() != 0)
    fail<ArgumentError>(condition.where(),
                        "ifelse: the condition is {}; it must be a boolean scalar (`where` chooses element by element)",
                        to_string(x.type()));
  return x;
}

}  // namespace

Signature IfElse::infer(std::span<const Variable> inputs, Location where) const {
  THEON_CHECK(inputs.size() == then().inputs.size() + 1 && is_boolean(inputs[0].dtype()));
  Signature signature;
  for (const Graph& branch : branches_)
    for (std::size_t i = 0; i < branch.inputs.size(); ++i)
      for (int axis = 0; axis < branch.inputs[i].ndim(); ++axis)
        require_equal(
            inputs[i + 1].dim(axis), branch.inputs[i].dim(axis),
            [] { return std::string("ifelse: a branch was built for other sizes"); }, signature, where);
  for (const Variable& x : then().outputs) signature.outputs.push_back(x.type());
  return signature;
}

// The derivative of a choice is the choice of derivatives. The branches' inputs are made one list first, for a graph
// keeps its own.
std::vector<Variable> IfElse::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const List captured(node.inputs.begin() + 1, node.inputs.end());
  const List seeds = inputs_like(cotangents);
  List one = pull_through(then(), seeds), other = moved(pull_through(otherwise(), seeds), otherwise(), then().inputs);
  fill_gaps(one, other, node.where);
  List result = spread_over(one, apply_branches(node.inputs[0], extended(then().inputs, seeds), present(one),
                                                present(other), extended(captured, cotangents), node.where));
  result.insert(result.begin(), Variable());
  return result;
}

std::vector<Variable> IfElse::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  const List captured(node.inputs.begin() + 1, node.inputs.end());
  const List seeds = inputs_like(tangents.subspan(1));
  List one = push_through(then(), seeds), other = moved(push_through(otherwise(), seeds), otherwise(), then().inputs);
  fill_gaps(one, other, node.where);
  return spread_over(one, apply_branches(node.inputs[0], extended(then().inputs, seeds), present(one), present(other),
                                         extended(captured, tangents.subspan(1)), node.where));
}

OpRef IfElse::with_inner(std::vector<Graph> graphs) const { return std::make_shared<const IfElse>(std::move(graphs)); }

namespace detail {

Variables ifelse(const Operand& condition, const std::function<Variables()>& then,
                 const std::function<Variables()>& otherwise) {
  const Location where = condition.where();
  const Variable chosen = boolean_scalar(condition);
  const std::uint64_t since = next_node();
  Variables results = then();
  const Variables others = otherwise();
  if (results.size() != others.size())
    fail<ArgumentError>(where, "ifelse: one branch gives {} results, the other {}", results.size(), others.size());
  const std::size_t count = results.size();
  for (std::size_t i = 0; i < count; ++i) results.push_back(in_type_of(others[i], results[i], where));
  const ClosedGraph closed = close_over({}, results, since, where);
  const auto middle = closed.graph.outputs.begin() + count;
  return apply_branches(chosen, closed.graph.inputs, {closed.graph.outputs.begin(), middle},
                        {middle, closed.graph.outputs.end()}, closed.captured, where);
}

}  // namespace detail

}  // namespace theon
