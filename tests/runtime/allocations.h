// How much memory the process has asked for: work that can be counted, where times depend on what else the machine does.
#pragma once

#include <cstdint>

/// What malloc and its kin were asked for so far, by anyone in the process.
struct Allocations {
  std::int64_t count = 0, bytes = 0;
};
Allocations allocations();

/// Sanitizers have an allocator of their own: with them nothing is counted.
extern const bool counts_allocations;
