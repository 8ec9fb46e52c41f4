#include "codegen/partition/contraction.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"
#include "codegen/partition/elements.h"

#include <algorithm>
#include <unordered_map>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Products with fewer multiply-adds in all are nests like any other, and merge with them.
constexpr std::int64_t smallest_product = 4096;
/// Longer sums are worth vectors along them.
constexpr std::int64_t longest_short_sum = 32;
/// Where a matrix has so few columns, what follows is computed for whole rows of them, not for each.
constexpr std::int64_t few_columns = 16;

bool reads_axis(Expr e, int axis) { return (e->free_axes >> axis) & 1; }

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

/// Whether the product is a nest like any other.
bool is_too_small(const Shape& domain, int row, int column, const Dim& k) {
  const Dim matrix[] = {domain[row], domain[column], k};
  if (few_steps(matrix).value_or(smallest_product) >= smallest_product) return false;
  Shape all = domain;
  all.push_back(k);
  return few_steps(all).value_or(smallest_product) < smallest_product || !is_small_product(matrix[0], matrix[1], k);
}

Expr load_of(Expr factor) {
  while (factor->op == Opcode::convert) factor = factor->args[0];
  return factor->op == Opcode::load ? factor : Expr();
}

/// Whether the factor moves through memory in equal steps along all axes and the sum.
bool is_strided(Expr factor, const Tuple& axes, Expr index, const std::vector<Value>& values, ir::Pool& pool) {
  const Expr load = load_of(factor);
  Tuple indices = axes;
  indices.push_back(index);
  return as_affine(row_major_offset(values[load->number].type.dims, load->args, pool), indices).has_value();
}

bool loads_only_own_index(Expr element, ValueId value, const Shape& domain) {
  const Tuple own = index_tuple(domain, *element->pool);
  for (Expr e : ir::postorder(std::span(&element, 1)))
    if (e->op == Opcode::load && e->number == value && !same_tuple(e->args, own)) return false;
  return true;
}

/// Whether one of two sides is a column, a row, or one of a few.
bool is_narrow(const Contraction& product) {
  for (int axis : {product.row, product.column})
    if (const auto extent = product.domain[axis].known(); extent && *extent <= few_columns) return true;
  return false;
}

/// The nest's element with the product's in the place of its loads; or why the nest is no epilogue of it.
std::variant<Expr, Apart> folded(const Nest& nest, const Contraction& product, const std::vector<Value>& values) {
  if (!nest.prefix.empty() || values[nest.result].type.dims != values[product.result].type.dims ||
      has_reduction(std::span(&nest.element, 1)) || !loads_only_own_index(nest.element, product.result, product.domain))
    return Apart::product_index;
  const Expr roots[] = {nest.element, product.element};
  if (is_narrow(product) && element_cost(roots) > 4) return Apart::narrow_product;
  return nest.element->pool->replace(nest.element, [&](Expr e) {
    return e->op == Opcode::load && e->number == product.result ? product.element : Expr();
  });
}

}  // namespace

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
  ir::Pool& pool = *nest.element->pool;
  const Tuple axes = index_tuple(type.dims, pool);
  for (Expr factor : {sum->left, sum->right})
    if (!is_strided(factor, axes, sum->index, values, pool)) return std::nullopt;
  const Expr placeholder = pool.argument(0, sum->reduce->dtype);
  const Expr element = pool.replace(nest.element, [&](Expr e) { return same(e, sum->reduce) ? placeholder : Expr(); });
  return Contraction{nest.result, type.dims, row, column, sum->left, sum->right, sum->index, *k, element, nest.where};
}

void fold_epilogues(std::vector<Work>& works, std::vector<Value>& values, const std::vector<ValueId>& outputs) {
  std::unordered_map<ValueId, int> readers;
  for (const Work& work : works)
    for (ValueId v : reads(work)) ++readers[v];
  for (ValueId v : outputs) ++readers[v];
  std::unordered_map<ValueId, std::size_t> products;
  std::vector<bool> gone(works.size(), false);
  for (std::size_t w = 0; w < works.size(); ++w) {
    if (const auto* nest = std::get_if<Nest>(&works[w])) {
      for (ValueId v : reads(works[w])) {
        const auto product = products.find(v);
        if (product == products.end()) continue;
        Account& account = values[nest->result].account;
        Contraction whole = std::get<Contraction>(works[product->second]);
        const std::variant<Expr, Apart> element =
            readers[v] == 1 ? folded(*nest, whole, values) : std::variant<Expr, Apart>(Apart::shared_product);
        if (const auto* reason = std::get_if<Apart>(&element)) {
          account.add({v, *reason});
          continue;
        }
        account.fused.push_back(values[v].variable);
        const std::vector<Variable>& before = values[v].account.fused;
        account.fused.insert(account.fused.end(), before.begin(), before.end());
        gone[product->second] = true;
        whole.result = nest->result;
        whole.element = std::get<Expr>(element);
        whole.where = nest->where;
        works[w] = whole;
        break;
      }
    }
    if (const auto* product = std::get_if<Contraction>(&works[w])) products[product->result] = w;
  }
  std::vector<Work> kept;
  for (std::size_t w = 0; w < works.size(); ++w)
    if (!gone[w]) kept.push_back(std::move(works[w]));
  works = std::move(kept);
}

}  // namespace theon::codegen
