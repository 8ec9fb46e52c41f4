#include "runtime/stepper.h"

#include "codegen/program/steps.h"
#include "runtime/host.h"
#include "runtime/index_check.h"
#include "runtime/share.h"
#include "src/graph/print.h"
#include "src/support/check.h"
#include "src/tensor/layout.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

namespace theon::runtime {

namespace {

class Stepper {
 public:
  Stepper(Context& context, Observer* observer) : context_(context), observer_(observer) {}

  /// By the entry, which asks for each step that it does not run itself.
  void enter() {
    context_.let_step(
        [](const TheonFrame* frame, std::int64_t number) {
          return static_cast<Stepper*>(frame->context)->asked(static_cast<std::size_t>(number));
        },
        this);
    const std::int32_t status = context_.entry()(&context_.frame());
    if (thrown_) std::rethrow_exception(thrown_);
    if (status == THEON_CANCELLED) stop();
  }

  void run() {
    const std::vector<Call>& calls = context_.executable().calls;
    const std::size_t point_of_no_return = context_.executable().program.point_of_no_return;
    for (std::size_t n = 0; n < calls.size(); ++n) {
      if (n < point_of_no_return) poll();
      step(calls[n]);
    }
  }

 private:
  void poll() const {
    if (*context_.frame().cancel) stop();
  }
  [[noreturn]] static void stop() { throw Cancelled({}, "the call was cancelled"); }

  /// Runs a step for the entry; of a loop or branch only what comes before it. Nothing unwinds through native code.
  std::int32_t asked(std::size_t number) noexcept {
    try {
      const Call& call = *context_.executable().by_number[number];
      for (std::size_t counter : call.counters) context_.follow(counter);
      if (std::holds_alternative<LoopCall>(call.node) || std::holds_alternative<BranchCall>(call.node))
        open(call);
      else
        step(call);
      return 0;
    } catch (...) {
      thrown_ = std::current_exception();
      return 1;
    }
  }

  void open(const Call& call) {
    for (ValueId v : call.opens) context_.open(v);
  }

  void step(const Call& call) {
    if (observer_) observer_->before(*call.step, context_);
    open(call);
    std::visit([&](const auto& node) { run(node, *call.step); }, call.node);
    if (observer_ && has_written(call)) observer_->has_written(*call.step, context_);
    if (observer_) observer_->after(*call.step, context_);
  }

  /// A loop without iterations has not; what is inside a branch was observed there.
  bool has_written(const Call& call) const {
    if (const auto* kernel = std::get_if<KernelCall>(&call.node)) return context_.size(kernel->trips) > 0;
    if (const auto* loop = std::get_if<LoopCall>(&call.node)) return context_.symbols[loop->counter] > 0;
    return !std::holds_alternative<BranchCall>(call.node);
  }

  void run(const KernelCall& call, const codegen::Step& step) {
    const bool fails = call.is_serial ? fails_in_order(call) : runtime::fails(call, context_, observer_);
    if (fails) report(step);
  }

  /// Loops are long: they are asked to stop now and then.
  bool fails_in_order(const KernelCall& call) const {
    constexpr std::int64_t chunk = 1 << 14;
    const std::int64_t trips = context_.size(call.trips);
    for (std::int64_t begin = 0; begin < trips; begin += chunk) {
      if (begin > 0) poll();
      if (call.run(context_.frame(), begin, std::min(begin + chunk, trips)) != 0) return true;
    }
    return false;
  }

  void run(const CopyCall& call, const codegen::Step&) {
    void* to = context_.buffers[call.to];
    const void* from = context_.buffers[call.from];
    if (to != from) std::memcpy(to, from, copied_bytes(call));
  }

  /// Empty arrays have memory of one element, and nothing in it.
  std::size_t copied_bytes(const CopyCall& call) const {
    for (SizeNumber axis : context_.executable().values[call.from].axes)
      if (context_.size(axis) == 0) return 0;
    return context_.bytes(call.from);
  }

  void run(const HostCall& call, const codegen::Step& step) {
    runtime::run(call, *std::get<codegen::HostStep>(step.node).node, context_);
  }

  void run(const BindCall& call, const codegen::Step&) {
    std::int64_t size = 0;
    std::memcpy(&size, context_.buffers[call.value], sizeof(size));
    // The node that learns the size stands around what the user has given for it.
    const Variable& x = context_.executable().program.values[call.value].variable.owner()->inputs[0];
    if (size < 0) fail<ShapeError>(x.where(), "{} is a size, and is {}; sizes are not negative", brief(x), size);
    context_.bind(call.place, size);
  }

  void run(const CheckCall& call, const codegen::Step& step) {
    const bool* conditions = static_cast<const bool*>(context_.buffers[call.condition]);
    const auto& [message, value, where] = std::get<codegen::CheckStep>(step.node);
    if (!std::all_of(conditions, conditions + context_.elements(value), [](bool holds) { return holds; }))
      throw CheckError(where, message);
  }

  void run(const IndexCall& call, const codegen::Step& step) {
    runtime::run(call, std::get<codegen::IndexStep>(step.node), context_);
  }

  void run(const LoopCall& call, const codegen::Step&) {
    const std::int64_t trips = context_.size(call.trips);
    std::int64_t i = 0;
    for (; i < trips; ++i) {
      poll();
      context_.bind(call.counter, i);
      if (call.test && !passes(*call.test)) break;
      steps(call.body);
      for (const codegen::Carried& state : call.carried)
        std::swap(context_.buffers[state.current], context_.buffers[state.next]);
    }
    context_.bind(call.counter, i);
    if (i % 2 == 1) bring_home(call.carried);
  }

  void run(const BranchCall& call, const codegen::Step&) {
    steps(is_true(call.condition) ? call.then : call.otherwise);
  }

  bool passes(const CallTest& test) {
    steps(test.calls);
    return is_true(test.condition);
  }

  bool is_true(ValueId scalar) const { return *static_cast<const bool*>(context_.buffers[scalar]); }

  void steps(const std::vector<Call>& calls) {
    for (const Call& call : calls) step(call);
  }

  /// After an odd number of exchanges the final states lie in each other's memory.
  void bring_home(const std::vector<codegen::Carried>& carried) {
    for (const codegen::Carried& state : carried) {
      std::memcpy(context_.buffers[state.next], context_.buffers[state.current], context_.bytes(state.current));
      std::swap(context_.buffers[state.current], context_.buffers[state.next]);
    }
  }

  [[noreturn]] void report(const codegen::Step& step) const {
    const TheonFailure& failure = context_.failure();
    fail<CheckError>(codegen::where(step), "{} failed with code {}: {} and {}",
                     context_.executable().program.kernels[std::get<codegen::KernelStep>(step.node).kernel].name,
                     failure.code, failure.first, failure.second);
  }

  Context& context_;
  Observer* observer_;
  std::exception_ptr thrown_;
};

}  // namespace

void run(Context& context, Observer* observer) {
  Stepper stepper(context, observer);
  if (context.entry() && !observer)
    stepper.enter();
  else
    stepper.run();
}

}  // namespace theon::runtime
