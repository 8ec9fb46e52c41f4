// Recognising matrix products by their structure.
#pragma once

#include "codegen/partition/partition.h"

namespace theon::codegen {

/// The two factors of an add-reduction over one index of a product of two loads, where `element` is one.
struct ProductSum {
  ir::Expr extent;
  ir::Expr index;        // the bound index
  ir::Expr left, right;  // the loads
};
std::optional<ProductSum> as_product_sum(ir::Expr element);

/// The nest as a matrix product: floating factors, each at strides that a matrix may have, of an output of rank 1 or 2.
std::optional<Contraction> as_contraction(const Nest& nest, const std::vector<Value>& values);

/// Turns `c + alpha * (a b)`, where nobody else reads the product and it is none of the outputs, into one contraction
/// that accumulates.
void fold_accumulations(std::vector<Work>& works, const std::vector<Value>& values,
                        const std::vector<ValueId>& outputs);

}  // namespace theon::codegen
