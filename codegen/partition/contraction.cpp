#include "codegen/partition/contraction.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/elements.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Below this many multiply-adds a call of the library costs more than the product.
constexpr std::int64_t smallest_library_product = 4096;

bool reads_axis(Expr load, int axis) { return (load->free_axes >> axis) & 1; }

bool is_small(const Dim& m, const Dim& n, const Dim& k) {
  return m.known() && n.known() && k.known() && *m.known() * *n.known() * *k.known() < smallest_library_product;
}

/// The factor as a matrix with the given row and column indices; a null index stands for a single row or column.
std::optional<MatrixOperand> as_matrix(Expr load, Expr row, Expr column, const Shape& dims, ir::Pool& pool) {
  std::vector<Expr> indices;
  for (Expr index : {row, column})
    if (index) indices.push_back(index);
  const std::optional<Affine> strides = as_affine(row_major_offset(dims, load->args, pool), indices);
  if (!strides || strides->rest->free_axes || strides->rest->free_levels || strides->rest->loads) return std::nullopt;
  const auto offset = as_dim(strides->rest);
  const auto first = row ? as_dim(strides->coefficients.front()) : Dim(1),
             second = column ? as_dim(strides->coefficients.back()) : Dim(1);
  if (!offset || !first || !second) return std::nullopt;
  const bool has_unit = equal(*first, 1) == Answer::yes || equal(*second, 1) == Answer::yes;
  const bool forward = less_equal(1, *first) != Answer::no && less_equal(1, *second) != Answer::no &&
                       less_equal(0, *first) == Answer::yes && less_equal(0, *second) == Answer::yes;
  if (!has_unit || !forward) return std::nullopt;
  return MatrixOperand{load->number, *offset, *first, *second};
}

double as_double(Expr literal) {
  return literal->dtype == DType::float32 ? std::bit_cast<float>(static_cast<std::uint32_t>(literal->bits))
                                          : std::bit_cast<double>(literal->bits);
}

/// `factor * load`, as found in a term of a sum.
struct ScaledLoad {
  double factor;
  Expr load;
};

std::optional<ScaledLoad> as_scaled_load(Expr e) {
  if (e->op == Opcode::load) return ScaledLoad{1, e};
  if (e->op == Opcode::neg) {
    if (auto inner = as_scaled_load(e->args[0])) return ScaledLoad{-inner->factor, inner->load};
  }
  if (e->op == Opcode::mul)
    for (int side : {0, 1})
      if (e->args[side]->op == Opcode::literal && is_floating(e->dtype))
        if (auto inner = as_scaled_load(e->args[1 - side]))
          return ScaledLoad{as_double(e->args[side]) * inner->factor, inner->load};
  return std::nullopt;
}

bool is_canonical(Expr load) {
  for (std::size_t axis = 0; axis < load->args.size(); ++axis)
    if (load->args[axis]->op != Opcode::index || load->args[axis]->number != static_cast<std::int64_t>(axis))
      return false;
  return true;
}

/// A nest `c + factor * t` in either order.
struct Accumulation {
  ValueId base;
  ScaledLoad product;
};

std::vector<Accumulation> as_accumulations(Expr element) {
  std::vector<Accumulation> found;
  if (element->op != Opcode::add && element->op != Opcode::sub) return found;
  for (int side : {0, 1}) {
    const Expr base = element->args[side], term = element->args[1 - side];
    if (element->op == Opcode::sub && side == 1) continue;
    if (base->op != Opcode::load || !is_canonical(base)) continue;
    if (auto scaled = as_scaled_load(term); scaled && is_canonical(scaled->load)) {
      if (element->op == Opcode::sub) scaled->factor = -scaled->factor;
      found.push_back({base->number, *scaled});
    }
  }
  return found;
}

}  // namespace

std::optional<ProductSum> as_product_sum(Expr element) {
  if (element->op != Opcode::reduce || element->monoid->size() != 1 || element->monoid->combine[0]->op != Opcode::add)
    return std::nullopt;
  const Expr product = element->args[1];
  if (product->op != Opcode::mul || product->args[0]->op != Opcode::load || product->args[1]->op != Opcode::load)
    return std::nullopt;
  for (Expr e : ir::postorder(std::span(&product, 1)))
    if (e->op == Opcode::bound && e->number == element->number)
      return ProductSum{element->args[0], e, product->args[0], product->args[1]};
  return std::nullopt;
}

std::optional<Contraction> as_contraction(const Nest& nest, const std::vector<Value>& values) {
  const TensorType& type = values[nest.result].type;
  const std::optional<ProductSum> sum = as_product_sum(nest.element);
  if (!sum || !nest.prefix.empty() || (type.dtype != DType::float32 && type.dtype != DType::float64) ||
      type.ndim() < 1 || type.ndim() > 2)
    return std::nullopt;
  const std::optional<Dim> k = as_dim(sum->extent);
  if (!k) return std::nullopt;
  // The factor that carries the output's first axis gives the rows.
  const bool swapped = !reads_axis(sum->left, 0);
  const Expr a = swapped ? sum->right : sum->left, b = swapped ? sum->left : sum->right;
  const bool is_matrix = type.ndim() == 2;
  if (!reads_axis(a, 0) || reads_axis(b, 0) || reads_axis(a, 1) || reads_axis(b, 1) != is_matrix) return std::nullopt;
  const Dim m = type.dims[0], n = is_matrix ? type.dims[1] : Dim(1);
  if (is_small(m, n, *k)) return std::nullopt;
  ir::Pool& pool = *nest.element->pool;
  const Expr row = pool.index(0, m), column = is_matrix ? pool.index(1, n) : Expr();
  const auto left = as_matrix(a, row, sum->index, values[a->number].type.dims, pool);
  const auto right = as_matrix(b, sum->index, column, values[b->number].type.dims, pool);
  if (!left || !right) return std::nullopt;
  return Contraction{nest.result, *left, *right, m, n, *k, 1, {}, nest.where};
}

void fold_accumulations(std::vector<Work>& works, const std::vector<Value>& values,
                        const std::vector<ValueId>& outputs) {
  std::unordered_map<ValueId, int> readers;
  std::unordered_map<ValueId, std::size_t> products;
  for (std::size_t w = 0; w < works.size(); ++w) {
    for (ValueId v : reads(works[w])) ++readers[v];
    if (const auto* contraction = std::get_if<Contraction>(&works[w])) products[contraction->result] = w;
  }
  for (ValueId v : outputs) ++readers[v];
  std::vector<bool> folded(works.size(), false);
  for (std::size_t w = 0; w < works.size(); ++w) {
    const auto* nest = std::get_if<Nest>(&works[w]);
    if (!nest || !nest->prefix.empty()) continue;
    for (const Accumulation& sum : as_accumulations(nest->element)) {
      const auto product = products.find(sum.product.load->number);
      if (product == products.end() || readers[product->first] != 1 || sum.base == product->first) continue;
      Contraction whole = std::get<Contraction>(works[product->second]);
      // The nest must be the whole sum: not a part of it, and not a repetition.
      if (values[sum.base].type != values[whole.result].type || values[nest->result].type != values[whole.result].type)
        continue;
      folded[product->second] = true;
      whole.result = nest->result;
      whole.alpha = sum.product.factor;
      whole.accumulate = sum.base;
      whole.where = nest->where;
      works[w] = whole;
      break;
    }
  }
  std::vector<Work> kept;
  for (std::size_t w = 0; w < works.size(); ++w)
    if (!folded[w]) kept.push_back(std::move(works[w]));
  works = std::move(kept);
}

}  // namespace theon::codegen
