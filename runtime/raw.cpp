// The entry for hot loops.
#include <theon/function.h>

#include "runtime/compiled_function.h"
#include "runtime/floating_environment.h"
#include "runtime/shared_state.h"
#include "runtime/stepper.h"
#include "src/support/check.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace theon {

namespace {

using runtime::Context;
using runtime::Executable;
using runtime::KernelCall;

/// A call that does nothing but run kernels, on one thread: no state, no checks, no sizes that it learns.
class KernelRun {
 public:
  static bool suits(const Executable& executable) {
    return executable.team.threads == 1 && executable.shared.empty() &&
           executable.program.symbols.size() == executable.program.entry_symbols &&
           std::ranges::all_of(executable.calls, [](const runtime::Call& call) {
             return std::holds_alternative<KernelCall>(call.node) && call.opens.empty();
           });
  }

  KernelRun(const runtime::Arguments& arguments, Context& context)
      : executable_(context.executable()), frame_(context.frame()) {
    for (const auto& [argument, value] : arguments.values()) inputs_.push_back({argument, &context.buffers[value]});
    const std::vector<runtime::OutputSlot>& slots = executable_.outputs;
    for (std::size_t k = 0; k < slots.size(); ++k)
      for (const runtime::ValueId value : slots[k].residents) outputs_.push_back({k, &context.buffers[value]});
    for (const runtime::Call& call : executable_.calls) {
      const auto& kernel = std::get<KernelCall>(call.node);
      kernels_.push_back({kernel.kernel, context.size(kernel.trips)});
    }
    take_code();
  }

  /// Whether all went well.
  bool run(const void* const* inputs, void* const* outputs) noexcept {
    if (code_ != &executable_.code()) [[unlikely]]
      take_code();
    for (const auto& [argument, pointer] : inputs_) *pointer = const_cast<void*>(inputs[argument]);
    for (const auto& [result, pointer] : outputs_) *pointer = outputs[result];
    for (const Kernel& kernel : kernels_)
      if (kernel.run(&frame_, 0, kernel.trips) != 0) return false;
    return true;
  }

 private:
  struct Kernel {
    std::size_t number;
    std::int64_t trips;
    TheonKernel run = nullptr;
  };

  [[gnu::cold]] void take_code() {
    code_ = &executable_.code();
    for (Kernel& kernel : kernels_) kernel.run = code_->kernels[kernel.number];
  }

  /// Where the frame keeps the pointer to the memory of an argument or a result.
  struct Place {
    std::size_t position;
    void** pointer;
  };

  const Executable& executable_;
  const TheonFrame& frame_;
  std::vector<Place> inputs_, outputs_;
  std::vector<Kernel> kernels_;
  const runtime::Code* code_ = nullptr;
};

}  // namespace

struct Function::Raw::State : Start {
  State(std::shared_ptr<const detail::CompiledFunction> function, const std::vector<Sizes>& sizes)
      : function(std::move(function)), sizes(sizes) {
    prepare();
    output_sizes = context->output_sizes();
  }

  void prepare() {
    run = run_anything;
    context.emplace(function->executable());
    function->arguments().bind_sizes(sizes, *context);
    kernels.reset();
    if (!KernelRun::suits(function->executable())) return;
    context->start(&never_cancelled);
    kernels.emplace(function->arguments(), *context);
    run = run_kernels;
  }

  static std::int32_t run_kernels(Start& start, const void* const* inputs, void* const* outputs) noexcept {
    State& state = static_cast<State&>(start);
    if (!runtime::FloatingEnvironment::is_standard()) [[unlikely]]
      return run_anything(start, inputs, outputs);
    if (state.kernels->run(inputs, outputs)) [[likely]]
      return 0;
    state.has_failed = true;
    state.run = run_anything;
    return 1;
  }

  static std::int32_t run_anything(Start& start, const void* const* inputs, void* const* outputs) noexcept try {
    return static_cast<State&>(start).succeeds(inputs, outputs) ? 0 : 1;
  } catch (...) {
    return 1;
  }

  /// Any call: what is not kernels alone, and calls after one that failed: its context may be half changed, so there is
  /// a new one.
  bool succeeds(const void* const* inputs, void* const* outputs) {
    const runtime::FloatingEnvironment standard;
    if (std::exchange(has_failed, true)) prepare();
    if (kernels) {
      has_failed = !kernels->run(inputs, outputs);
      run = has_failed ? run_anything : run_kernels;
      return !has_failed;
    }
    context->prepare();
    function->arguments().point(inputs, *context);
    runtime::SharedLease shared(*context);
    for (std::size_t k = 0; k < output_sizes.size(); ++k)
      context->point(function->executable().outputs[k].residents, outputs[k]);
    context->start(&never_cancelled);
    runtime::run(*context);
    shared.commit();
    has_failed = false;
    return true;
  }

  static constexpr std::int32_t never_cancelled = 0;
  const std::shared_ptr<const detail::CompiledFunction> function;
  const std::vector<Sizes> sizes;
  std::vector<Sizes> output_sizes;
  std::optional<runtime::Context> context;
  std::optional<KernelRun> kernels;
  bool has_failed = false;
};

Function::Raw Function::prepare(const std::vector<Sizes>& input_sizes) const {
  auto state = std::make_shared<Raw::State>(compiled_, input_sizes);
  for (std::size_t k = 0; k < compiled_->executable().outputs.size(); ++k)
    if (compiled_->executable().values[compiled_->executable().outputs[k].value].is_late)
      fail<ArgumentError>(compiled_->where(),
                          "{}: the size of output {} depends on data, so no memory can be prepared for it", name(), k);
  return Raw(std::move(state));
}

const std::vector<Sizes>& Function::Raw::output_sizes() const {
  return static_cast<const State&>(*state_).output_sizes;
}

}  // namespace theon
