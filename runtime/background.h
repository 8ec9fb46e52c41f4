// Optimised code for a function that runs already.
#pragma once

#include "runtime/executable.h"

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

namespace theon::runtime {

/// Compiles on a thread of its own, and gives the code to the executable.
class Background {
 public:
  /// What compiles needs nothing but the executable, which outlives this; what it throws leaves the executable as it
  /// is.
  Background(Executable& executable, std::function<StoredCode()> compile);
  /// Waits for the thread: nobody can stop LLVM.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  struct Outcome {
    double seconds;
    std::string failure;  // empty where the code has been replaced
  };
  /// Nothing as long as the thread is at it. Thread-safe.
  std::optional<Outcome> outcome() const;
  /// Waits. Thread-safe.
  Outcome wait() const { return outcome_.get(); }
  /// Which code runs, a line for people.
  std::string to_string() const;

 private:
  Outcome run(Executable& executable, const std::function<StoredCode()>& compile);

  std::unique_ptr<const KernelLibrary> optimised_;
  std::shared_future<Outcome> outcome_;
};

}  // namespace theon::runtime
