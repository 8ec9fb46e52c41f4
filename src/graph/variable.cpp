#include "src/graph/limits.h"
#include "src/graph/node.h"
#include "src/graph/print.h"
#include "src/support/check.h"

#include <algorithm>
#include <utility>

namespace theon {

namespace {

const Node& node_of(const Variable& x) {
  if (x.is_empty()) throw ArgumentError({}, "an empty Variable has no type, name or owner");
  return *x.node();
}

const Name& name_of(const Variable& x) {
  const Node& node = node_of(x);
  if (node.role == Node::Role::apply) return static_cast<const Apply&>(node).name(x.index());
  return static_cast<const Leaf&>(node).name;
}

Variable leaf(const std::string& what, Leaf* made) {
  Variable x(NodeRef(made), 0);
  check_limits(what, made->type.dims, made->where);
  return x;
}

}  // namespace

const TensorType& Variable::type() const {
  const Node& node = node_of(*this);
  if (node.role != Node::Role::apply) return static_cast<const Leaf&>(node).type;
  const auto& apply = static_cast<const Apply&>(node);
  if (apply.is_pattern())
    fail<ArgumentError>(node.where, "{} is a pattern of a rewrite rule, and has no type", brief(*this));
  THEON_CHECK(index_ < apply.types.size());
  return apply.types[index_];
}

const Dim& Variable::dim(int axis) const {
  const int rank = ndim();
  if (axis < -rank || axis >= rank) fail<IndexError>(where(), "dim: axis {} of an array of rank {}", axis, rank);
  return dims()[axis < 0 ? axis + rank : axis];
}

const Apply* Variable::owner() const {
  const Node& node = node_of(*this);
  return node.role == Node::Role::apply ? static_cast<const Apply*>(&node) : nullptr;
}

std::string Variable::name() const { return name_of(*this).get(); }

const Variable& Variable::named(std::string name) const {
  name_of(*this).set(std::move(name));
  return *this;
}

Location Variable::where() const { return node_ ? node_->where : Location(); }

bool same(const Variable& a, const Variable& b) { return a.node().get() == b.node().get() && a.index() == b.index(); }

Variable input(DType dtype, std::string name, Shape dims, Location where) {
  for (const Dim& dim : dims)
    if (dim.known().value_or(0) < 0) fail<ShapeError>(where, "input {}: negative size {}", name, *dim.known());
  return leaf("input " + name, new Leaf(Node::Role::input, {dtype, std::move(dims)}, name, where));
}

Variable input_of_rank(int ndim, DType dtype, std::string name, Location where) {
  if (ndim < 0) fail<ArgumentError>(where, "input {}: a rank of {}", name, ndim);
  Shape dims;
  for (int axis = 0; axis < ndim; ++axis) dims.push_back(dim((name.empty() ? "n" : name) + "_" + std::to_string(axis)));
  return input(dtype, std::move(name), std::move(dims), where);
}

Variable constant(const Tensor& value, Location where) { return own_constant(value.copy(), where); }
Variable own_constant(Tensor value, Location where) { return leaf("constant", new Constant(std::move(value), where)); }

Shared shared(std::string name, Tensor value, Location where) {
  return Shared(leaf("shared " + name, new SharedLeaf(name, std::move(value), where)));
}

Tensor snapshot(const Variable& shared) {
  SharedState& state = *as_shared(shared)->state;
  const std::lock_guard lock(state.mutex);
  return state.value;
}

Tensor Shared::value() const { return snapshot(*this).copy(); }

void Shared::set_value(const Tensor& value, Location where) const {
  const SharedLeaf& leaf = *as_shared(*this);
  if (value.dtype() != leaf.type.dtype)
    fail<DTypeError>(where, "set_value of {}: the value is {}, the variable {}", name(), theon::name(value.dtype()),
                     theon::name(leaf.type.dtype));
  if (!std::ranges::equal(value.sizes(), leaf.type.dims))
    fail<ShapeError>(where, "set_value of {}: sizes {} differ from the variable's {}", name(), to_string(value.sizes()),
                     to_string(leaf.type.dims));
  Tensor copy = value.copy();
  const std::lock_guard lock(leaf.state->mutex);
  leaf.state->value = std::move(copy);
}

void Operand::literal(double number) { value_ = own_constant(Tensor(number), where_); }
void Operand::literal(std::int64_t number) { value_ = own_constant(Tensor(number), where_); }

}  // namespace theon
