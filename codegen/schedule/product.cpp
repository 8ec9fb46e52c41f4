#include "codegen/schedule/product.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;

/// Sums that fit the registers beside the operands.
constexpr std::int64_t most_sums = 24;
/// With one column the library's matrix-vector product is as good.
constexpr std::int64_t fewest_columns = 2, most_columns = 16;

/// A product whose result has few columns: result(r, c) lies at r * row_stride + c * column_stride.
struct Skinny {
  MatrixOperand a, b;
  Dim m, k;
  std::int64_t columns;
  Dim row_stride, column_stride;
};

MatrixOperand transposed(const MatrixOperand& x) { return {x.value, x.offset, x.column_stride, x.row_stride}; }

std::optional<std::int64_t> as_columns(const Dim& dim) {
  const std::optional<std::int64_t> count = dim.known();
  return count && *count >= fewest_columns && *count <= most_columns ? count : std::nullopt;
}

std::optional<Skinny> as_skinny(const Contraction& product) {
  const auto& [result, a, b, m, n, k, alpha, accumulate, where] = product;
  if (const auto columns = as_columns(n)) return Skinny{a, b, m, k, *columns, n, 1};
  if (const auto rows = as_columns(m)) return Skinny{transposed(b), transposed(a), n, k, *rows, 1, n};
  return std::nullopt;
}

class ProductLowering {
 public:
  ProductLowering(const Contraction& product, const Skinny& skinny, const LoweringInput& input)
      : product_(product),
        skinny_(skinny),
        pool_(input.pool),
        dtype_(input.values[product.result].type.dtype),
        lanes_(input.machine.vector_bytes / static_cast<int>(size_of(dtype_))),
        builder_("product", input.values, input.pool) {}

  std::optional<LoweredKernel> run() {
    if (equal(skinny_.a.column_stride, 1) == Answer::yes) return along_sums();
    if (equal(skinny_.a.row_stride, 1) == Answer::yes) return along_rows();
    return std::nullopt;
  }

 private:
  /// Vectors run along the sum, a few rows at once: each vector of `b` meets all of them.
  LoweredKernel along_sums() {
    const std::int64_t together = std::clamp<std::int64_t>(most_sums / skinny_.columns, 1, 4);
    const Expr last_row = number(skinny_.m) - number(1), sums = number(skinny_.k);
    const bool is_packed = equal(skinny_.b.row_stride, 1) != Answer::yes;
    const std::int64_t packed = is_packed ? pack() : 0;
    const Expr block = builder_.open(builder_.begin(), builder_.end());
    std::vector<Expr> rows;
    // The last block repeats the last row: it is stored twice, the same.
    for (std::int64_t r = 0; r < together; ++r)
      rows.push_back(defined(min(block * number(together) + number(r), last_row)));
    std::vector<ir::Local> totals;
    for (std::int64_t i = 0; i < together * skinny_.columns; ++i) totals.push_back(builder_.accumulators(*sum())[0]);
    const Expr i = builder_.open(number(0), sums, {lanes_});
    std::vector<Expr> of_a;
    for (Expr row : rows) of_a.push_back(defined(load(skinny_.a, row, i)));
    for (std::int64_t c = 0; c < skinny_.columns; ++c) {
      const Expr of_b =
          defined(is_packed ? pool_.load(packed, dtype_, {{number(c) * sums + i}}) : load(skinny_.b, i, number(c)));
      for (std::int64_t r = 0; r < together; ++r)
        builder_.add({ir::Accumulate{sum(), {totals[r * skinny_.columns + c]}, {of_a[r] * of_b}}});
    }
    builder_.close();
    store(rows, totals);
    builder_.close();
    return {builder_.finish(), floor_div(skinny_.m + (together - 1), together)};
  }

  /// The columns of `b`, one after the other.
  std::int64_t pack() {
    const Expr sums = number(skinny_.k);
    const std::int64_t packed = builder_.scratch(dtype_, number(skinny_.columns) * sums);
    const Expr i = builder_.open(number(0), sums);
    for (std::int64_t c = 0; c < skinny_.columns; ++c)
      builder_.store(packed, number(c) * sums + i, load(skinny_.b, i, number(c)));
    builder_.close();
    return packed;
  }

  /// Vectors run along the rows: each vector of `a` meets all numbers of a row of `b`.
  LoweredKernel along_rows() {
    const int unroll = 2 * skinny_.columns <= most_sums ? 2 : 1;
    const Expr row = builder_.open(builder_.begin(), builder_.end(), {lanes_, unroll});
    std::vector<ir::Local> totals;
    for (std::int64_t c = 0; c < skinny_.columns; ++c) totals.push_back(builder_.accumulators(*sum())[0]);
    const Expr i = builder_.open(number(0), number(skinny_.k));
    const Expr of_a = defined(load(skinny_.a, row, i));
    for (std::int64_t c = 0; c < skinny_.columns; ++c)
      builder_.add({ir::Assign{totals[c], builder_.local(totals[c], dtype_) + of_a * load(skinny_.b, i, number(c))}});
    builder_.close();
    store({row}, totals);
    builder_.close();
    return {builder_.finish(), skinny_.m};
  }

  /// alpha * totals + c. Everything is read before anything is written: c may lie where the result will.
  void store(const std::vector<Expr>& rows, const std::vector<ir::Local>& totals) {
    std::vector<Expr> offsets, values;
    for (Expr row : rows)
      for (std::int64_t c = 0; c < skinny_.columns; ++c) {
        offsets.push_back(row * number(skinny_.row_stride) + number(c) * number(skinny_.column_stride));
        Expr value = builder_.local(totals[values.size()], dtype_);
        if (product_.alpha != 1) value = value * pool_.literal(dtype_, product_.alpha);
        if (product_.accumulate)
          value = value + pool_.load(builder_.read(*product_.accumulate), dtype_, {{offsets.back()}});
        values.push_back(defined(value));
      }
    for (std::size_t k = 0; k < values.size(); ++k)
      builder_.store(builder_.write(product_.result), offsets[k], values[k]);
  }

  Expr load(const MatrixOperand& x, Expr row, Expr column) {
    const Expr offset = number(x.offset) + row * number(x.row_stride) + column * number(x.column_stride);
    return pool_.load(builder_.read(x.value), dtype_, {{offset}});
  }

  Expr defined(Expr value) {
    const ir::Local local = builder_.fresh();
    builder_.add({ir::Let{local, value}});
    return builder_.local(local, value->dtype);
  }

  const ir::Monoid* sum() const { return pool_.monoid(ir::Opcode::add, dtype_); }
  Expr number(std::int64_t value) const { return pool_.literal(value); }
  Expr number(const Dim& dim) const { return pool_.parameter(dim); }

  const Contraction& product_;
  const Skinny& skinny_;
  ir::Pool& pool_;
  const DType dtype_;
  const int lanes_;
  KernelBuilder builder_;
};

}  // namespace

std::optional<LoweredKernel> lower(const Contraction& product, const LoweringInput& input) {
  const std::optional<Skinny> skinny = as_skinny(product);
  return skinny ? ProductLowering(product, *skinny, input).run() : std::nullopt;
}

}  // namespace theon::codegen
