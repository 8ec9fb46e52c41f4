#include <theon/function.h>

#include "runtime/compiled_function.h"
#include "src/graph/node.h"
#include "src/support/check.h"

#include <utility>

namespace theon {

namespace {

constexpr std::int32_t never_cancelled = 0;

}  // namespace

Results::operator Tensor() const {
  if (size() != 1)
    fail<ArgumentError>({}, "{} outputs do not convert to one Tensor\n  hint: take one of them, results[0]", size());
  return list().front();
}

const std::vector<Tensor>& Results::list() const {
  static const std::vector<Tensor> none;
  return values_ ? *values_ : none;
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
std::string Function::code(Code language) const { return compiled_->code(language); }
Profile Function::profile(const std::vector<Tensor>& arguments, ProfileOptions options) const {
  return compiled_->profile(arguments, options);
}
std::vector<Function::Stage> Function::compile_times() const { return compiled_->stages(); }
bool Function::wait_until_optimised() const { return compiled_->wait_until_optimised(); }

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

namespace {

/// Whether it has a type; what has none is refused when compiling.
bool has_type(const Variable& x) { return !x.is_empty() && !is_pattern(x); }

}  // namespace

void detail::expect_signature(std::span<const In> inputs, std::span<const Expected> arguments,
                              std::span<const Variable> outputs, std::span<const bool> results,
                              const std::string& function, Location where) {
  const std::string title = function.empty() ? "function" : function;
  if (inputs.size() != arguments.size())
    fail<ArgumentError>(where, "{}: the signature has {} arguments, and there are {} inputs", title, arguments.size(),
                        inputs.size());
  if (outputs.size() != results.size())
    fail<ArgumentError>(where, "{}: the signature has {} results, and there are {} outputs", title, results.size(),
                        outputs.size());
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Variable& x = inputs[k].variable;
    if (!has_type(x)) continue;
    if (arguments[k].ndim.value_or(x.ndim()) != x.ndim())
      fail<ShapeError>(where, "{}: argument {} of the signature is of rank {}, input {} is {}: {}", title, k,
                       *arguments[k].ndim, k, to_string(x.type()), runtime::described(x));
    if (arguments[k].dtype.value_or(x.dtype()) != x.dtype())
      fail<DTypeError>(where, "{}: the elements of argument {} of the signature are {}, input {} is {}: {}", title, k,
                       name(*arguments[k].dtype), k, to_string(x.type()), runtime::described(x));
  }
  for (std::size_t k = 0; k < outputs.size(); ++k)
    if (results[k] && has_type(outputs[k]) && outputs[k].dims() != Shape(outputs[k].ndim(), 1))
      fail<ShapeError>(where, "{}: result {} of the signature is a number, output {} is {}: {}", title, k, k,
                       to_string(outputs[k].type()), runtime::described(outputs[k]));
}

}  // namespace theon
