#include "codegen/schedule/product_kernel.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"
#include "codegen/partition/elements.h"

#include <array>

namespace theon::codegen {

using ir::Expr;
using ir::Opcode;

ProductKernel::ProductKernel(const Contraction& product, const LoweringInput& input)
    : product_(product),
      values_(input.values),
      pool_(input.pool),
      machine_(input.machine),
      lanes_(input.machine.vector_bytes / static_cast<int>(size_of(product.left->dtype))),
      builder_(name(product, input.values), input.values, input.pool,
               math::best_for(std::array{product.element, product.left, product.right}, input.machine.math,
                              input.machine.tables)),
      batch_(product.domain.size()) {}

std::string ProductKernel::name(const Contraction& product, const std::vector<Value>& values) {
  const bool is_named = !values[product.result].variable.name().empty();
  return is_named ? kernel_name({product.result}, values) + "_product" : "product";
}

void ProductKernel::open_batch() {
  bool is_outermost = true;
  for (int axis = 0; axis < static_cast<int>(batch_.size()); ++axis) {
    if (axis == product_.row || axis == product_.column) continue;
    batch_[axis] = is_outermost ? builder_.open(builder_.begin(), builder_.end())
                                : builder_.open(number(0), number(product_.domain[axis]));
    is_outermost = false;
  }
}

void ProductKernel::close_batch() {
  for (std::size_t axis = 2; axis < batch_.size(); ++axis) builder_.close();
}

Dim ProductKernel::batch_trips() const {
  int axis = 0;
  while (axis == product_.row || axis == product_.column) ++axis;
  return product_.domain[axis];
}

std::optional<Strides> ProductKernel::strides(Expr factor, int axis) const {
  if (factor->op != Opcode::load) return std::nullopt;
  const Expr indices[] = {pool_.index(axis, product_.domain[axis]), product_.index};
  const auto affine = as_affine(row_major_offset(values_[factor->number].type.dims, factor->args, pool_), indices);
  if (!affine) return std::nullopt;
  const auto side = as_dim(affine->coefficients[0]), sum = as_dim(affine->coefficients[1]);
  return side && sum ? std::optional(Strides{*side, *sum}) : std::nullopt;
}

Expr ProductKernel::element(Expr sum, Expr row, Expr column) { return at(product_.element, row, column, Expr(), sum); }

Expr ProductKernel::offset(Expr row, Expr column) const {
  return row_major_offset(product_.domain, axes(row, column), pool_);
}

int ProductKernel::epilogue_cost() const { return element_cost(std::span(&product_.element, 1)); }

Expr ProductKernel::defined(Expr value) {
  const ir::Local local = builder_.fresh();
  builder_.add({ir::Let{local, builder_.computed(value)}});
  return builder_.local(local, value->dtype);
}

std::vector<ir::Local> ProductKernel::sums(std::int64_t count) {
  std::vector<ir::Local> locals;
  for (std::int64_t n = 0; n < count; ++n) locals.push_back(builder_.accumulators(sum())[0]);
  return locals;
}

Expr ProductKernel::factor(Expr factor, Expr row, Expr column, Expr k) {
  return builder_.computed(at(factor, row, column, k, Expr()));
}

std::vector<Expr> ProductKernel::axes(Expr row, Expr column) const {
  std::vector<Expr> all = batch_;
  all[product_.row] = row;
  all[product_.column] = column;
  return all;
}

Expr ProductKernel::at(Expr root, Expr row, Expr column, Expr k, Expr sum) {
  const std::vector<Expr> indices = axes(row, column);
  const std::function<Expr(Expr)> replacement = [&](Expr e) -> Expr {
    if (e->op == Opcode::index) return indices.at(e->number);
    if (e->op == Opcode::bound) return k;
    if (e->op == Opcode::argument) return sum;
    if (e->op != Opcode::load) return Expr();
    std::vector<Expr> places;
    for (Expr index : e->args) places.push_back(pool_.replace(index, replacement));
    return pool_.load(builder_.read(e->number), e->dtype,
                      {{row_major_offset(values_[e->number].type.dims, places, pool_)}});
  };
  return pool_.replace(root, replacement);
}

}  // namespace theon::codegen
