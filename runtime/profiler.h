// Measuring the steps of a call.
#pragma once

#include <theon/profile.h>

#include "runtime/executable.h"
#include "runtime/observer.h"
#include "src/ir/loop_layout.h"

#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace theon::runtime {

class Profiler : public Observer {
 public:
  explicit Profiler(const Executable& executable);

  /// Times what it is given, a whole call.
  void measure_call(const std::function<void()>& call);
  /// The same with this observer watching.
  void measure_steps(const std::function<void()>& call);

  Profile profile(const std::string& function) const;

  void before(const codegen::Step& step, const Context& context) override;
  void after(const codegen::Step& step, const Context& context) override;
  void piece(const std::function<void()>& run) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Measured {
    std::int64_t times = 0;
    double operations = 0, bytes = 0, picoseconds = 0;  // of the first call
    double seconds = 0;                                 // in this call
    std::vector<double> all = {};                       // by call
  };

  void add(std::span<const codegen::Step> steps, int depth);
  void count(const codegen::Step& step, Measured& measured, const Context& context) const;
  void add_span(std::size_t step, double begin, double end);
  double now() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  const Executable& executable_;
  const ir::Layout layout_;
  std::vector<Profile::Step> steps_;
  std::unordered_map<const codegen::Step*, std::size_t> numbers_;
  std::vector<Measured> measured_;  // by number
  std::vector<double> calls_;
  Clock::time_point start_;
  struct Open {
    std::size_t step;
    double begin;
    bool has_pieces = false;
  };
  std::vector<Open> open_;  // steps inside of others
  std::mutex mutex_;        // of what pieces add
  std::map<std::thread::id, std::size_t> threads_;
  std::vector<Profile::Span> spans_, fastest_;
  double least_ = 0;
};

}  // namespace theon::runtime
