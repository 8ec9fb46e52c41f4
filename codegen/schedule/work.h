// How long kernels take.
#pragma once

#include "codegen/schedule/group.h"
#include "codegen/schedule/schedule.h"

#include <functional>
#include <span>

namespace theon::codegen {

/// Picoseconds that one thread takes, as predicted from operations and bytes, where the operands are in the
/// second-level cache.
struct WorkModel {
  const Machine& machine;

  /// Of the elements, once each.
  Dim of(std::span<const ir::Expr> elements) const;
  /// Of all of them.
  Dim of(const Group& group, const std::vector<Value>& values) const;
  Dim of(const Contraction& sums, const std::vector<Value>& values) const;

  /// The same without bounds, and with operations and bytes. `is_kept`: whether a result is stored for others.
  Estimate estimate(const Group& group, const std::vector<Value>& values,
                    const std::function<bool(ValueId)>& is_kept) const;
  Estimate estimate(const Contraction& sums, const std::vector<Value>& values) const;
  Estimate estimate(const Scatter& scatter, const std::vector<Value>& values) const;
};

/// Iterations of so much work each that a block of them takes a fraction of a microsecond: long against the step from
/// one block to the next, and short enough to be shared evenly.
Dim block_of(const Dim& iteration_work);

}  // namespace theon::codegen
