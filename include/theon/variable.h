// Symbolic values.
#pragma once

#include <theon/error.h>
#include <theon/tensor.h>
#include <theon/type.h>

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace theon {

class Node;
class Apply;
class FirstIndex;  // see <theon/ops.h>

namespace detail {
void retain(const Node* node) noexcept;
void release(const Node* node) noexcept;
/// `where`, or the line that what is made now belongs to: that of the node whose derivative is being built, for
/// example.
Location attributed(Location where) noexcept;
}  // namespace detail

/// Shared ownership of a graph node. Destruction is iterative: a chain of a million nodes dies on a small stack.
class NodeRef {
 public:
  NodeRef() = default;
  explicit NodeRef(const Node* node) noexcept : node_(node) {
    if (node_) detail::retain(node_);
  }
  NodeRef(const NodeRef& other) noexcept : NodeRef(other.node_) {}
  NodeRef(NodeRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodeRef& operator=(NodeRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodeRef() {
    if (node_) detail::release(node_);
  }

  const Node* get() const { return node_; }
  const Node* operator->() const { return node_; }
  const Node& operator*() const { return *node_; }
  explicit operator bool() const { return node_ != nullptr; }

 private:
  const Node* node_ = nullptr;
};

/// A symbolic array: a leaf (input, constant, shared) or one output of an Apply. A handle that owns what it refers to,
/// so `auto y = x + 1;` is always safe. `==` builds a node; `same(x, y)` asks for identity.
class Variable {
 public:
  /// No value: what a missing gradient is before a policy fills it. Using it as an operand throws ArgumentError.
  Variable() = default;
  Variable(NodeRef node, std::uint32_t index) : node_(std::move(node)), index_(index) {}

  const TensorType& type() const;
  DType dtype() const { return type().dtype; }
  const Shape& dims() const { return type().dims; }
  const Dim& dim(int axis) const;
  int ndim() const { return type().ndim(); }

  /// The Apply that computes it, or null for a leaf.
  const Apply* owner() const;
  /// Which output of its owner.
  std::uint32_t index() const { return index_; }
  const NodeRef& node() const { return node_; }
  explicit operator bool() const = delete;
  bool is_empty() const { return !node_; }

  /// "" when it was never named.
  std::string name() const;
  /// Names it, unless it has a name already; an annotation that makes no new node. Returns itself.
  const Variable& named(std::string name) const;
  /// The user's line that made it.
  Location where() const;

  /// NumPy's `.T`: all axes reversed.
  Variable T(std::source_location at = std::source_location::current()) const;
  /// x[i], x[slice(0, 5)], x[slice(i * 600, (i + 1) * 600)]: along the first axis; see `index` for several axes.
  Variable operator[](const FirstIndex& index) const;

 private:
  NodeRef node_;
  std::uint32_t index_ = 0;
};

/// Whether both are the same value of the same node.
bool same(const Variable& a, const Variable& b);

/// State that outlives calls. It is a Variable, and it holds a value that functions read and update. Its size is fixed:
/// the dims of the first value.
class Shared : public Variable {
 public:
  explicit Shared(Variable leaf) : Variable(std::move(leaf)) {}
  /// A copy.
  Tensor value() const;
  /// Throws DTypeError or ShapeError when the value does not fit; then nothing has changed.
  void set_value(const Tensor& value, Location where = Location::here()) const;
};

Shared shared(std::string name, Tensor value, Location where = Location::here());

/// A free variable of the given type: an argument of a function to come.
Variable input(DType dtype, std::string name, Shape dims, Location where = Location::here());
template <Scalar T>
Variable input(std::string name, Shape dims, Location where = Location::here()) {
  return input(dtype_of<T>, std::move(name), std::move(dims), where);
}
/// The same with a fresh symbol for each axis. A name of its own, since `{64}` would be a rank as well as a shape.
Variable input_of_rank(int ndim, DType dtype, std::string name = "", Location where = Location::here());
template <Scalar T>
Variable scalar(std::string name = "", Location where = Location::here()) {
  return input_of_rank(0, dtype_of<T>, std::move(name), where);
}
template <Scalar T>
Variable vector(std::string name = "", Location where = Location::here()) {
  return input_of_rank(1, dtype_of<T>, std::move(name), where);
}
template <Scalar T>
Variable matrix(std::string name = "", Location where = Location::here()) {
  return input_of_rank(2, dtype_of<T>, std::move(name), where);
}
template <Scalar T>
Variable tensor3(std::string name = "", Location where = Location::here()) {
  return input_of_rank(3, dtype_of<T>, std::move(name), where);
}
template <Scalar T>
Variable tensor4(std::string name = "", Location where = Location::here()) {
  return input_of_rank(4, dtype_of<T>, std::move(name), where);
}

/// A constant. The value is copied.
Variable constant(const Tensor& value, Location where = Location::here());

/// An argument of an operation: a variable, a tensor or a C++ number, with the user's line. A number is weak: it takes
/// the other operand's dtype within its kind and raises the kind otherwise. A C++ bool is not a number here.
class Operand {
 public:
  Operand(Variable value, std::source_location at = std::source_location::current())
      : value_(std::move(value)), where_(detail::attributed(at)) {}
  Operand(const Tensor& value, std::source_location at = std::source_location::current())
      : value_(constant(value, at)), where_(detail::attributed(at)) {}
  template <class T>
  requires(std::integral<T> || std::floating_point<T>) &&
      (!std::same_as<T, bool>)Operand(T number, std::source_location at = std::source_location::current())
      : where_(detail::attributed(at)),
  weak_(true) {
    if constexpr (std::floating_point<T>)
      literal(static_cast<double>(number));
    else
      literal(static_cast<std::int64_t>(number));
  }

  bool is_weak() const { return weak_; }
  Location where() const { return where_; }
  /// The variable; a number becomes int64 or float64.
  const Variable& value() const { return value_; }

 private:
  void literal(double number);
  void literal(std::int64_t number);

  Variable value_;
  Location where_;
  bool weak_ = false;
};

/// The expression in the user's syntax: "x**2.0 * y + sin(x)". Shared subexpressions and large graphs are named and
/// printed once.
std::string to_string(const Variable& x);
std::ostream& operator<<(std::ostream& out, const Variable& x);
/// Theano's debugprint: a line per node, indented, with types; a node met again is only referred to.
std::string debugprint(std::span<const Variable> outputs);
std::string debugprint(const Variable& output);
/// Graphviz.
std::string to_dot(std::span<const Variable> outputs);

}  // namespace theon
