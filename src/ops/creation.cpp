#include "src/ops/creation.h"

#include "src/graph/binding.h"
#include "src/ops/elementwise.h"
#include "src/ops/shape.h"
#include "src/support/check.h"

#include <memory>

namespace theon {

Signature Full::infer(std::span<const Variable> inputs, Location where) const {
  THEON_CHECK(inputs[0].ndim() == 0);
  Signature signature{{{inputs[0].dtype(), dims_}}};
  require_sizes("full", dims_, signature, where);
  return signature;
}

std::vector<ir::Expr> Full::element(const ElementContext& context, std::span<const ir::Expr>) const {
  return {context.load(0, {})};
}

std::vector<Variable> Full::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  return for_inputs(node, {sum(cotangents[0])});
}

std::vector<Variable> Full::pushforward(const Apply&, std::span<const Variable> tangents) const {
  return {full(dims_, tangents[0])};
}

Signature Arange::infer(std::span<const Variable>, Location where) const {
  Signature signature{{{dtype_, {n_}}}};
  require_sizes("arange", {n_}, signature, where);
  return signature;
}

std::vector<ir::Expr> Arange::element(const ElementContext&, std::span<const ir::Expr> indices) const {
  return {convert(indices[0], dtype_)};
}

std::vector<Variable> Arange::pullback(const Apply& node, std::span<const Variable>) const {
  return for_inputs(node, {});
}
std::vector<Variable> Arange::pushforward(const Apply&, std::span<const Variable>) const { return {Variable()}; }

Signature DimValue::infer(std::span<const Variable>, Location) const { return {{{DType::int64, {}}}}; }

std::vector<ir::Expr> DimValue::element(const ElementContext& context, std::span<const ir::Expr>) const {
  return {context.pool().parameter(dim_)};
}

std::vector<Variable> DimValue::pullback(const Apply& node, std::span<const Variable>) const {
  return for_inputs(node, {});
}
std::vector<Variable> DimValue::pushforward(const Apply&, std::span<const Variable>) const { return {Variable()}; }

Variable full(Shape dims, Operand value) {
  if (value.value().ndim() != 0) return broadcast_to(value, std::move(dims));
  std::vector<Variable> inputs = with_binders({value.value()}, dims);
  return apply(std::make_shared<const Full>(std::move(dims)), std::move(inputs), value.where());
}

Variable zeros(DType dtype, Shape dims, Location where) {
  const Attribution line(where);
  return full(std::move(dims), Tensor(false).astype(dtype));
}

Variable ones(DType dtype, Shape dims, Location where) {
  const Attribution line(where);
  return full(std::move(dims), Tensor(true).astype(dtype));
}

Variable zeros_like(Operand x) { return zeros(x.value().dtype(), x.value().dims(), x.where()); }
Variable ones_like(Operand x) { return ones(x.value().dtype(), x.value().dims(), x.where()); }

Variable full_like(Operand x, Operand value) {
  const Attribution line(x.where());
  return full(x.value().dims(), cast_to(value.value(), x.value().dtype(), x.where()));
}

Variable arange(Dim n, DType dtype, Location where) {
  std::vector<Variable> inputs = binders(std::span(&n, 1));
  return apply(std::make_shared<const Arange>(std::move(n), dtype), std::move(inputs), where);
}

Variable arange(const Variable& n, DType dtype, Location where) { return arange(size(n, where), dtype, where); }

Variable value(const Dim& dim, Location where) {
  if (dim.is_known()) return own_constant(Tensor(*dim.known()), where);
  return apply(std::make_shared<const DimValue>(dim), binders(std::span(&dim, 1)), where);
}

}  // namespace theon
