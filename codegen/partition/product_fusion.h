// What is computed with a matrix product: of its operands as it packs them, of its sums as it stores them.
#pragma once

#include "codegen/partition/partition.h"

namespace theon::codegen {

/// Takes nests that read a product at their own index into it, where nobody else reads it and it is none of the
/// outputs: biases, activations, their derivatives, updates. Others' accounts say why not.
void fold_epilogues(std::vector<Work>& works, std::vector<Value>& values, const std::vector<ValueId>& outputs);

/// Takes nests that compute a factor into the product, where nobody else reads it: casts, scalings, activations,
/// gathers, joins. The product computes each element as it packs it. What takes longer than storing it has to be packed
/// once only, and in the order in which it lies. The product's account says why others are not taken.
void fold_prologues(std::vector<Work>& works, std::vector<Value>& values, const std::vector<ValueId>& outputs);

}  // namespace theon::codegen
