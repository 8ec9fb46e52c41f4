#include "tests/runtime/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__)

namespace {
std::atomic<std::int64_t> count = 0, bytes_of_all = 0;

void note(std::size_t bytes) {
  count.fetch_add(1, std::memory_order_relaxed);
  bytes_of_all.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
}
}  // namespace

const bool counts_allocations = true;
Allocations allocations() { return {count, bytes_of_all}; }

// In front of those of the C library: whoever allocates comes by here.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t bytes) {
  note(bytes);
  return __libc_malloc(bytes);
}
void* calloc(std::size_t n, std::size_t bytes) {
  note(n * bytes);
  return __libc_calloc(n, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  note(bytes);
  return __libc_memalign(alignment, bytes);
}
}

#else

const bool counts_allocations = false;
Allocations allocations() { return {}; }

#endif
