// What an operation is. Five kinds: ElementOp, ScatterOp, HostOp, RegionOp, CompositeOp.
#pragma once

#include "src/graph/node.h"
#include "src/ir/element.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace theon {

/// A substitution of dim symbols.
class DimMap;

/// Inputs and outputs of an inner graph. The inputs are leaves; everything else that the outputs reach is constant or
/// made from them.
struct Graph {
  std::vector<Variable> inputs;
  std::vector<Variable> outputs;
};

/// How an op prints as an expression: `x + y`, `-x`, or name(x, y) without a symbol.
struct Notation {
  std::string_view symbol = {};
  int precedence = 0;  // higher binds tighter
};

/// An integer input whose elements must lie in [-extent, extent); the op's definition clamps them.
struct IndexCheck {
  std::size_t input;
  int axis;  // of the indexed array, for the message
  Dim extent;
};

class Op {
 public:
  enum class Class : std::uint8_t { element, scatter, host, region, composite };

  virtual ~Op() = default;
  Class op_class() const { return class_; }

  virtual std::string name() const = 0;
  /// Output types; throws the user's errors, at `where`.
  virtual Signature infer(std::span<const Variable> inputs, Location where) const = 0;
  /// An input whose type is that of the only output, where a glance at the types tells: then `infer` is not asked, and
  /// there are no obligations.
  virtual std::optional<std::size_t> typed_like(std::span<const Variable>) const { return std::nullopt; }
  /// How many outputs it has, also where inputs are patterns.
  virtual std::size_t outputs() const { return 1; }

  /// One cotangent per input, given one per output. Empty Variables stand for "disconnected" in both. Throws
  /// GradientError where no derivative exists.
  virtual std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const = 0;
  /// One tangent per output, given one per input; empty Variables as above.
  virtual std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const = 0;

  /// Attributes: two ops are interchangeable when their classes and attributes are equal.
  virtual bool equals(const Op& other) const = 0;
  virtual std::size_t hash() const = 0;
  /// "axis=1", or "" without attributes.
  virtual std::string attributes() const { return ""; }
  virtual Notation notation() const { return {}; }
  /// The op with dim symbols in its attributes replaced; null where it has none.
  virtual OpRef with(const DimMap& map) const;
  /// Whether its attributes mention dim symbols: then its value depends on more than its inputs.
  virtual bool has_symbols() const { return false; }

  /// Whether the order of inputs does not matter.
  virtual bool commutes() const { return false; }
  /// Whether two applications to the same inputs may become one (false for random draws and effects), and an unused one
  /// may go.
  virtual bool is_pure() const { return true; }
  /// Symbols whose values are known once the node has run: each is the size of an axis of an output, or the value of a
  /// scalar output.
  struct Binding {
    Dim symbol;
    std::size_t output;
    int axis;  // negative: the output's value
  };
  virtual std::vector<Binding> binds() const { return {}; }
  /// The outputs of a node that binds symbols, over inputs that mean something else: it binds other symbols, and `map`
  /// learns what becomes of the old ones.
  virtual std::vector<Variable> rebind(std::span<const Variable> inputs, DimMap& map, Location where) const;
  /// What a call must check before the node runs; a violation is an IndexError.
  virtual std::vector<IndexCheck> index_checks(const Apply&) const { return {}; }

  /// The inner graphs of a RegionOp or CompositeOp.
  virtual std::span<const Graph> inner() const { return {}; }
  /// The same op around other inner graphs.
  virtual OpRef with_inner(std::vector<Graph> graphs) const;

 protected:
  explicit Op(Class op_class) : class_(op_class) {}

 private:
  Class class_;
};

/// Fills equality, hash and printing of an op from `auto fields() const { return std::tie(...); }` of Self. See
/// src/graph/fields.h for the types a field may have.
template <class Self, class Base>
class Defined;

/// What an element definition may ask of its surroundings.
class ElementContext {
 public:
  virtual ~ElementContext() = default;
  virtual ir::Pool& pool() const = 0;
  virtual const Apply& node() const = 0;
  /// The element of input `input` at `indices`, one index per axis of that input.
  virtual ir::Expr load(std::size_t input, std::span<const ir::Expr> indices) const = 0;
  ir::Expr load(std::size_t input, std::initializer_list<ir::Expr> indices) const {
    return load(input, std::span<const ir::Expr>(indices.begin(), indices.size()));
  }
  const TensorType& input(std::size_t k) const { return node().inputs[k].type(); }
  const TensorType& output(std::size_t k) const { return node().types[k]; }
};

/// Pure; each output is an element expression.
class ElementOp : public Op {
 public:
  /// What every output is worth at `indices` (all outputs have the same dims). An output nobody asked for may be left
  /// out by the compiler.
  virtual std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const = 0;

 protected:
  ElementOp() : Op(Class::element) {}
};

/// out = base (input 0, also the type of the output); then, for every j of the domain in row-major order,
/// out[target(j)] op= value(j).
class ScatterOp : public Op {
 public:
  virtual Shape domain(const Apply& node) const = 0;
  virtual std::vector<ir::Expr> target(const ElementContext& context, std::span<const ir::Expr> j) const = 0;
  virtual ir::Expr value(const ElementContext& context, std::span<const ir::Expr> j) const = 0;
  /// Opcode::add and the like; nothing: overwrite.
  virtual std::optional<ir::Opcode> combine() const = 0;

 protected:
  ScatterOp() : Op(Class::scatter) {}
};

/// A C++ function on whole tensors.
class HostOp : public Op {
 public:
  /// Inputs are contiguous. Fills the outputs, which are contiguous and of the inferred types. An output whose dims
  /// hold a symbol that this op binds (see `binds`) comes empty (default Tensor) and is assigned by the op.
  virtual void run(std::span<const Tensor> inputs, std::span<Tensor> outputs) const = 0;

 protected:
  HostOp() : Op(Class::host) {}
};

/// Carries inner graphs, which share with the outer one only by explicit inputs. See src/control.
class RegionOp : public Op {
 protected:
  RegionOp() : Op(Class::region) {}
};

/// A name for an expression, inlined once the rules that know the name have run.
class CompositeOp : public Op {
 public:
  /// What the outputs of `node` stand for, written on its inputs.
  virtual std::vector<Variable> expand(const Apply& node) const = 0;
  /// The expansion of `node` as a graph over fresh inputs of the types of its own.
  Graph body(const Apply& node) const;

 protected:
  CompositeOp() : Op(Class::composite) {}
};

/// The op that computes `x`, where it is a T; null otherwise.
template <class T>
const T* op_of(const Variable& x) {
  static_assert(std::is_final_v<T>);
  const Op* op = x.owner() ? x.owner()->op.get() : nullptr;
  return op && typeid(*op) == typeid(T) ? static_cast<const T*>(op) : nullptr;
}

}  // namespace theon
