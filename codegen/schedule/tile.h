// The tile of a matrix product that is summed in registers.
#pragma once

#include "codegen/schedule/schedule.h"

#include <cstdint>
#include <optional>

namespace theon::codegen {

/// So many rows of so many vectors of columns.
struct Tile {
  std::int64_t rows, vectors;
};

/// The height of the tiles that take what is left of an unknown number of rows.
inline constexpr std::int64_t rest_rows = 3;

/// The height of the highest tiles.
inline constexpr std::int64_t most_rows = 16;

/// The tile, of so many rows at most, that a result of m rows and n columns is cut into with the least work; unknown
/// sizes are taken to be large.
Tile best_tile(std::optional<std::int64_t> m, std::optional<std::int64_t> n, int lanes, const Machine& machine,
               std::int64_t highest = most_rows);

}  // namespace theon::codegen
