// Recognising matrix products by their structure.
#pragma once

#include "codegen/partition/partition.h"

namespace theon::codegen {

/// An add-reduction over one index of a product of two factors, each a load or the conversion of one.
struct ProductSum {
  ir::Expr reduce;
  ir::Expr index;        // the bound index
  ir::Expr left, right;  // the factors
};
std::optional<ProductSum> as_product_sum(ir::Expr element);

/// The load that the factor is, or that it converts; nothing where it is computed.
ir::Expr load_of(ir::Expr factor);
bool reads_axis(ir::Expr e, int axis);
/// Whether a step of the index moves each load to the next element of its array, or not at all.
bool reads_in_order(ir::Expr element, ir::Expr index, const std::vector<Value>& values);

/// A left operand of so many bytes stays in the second-level cache while the right one passes: each thread packs all of
/// it.
inline constexpr std::int64_t resident_bytes = std::int64_t{1} << 19;
/// Of panels of the right operand that are packed before blocks of rows meet them: each of these blocks packs the left
/// operand again.
inline constexpr std::int64_t block_bytes = std::int64_t{1} << 25;

/// Whether matrices of these sizes are so small, and the sums so short, that a batch of them is computed matrix by
/// matrix in registers.
bool is_small_product(const Dim& rows, const Dim& columns, const Dim& sum);

/// The nest as a matrix product: a floating sum of two factors, one of which depends on the result's last axis and not
/// on some other one, which the other factor depends on.
std::optional<Contraction> as_contraction(const Nest& nest, const std::vector<Value>& values);

}  // namespace theon::codegen
