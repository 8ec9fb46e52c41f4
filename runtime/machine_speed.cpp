#include "runtime/machine_speed.h"

#include "codegen/llvm/jit.h"
#include "codegen/schedule/builder.h"
#include "src/support/check.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace theon::runtime {

namespace {

/// Calls run(n) with n large enough to last, and says the best seconds for each of the n.
double seconds_of(const std::function<void(std::int64_t)>& run) {
  using Clock = std::chrono::steady_clock;
  constexpr double enough = 300e-6;
  constexpr int attempts = 5;
  double best = 0;
  for (std::int64_t count = 1, good = 0; good < attempts;) {
    const auto start = Clock::now();
    run(count);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (seconds < enough) {
      count *= 2;
      continue;
    }
    const double each = seconds / static_cast<double>(count);
    best = good++ == 0 ? each : std::min(best, each);
  }
  return best;
}

void on_all_threads(const Team& team, const std::function<void(std::size_t)>& task) {
  constexpr std::int64_t long_work = 1'000'000'000;
  if (team.threads == 1) return task(0);
  team.run(static_cast<std::size_t>(team.threads), task, long_work);
}

/// More sums than a machine needs to hide the time that one addition takes, and fewer than it has registers.
constexpr int sums_at_once = 12;
constexpr std::int64_t steps_of_run = 1000;

/// Each iteration is a lane, in which sums are multiplied and added to, steps_of_run times each.
ir::Kernel sums_kernel(DType dtype, int lanes, ir::Pool& pool) {
  const std::vector<codegen::Value> values{
      {codegen::Value::Origin::computed, TensorType{dtype, {lanes}}, theon::input(dtype, "", Shape{lanes})}};
  codegen::KernelBuilder builder("speed", values, pool);
  const ir::Expr lane = builder.open(builder.begin(), builder.end(), {.lanes = lanes});
  std::vector<ir::Local> sums;
  for (int n = 0; n < sums_at_once; ++n) sums.push_back(builder.accumulators(*pool.monoid(ir::Opcode::add, dtype))[0]);
  builder.open(pool.literal(0), pool.literal(steps_of_run));
  for (const ir::Local sum : sums)
    builder.add({ir::Assign{sum, builder.local(sum, dtype) * pool.literal(dtype, 0.5) + pool.literal(dtype, 1.0)}});
  builder.close();
  ir::Expr all = builder.local(sums[0], dtype);
  for (int n = 1; n < sums_at_once; ++n) all = all + builder.local(sums[n], dtype);
  builder.store(builder.write(0), lane, all);
  builder.close();
  return builder.finish();
}

double measured_operations(DType dtype, const Team& team) {
  const codegen::Target target = codegen::host_target();
  const int lanes = target.vector_bytes / static_cast<int>(size_of(dtype));
  ir::Pool pool;
  const ir::Kernel kernel = sums_kernel(dtype, lanes, pool);
  const codegen::NativeCode code = codegen::compile(std::span(&kernel, 1), ir::Layout(), target);
  const TheonKernel run = code.kernel(kernel.name);
  const double seconds = seconds_of([&](std::int64_t count) {
    on_all_threads(team, [&](std::size_t) {
      alignas(64) std::array<std::byte, 64> result{};
      void* buffers[] = {result.data()};
      TheonFrame frame{};
      frame.buffers = buffers;
      for (std::int64_t n = 0; n < count; ++n) run(&frame, 0, lanes);
    });
  });
  return 2.0 * sums_at_once * static_cast<double>(steps_of_run) * lanes * team.threads / seconds;
}

double measured_copy(std::size_t bytes, const Team& team) {
  const auto threads = static_cast<std::size_t>(team.threads);
  const std::size_t half = bytes / 2, part = half / threads;
  std::vector<char> from(half, 1), to(half, 2);
  const double seconds = seconds_of([&](std::int64_t count) {
    on_all_threads(team, [&](std::size_t thread) {
      for (std::int64_t n = 0; n < count; ++n) {
        std::memcpy(to.data() + thread * part, from.data() + thread * part, part);
        asm volatile("" ::: "memory");
      }
    });
  });
  return 2.0 * static_cast<double>(part * threads) / seconds;
}

/// What has been measured: a machine's speed is the same for all functions.
template <class Key>
double once(const Key& key, const std::function<double()>& measure) {
  static std::mutex mutex;
  static std::map<Key, double> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(key);
  return found != known.end() ? found->second : known.emplace(key, measure()).first->second;
}

}  // namespace

double operation_speed(std::size_t element_bytes, const Team& team) {
  const DType dtype = element_bytes > sizeof(float) ? DType::float64 : DType::float32;
  return once(std::pair(dtype, team.threads), [&] { return measured_operations(dtype, team); });
}

double copy_speed(double bytes, const Team& team) {
  constexpr double least = 1 << 14, most = 1 << 26;
  const auto size = std::bit_ceil(static_cast<std::size_t>(std::clamp(bytes, least, most)));
  return once(std::pair(size, team.threads), [&] { return measured_copy(size, team); });
}

}  // namespace theon::runtime
