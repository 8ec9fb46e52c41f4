// The parts of a group, and the passes they run in.
//
// In the body of the shared outer loops, every part is a loop over what remains: a nest over its inner axes, a
// reduction over its index. A part runs in a later pass than what it reads, unless it reads it at its own index in a
// loop of the same extents: then both share the loop, and the value stays in a register.
#pragma once

#include "codegen/schedule/group.h"

#include <map>
#include <unordered_map>
#include <vector>

namespace theon::codegen {

/// A reduction that depends on the outer axes alone, or the store of a nest.
struct Part {
  ir::Expr reduce;       // null for a nest
  std::size_t nest = 0;  // position in the group
  std::vector<ir::Expr>
      extents;  // of its loops, outermost first; none: a scalar, computed before the loops of its pass
  int pass = 0;
};

/// Parts in an order that can run: by pass, and within a pass producers first.
std::vector<Part> plan_passes(const Group& group, ir::Pool& pool);

}  // namespace theon::codegen
