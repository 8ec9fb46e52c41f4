// The entry for hot loops.
#include <theon/function.h>

#include "runtime/compiled_function.h"
#include "runtime/floating_environment.h"
#include "runtime/shared_state.h"
#include "runtime/stepper.h"
#include "src/support/check.h"

#include <optional>
#include <utility>

namespace theon {

struct Function::Raw::State {
  State(std::shared_ptr<const detail::CompiledFunction> function, const std::vector<Sizes>& sizes)
      : function(std::move(function)), sizes(sizes) {
    prepare();
    output_sizes = context->output_sizes();
  }

  void prepare() {
    context.emplace(function->executable());
    function->arguments().bind_sizes(sizes, *context);
  }

  void run(const void* const* inputs, void* const* outputs) {
    const runtime::FloatingEnvironment standard;
    // The context of a call that failed may be half changed: there is a new one then.
    if (std::exchange(has_failed, true)) prepare();
    context->prepare();
    function->arguments().point(inputs, *context);
    runtime::SharedLease shared(*context);
    for (std::size_t k = 0; k < output_sizes.size(); ++k)
      context->point(function->executable().outputs[k].residents, outputs[k]);
    context->start(&never_cancelled);
    runtime::run(*context);
    shared.commit();
    has_failed = false;
  }

  static constexpr std::int32_t never_cancelled = 0;
  const std::shared_ptr<const detail::CompiledFunction> function;
  const std::vector<Sizes> sizes;
  std::vector<Sizes> output_sizes;
  std::optional<runtime::Context> context;
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

std::int32_t Function::Raw::operator()(const void* const* inputs, void* const* outputs) const noexcept {
  try {
    state_->run(inputs, outputs);
    return 0;
  } catch (...) {
    return 1;
  }
}

const std::vector<Sizes>& Function::Raw::output_sizes() const { return state_->output_sizes; }

}  // namespace theon
