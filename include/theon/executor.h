// Threads that run parts of a call.
#pragma once

#include <cstddef>
#include <functional>

namespace theon {

/// Runs tasks side by side. Theon has one of its own; derive from this to run calls on the threads of your program.
class Executor {
 public:
  virtual ~Executor() = default;
  /// How many tasks can run at a time, that of the calling thread among them; at least 1.
  virtual int workers() const = 0;
  /// Calls task(0), ..., task(count - 1), each once, in any order, on any threads, and returns when all have returned.
  /// May be called by several threads at once, and by a task. Tasks do not throw and do not wait for each other;
  /// neither may this function throw.
  virtual void run(std::size_t count, const std::function<void(std::size_t)>& task) = 0;
};

}  // namespace theon
