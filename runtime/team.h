// Which threads a function runs on.
#pragma once

#include <theon/function.h>

#include "runtime/thread_pool.h"

#include <memory>

namespace theon::runtime {

struct Team {
  int threads = 1;                               // the most that a call runs on
  std::shared_ptr<Executor> executor = nullptr;  // of the user
  std::shared_ptr<ThreadPool> pool = nullptr;    // otherwise; null for one thread

  /// Runs task(0) to task(count - 1), which take so many picoseconds in all.
  void run(std::size_t count, const std::function<void(std::size_t)>& task, std::int64_t work) const {
    pool ? pool->run(count, task, work) : executor->run(count, task);
  }
};

/// What the options ask for, or else the environment. Throws ArgumentError for a number of threads that is none.
Team team(const FunctionOptions& options, Location where);

}  // namespace theon::runtime
