#include "codegen/partition/cut.h"

#include "codegen/partition/cost.h"
#include "codegen/partition/elements.h"

#include <algorithm>
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

}  // namespace

std::vector<Variable> live_at_cuts(std::span<const Apply* const> order, ir::Pool& pool) {
  std::vector<int> cost(order.size());
  long total = 0;
  for (std::size_t n = 0; n < order.size(); ++n)
    if (const auto elements = canonical_elements(*order[n], pool)) total += cost[n] = element_cost(*elements);
  if (total <= kernel_budget) return {};

  std::unordered_map<const Apply*, std::size_t> last_use;
  for (std::size_t n = 0; n < order.size(); ++n)
    for (const Variable& x : order[n]->inputs)
      if (x.owner()) last_use[x.owner()] = n;
  const std::vector<int> live = live_counts(order, last_use);

  std::vector<Variable> stored;
  int since_cut = 0;
  std::size_t best = 0;
  for (std::size_t n = 0; n < order.size(); ++n) {
    since_cut += cost[n];
    // Anywhere in the second half of the budget will do: take the narrowest place.
    if (since_cut > kernel_budget / 2 && (best == 0 || live[n + 1] <= live[best])) best = n + 1;
    if (since_cut <= kernel_budget || best == 0) continue;
    for (std::size_t m = 0; m < best; ++m)
      if (const auto it = last_use.find(order[m]); it != last_use.end() && it->second >= best && cost[m] > 0)
        for (std::size_t i = 0; i < order[m]->outputs(); ++i) stored.push_back(order[m]->output(i));
    since_cut = 0;
    for (std::size_t m = best; m <= n; ++m) since_cut += cost[m];
    best = 0;
  }
  return stored;
}

}  // namespace theon::codegen
