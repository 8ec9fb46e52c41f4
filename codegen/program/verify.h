// Proving that a program never reads what it has not written, or has written over.
#pragma once

#include "codegen/program/arena.h"
#include "codegen/program/program.h"

namespace theon::codegen {

/// Simulates the steps on the places of their values. Throws InternalError for a read before the write, a read of
/// memory that holds another value by then, a write to an input or a constant, an overwritten shared variable before a
/// step that can fail, a symbol used before it is bound, or a result that was never written.
void verify(const Program& program);

/// Throws InternalError where two roots that are live at one time overlap.
void verify(const Program& program, const ArenaLayout& layout, const BytesOf& bytes_of);

}  // namespace theon::codegen
