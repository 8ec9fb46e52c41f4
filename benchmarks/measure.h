// Timing. What is compared runs in turns, so that all of it meets the same machine.
#pragma once

#include <functional>
#include <vector>

namespace theon::benchmarks {

/// Of one call, in seconds.
struct Timing {
  double min = 0, median = 0;
};

/// Runs something and says how many seconds one call of it took.
using Turn = std::function<double()>;

/// Seconds that `work` takes.
double seconds(const std::function<void()>& work);

/// A turn of as many calls as fill two milliseconds, after one call to warm up; a single call where that takes longer.
Turn calls(std::function<void()> work);

/// Lets each take its turn, one after another, for about `budget` seconds in all and at least three rounds; a single
/// round where that alone takes ten times the budget.
std::vector<Timing> in_turns(const std::vector<Turn>& turns, double budget);

}  // namespace theon::benchmarks
