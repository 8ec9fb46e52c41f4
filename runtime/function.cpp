#include <theon/function.h>

#include "runtime/compiled_function.h"
#include "src/support/check.h"

#include <utility>

namespace theon {

namespace {

constexpr std::int32_t never_cancelled = 0;

}  // namespace

Results::operator Tensor() const {
  if (values_.size() != 1)
    fail<ArgumentError>({}, "{} outputs do not convert to one Tensor\n  hint: take one of them, results[0]",
                        values_.size());
  return values_[0];
}

Results Function::call(std::span<const Tensor> arguments) const {
  return Results(compiled_->call(arguments, &never_cancelled));
}

Results Function::call(std::span<const Tensor> arguments, const CancelToken& token) const {
  static_assert(sizeof(std::atomic<std::int32_t>) == sizeof(std::int32_t));
  return Results(compiled_->call(arguments, reinterpret_cast<const volatile std::int32_t*>(token.flag())));
}

Results Function::call(const std::map<std::string, Tensor>& arguments) const {
  return call(compiled_->arguments_by_name(arguments));
}

const std::string& Function::name() const { return compiled_->name(); }
std::string Function::debugprint() const { return compiled_->debugprint(); }
std::string Function::explain() const { return compiled_->explain(); }
std::vector<Function::Stage> Function::compile_times() const { return compiled_->stages(); }

std::string debugprint(const Function& f) { return f.debugprint(); }

Function function(std::vector<In> inputs, std::vector<Variable> outputs, FunctionOptions options, Location where) {
  return Function(std::make_shared<const detail::CompiledFunction>(
      runtime::checked_request(std::move(inputs), std::move(outputs), options, where), options));
}

Tensor eval(const Variable& y, const std::vector<std::pair<Variable, Tensor>>& arguments, Location where) {
  std::vector<In> inputs;
  std::vector<Tensor> values;
  for (const auto& [x, value] : arguments) {
    inputs.push_back(x);
    values.push_back(value);
  }
  const FunctionOptions options{.mode = Mode::fast_compile, .on_unused_input = OnUnusedInput::ignore, .name = "eval"};
  return function(std::move(inputs), {y}, options, where).call(std::move(values));
}

void detail::expect_arity(std::size_t inputs, std::size_t arguments, std::size_t outputs, std::size_t results,
                          Location where) {
  if (inputs != arguments)
    fail<ArgumentError>(where, "function: the signature has {} arguments, and there are {} inputs", arguments, inputs);
  if (outputs != results)
    fail<ArgumentError>(where, "function: the signature has {} results, and there are {} outputs", results, outputs);
}

}  // namespace theon
