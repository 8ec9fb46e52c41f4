// Which nests run in one kernel.
#pragma once

#include "codegen/partition/partition.h"

#include <span>
#include <unordered_map>
#include <vector>

namespace theon::codegen {

/// Nests that share their first `outer` axes: one loop nest over these, in whose body they run one after the other, or
/// together.
struct Group {
  std::vector<Nest> nests;
  Shape domain;  // of the first nest; the others agree with it on the first `outer` axes
  int outer = 0;
  int cost = 0;  // element operations
};

using Task = std::variant<Group, Contraction, Scatter, HostCall, Copy, Loop, Branch>;

std::vector<ValueId> reads(const Task& task);
std::vector<ValueId> writes(const Task& task);

/// Merges nests greedily into groups, where a nest reads what the group computes or reads the same memory over the same
/// domain. The result is in an order that can run. The accounts of `values` say which do not merge with what they read.
std::vector<Task> merge_nests(std::span<const Work> works, std::vector<Value>& values);

}  // namespace theon::codegen
