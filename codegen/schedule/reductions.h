// Shapes of reductions that decide how a nest is scheduled.
#pragma once

#include "codegen/partition/partition.h"

#include <optional>

namespace theon::codegen {

/// Whether a reduction depends on nothing but the first `outer` axes.
bool is_row_level(ir::Expr reduce, int outer);

/// The axis i of n along which a reduction is a running value: over a body that does not mention i, of extent i + 1, or
/// of n - i, where it begins with the last element.
struct Running {
  int axis;
  bool descends;
};
std::optional<Running> running_along(ir::Expr reduce);

/// The first running value in the element, or null.
ir::Expr running_reduction(ir::Expr element);

/// Whether the reduction inside runs down columns: its operands are contiguous along the last axis of the result rather
/// than along the reduced index.
bool reduces_columns(ir::Expr element, int rank);

}  // namespace theon::codegen
