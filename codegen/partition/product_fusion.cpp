#include "codegen/partition/product_fusion.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/contraction.h"
#include "codegen/partition/cost.h"
#include "codegen/partition/elements.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Where a matrix has so few columns, or rows, what precedes or follows is computed for whole rows of them, not for
/// each.
constexpr std::int64_t few_columns = 16;
/// So few rows are few blocks: more threads would share the nest.
constexpr std::int64_t few_rows = 512;
/// A left operand that meets so few columns is otherwise read where it lies: packing it is not free.
constexpr std::int64_t most_columns_in_place = 64;
/// A product packs its left operand again for each block of columns: so many of them hide what an element takes.
constexpr std::int64_t many_columns = 256;

/// How many works read a value, or callers.
using ReaderCounts = std::unordered_map<ValueId, int>;
ReaderCounts count_readers(const std::vector<Work>& works, const std::vector<ValueId>& outputs) {
  ReaderCounts readers;
  for (const Work& work : works)
    for (ValueId v : reads(work)) ++readers[v];
  for (ValueId v : outputs) ++readers[v];
  return readers;
}

void erase(std::vector<Work>& works, const std::vector<bool>& gone) {
  std::vector<Work> kept;
  for (std::size_t w = 0; w < works.size(); ++w)
    if (!gone[w]) kept.push_back(std::move(works[w]));
  works = std::move(kept);
}

// Epilogues.

bool loads_only_own_index(Expr element, ValueId value, const Shape& domain) {
  const Tuple own = index_tuple(domain, *element->pool);
  for (Expr e : ir::postorder(std::span(&element, 1)))
    if (e->op == Opcode::load && e->number == value && !same_tuple(e->args, own)) return false;
  return true;
}

bool is_at_most(const Dim& size, std::int64_t most) { return size.known() && *size.known() <= most; }

/// Whether one of two sides is a column, a row, or one of a few.
bool is_narrow(const Contraction& product) {
  return is_at_most(product.domain[product.row], few_columns) ||
         is_at_most(product.domain[product.column], few_columns);
}

