#include "codegen/program/arena.h"

#include <algorithm>
#include <limits>

namespace theon::codegen {

namespace {

/// Memory that one root occupies from step `first` to step `last`.
struct Region {
  std::size_t value, first, last, bytes, offset;
};

std::size_t round_up(std::size_t bytes) {
  return (bytes + ArenaLayout::alignment - 1) / ArenaLayout::alignment * ArenaLayout::alignment;
}

std::vector<Region> roots(const Program& program, const BytesOf& bytes_of) {
  std::vector<Region> found;
  for (std::size_t v = 0; v < program.placements.size(); ++v) {
    const Placement& placement = program.placements[v];
    if (placement.home == Placement::Home::arena && placement.number == v)
      found.push_back({v, placement.first, placement.last, round_up(bytes_of(static_cast<ValueId>(v))), 0});
  }
  return found;
}

bool meet_in_time(const Region& a, const Region& b) { return a.first <= b.last && b.first <= a.last; }

/// The start of the smallest gap that holds `bytes`, between regions sorted by offset; past the last of them where none
/// does.
std::size_t best_fit(const std::vector<const Region*>& occupied, std::size_t bytes) {
  std::size_t best = 0, smallest = std::numeric_limits<std::size_t>::max(), end = 0;
  for (const Region* region : occupied) {
    const std::size_t gap = region->offset > end ? region->offset - end : 0;
    if (gap >= bytes && gap < smallest) {
      smallest = gap;
      best = end;
    }
    end = std::max(end, region->offset + region->bytes);
  }
  return smallest == std::numeric_limits<std::size_t>::max() ? end : best;
}

}  // namespace

ArenaLayout plan(const Program& program, const BytesOf& bytes_of) {
  std::vector<Region> regions = roots(program, bytes_of);
  std::stable_sort(regions.begin(), regions.end(), [](const Region& a, const Region& b) { return a.bytes > b.bytes; });
  ArenaLayout layout{std::vector<std::size_t>(program.values.size(), 0), 0};
  std::vector<const Region*> placed;  // by offset
  for (Region& region : regions) {
    std::vector<const Region*> occupied;
    for (const Region* other : placed)
      if (meet_in_time(*other, region)) occupied.push_back(other);
    region.offset = best_fit(occupied, region.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &region,
                                   [](const Region* a, const Region* b) { return a->offset < b->offset; }),
                  &region);
    layout.bytes = std::max(layout.bytes, region.offset + region.bytes);
    layout.offsets[region.value] = region.offset;
  }
  for (std::size_t v = 0; v < layout.offsets.size(); ++v)
    if (program.placements[v].home == Placement::Home::arena)
      layout.offsets[v] = layout.offsets[program.placements[v].number];
  return layout;
}

}  // namespace theon::codegen
