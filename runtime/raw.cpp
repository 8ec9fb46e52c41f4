// The entry for hot loops.
#include <theon/function.h>

#include "runtime/compiled_function.h"
#include "runtime/floating_environment.h"
#include "runtime/shared_state.h"
#include "runtime/stepper.h"
#include "src/support/check.h"

#include <algorithm>
#include <utility>

namespace theon {

struct Function::Raw::State {
  explicit State(std::shared_ptr<const detail::CompiledFunction> function)
      : function(std::move(function)), context(this->function->executable()) {}

  void run(const void* const* inputs, void* const* outputs) {
    const runtime::FloatingEnvironment standard;
    context.prepare();
    function->arguments().point(inputs, context);
    runtime::SharedLease shared(context);
    for (std::size_t k = 0; k < context.output_sizes().size(); ++k)
      context.point(function->executable().outputs[k].residents, outputs[k]);
    context.start(&never_cancelled);
    runtime::run(context);
    shared.commit();
  }

  static constexpr std::int32_t never_cancelled = 0;
  const std::shared_ptr<const detail::CompiledFunction> function;
  runtime::Context context;
};

Function::Raw Function::prepare(const std::vector<Sizes>& input_sizes) const {
  auto state = std::make_shared<Raw::State>(compiled_);
  compiled_->arguments().bind_sizes(input_sizes, state->context);
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

const std::vector<Sizes>& Function::Raw::output_sizes() const { return state_->context.output_sizes(); }

}  // namespace theon
