// Where a function spends its time.
#pragma once

#include <theon/error.h>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace theon {

struct ProfileOptions {
  /// Calls that are measured, after one that is not.
  int runs = 10;
};

/// What `Function::profile` measured: the steps of a function, one by one.
///
/// A step's limit is the time that its operations and its bytes take at the least: the operations at the speed of fused
/// multiplications and additions in vectors, the bytes at the speed of copying between arrays of as many bytes. Both
/// speeds are measured in this process, once, on as many threads as the function has.
struct Profile {
  struct Step {
    std::string name;                      // of the kernel, or what else the step does
    std::string computes;                  // the user's variables and lines: "mlp.cpp:12: h, tanh, add"
    int depth = 0;                         // in how many loops and branches
    std::int64_t times = 0;                // it runs in a call
    double seconds = 0;                    // in a call, all times together, with what is inside; the least of all calls
    double median = 0;                     // the same, the median of all calls
    std::optional<double> predicted = {};  // seconds on one thread, where the schedule predicts any
    std::optional<double> operations = {};  // on elements, in a call; a multiplication and an addition are two
    std::optional<double> bytes = {};       // of arrays read and written
    std::optional<double> limit = {};       // seconds

    /// How much of what the machine can do the step does: 1 is all.
    std::optional<double> share() const;
  };

  /// What ran on a thread, for a trace; seconds since the call began.
  struct Span {
    std::size_t step;  // in `steps`
    std::size_t thread;
    double begin, end;
  };

  std::string function;
  int threads = 1;
  int runs = 0;
  double seconds = 0, median = 0;  // of whole calls, which nothing was measured inside of
  std::vector<Step> steps;
  /// Of the fastest measured call; of very long ones the beginning.
  std::vector<Span> spans;

  /// The spans in the format of Chrome's trace viewer (JSON), which Perfetto opens too.
  std::string trace() const;
  /// Throws FileError where the file cannot be written.
  void write_trace(const std::string& path, Location where = Location::here()) const;
};

/// A table, a step a line, with the share of the limit.
std::string to_string(const Profile& profile);
std::ostream& operator<<(std::ostream& out, const Profile& profile);

}  // namespace theon
