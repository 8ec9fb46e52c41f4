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

namespace {

/// Throws unless `x` is what a C++ type stands for.
void expect(const char* what, std::size_t k, const Variable& x, const detail::Expected& expected, Location where) {
  if (expected.ndim && x.ndim() != *expected.ndim)
    fail<ShapeError>(where, "function: {} {} of the signature is of rank {}, and stands for {}, which is {}", what, k,
                     *expected.ndim, runtime::described(x), to_string(x.type()));
  if (expected.dtype && x.dtype() != *expected.dtype)
    fail<DTypeError>(where, "function: {} {} of the signature is {}, and stands for {}, which is {}", what, k,
                     name(*expected.dtype), runtime::described(x), to_string(x.type()));
}

}  // namespace

void detail::expect_signature(std::span<const In> inputs, std::span<const Expected> arguments,
                              std::span<const Variable> outputs, std::span<const Expected> results, Location where) {
  if (inputs.size() != arguments.size())
    fail<ArgumentError>(where, "function: the signature has {} arguments, and there are {} inputs", arguments.size(),
                        inputs.size());
  if (outputs.size() != results.size())
    fail<ArgumentError>(where, "function: the signature has {} results, and there are {} outputs", results.size(),
                        outputs.size());
  for (std::size_t k = 0; k < inputs.size(); ++k) expect("argument", k, inputs[k].variable, arguments[k], where);
  for (std::size_t k = 0; k < outputs.size(); ++k) expect("result", k, outputs[k], results[k], where);
}

}  // namespace theon
