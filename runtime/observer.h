// Watching a call.
#pragma once

#include "runtime/context.h"

#include <functional>

namespace theon::runtime {

/// Who watches a call, step by step.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void before(const codegen::Step&, const Context&) {}
  /// The step has written something: not so a loop without iterations; what is inside of a branch was told there.
  virtual void has_written(const codegen::Step&, Context&) {}
  virtual void after(const codegen::Step&, const Context&) {}
  /// Runs a piece of a kernel's iterations, on its thread; the others are called on the thread of the call.
  virtual void piece(const std::function<void()>& run) { run(); }
};

}  // namespace theon::runtime
