// Which loops ask the memory for what they will read.
#pragma once

#include "codegen/schedule/lower.h"
#include "codegen/schedule/passes.h"

#include <functional>
#include <utility>
#include <vector>

namespace theon::codegen {

struct Ahead {
  static constexpr std::int64_t bytes = 1024;  // they arrive while what lies before them is read

  ir::Expr condition;                                // null: never
  bool by_rows;                                      // the same place of the next row, otherwise so many bytes ahead
  std::vector<std::pair<ir::Expr, ir::Expr>> loads;  // each behind the reduction whose index moves it, or null
};

/// For the loop that some of the group's parts share. Two kinds of loops gain: those that only read, beyond the caches,
/// since the prefetchers of the machine stay too close and stop at each page; and the last of several passes over
/// rows, since the memory would rest in it. `is_in_memory`: whether a value is loaded at all.
Ahead plan_ahead(const Group& group, const std::vector<Part>& parts, const std::vector<std::size_t>& together,
                 const std::function<bool(ValueId)>& is_in_memory, const LoweringInput& input);
/// For the loop of a reduction inside of another one.
Ahead plan_ahead(ir::Expr reduce, const std::function<bool(ValueId)>& is_in_memory, const LoweringInput& input);

/// Whether the load's place is computed from numbers alone: then what it reads in later rows can be named, where these
/// end, too.
bool is_found_without_loads(ir::Expr load);

/// Whether the arrays of these loads are more than the caches hold.
ir::Expr are_far(const std::vector<ir::Expr>& loads, const LoweringInput& input);
/// Whether they are more than `most` bytes.
ir::Expr exceed(std::int64_t most, const std::vector<ir::Expr>& loads, const LoweringInput& input);

}  // namespace theon::codegen
