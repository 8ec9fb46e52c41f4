#include "codegen/schedule/skinny_product.h"

#include "codegen/schedule/product_kernel.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;

/// Sums that fit the registers beside the operands.
constexpr std::int64_t most_sums = 24;
constexpr std::int64_t most_few = 16;

bool is_few(const Dim& dim) { return dim.known() && 1 <= *dim.known() && *dim.known() <= most_few; }

/// The long side of the result is that of one factor, the short side that of the other: rows and columns, or the other
/// way round.
class SkinnyProduct : ProductKernel {
 public:
  SkinnyProduct(const Contraction& product, const LoweringInput& input)
      : ProductKernel(product, input), few_columns_(is_few(columns())) {}

  std::optional<LoweredKernel> run() {
    if (has_batch() || !(few_columns_ || is_few(rows())) || suits_tiles()) return std::nullopt;
    const std::optional<Strides> of_long =
        few_columns_ ? strides(product_.left, product_.row) : strides(product_.right, product_.column);
    if (of_long && equal(of_long->sum, 1) == Answer::yes) return along_sums();
    if (of_long && equal(of_long->side, 1) == Answer::yes) return along_rows();
    return std::nullopt;
  }

 private:
  /// Columns that fill vectors are best summed in tiles: there is no adding up of lanes at the end of a sum, which
  /// short sums do not pay for, and no packing, which few lines do not.
  bool suits_tiles() const {
    const auto is_below = [](const Dim& size, std::int64_t least) { return size.known() && *size.known() < least; };
    return few_columns_ && (few() % lanes_ == 0 || is_below(product_.k, 8 * lanes_) || is_below(length(), 32));
  }

  const Dim& length() const { return few_columns_ ? rows() : columns(); }
  std::int64_t few() const { return *(few_columns_ ? columns() : rows()).known(); }
  Expr long_factor(Expr line, Expr k) { return few_columns_ ? left(line, k) : right(k, line); }
  Expr short_factor(Expr k, Expr c) { return few_columns_ ? right(k, c) : left(c, k); }
  std::pair<Expr, Expr> place(Expr line, Expr c) const {
    return few_columns_ ? std::pair(line, c) : std::pair(c, line);
  }

  /// Vectors run along the sum, a few lines at once: each vector of the short factor meets all of them.
  LoweredKernel along_sums() {
    const std::int64_t together = std::clamp<std::int64_t>(most_sums / few(), 1, 4);
    const Expr last_line = number(length()) - number(1), count = number(product_.k);
    const auto of_short =
        few_columns_ ? strides(product_.right, product_.column) : strides(product_.left, product_.row);
    const bool is_packed = !of_short || equal(of_short->sum, 1) != Answer::yes;
    const std::int64_t packed = is_packed ? pack() : 0;
    note(fmt::format("vectors along the sum, {} {} at once{}", together, few_columns_ ? "rows" : "columns",
                     is_packed ? ", the short operand packed" : ""));
    const Expr block = builder_.open(builder_.begin(), builder_.end());
    std::vector<Expr> lines;
    // The last block repeats the last line: it is stored twice, the same.
    for (std::int64_t r = 0; r < together; ++r)
      lines.push_back(defined(min(block * number(together) + number(r), last_line)));
    const std::vector<ir::Local> totals = sums(together * few());
    const Expr i = builder_.open(number(0), count, {lanes_});
    std::vector<Expr> of_long;
    for (Expr line : lines) of_long.push_back(defined(long_factor(line, i)));
    for (std::int64_t c = 0; c < few(); ++c) {
      const Expr other =
          defined(is_packed ? pool_.load(packed, dtype(), {{number(c) * count + i}}) : short_factor(i, number(c)));
      for (std::int64_t r = 0; r < together; ++r)
        builder_.add({ir::Accumulate{&sum(), {totals[r * few() + c]}, {of_long[r] * other}}});
    }
    builder_.close();
    store(lines, totals);
    builder_.close();
    return {builder_.finish(), floor_div(length() + (together - 1), together)};
  }

  void note(const std::string& how) {
    builder_.note("{} {}: the long operand is read once, all sums of a line stay in registers", few(),
                  few_columns_ ? "columns" : "rows");
    builder_.note("{}", how);
  }

  /// The lines of the short factor, one after the other.
  std::int64_t pack() {
    const Expr count = number(product_.k);
    const std::int64_t packed = builder_.scratch(dtype(), number(few()) * count);
    const Expr i = builder_.open(number(0), count);
    for (std::int64_t c = 0; c < few(); ++c) builder_.store(packed, number(c) * count + i, short_factor(i, number(c)));
    builder_.close();
    return packed;
  }

  /// Vectors run along the lines: each vector of the long factor meets all numbers of a row of the short one.
  LoweredKernel along_rows() {
    const int unroll = 2 * few() <= most_sums ? 2 : 1;
    note(fmt::format("vectors along the {}", few_columns_ ? "rows" : "columns"));
    const Expr line = builder_.open(builder_.begin(), builder_.end(), {lanes_, unroll});
    const std::vector<ir::Local> totals = sums(few());
    const Expr i = builder_.open(number(0), number(product_.k));
    const Expr of_long = defined(long_factor(line, i));
    for (std::int64_t c = 0; c < few(); ++c)
      builder_.add({ir::Assign{totals[c], builder_.local(totals[c], dtype()) + of_long * short_factor(i, number(c))}});
    builder_.close();
    store({line}, totals);
    builder_.close();
    return {builder_.finish(), length()};
  }

  /// Everything is read before anything is written: what the result is computed from may lie where it will.
  void store(const std::vector<Expr>& lines, const std::vector<ir::Local>& totals) {
    std::vector<Expr> offsets, values;
    for (Expr line : lines)
      for (std::int64_t c = 0; c < few(); ++c) {
        const auto [row, column] = place(line, number(c));
        offsets.push_back(offset(row, column));
        values.push_back(defined(element(builder_.local(totals[values.size()], dtype()), row, column)));
      }
    for (std::size_t k = 0; k < values.size(); ++k) ProductKernel::store(offsets[k], values[k]);
  }

  const bool few_columns_;
};

}  // namespace

std::optional<LoweredKernel> lower_skinny(const Contraction& product, const LoweringInput& input) {
  return SkinnyProduct(product, input).run();
}

}  // namespace theon::codegen
