// Offsets in the scratch memory of a call.
#pragma once

#include "codegen/program/program.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace theon::codegen {

/// Where the roots of the arena lie, for some values of the symbols.
struct ArenaLayout {
  static constexpr std::size_t alignment = 64;

  std::vector<std::size_t> offsets;  // bytes, one per value; 0 for what does not live in the arena
  std::size_t bytes = 0;
};

/// The bytes of each value; only those of the arena are asked for.
using BytesOf = std::function<std::size_t(ValueId)>;

/// Best fit over lifetimes, the largest first: memory that is live at the same time does not overlap.
ArenaLayout plan(const Program& program, const BytesOf& bytes_of);

}  // namespace theon::codegen
