// Elementwise ops: a declaration each, in elementwise.cpp. The chain rule, broadcasting and summing back are written
// once, here.
#pragma once

#include <theon/ops.h>

#include "src/graph/op.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace theon {

/// The operands' dtype rule; operands are cast to it before the op is applied, so a definition sees one dtype.
enum class DTypeRule : std::uint8_t {
  common,      // promote all operands; the result is that
  floating,    // promote, integers and booleans to float64; the result is that
  comparison,  // promote; the result is boolean
  logical,     // promote to boolean or an integer type; the result is that
  choice,      // operand 0 boolean, the others promoted; the result is that
  conversion,  // one operand, left as it is; the result is the definition's `target`
};

/// `g` times d result / d operand `k`, in terms of the operands `x` and the result `y`. Linear in `g`, which is a
/// cotangent of the result or a tangent of the operand. Where an operand has no influence (the branch not chosen) it
/// gives 0 whatever the operand is.
using Partial =
    std::function<Variable(const Variable& g, std::span<const Variable> x, const Variable& y, std::size_t k)>;

struct ElementwiseDefinition {
  std::string_view name;
  DTypeRule rule;
  /// The element of the result from the operands' elements.
  std::function<ir::Expr(std::span<const ir::Expr>)> value;
  /// One per operand; missing at the end, or null, where the derivative is zero almost everywhere (floor, comparisons).
  std::vector<Partial> partials = {};
  bool commutes = false;
  bool variadic = false;    // any number of operands from 2 (add, mul), which share partials[0]
  bool never_zero = false;  // the result is never 0 (exp, sigmoid): y / y may cancel
  Notation notation = {};
  std::optional<DType> target = {};  // of a conversion
};

class Elementwise final : public ElementOp {
 public:
  /// The definition must outlive the op.
  explicit Elementwise(const ElementwiseDefinition& definition) : definition_(&definition) {}
  const ElementwiseDefinition& definition() const { return *definition_; }

  std::string name() const override { return std::string(definition_->name); }
  std::string attributes() const override;
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::optional<std::size_t> typed_like(std::span<const Variable> inputs) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  bool equals(const Op& other) const override;
  std::size_t hash() const override;
  bool commutes() const override { return definition_->commutes; }
  Notation notation() const override { return definition_->notation; }

 private:
  const Partial* partial(std::size_t operand) const;

  const ElementwiseDefinition* definition_;
};

/// Every definition, by family: arithmetic, comparisons, logic, functions, conversions.
std::span<const ElementwiseDefinition> elementwise_definitions();

/// The definition behind an op, or null.
const ElementwiseDefinition* elementwise_definition(const Op& op);
/// `if (is_elementwise(x, "add"))`
bool is_elementwise(const Variable& x, std::string_view name);

/// Applies the named op after casting and converting weak operands. Broadcasts implicitly: each operand's dims are
/// aligned at the right; size 1 stretches. Next to a pattern nothing is cast or converted. Throws DTypeError for
/// operands the rule does not accept and ShapeError for dims that do not broadcast.
Variable elementwise(std::string_view name, std::span<const Operand> operands, Location where);
/// The same with the op itself, for those who look it up once.
Variable elementwise(const OpRef& op, std::span<const Operand> operands, Location where);

/// The op of that name, which lives as long as the process.
const OpRef& elementwise_op(std::string_view name);

/// The operands as the definition's dtype rule wants them: weak numbers take the dtype of the others, then all are
/// cast. Unchanged where one is a pattern.
std::vector<Variable> promoted(const ElementwiseDefinition& definition, std::span<const Operand> operands,
                               Location where);

/// Changes the element type; a cast to the same dtype is the operand itself.
Variable cast_to(const Variable& x, DType dtype, Location where);

/// Sums over the axes along which `dims` was broadcast to make x, so that the result has `dims`: the adjoint of
/// broadcasting.
Variable sum_to_shape(const Variable& x, const Shape& dims, Location where);

/// The dims two or more shapes broadcast to, with the obligations that remain; throws ShapeError naming op, both
/// operands and their lines.
struct Broadcast {
  Shape dims;
  std::vector<Obligation> obligations;
};
Broadcast broadcast_dims(std::string_view op, std::span<const Variable> operands, Location where);

}  // namespace theon
