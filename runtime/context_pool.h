// Contexts that no call uses at the moment.
#pragma once

#include "runtime/context.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

namespace theon::runtime {

/// Lock-free: taking and giving back are one exchange each while calls do not run at once.
class ContextPool {
 public:
  explicit ContextPool(const Executable& executable) : executable_(executable) {}
  ~ContextPool();
  ContextPool(const ContextPool&) = delete;
  ContextPool& operator=(const ContextPool&) = delete;

  /// A context that has been used before, or a new one.
  std::unique_ptr<Context> take();
  void give_back(std::unique_ptr<Context> context) noexcept;

 private:
  /// More idle contexts than that are let go.
  static constexpr std::size_t most = 64;

  const Executable& executable_;
  std::array<std::atomic<Context*>, most> idle_{};
};

/// A context for the length of a call. Unless the call has finished, its context is not used again: its pointers may be
/// half changed.
class ContextLease {
 public:
  explicit ContextLease(ContextPool& pool) : pool_(pool), context_(pool.take()) {}
  ~ContextLease() {
    if (is_finished_) pool_.give_back(std::move(context_));
  }
  ContextLease(const ContextLease&) = delete;
  ContextLease& operator=(const ContextLease&) = delete;

  Context& operator*() const { return *context_; }
  void finish() { is_finished_ = true; }

 private:
  ContextPool& pool_;
  std::unique_ptr<Context> context_;
  bool is_finished_ = false;
};

}  // namespace theon::runtime
