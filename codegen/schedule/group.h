// Which nests run in one kernel.
#pragma once

#include "codegen/partition/partition.h"

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace theon::codegen {

/// Rows of a group whose reductions over all rows have running results of their own: what they come to, others combine.
struct Strips {
  Dim count, height;  // in indices of the outermost axis
  /// Of nests whose elements are combined over the outer axes, by what. Their results have the axes (strip, inner
  /// axes...).
  std::unordered_map<ValueId, const ir::Monoid*> combined;
};

/// Nests that share their first `outer` axes: one loop nest over these, in whose body they run one after the other, or
/// together.
struct Group {
  std::vector<Nest> nests;
  Shape domain;  // of the first nest; the others agree with it on the first `outer` axes
  int outer = 0;
  int cost = 0;  // element operations
  std::optional<Strips> strips = {};

  /// What combines the elements of the nest over the outer axes; null where nothing does.
  const ir::Monoid* combines(const Nest& nest) const {
    if (!strips) return nullptr;
    const auto found = strips->combined.find(nest.result);
    return found == strips->combined.end() ? nullptr : found->second;
  }
};

using Task = std::variant<Group, Contraction, Scatter, HostCall, Copy, Loop, Branch>;

std::vector<ValueId> reads(const Task& task);
std::vector<ValueId> writes(const Task& task);

/// Merges nests greedily into groups, where a nest reads what the group computes or reads the same memory over the same
/// domain. The result is in an order that can run. The accounts of `values` say which do not merge with what they read.
std::vector<Task> merge_nests(std::span<const Work> works, std::vector<Value>& values);

}  // namespace theon::codegen
