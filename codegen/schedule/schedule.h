// From a partition to steps and kernels: loops, passes, vectors. All decisions of that kind are made in this folder.
#pragma once

#include <theon/math.h>

#include "codegen/partition/partition.h"
#include "codegen/program/program.h"
#include "src/ir/loop.h"

namespace theon::codegen {

/// What a schedule needs to know of the machine, and of how to use it.
struct Machine {
  int vector_bytes = 32;
  int stored_bytes = 32;  // of them, as many as are stored at full speed at once
  int registers = 16;     // for vectors
  bool masks = false;     // whether some lanes are loaded and stored as fast as all
  bool tables = false;    // whether numbers are taken apart, scaled and looked up among 16 in an instruction each
  std::int64_t cached_bytes = std::int64_t{1} << 24;  // more than that is not found in the caches later; below it,
                                                      // storing past them costs several times as much
  std::int64_t far_bytes = std::int64_t{3} << 23;     // reading more than that waits for memory
  std::int64_t second_level_bytes = std::int64_t{1} << 20;
  Math math = Math::strict;
};

struct Schedule {
  std::vector<Value> values;  // the partition's, and any that the schedule added
  std::vector<Step> steps;    // in an order that can run; nothing is in place yet
  std::vector<ir::Kernel> kernels;
  std::vector<ValueId> outputs;
};

Schedule schedule(Partition partition, ir::Pool& pool, const Machine& machine);

}  // namespace theon::codegen
