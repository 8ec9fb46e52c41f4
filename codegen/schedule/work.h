// How long kernels take.
#pragma once

#include "codegen/schedule/group.h"
#include "codegen/schedule/schedule.h"

#include <span>

namespace theon::codegen {

/// Picoseconds that one thread takes, as predicted from operations and bytes, where the operands are in the
/// second-level cache.
struct WorkModel {
  const Machine& machine;

  /// Of the elements, once each.
  Dim of(std::span<const ir::Expr> elements) const;
  /// Of the whole nest.
  Dim of(const Nest& nest, const std::vector<Value>& values) const;
  Dim of(const Group& group, const std::vector<Value>& values) const;
  Dim of(const Contraction& sums, const std::vector<Value>& values) const;
};

/// Iterations of so much work each that a block of them takes a fraction of a microsecond: long against the step from
/// one block to the next, and short enough to be shared evenly.
Dim block_of(const Dim& iteration_work);

}  // namespace theon::codegen
