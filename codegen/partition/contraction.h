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

/// Whether matrices of these sizes are so small, and the sums so short, that a batch of them is computed matrix by
/// matrix in registers.
bool is_small_product(const Dim& rows, const Dim& columns, const Dim& sum);

/// The nest as a matrix product: a floating sum of two factors, one of which depends on the result's last axis and not
/// on some other one, which the other factor depends on.
std::optional<Contraction> as_contraction(const Nest& nest, const std::vector<Value>& values);

/// Takes nests that read a product at their own index into it, where nobody else reads it and it is none of the
/// outputs: biases, activations, their derivatives, updates. Others' accounts say why not.
void fold_epilogues(std::vector<Work>& works, std::vector<Value>& values, const std::vector<ValueId>& outputs);

}  // namespace theon::codegen
