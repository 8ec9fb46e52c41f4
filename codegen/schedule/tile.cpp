#include "codegen/schedule/tile.h"

#include <algorithm>

namespace theon::codegen {

namespace {

constexpr std::int64_t most_vectors = 4;

/// Cycles of one step of the sum, on two units that multiply and two that load. Fewer sums than the latency of a
/// multiply-add takes wait for each other.
double cycles(const Tile& tile) {
  const auto sums = static_cast<double>(tile.rows * tile.vectors);
  return std::max({sums / 2, static_cast<double>(tile.rows + tile.vectors) / 2, 4.0});
}

/// What storing a tile and starting the next takes, in steps of a sum of a hundred.
constexpr double start = 0.2;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// All tiles of one column of them. An unknown number of rows is taken to be four tiles and a half, the half in low
/// tiles; and counted for each row.
double column_cycles(const Tile& tile, std::optional<std::int64_t> m) {
  if (!m) {
    const std::int64_t left = tile.rows / 2, low = ceil_div(left, rest_rows);
    return (4 * (cycles(tile) + start) + static_cast<double>(low) * (cycles({rest_rows, tile.vectors}) + start)) /
           static_cast<double>(4 * tile.rows + left);
  }
  if (*m == 0) return 0;
  const std::int64_t tiles = ceil_div(*m, tile.rows), high = ceil_div(*m, tiles), low = *m / tiles;
  const std::int64_t highs = *m - low * tiles;
  return static_cast<double>(highs) * (cycles({high, tile.vectors}) + start) +
         static_cast<double>(tiles - highs) * (cycles({low, tile.vectors}) + start);
}

double cost(const Tile& tile, std::optional<std::int64_t> m, std::optional<std::int64_t> vectors) {
  if (!vectors) return column_cycles(tile, m) / static_cast<double>(tile.vectors);
  const std::int64_t rest = *vectors % tile.vectors;
  const double whole = static_cast<double>(*vectors / tile.vectors) * column_cycles(tile, m);
  return rest == 0 ? whole : whole + column_cycles({tile.rows, rest}, m);
}

}  // namespace

Tile best_tile(std::optional<std::int64_t> m, std::optional<std::int64_t> n, int lanes, const Machine& machine,
               std::int64_t highest) {
  const std::optional<std::int64_t> vectors = n ? std::optional(ceil_div(*n, lanes)) : std::nullopt;
  Tile best{1, 1};
  double least = cost(best, m, vectors);
  for (std::int64_t v = 1; v <= std::min(most_vectors, vectors.value_or(most_vectors)); ++v)
    // Beside the sums a row of `v` vectors of one operand and a number of the other are in registers.
    for (std::int64_t h = 1; h <= std::min({(machine.registers - v - 1) / v, highest, m.value_or(highest)}); ++h)
      if (const double c = cost({h, v}, m, vectors); c <= least) {
        best = {h, v};
        least = c;
      }
  return best;
}

}  // namespace theon::codegen
