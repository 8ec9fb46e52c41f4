#include "codegen/partition/cut.h"

#include "codegen/partition/cost.h"
#include "codegen/partition/elements.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace theon::codegen {

namespace {

/// For each position of the order, how many values made before it are still read at or after it.
std::vector<int> live_counts(std::span<const Apply* const> order,
                             const std::unordered_map<const Apply*, std::size_t>& last_use) {
  std::vector<int> change(order.size() + 2, 0);
  for (std::size_t n = 0; n < order.size(); ++n)
    if (const auto it = last_use.find(order[n]); it != last_use.end()) {
      ++change[n + 1];
      --change[it->second + 1];
    }
  for (std::size_t n = 1; n < change.size(); ++n) change[n] += change[n - 1];
  return change;
}

/// So few operations on what lies in memory cost no more than a load of their result.
constexpr int as_cheap_as_a_load = 2;

/// What each node costs from what lies in memory on.
std::vector<int> costs_from_memory(std::span<const Apply* const> order, std::span<const int> cost,
                                   const std::vector<bool>& is_stored) {
  std::unordered_map<const Apply*, int> costs;
  std::vector<int> result;
  for (std::size_t n = 0; n < order.size(); ++n) {
    int sum = is_stored[n] ? 0 : cost[n];
    for (const Variable& x : order[n]->inputs)
      if (x.owner() && !is_stored[n]) sum = std::min(sum + costs.at(x.owner()), as_cheap_as_a_load + 1);
    costs[order[n]] = sum;
    result.push_back(sum);
  }
  return result;
}

}  // namespace

std::vector<Variable> live_at_cuts(std::span<const Apply* const> order, ir::Pool& pool) {
  std::vector<int> cost(order.size());
  std::vector<bool> is_stored(order.size(), true);
  long total = 0;
  for (std::size_t n = 0; n < order.size(); ++n)
    if (const auto elements = canonical_elements(*order[n], pool)) {
      total += cost[n] = element_cost(*elements);
      is_stored[n] = has_reduction(*elements);
    }
  if (total <= kernel_budget) return {};
  const std::vector<int> from_memory = costs_from_memory(order, cost, is_stored);

  std::unordered_map<const Apply*, std::size_t> last_use;
  for (std::size_t n = 0; n < order.size(); ++n)
    for (const Variable& x : order[n]->inputs)
      if (x.owner()) last_use[x.owner()] = n;
  const std::vector<int> live = live_counts(order, last_use);

  std::vector<Variable> stored;
  std::vector<std::size_t> read_later;  // of what was computed before the last cut
  int since_cut = 0;
  std::size_t best = 0, begin = 0;
  for (std::size_t n = 0; n < order.size(); ++n) {
    since_cut += cost[n];
    // Anywhere in the second half of the budget will do: take the narrowest place.
    if (since_cut > kernel_budget / 2 && (best == 0 || live[n + 1] <= live[best])) best = n + 1;
    if (since_cut <= kernel_budget || best == 0) continue;
    for (; begin < best; ++begin)
      if (from_memory[begin] > as_cheap_as_a_load && last_use.contains(order[begin])) read_later.push_back(begin);
    std::erase_if(read_later, [&](std::size_t m) { return last_use.at(order[m]) < best; });
    for (const std::size_t m : read_later)
      for (std::size_t i = 0; i < order[m]->outputs(); ++i) stored.push_back(order[m]->output(i));
    since_cut = std::accumulate(cost.begin() + static_cast<std::ptrdiff_t>(best),
                                cost.begin() + static_cast<std::ptrdiff_t>(n) + 1, 0);
    best = 0;
  }
  return stored;
}

}  // namespace theon::codegen
