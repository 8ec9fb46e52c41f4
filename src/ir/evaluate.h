// The reference evaluator of the element language.
#pragma once

#include "src/ir/dim_node.h"
#include "src/ir/element.h"
#include "src/ir/semantics.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace theon::ir {

/// What expressions ask of their surroundings. A function that no expression needs may be empty.
struct Environment {
  /// The value of a dim symbol; asked once.
  std::function<std::int64_t(SymbolId)> parameter = {};
  /// The element of a buffer. Asked only for what is needed: not for the arm that a select leaves out, nor for the body
  /// of a reduction that never runs.
  std::function<Value(std::int64_t buffer, std::span<const std::int64_t> indices)> load = {};
};

/// Where expressions are evaluated: the values of their free leaves, by number.
struct Point {
  std::span<const std::int64_t> indices = {};
  std::span<const Value> arguments = {};
  std::span<const Value> locals = {};
};

/// Evaluates expressions as they are defined: reductions one index after the other from the identity, math through
/// libm. The expressions are translated once, to steps in a line; evaluation neither recurses nor allocates.
class Evaluator {
 public:
  Evaluator(std::span<const Expr> roots, Environment environment);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  /// One value per root, valid until the next call. Passes on what `load` throws.
  std::span<const Value> operator()(const Point& point);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The value of a single expression.
Value evaluate(Expr expr, const Environment& environment = {}, const Point& point = {});

}  // namespace theon::ir
