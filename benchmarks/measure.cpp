#include "benchmarks/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <malloc.h>
#include <sys/resource.h>

namespace theon::benchmarks {

namespace {

constexpr double block_seconds = 2e-3;
constexpr std::size_t fewest_blocks = 3;

double repeated(const std::function<void()>& call, int times) {
  return seconds([&] {
    for (int i = 0; i < times; ++i) call();
  });
}

Distribution distribution(std::vector<double> times) {
  std::ranges::sort(times);
  const auto last = static_cast<double>(times.size() - 1);
  return {times.front(), times[times.size() / 2], times[static_cast<std::size_t>(std::lround(0.9 * last))]};
}

/// A field of /proc/self/status, in bytes.
double resident(const std::string& field) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(field + ":")) return 1024 * std::stod(line.substr(field.size() + 1));
  throw std::runtime_error("there is no " + field + " in /proc/self/status");
}

double faults_so_far() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_minflt);
}

}  // namespace

Distribution exactly(double value) { return {value, value, value}; }

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Distribution time_of(const std::function<void()>& call, double budget) {
  const double first = seconds(call);
  if (first > 10 * budget) return exactly(first);
  const double once = std::min(first, seconds(call));
  const int times = std::max(1, static_cast<int>(std::lround(block_seconds / once)));
  std::vector<double> blocks;
  if (times == 1) blocks.push_back(once);
  for (double spent = 0; spent < budget || (blocks.size() < fewest_blocks && spent < 10 * budget);) {
    const double elapsed = repeated(call, times);
    blocks.push_back(elapsed / times);
    spent += elapsed;
  }
  return distribution(std::move(blocks));
}

Distribution times_told(const std::function<double()>& turn, double budget) {
  std::vector<double> times;
  for (double spent = 0; spent < budget || times.size() < fewest_blocks;) {
    times.push_back(turn());
    spent += times.back();
  }
  return distribution(std::move(times));
}

double peak_bytes(const std::function<std::function<void()>()>& prepare) {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const double before = resident("VmRSS");
  const std::function<void()> call = prepare();
  for (int i = 0; i < 3; ++i) call();
  return resident("VmHWM") - before;
}

double page_faults(const std::function<void()>& call, int calls) {
  for (int i = 0; i < 10; ++i) call();
  const double before = faults_so_far();
  for (int i = 0; i < calls; ++i) call();
  return faults_so_far() - before;
}

}  // namespace theon::benchmarks
