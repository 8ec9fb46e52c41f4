// A place for every value.
#pragma once

#include "codegen/program/program.h"

namespace theon::codegen {

/// Fills `program.placements`. A value that a step computes from one of the same size, which nobody reads afterwards,
/// takes over that value's memory where the step allows it.
void place_values(Program& program);

}  // namespace theon::codegen
