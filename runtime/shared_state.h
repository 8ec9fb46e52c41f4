// Shared variables during a call: who may read and write them, and what they hold afterwards.
#pragma once

#include "runtime/context.h"

#include <cstddef>

namespace theon::runtime {

/// Holds the shared variables of a call. Updated ones are locked for as long as it lives; of those that are only read
/// it takes the memory they have now. All are taken at one moment, in one global order: a call never sees half of
/// another call's updates, and two calls never wait for each other.
class SharedLease {
 public:
  /// Points the buffers of `context` to the variables' memory.
  explicit SharedLease(Context& context);
  ~SharedLease();
  SharedLease(const SharedLease&) = delete;
  SharedLease& operator=(const SharedLease&) = delete;

  /// What a shared variable is worth before the commit, and after it. They share memory with it.
  Tensor value(const Variable& shared) const;
  Tensor update(const Variable& shared) const;

  /// The new values become the values. Does not fail.
  void commit() noexcept;

 private:
  void lock_all();
  void unlock_read_only() noexcept;
  void unlock_updated() noexcept;
  void take(std::size_t k);
  std::optional<std::size_t> slot_of(const Variable& shared) const;

  Context& context_;
};

}  // namespace theon::runtime
