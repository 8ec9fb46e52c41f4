#include "runtime/team.h"

#include "src/support/check.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace theon::runtime {

namespace {

std::optional<int> threads_of_environment(Location where) {
  const char* variable = std::getenv("THEON_THREADS");
  if (!variable || !*variable) return std::nullopt;
  const std::string_view text = variable;
  if (text == "all") return all_threads;
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc() || end != text.data() + text.size() || threads < 0)
    fail<ArgumentError>(where, "the environment variable THEON_THREADS is {}: give a number of threads, or all", text);
  return threads;
}

int hardware_threads() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

}  // namespace

Team team(const FunctionOptions& options, Location where) {
  std::optional<int> asked = options.threads;
  if (asked && *asked < 0)
    fail<ArgumentError>(where, "a function is to run on {} threads; give 1 or more, or all_threads", *asked);
  if (!asked && !options.executor) asked = threads_of_environment(where);
  const int most = std::clamp(options.executor ? options.executor->workers() : ThreadPool::most_workers, 1,
                              ThreadPool::most_workers);
  const int all = options.executor ? most : hardware_threads();
  const int threads = std::min(asked.value_or(options.executor ? all_threads : 1), most);
  Team team{threads == all_threads ? all : threads, options.executor, nullptr};
  if (team.threads > 1 && !team.executor) team.pool = shared_pool(team.threads);
  return team;
}

}  // namespace theon::runtime
