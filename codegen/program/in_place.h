// The order of steps, chosen so that shared variables can be overwritten and little memory is needed at once.
#pragma once

#include "codegen/program/program.h"

namespace theon::codegen {

/// Puts the steps in order. Where `in_place`, as many updates as possible are written into the memory of the shared
/// variable itself: every other reader of the old value and every step that can fail runs before; but not those whose
/// waiting would keep more memory in use than a second buffer takes. Marks them in `program.shared` and sets
/// `point_of_no_return`.
void order_steps(Program& program, bool in_place);

}  // namespace theon::codegen
