#include "src/graph/traversal.h"

#include "src/graph/glance.h"
#include "src/graph/specify.h"
#include "src/ir/dim_node.h"
#include "src/support/check.h"
#include "src/support/pointer_numbers.h"

#include <algorithm>
#include <utility>

namespace theon {

namespace {

/// Calls `leave` for each Apply after all it depends on, without looking behind variables that are a `boundary`. An
/// explicit stack holds (node, next input to visit).
template <class Boundary, class Leave>
void visit_postorder(std::span<const Variable> outputs, Boundary is_boundary, Leave leave) {
  PointerNumbers seen;
  std::vector<std::pair<const Apply*, std::size_t>> path;
  const auto enter = [&](const Variable& x) {
    if (const Apply* node = owner_of(x); node && !is_boundary(x) && seen.add(node).second) path.emplace_back(node, 0);
  };
  for (const Variable& output : outputs) {
    enter(output);
    while (!path.empty()) {
      auto& [node, next] = path.back();
      if (next < node->inputs.size()) {
        enter(node->inputs[next++]);
      } else {
        const Apply* done = node;
        path.pop_back();
        leave(*done);
      }
    }
  }
}

bool nowhere(const Variable&) { return false; }

/// The symbols that must change for `value` to stand where `key` stood.
void unify(const Variable& key, const Variable& value, DimMap& map, Location where) {
  if (key.dtype() != value.dtype())
    fail<DTypeError>(where, "replace: {} is {}, its replacement {}", key.name(), name(key.dtype()),
                     name(value.dtype()));
  if (key.ndim() != value.ndim())
    fail<ShapeError>(where, "replace: {} has rank {}, its replacement {}", key.name(), key.ndim(), value.ndim());
  for (int axis = 0; axis < key.ndim(); ++axis) {
    const Dim& from = key.dim(axis);
    const Dim& to = value.dim(axis);
    if (from == to) continue;
    if (is_symbol(from))
      map.set(from, to);
    else if (equal(from, to) == Answer::no)
      fail<ShapeError>(where, "replace: axis {} of {} has size {}, its replacement {}", axis, key.name(),
                       to_string(from), to_string(to));
  }
}

void copy_names(const Apply& from, std::span<const Variable> to) {
  for (std::size_t i = 0; i < from.outputs() && i < to.size(); ++i)
    if (std::string name = from.name(i).get(); !name.empty()) to[i].named(std::move(name));
}

}  // namespace

std::vector<const Apply*> toposort(std::span<const Variable> outputs) {
  std::vector<const Apply*> order;
  visit_postorder(outputs, nowhere, [&](const Apply& node) { order.push_back(&node); });
  return order;
}

std::vector<const Apply*> toposort(std::span<const Variable> outputs,
                                   const std::function<bool(const Variable&)>& is_boundary) {
  std::vector<const Apply*> order;
  visit_postorder(outputs, is_boundary, [&](const Apply& node) { order.push_back(&node); });
  return order;
}

std::vector<Variable> leaves(std::span<const Variable> outputs) {
  std::vector<Variable> found;
  PointerNumbers seen;
  const auto meet = [&](const Variable& x) {
    if (!x.owner() && x.node()->role != Node::Role::constant && seen.add(x.node().get()).second) found.push_back(x);
  };
  visit_postorder(outputs, nowhere, [&](const Apply& node) {
    for (const Variable& x : node.inputs) meet(x);
  });
  for (const Variable& x : outputs) meet(x);
  return found;
}

void DimMap::set(const Dim& symbol, const Dim& value) {
  THEON_CHECK(is_symbol(symbol));
  for (auto& [from, to] : map_)
    if (from == symbol) {
      // A second size for one symbol is an equality to be obliged by whoever re-infers, not a second substitution.
      if (!to.is_known() && value.is_known()) to = value;
      return;
    }
  map_.emplace_back(symbol, value);
}

Dim DimMap::operator()(const Dim& dim) const {
  if (map_.empty() || dim.is_known()) return dim;
  return substitute(dim, [&](SymbolId symbol) -> std::optional<Dim> {
    for (const auto& [from, to] : map_)
      if (symbol_of(from) == symbol) return to;
    return std::nullopt;
  });
}

Shape DimMap::operator()(const Shape& shape) const {
  Shape mapped;
  mapped.reserve(shape.size());
  for (const Dim& dim : shape) mapped.push_back((*this)(dim));
  return mapped;
}

std::vector<Variable> rebuild(const Apply& node, std::vector<Variable> inputs, const DimMap& dims) {
  OpRef mapped = dims.is_empty() ? nullptr : node.op->with(dims);
  bool changed = mapped != nullptr;
  for (std::size_t i = 0; i < inputs.size() && !changed; ++i) changed = !same(inputs[i], node.inputs[i]);
  if (!changed) return node.output_list();
  const std::vector<Variable> outputs = apply_all(mapped ? std::move(mapped) : node.op, std::move(inputs), node.where);
  copy_names(node, outputs);
  return outputs;
}

namespace {

/// The variable that stands for `x`, where there is one.
const Variable& current(const VariableMap<Variable>& done, const Variable& x) {
  const auto it = done.find(x);
  return it == done.end() ? x : it->second;
}

std::vector<Variable> current(const VariableMap<Variable>& done, std::span<const Variable> list) {
  std::vector<Variable> result;
  result.reserve(list.size());
  for (const Variable& x : list) result.push_back(current(done, x));
  return result;
}

/// Builds everything between `outputs` and the keys of `done` again: `remake` gives the outputs of a node over its new
/// inputs.
template <class Remake>
std::vector<Variable> remade(std::span<const Variable> outputs, VariableMap<Variable> done, Remake remake) {
  const VariableMap<Variable> given = done;
  for (const Apply* node : toposort(outputs, [&](const Variable& x) { return given.contains(x); })) {
    const std::vector<Variable> made = remake(*node, current(done, node->inputs));
    for (std::size_t i = 0; i < made.size(); ++i)
      if (!same(made[i], node->output(i)))
        done.emplace(node->output(i), made[i]);  // keeps an explicit replacement of this output
  }
  return current(done, outputs);
}

/// The same in every run, whatever the addresses of the nodes.
std::vector<std::pair<Variable, Variable>> in_order(const VariableMap<Variable>& replacements) {
  std::vector<std::pair<Variable, Variable>> list(replacements.begin(), replacements.end());
  std::ranges::sort(list, {},
                    [](const auto& entry) { return std::pair(entry.first.node()->serial, entry.first.index()); });
  return list;
}

/// As `rebuild`, but a node that binds symbols binds new ones: over other inputs the old ones would have two values.
std::vector<Variable> rebound(const Apply& node, std::vector<Variable> inputs, DimMap& dims) {
  if (node.op->binds().empty() || std::ranges::equal(inputs, node.inputs, same))
    return rebuild(node, std::move(inputs), dims);
  std::vector<Variable> outputs = node.op->rebind(inputs, dims, node.where);
  copy_names(node, outputs);
  return outputs;
}

}  // namespace

std::vector<Variable> replace(std::span<const Variable> outputs, const VariableMap<Variable>& replacements,
                              Location where) {
  const auto ordered = in_order(replacements);
  DimMap dims;
  for (const auto& [key, value] : ordered) unify(key, value, dims, where);
  VariableMap<Variable> done;
  for (const auto& [key, value] : ordered) {
    const Variable fitted = specify_dims(value, dims(key.dims()), where);
    if (!key.name().empty()) fitted.named(key.name());
    done.emplace(key, fitted);
  }
  return remade(outputs, std::move(done), [&](const Apply& node, std::vector<Variable> inputs) {
    return rebound(node, std::move(inputs), dims);
  });
}

Graph substitute(const Graph& graph, const DimMap& map) {
  VariableMap<Variable> done;
  for (const Variable& x : graph.inputs)
    if (Shape dims = map(x.dims()); dims != x.dims())
      done.emplace(x, input(x.dtype(), x.name(), std::move(dims), x.where()));
  const auto remake = [&](const Apply& node, std::vector<Variable> inputs) {
    return rebuild(node, std::move(inputs), map);
  };
  return {current(done, graph.inputs), remade(graph.outputs, done, remake)};
}

bool same_graph(const Graph& a, const Graph& b) {
  if (a.inputs.size() != b.inputs.size() || a.outputs.size() != b.outputs.size()) return false;
  VariableMap<Variable> twin;
  for (std::size_t i = 0; i < a.inputs.size(); ++i) {
    if (a.inputs[i].dtype() != b.inputs[i].dtype() || a.inputs[i].ndim() != b.inputs[i].ndim()) return false;
    twin.emplace(a.inputs[i], b.inputs[i]);
  }
  const auto agree = [&](const Variable& x, const Variable& y) {
    if (const auto it = twin.find(x); it != twin.end()) return same(it->second, y);
    const Constant* c = as_constant(x);
    const Constant* d = as_constant(y);
    return c && d ? identical(c->value, d->value) : same(x, y);
  };
  const std::vector<const Apply*> left = toposort(a.outputs), right = toposort(b.outputs);
  if (left.size() != right.size()) return false;
  for (std::size_t n = 0; n < left.size(); ++n) {
    const Apply &x = *left[n], &y = *right[n];
    if (x.inputs.size() != y.inputs.size() || x.outputs() != y.outputs() || !x.op->equals(*y.op)) return false;
    for (std::size_t i = 0; i < x.inputs.size(); ++i)
      if (!agree(x.inputs[i], y.inputs[i])) return false;
    for (std::size_t i = 0; i < x.outputs(); ++i) twin.emplace(x.output(i), y.output(i));
  }
  for (std::size_t i = 0; i < a.outputs.size(); ++i)
    if (!agree(a.outputs[i], b.outputs[i])) return false;
  return true;
}

}  // namespace theon