/// Whether it is one of a batch of matrices that stay in registers.
bool is_written_out(const Contraction& product) {
  return product.domain.size() > 2 &&
         is_small_product(product.domain[product.row], product.domain[product.column], product.k);
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

// Prologues.

/// A factor of a product, and the side of the product that it depends on.
struct Factor {
  Expr Contraction::*place;
  int Contraction::*side;

  bool is_left() const { return place == &Contraction::left; }
};
constexpr Factor left_factor{&Contraction::left, &Contraction::row};
constexpr Factor right_factor{&Contraction::right, &Contraction::column};

/// Takes nests that compute a factor into the product that packs it.
class Prologues {
 public:
  Prologues(std::vector<Work>& works, std::vector<Value>& values, const std::vector<ValueId>& outputs)
      : works_(works), values_(values), readers_(count_readers(works, outputs)), gone_(works.size(), false) {}

  void fold() {
    for (std::size_t w = 0; w < works_.size(); ++w) {
      if (const auto* nest = std::get_if<Nest>(&works_[w])) nests_[nest->result] = w;
      if (auto* product = std::get_if<Contraction>(&works_[w])) fold(*product);
    }
    erase(works_, gone_);
  }

 private:
  void fold(Contraction& product) {
    const Contraction before = product;
    std::vector<ValueId> taken, kept;
    for (const Factor& factor : {left_factor, right_factor}) {
      const Expr load = load_of(before.*factor.place);
      const auto nest = nests_.find(load->number);
      if (nest == nests_.end()) continue;
      const std::variant<Expr, Apart> element = folded(std::get<Nest>(works_[nest->second]), before, factor, load);
      if (const auto* computed = std::get_if<Expr>(&element)) {
        product.*factor.place = *computed;
        taken.push_back(load->number);
      } else {
        values_[product.result].account.add({load->number, std::get<Apart>(element)});
        kept.push_back(load->number);
      }
    }
    // Of a matrix that is both factors both or none.
    if (!taken.empty() && taken == kept) {
      product.left = before.left;
      product.right = before.right;
      return;
    }
    for (ValueId operand : taken) drop(operand, product);
  }

  /// The factor, computed; or why it is loaded.
  std::variant<Expr, Apart> folded(const Nest& nest, const Contraction& product, const Factor& factor,
                                   Expr load) const {
    const bool is_read_again = std::ranges::any_of(ir::postorder(std::span(&product.element, 1)), [&](Expr e) {
      return e->op == Opcode::load && e->number == nest.result;
    });
    if (readers_.at(nest.result) != 1 || is_read_again || !nest.prefix.empty()) return Apart::shared_factor;
    if (has_reduction(std::span(&nest.element, 1))) return Apart::row_kernel;
    if (is_narrow(product) || is_written_out(product)) return Apart::narrow_product;
    // Each thread packs all of the right operand, which otherwise it reads where it lies.
    const bool is_costly = recomputing_costs_more(std::span(&nest.element, 1), 2);
    if ((is_costly || !factor.is_left()) && !packs_once(product, factor)) return Apart::packed_again;
    if (is_costly && ends_kernel(nest)) return Apart::row_kernel;
    ir::Pool& pool = *nest.element->pool;
    const Expr element = pool.replace(
        nest.element, [&](Expr e) { return e->op == Opcode::index ? Expr(load->args[e->number]) : Expr(); });
    const Expr whole = pool.replace(product.*factor.place, [&](Expr e) { return same(e, load) ? element : Expr(); });
    const Expr side = pool.index(product.*factor.side, product.domain[product.*factor.side]);
    const bool lies_along_sum = factor.is_left() && reads_in_order(whole, product.index, values_);
    if (!lies_along_sum && !reads_in_order(whole, side, values_)) return Apart::packed_across;
    if (!factor.is_left() && rows_stay(product)) return Apart::packed_across;
    return whole;
  }

  /// Whether each element of the factor is packed once, whatever the number of threads.
  bool packs_once(const Contraction& product, const Factor& factor) const {
    for (int axis = 0; axis < static_cast<int>(product.domain.size()); ++axis)
      if (axis != product.row && axis != product.column && !reads_axis(product.*factor.place, axis)) return false;
    if (product.domain.size() > 2) return true;
    return factor.is_left() && !rows_stay(product) && !is_at_most(product.domain[product.row], few_rows) &&
           !is_at_most(product.domain[product.column], most_columns_in_place) &&
           !(product.k.known() && is_over(product, product.k * many_columns, block_bytes));
  }

  static bool is_over(const Contraction& product, const Dim& elements, std::int64_t bytes) {
    return !elements.known() || *elements.known() > bytes / static_cast<std::int64_t>(size_of(product.left->dtype));
  }
  /// Whether each thread packs the left operand whole, and the right one panel by panel.
  static bool rows_stay(const Contraction& product) {
    return !is_over(product, product.domain[product.row] * product.k, resident_bytes);
  }

  /// Whether the nest reads what other nests compute of the operands that it reads as well, as the last step of
  /// softmax: it runs in their kernel, which has the operands at hand.
  bool ends_kernel(const Nest& nest) const {
    const std::vector<ValueId> operands = reads(Work(nest));
    return std::ranges::any_of(operands, [&](ValueId v) {
      const auto maker = nests_.find(v);
      if (maker == nests_.end()) return false;
      const std::vector<ValueId> before = reads(works_[maker->second]);
      return std::ranges::any_of(before, [&](ValueId u) { return std::ranges::find(operands, u) != operands.end(); });
    });
  }

  void drop(ValueId operand, const Contraction& product) {
    const std::size_t nest = nests_.at(operand);
    if (gone_[nest]) return;
    gone_[nest] = true;
    std::vector<Variable>& fused = values_[product.result].account.fused;
    fused.push_back(values_[operand].variable);
    const std::vector<Variable>& before = values_[operand].account.fused;
    fused.insert(fused.end(), before.begin(), before.end());
  }

  std::vector<Work>& works_;
  std::vector<Value>& values_;
  const ReaderCounts readers_;
  std::unordered_map<ValueId, std::size_t> nests_;
  std::vector<bool> gone_;
};

}  // namespace

void fold_epilogues(std::vector<Work>& works, std::vector<Value>& values, const std::vector<ValueId>& outputs) {
  const ReaderCounts readers = count_readers(works, outputs);
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
            readers.at(v) == 1 ? folded(*nest, whole, values) : std::variant<Expr, Apart>(Apart::shared_product);
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
  erase(works, gone);
}

void fold_prologues(std::vector<Work>& works, std::vector<Value>& values, const std::vector<ValueId>& outputs) {
  Prologues(works, values, outputs).fold();
}

}  // namespace theon::codegen
