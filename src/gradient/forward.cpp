// Forward mode. One sweep over the graph, inputs first; every node's op pushes tangents of its inputs on to its
// outputs.
#include <theon/gradient.h>

#include "src/gradient/direction.h"
#include "src/graph/print.h"
#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <utility>

namespace theon {

namespace {

/// Pushes the tangents of a node's inputs on to its outputs; does nothing where no input has one.
void push_forward(const Apply& node, VariableMap<Variable>& tangents) {
  std::vector<Variable> arrived(node.inputs.size());
  bool any = false;
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    if (const auto found = tangents.find(node.inputs[i]); found != tangents.end()) {
      arrived[i] = found->second;
      any = true;
    }
  if (!any) return;
  const Attribution line(node.where);
  const std::vector<Variable> pushed = node.op->pushforward(node, arrived);
  THEON_CHECK(pushed.size() == node.outputs());
  // A tangent the user gave to an intermediate value replaces what arrives there.
  for (std::size_t k = 0; k < pushed.size(); ++k)
    if (!pushed[k].is_empty()) tangents.emplace(node.output(k), pushed[k]);
}

}  // namespace

std::vector<Variable> jvp(const std::vector<Variable>& ys, const std::vector<Variable>& xs,
                          const std::vector<Variable>& vs, Location where) {
  if (xs.size() != vs.size())
    fail<ArgumentError>(where, "jvp: {} variables and {} directions; each variable needs one", xs.size(), vs.size());
  for (const Variable& y : ys) require_differentiable("jvp", y, where);

  VariableMap<Variable> tangents;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    require_differentiable("jvp", xs[i], where);
    const bool is_new = tangents.emplace(xs[i], fitted_direction("jvp", vs[i], xs[i], where)).second;
    if (!is_new) fail<ArgumentError>(where, "jvp: {} is given twice", brief(xs[i]));
  }
  for (const Apply* node : toposort(ys)) push_forward(*node, tangents);

  std::vector<Variable> result;
  for (const Variable& y : ys) {
    const auto found = tangents.find(y);
    result.push_back(found == tangents.end() ? zeros(y.dtype(), y.dims(), where) : found->second);
  }
  return result;
}

Variable jvp(const Variable& y, const Variable& x, const Variable& v, Location where) {
  return jvp(std::vector{y}, std::vector{x}, std::vector{v}, where)[0];
}

}  // namespace theon
