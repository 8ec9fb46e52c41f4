// What a worker says about a row.
#pragma once

#include <functional>

namespace theon::benchmarks {

/// Of one call, in seconds; for rows about memory in bytes or page faults.
struct Distribution {
  double min = 0, median = 0, p90 = 0;
};

/// Of what is measured only once.
Distribution exactly(double value);

/// Seconds that `work` takes.
double seconds(const std::function<void()>& work);

/// From blocks of as many calls as fill two milliseconds, until `budget` seconds are spent. A single call
/// where that alone takes ten times as long.
Distribution time_of(const std::function<void()>& call, double budget);

/// Of what says itself how many seconds a call took; at least three calls.
Distribution times_told(const std::function<double()>& turn, double budget);

/// How far the resident set grows from before `prepare` until its result was called three times.
double peak_bytes(const std::function<std::function<void()>()>& prepare);

/// Page faults of so many calls, after a few to settle.
double page_faults(const std::function<void()>& call, int calls);

}  // namespace theon::benchmarks
