#include "codegen/partition/contraction.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/elements.h"

#include <algorithm>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Products with fewer multiply-adds in all are nests like any other, and merge with them.
constexpr std::int64_t smallest_product = 4096;
/// Longer sums are worth vectors along them.
constexpr std::int64_t longest_short_sum = 32;

/// Nothing where one of the sizes is not known, or there are more than anybody asks for.
std::optional<std::int64_t> few_steps(std::span<const Dim> sizes) {
  std::int64_t product = 1;
  for (const Dim& size : sizes) {
    if (size.known() == 0) return 0;
    if (!size.known() || *size.known() > smallest_product) return std::nullopt;
    if ((product *= *size.known()) > smallest_product) return std::nullopt;
  }
  return product;
}

/// Whether a product has so few multiply-adds that it is a nest like any other.
bool is_too_small(const Shape& domain, int row, int column, const Dim& k) {
  const Dim matrix[] = {domain[row], domain[column], k};
  if (few_steps(matrix).value_or(smallest_product) >= smallest_product) return false;
  Shape all = domain;
  all.push_back(k);
  return few_steps(all).value_or(smallest_product) < smallest_product || !is_small_product(matrix[0], matrix[1], k);
}

/// Whether it is a row times a matrix whose rows lie in memory as the result does: a sum down columns.
bool is_row_of_columns(const Shape& domain, Expr right, const Dim& k, const std::vector<Value>& values) {
  return domain.size() == 2 && equal(domain[0], 1) == Answer::yes && less_equal(k, longest_short_sum) != Answer::yes &&
         reads_in_order(right, right->pool->index(1, domain[1]), values);
}

/// Whether the factor moves through memory in equal steps along all axes and the sum.
bool is_strided(Expr factor, const Tuple& axes, Expr index, const std::vector<Value>& values, ir::Pool& pool) {
  const Expr load = load_of(factor);
  Tuple indices = axes;
  indices.push_back(index);
  return as_affine(row_major_offset(values[load->number].type.dims, load->args, pool), indices).has_value();
}

}  // namespace

Expr load_of(Expr factor) {
  while (factor->op == Opcode::convert) factor = factor->args[0];
  return factor->op == Opcode::load ? factor : Expr();
}

bool reads_axis(Expr e, int axis) { return (e->free_axes >> axis) & 1; }

bool reads_in_order(Expr element, Expr index, const std::vector<Value>& values) {
  return std::ranges::all_of(ir::postorder(std::span(&element, 1)), [&](Expr e) {
    if (e->op != Opcode::load) return true;
    const std::optional<Affine> place =
        as_affine(row_major_offset(values[e->number].type.dims, e->args, *element->pool), std::span(&index, 1));
    const std::optional<Dim> step = place ? as_dim(place->coefficients[0]) : std::nullopt;
    return step && (equal(*step, 0) == Answer::yes || equal(*step, 1) == Answer::yes);
  });
}

std::optional<ProductSum> as_product_sum(Expr element) {
  while (element->op == Opcode::convert) element = element->args[0];
  if (element->op != Opcode::reduce || element->monoid->size() != 1 || element->monoid->combine[0]->op != Opcode::add)
    return std::nullopt;
  const Expr product = element->args[1];
  if (product->op != Opcode::mul || !load_of(product->args[0]) || !load_of(product->args[1])) return std::nullopt;
  for (Expr e : ir::postorder(std::span(&product, 1)))
    if (e->op == Opcode::bound && e->number == element->number)
      return ProductSum{element, e, product->args[0], product->args[1]};
  return std::nullopt;
}

bool is_small_product(const Dim& rows, const Dim& columns, const Dim& sum) {
  const Dim sizes[] = {rows, columns, sum};
  return few_steps(sizes) && *sum.known() <= longest_short_sum;
}

std::optional<Contraction> as_contraction(const Nest& nest, const std::vector<Value>& values) {
  const TensorType& type = values[nest.result].type;
  std::optional<ProductSum> sum = as_product_sum(nest.element);
  if (!sum || !nest.prefix.empty() || !is_floating(sum->reduce->dtype)) return std::nullopt;
  const std::optional<Dim> k = as_dim(sum->reduce->args[0]);
  if (!k) return std::nullopt;
  // The factor that depends on the last axis gives the columns.
  const int column = static_cast<int>(type.ndim()) - 1;
  if (column >= 1 && reads_axis(sum->left, column)) std::swap(sum->left, sum->right);
  int row = column - 1;
  while (row >= 0 && (!reads_axis(sum->left, row) || reads_axis(sum->right, row))) --row;
  if (row < 0 || !reads_axis(sum->right, column) || reads_axis(sum->left, column)) return std::nullopt;
  if (is_too_small(type.dims, row, column, *k)) return std::nullopt;
  if (is_row_of_columns(type.dims, sum->right, *k, values)) return std::nullopt;
  ir::Pool& pool = *nest.element->pool;
  const Tuple axes = index_tuple(type.dims, pool);
  for (Expr factor : {sum->left, sum->right})
    if (!is_strided(factor, axes, sum->index, values, pool)) return std::nullopt;
  const Expr placeholder = pool.argument(0, sum->reduce->dtype);
  const Expr element = pool.replace(nest.element, [&](Expr e) { return same(e, sum->reduce) ? placeholder : Expr(); });
  return Contraction{nest.result, type.dims, row, column, sum->left, sum->right, sum->index, *k, element, nest.where};
}

}  // namespace theon::codegen
