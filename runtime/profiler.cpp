#include "runtime/profiler.h"

#include "codegen/program/explain.h"
#include "codegen/program/steps.h"
#include "runtime/machine_speed.h"
#include "src/ir/loop_walk.h"
#include "src/support/check.h"

#include <algorithm>

namespace theon::runtime {

namespace {

/// More make a file that nobody opens.
constexpr std::size_t most_spans = 200'000;

std::string name_of(const codegen::Step& step, const codegen::Program& program) {
  return std::visit(
      ir::Overloaded{[&](const codegen::KernelStep& kernel) { return program.kernels[kernel.kernel].name; },
                     [&](const codegen::CopyStep& copy) {
                       const std::string name = codegen::title(program.values[copy.from].variable);
                       return name.empty() ? std::string("copy") : "copy " + name;
                     },
                     [](const codegen::HostStep& host) { return host.node->op->name(); },
                     [](const codegen::BindStep& bind) { return "size " + to_string(bind.symbol); },
                     [](const codegen::CheckStep&) { return std::string("check"); },
                     [](const codegen::IndexStep&) { return std::string("check indices"); },
                     [](const codegen::LoopStep& loop) { return "loop of " + to_string(loop.trips); },
                     [](const codegen::BranchStep&) { return std::string("branch"); }},
      step.node);
}

std::string computed_by(const codegen::Step& step, const codegen::Program& program) {
  if (const auto* kernel = std::get_if<codegen::KernelStep>(&step.node)) return codegen::computed(*kernel, program);
  const Location where = codegen::where(step);
  return where ? to_string(where) : "";
}

double median_of(std::vector<double> seconds) {
  std::ranges::sort(seconds);
  const std::size_t middle = seconds.size() / 2;
  return seconds.size() % 2 == 1 ? seconds[middle] : (seconds[middle - 1] + seconds[middle]) / 2;
}

/// Of the widest floating numbers that the kernel touches.
std::size_t floating_bytes(const ir::Kernel& kernel) {
  std::size_t bytes = sizeof(float);
  for (const ir::Buffer& buffer : kernel.buffers)
    if (is_floating(buffer.dtype)) bytes = std::max(bytes, size_of(buffer.dtype));
  return bytes;
}

}  // namespace

Profiler::Profiler(const Executable& executable) : executable_(executable), layout_(executable.program.symbols) {
  add(executable.program.steps, 0);
  measured_.resize(steps_.size());
}

void Profiler::add(std::span<const codegen::Step> steps, int depth) {
  for (const codegen::Step& step : steps) {
    numbers_.emplace(&step, steps_.size());
    const codegen::Program& program = executable_.program;
    steps_.push_back({.name = name_of(step, program), .computes = computed_by(step, program), .depth = depth});
    for (const std::span<const codegen::Step>& inner : codegen::blocks(step)) add(inner, depth + 1);
  }
}

void Profiler::measure_call(const std::function<void()>& call) {
  start_ = Clock::now();
  call();
  calls_.push_back(now());
}

void Profiler::measure_steps(const std::function<void()>& call) {
  for (Measured& each : measured_) each.times = 0, each.seconds = 0;
  open_.clear();
  spans_.clear();
  threads_ = {{std::this_thread::get_id(), 0}};
  start_ = Clock::now();
  call();
  const double seconds = now();
  for (Measured& each : measured_) each.all.push_back(each.seconds);
  if (fastest_.empty() || seconds < least_) {
    least_ = seconds;
    fastest_ = spans_;
  }
}

void Profiler::before(const codegen::Step& step, const Context&) { open_.push_back({numbers_.at(&step), now()}); }

void Profiler::after(const codegen::Step& step, const Context& context) {
  const double end = now();
  const auto [number, begin, has_pieces] = open_.back();
  open_.pop_back();
  Measured& measured = measured_[number];
  ++measured.times;
  measured.seconds += end - begin;
  if (!has_pieces) add_span(number, begin, end);
  // In the first call alone: it takes longer than many a step, and loops are measured with what is inside.
  if (measured.all.empty()) count(step, measured, context);
}

void Profiler::piece(const std::function<void()>& run) {
  const double begin = now();
  run();
  const double end = now();
  const std::lock_guard lock(mutex_);
  open_.back().has_pieces = true;
  add_span(open_.back().step, begin, end);
}

void Profiler::add_span(std::size_t step, double begin, double end) {
  if (spans_.size() >= most_spans) return;
  const auto [thread, is_new] = threads_.try_emplace(std::this_thread::get_id(), threads_.size());
  spans_.push_back({step, thread->second, begin, end});
}

void Profiler::count(const codegen::Step& step, Measured& measured, const Context& context) const {
  if (const auto* kernel = std::get_if<codegen::KernelStep>(&step.node)) {
    const auto size = [&](const Dim& dim) { return static_cast<double>(layout_.value(dim, context.symbols.data())); };
    measured.operations += kernel->estimate.operations.value(size);
    measured.bytes += kernel->estimate.bytes.value(size);
    measured.picoseconds += kernel->estimate.picoseconds.value(size);
  }
  if (const auto* copy = std::get_if<codegen::CopyStep>(&step.node))
    if (context.buffers[copy->from] != context.buffers[copy->to])
      measured.bytes += 2 * static_cast<double>(context.bytes(copy->from));
}

Profile Profiler::profile(const std::string& function) const {
  Profile profile{.function = function,
                  .threads = executable_.team.threads,
                  .runs = static_cast<int>(calls_.size()),
                  .seconds = std::ranges::min(calls_),
                  .median = median_of(calls_),
                  .steps = steps_,
                  .spans = fastest_};
  for (const auto& [step, number] : numbers_) {
    const Measured& measured = measured_[number];
    Profile::Step& told = profile.steps[number];
    told.times = measured.times;
    told.seconds = std::ranges::min(measured.all);
    told.median = median_of(measured.all);
    const auto* kernel = std::get_if<codegen::KernelStep>(&step->node);
    if (measured.times == 0 || (!kernel && measured.bytes == 0)) continue;
    told.bytes = measured.bytes;
    if (kernel) {
      told.predicted = measured.picoseconds * 1e-12;
      told.operations = measured.operations;
    }
    const std::size_t width = kernel ? floating_bytes(executable_.program.kernels[kernel->kernel]) : sizeof(float);
    told.limit =
        std::max(measured.operations / operation_speed(width, executable_.team),
                 measured.bytes / copy_speed(measured.bytes / static_cast<double>(measured.times), executable_.team));
  }
  return profile;
}

}  // namespace theon::runtime
