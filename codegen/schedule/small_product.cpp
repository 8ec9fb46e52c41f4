#include "codegen/schedule/small_product.h"

#include "codegen/partition/contraction.h"
#include "codegen/schedule/product_kernel.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;

/// Multiply-adds of vectors that are written out between two jumps: more only take longer to compile.
constexpr std::int64_t most_steps = 288;

class SmallProduct : ProductKernel {
 public:
  SmallProduct(const Contraction& product, const LoweringInput& input) : ProductKernel(product, input) {}

  std::optional<LoweredKernel> run() {
    if (!has_batch() || !is_small_product(rows(), columns(), product_.k)) return std::nullopt;
    builder_.note("a batch of small products, one after the other, all sums in registers");
    open_batch();
    if (is_turned()) turn_right();
    for (std::int64_t first = 0; first < *columns().known();) first = columns_from(first);
    close_batch();
    return LoweredKernel{builder_.finish(), batch_trips()};
  }

 private:
  /// Whether the right matrix lies across: its vectors would have to be gathered.
  bool is_turned() const {
    const std::optional<Strides> found = strides(product_.right, product_.column);
    return found && equal(found->sum, 1) == Answer::yes && equal(found->side, 1) != Answer::yes;
  }

  void turn_right() {
    const Expr source = right(number(0), number(0)), n = number(columns());
    turned_ = builder_.scratch(dtype(), number(product_.k) * n);
    builder_.add({ir::Transpose{turned_, source->number, number(0), n, source->args[0],
                                number(strides(product_.right, product_.column)->side), n, number(product_.k)}});
  }

  Expr right_at(Expr k, Expr column) {
    return turned_ < 0 ? right(k, column) : pool_.load(turned_, dtype(), {{k * number(columns()) + column}});
  }

  /// The widest vectors that the columns from `first` on fill; what does not fill one is masked, or cut into narrower
  /// ones. Returns where the next columns begin.
  std::int64_t columns_from(std::int64_t first) {
    const std::int64_t left = *columns().known() - first;
    LoopShape shape{lanes_};
    std::int64_t end = first + left / lanes_ * lanes_;
    if (left >= lanes_) {
      shape.unroll = static_cast<int>(vectors_at_once(left / lanes_));
      end = first + left / (lanes_ * shape.unroll) * (lanes_ * shape.unroll);
    } else if (machine_.masks) {
      shape.lanes = static_cast<int>(std::bit_ceil(static_cast<std::uint64_t>(left)));
      if (left < shape.lanes) shape.tail = ir::Tail::merged;
      end = first + left;
    } else {
      shape.lanes = static_cast<int>(std::bit_floor(static_cast<std::uint64_t>(left)));
      end = first + shape.lanes;
    }
    const Expr column = builder_.open(number(first), number(end), shape);
    tiles(column, shape.unroll);
    builder_.close();
    return end;
  }

  /// Two make better use of each number of the left matrix.
  static std::int64_t vectors_at_once(std::int64_t vectors) { return std::min<std::int64_t>(vectors, 2); }

  /// All rows, in tiles of as many as registers hold the sums of.
  void tiles(Expr column, std::int64_t vectors) {
    const std::int64_t m = *rows().known(), most = (machine_.registers - vectors - 1) / vectors;
    if (m == 0) return;
    const std::int64_t count = (m + most - 1) / most, height = (m + count - 1) / count, whole = m / height;
    const Expr t = builder_.open(number(0), number(whole));
    tile(t * number(height), height, column, vectors);
    builder_.close();
    if (whole * height < m) tile(number(whole * height), m - whole * height, column, vectors);
  }

  void tile(Expr first, std::int64_t height, Expr column, std::int64_t vectors) {
    const std::vector<ir::Local> totals = sums(height);
    const std::int64_t k = *product_.k.known(), together = std::max<std::int64_t>(1, most_steps / (height * vectors));
    const std::int64_t loops = k <= together ? 0 : k / together;
    if (loops > 0) {
      const Expr i = builder_.open(number(0), number(loops));
      multiply(i * number(together), together, first, totals, column);
      builder_.close();
    }
    multiply(number(loops * together), k - loops * together, first, totals, column);
    finish(first, totals, column);
  }

  void multiply(Expr begin, std::int64_t count, Expr first, const std::vector<ir::Local>& totals, Expr column) {
    for (std::int64_t i = 0; i < count; ++i) {
      const Expr k = begin + number(i), of_right = defined(right_at(k, column));
      for (std::size_t r = 0; r < totals.size(); ++r)
        builder_.add({ir::Assign{totals[r], total(totals[r]) + left(row(first, r), k) * of_right}});
    }
  }

  /// Everything is read before anything is written: what the result is computed from may lie where it will.
  void finish(Expr first, const std::vector<ir::Local>& totals, Expr column) {
    std::vector<Expr> values;
    for (std::size_t r = 0; r < totals.size(); ++r)
      values.push_back(defined(element(total(totals[r]), row(first, r), column)));
    for (std::size_t r = 0; r < totals.size(); ++r) store(offset(row(first, r), column), values[r]);
  }

  Expr row(Expr first, std::size_t r) const { return first + number(static_cast<std::int64_t>(r)); }
  Expr total(ir::Local local) { return builder_.local(local, dtype()); }

  std::int64_t turned_ = -1;
};

}  // namespace

std::optional<LoweredKernel> lower_small(const Contraction& product, const LoweringInput& input) {
  return SmallProduct(product, input).run();
}

}  // namespace theon::codegen
