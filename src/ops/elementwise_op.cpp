#include "src/ops/elementwise.h"

#include "src/graph/glance.h"
#include "src/support/check.h"

#include <memory>
#include <typeinfo>
#include <unordered_map>
#include <utility>

namespace theon {

namespace {

DType result_dtype(const ElementwiseDefinition& definition, std::span<const Variable> operands) {
  switch (definition.rule) {
    case DTypeRule::common:
    case DTypeRule::floating:
    case DTypeRule::logical:
      return operands[0].dtype();
    case DTypeRule::comparison:
      return DType::boolean;
    case DTypeRule::choice:
      return operands[1].dtype();
    case DTypeRule::conversion:
      return *definition.target;
  }
  __builtin_unreachable();
}

/// Operands of one dtype are the promise of whoever applies the op: see `promoted`.
void check_dtypes(const ElementwiseDefinition& definition, std::span<const Variable> operands) {
  const std::size_t first = definition.rule == DTypeRule::choice ? 1 : 0;
  if (first == 1) THEON_CHECK(operands[0].dtype() == DType::boolean);
  for (const Variable& x : operands.subspan(first)) THEON_CHECK(x.dtype() == operands[first].dtype());
}

/// The element of an operand that meets the result's element at `indices`.
ir::Expr aligned_load(const ElementContext& context, std::size_t operand, std::span<const ir::Expr> indices) {
  const Shape& dims = context.input(operand).dims;
  const std::span<const ir::Expr> last = indices.last(dims.size());
  std::vector<ir::Expr> own;
  own.reserve(dims.size());
  for (std::size_t axis = 0; axis < dims.size(); ++axis)
    own.push_back(dims[axis] == Dim(1) ? context.pool().literal(std::int64_t{0}) : last[axis]);
  return context.load(operand, own);
}

Variable broadcast_like(const Variable& x, const Variable& y) {
  return x.dims() == y.dims() ? x : broadcast_to(x, y.dims());
}

using OpTable = std::unordered_map<std::string_view, OpRef>;

/// One op for each definition. They live as long as the process, so that references to them are not counted: nodes
/// that come and go would all count at one place.
std::vector<OpRef> ops_of_definitions() {
  static const std::vector<Elementwise> ops(elementwise_definitions().begin(), elementwise_definitions().end());
  std::vector<OpRef> references;
  for (const Elementwise& op : ops) references.emplace_back(OpRef(), &op);
  return references;
}

const ElementwiseDefinition& definition_of(const OpRef& op) {
  return static_cast<const Elementwise&>(*op).definition();
}

OpTable ops_by_name() {
  OpTable table;
  for (const OpRef& op : ops_of_definitions())
    if (!definition_of(op).target) table.emplace(definition_of(op).name, op);
  return table;
}

std::vector<OpRef> casts_by_dtype() {
  std::vector<OpRef> casts(dtype_table.size());
  for (const OpRef& op : ops_of_definitions())
    if (const std::optional<DType> target = definition_of(op).target) casts[static_cast<std::size_t>(*target)] = op;
  return casts;
}

}  // namespace

std::string Elementwise::attributes() const {
  return definition_->target ? std::string(theon::name(*definition_->target)) : "";
}

Signature Elementwise::infer(std::span<const Variable> inputs, Location where) const {
  check_dtypes(*definition_, inputs);
  Broadcast broadcast = broadcast_dims(definition_->name, inputs, where);
  return {{{result_dtype(*definition_, inputs), std::move(broadcast.dims)}}, std::move(broadcast.obligations)};
}

std::optional<std::size_t> Elementwise::typed_like(std::span<const Variable> inputs) const {
  if (definition_->rule == DTypeRule::comparison || definition_->rule == DTypeRule::conversion) return std::nullopt;
  const std::size_t first = definition_->rule == DTypeRule::choice ? 1 : 0;
  std::size_t like = first;
  while (type_unless_pattern(inputs[like])->dims.empty() && like + 1 < inputs.size()) ++like;
  const TensorType& type = *type_unless_pattern(inputs[like]);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const TensorType& own = *type_unless_pattern(inputs[k]);
    if (&own == &type) continue;  // of a signature that both share
    const bool fits = k < first ? own.dtype == DType::boolean : own.dtype == type.dtype;
    if (!fits || (!own.dims.empty() && own.dims != type.dims)) return std::nullopt;
  }
  return like;
}

std::vector<ir::Expr> Elementwise::element(const ElementContext& context, std::span<const ir::Expr> indices) const {
  std::vector<ir::Expr> operands;
  for (std::size_t k = 0; k < context.node().inputs.size(); ++k) operands.push_back(aligned_load(context, k, indices));
  return {definition_->value(operands)};
}

const Partial* Elementwise::partial(std::size_t operand) const {
  const std::size_t k = definition_->variadic ? 0 : operand;
  return k < definition_->partials.size() && definition_->partials[k] ? &definition_->partials[k] : nullptr;
}

std::vector<Variable> Elementwise::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const Variable y = node.output(0);
  std::vector<Variable> result(node.inputs.size());
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    const Variable& x = node.inputs[k];
    const Partial* partial = this->partial(k);
    const TensorType& type = *type_unless_pattern(x);
    if (!partial || !is_floating(type.dtype) || !is_floating(node.types[0].dtype)) continue;
    Variable whole = (*partial)(cotangents[0], node.inputs, y, k);
    const bool fits = *type_unless_pattern(whole) == type;
    result[k] = fits ? std::move(whole) : sum_to_shape(cast_to(whole, type.dtype, node.where), type.dims, node.where);
  }
  return result;
}

std::vector<Variable> Elementwise::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  const Variable y = node.output(0);
  std::vector<Variable> terms;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    const Partial* partial = this->partial(k);
    if (!partial || tangents[k].is_empty() || !is_floating(y.dtype())) continue;
    terms.push_back(broadcast_like(cast_to((*partial)(tangents[k], node.inputs, y, k), y.dtype(), node.where), y));
  }
  if (terms.empty()) return {Variable()};
  return {add_n(terms, node.where)};
}

bool Elementwise::equals(const Op& other) const { return elementwise_definition(other) == definition_; }

std::size_t Elementwise::hash() const {
  const std::size_t name = std::hash<std::string_view>()(definition_->name);
  return definition_->target ? name + static_cast<std::size_t>(*definition_->target) : name;
}

const ElementwiseDefinition* elementwise_definition(const Op& op) {
  return typeid(op) == typeid(Elementwise) ? &static_cast<const Elementwise&>(op).definition() : nullptr;
}

bool is_elementwise(const Variable& x, std::string_view name) {
  const Apply* node = x.owner();
  const ElementwiseDefinition* definition = node ? elementwise_definition(*node->op) : nullptr;
  return definition && definition->name == name;
}

const OpRef& elementwise_op(std::string_view name) {
  static const OpTable table = ops_by_name();
  const auto found = table.find(name);
  THEON_CHECK(found != table.end());
  return found->second;
}

Variable elementwise(std::string_view name, std::span<const Operand> operands, Location where) {
  return elementwise(elementwise_op(name), operands, where);
}

Variable elementwise(const OpRef& op, std::span<const Operand> operands, Location where) {
  return apply(op, promoted(definition_of(op), operands, where), where);
}

Variable cast_to(const Variable& x, DType dtype, Location where) {
  static const std::vector<OpRef> casts = casts_by_dtype();
  if (!is_pattern(x) && x.dtype() == dtype) return x;
  return apply(casts[static_cast<std::size_t>(dtype)], {x}, where);
}

}  // namespace theon
