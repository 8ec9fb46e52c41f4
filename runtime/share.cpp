#include "runtime/share.h"

#include "runtime/floating_environment.h"

#include <algorithm>

namespace theon::runtime {

namespace {

/// A piece takes a few microseconds at least: long against handing it over.
constexpr std::int64_t smallest_piece = codegen::worth_sharing / 2;

/// Iterations begin, ..., end - 1, cut where cache lines of the results are likely to end.
struct Pieces {
  std::int64_t begin, end, count;

  std::int64_t cut(std::int64_t piece) const {
    constexpr std::int64_t line = 64;
    const std::int64_t trips = end - begin;
    std::int64_t at = trips / count * piece + trips % count * piece / count;
    if (trips / count >= 32 * line && piece < count) at = at / line * line;
    return begin + at;
  }
};

std::int64_t count_pieces(std::int64_t trips, std::int64_t work, int threads) {
  return work < codegen::worth_sharing ? 1 : std::min({std::int64_t{threads}, trips, work / smallest_piece});
}

bool run_at_once(const KernelCall& call, const Pieces& pieces, std::int64_t work, Context& context,
                 Observer* observer) {
  std::array<std::int32_t, ThreadPool::most_workers> status;
  const auto task = [&](std::size_t piece) {
    const FloatingEnvironment standard;
    const TheonFrame frame = context.frame_of(piece);
    const std::int64_t number = static_cast<std::int64_t>(piece);
    const auto run = [&] { status[piece] = call.run(frame, pieces.cut(number), pieces.cut(number + 1)); };
    observer ? observer->piece(run) : run();
  };
  // A function that holds but a reference allocates nothing.
  const std::function<void(std::size_t)> reference = std::ref(task);
  context.executable().team.run(static_cast<std::size_t>(pieces.count), reference, work);
  const auto end = status.begin() + pieces.count;
  const auto failed = std::find_if(status.begin(), end, [](std::int32_t code) { return code != 0; });
  if (failed == end) return false;
  context.take_failure(static_cast<std::size_t>(failed - status.begin()));
  return true;
}

}  // namespace

bool fails(const KernelCall& call, Context& context, Observer* observer) {
  const std::int64_t trips = context.size(call.trips);
  const int threads = context.executable().team.threads;
  std::int64_t begin = 0, end = 0;  // what is to run on this thread next
  if (threads > 1)
    for (const PhaseCall& phase : call.phases) {
      const std::int64_t first = end, work = context.size(phase.work);
      end += context.size(phase.trips);
      const std::int64_t count = count_pieces(end - first, work, threads);
      if (count <= 1) continue;
      if (begin < first && call.run(context.frame(), begin, first) != 0) return true;
      if (run_at_once(call, {first, end, count}, work, context, observer)) return true;
      begin = end;
    }
  return begin < trips && call.run(context.frame(), begin, trips) != 0;
}

}  // namespace theon::runtime
