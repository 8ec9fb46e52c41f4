#include "benchmarks/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>

namespace theon::benchmarks {

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Turn calls(std::function<void()> work) {
  work();
  int count = 1;
  const auto run = [work = std::move(work)](int times) {
    return seconds([&] {
      for (int i = 0; i < times; ++i) work();
    });
  };
  constexpr double wanted = 0.002;
  for (double took = run(1); took < wanted; took = run(count)) count *= 2;
  return [run, count] { return run(count) / count; };
}

namespace {

Timing summary(std::vector<double> times) {
  std::ranges::sort(times);
  return {times.front(), times[times.size() / 2]};
}

}  // namespace

std::vector<Timing> in_turns(const std::vector<Turn>& turns, double budget) {
  std::vector<std::vector<double>> times(turns.size());
  const auto round = [&] {
    for (std::size_t i = 0; i < turns.size(); ++i) times[i].push_back(turns[i]());
  };

  const double first = seconds(round);
  const int rounds = first > 10 * budget ? 1 : std::max(3, static_cast<int>(std::ceil(budget / first)));
  for (int i = 1; i < rounds; ++i) round();

  std::vector<Timing> timings;
  for (std::vector<double>& one : times) timings.push_back(summary(std::move(one)));
  return timings;
}

}  // namespace theon::benchmarks
