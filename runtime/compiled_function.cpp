#include "runtime/compiled_function.h"

#include "codegen/c/emit.h"
#include "codegen/program/explain.h"
#include "runtime/floating_environment.h"
#include "runtime/host.h"
#include "runtime/nan_guard.h"
#include "runtime/profiler.h"
#include "runtime/shared_state.h"
#include "runtime/stepper.h"
#include "src/support/check.h"

#include <algorithm>
#include <utility>

namespace theon::detail {

namespace {

std::string loops(const codegen::Program& program) {
  std::string text;
  for (const ir::Kernel& kernel : program.kernels) text += "\n" + ir::to_string(kernel);
  return text;
}

}  // namespace

CompiledFunction::CompiledFunction(runtime::Request request, const FunctionOptions& options)
    : made_(runtime::compile(std::move(request), options)), mode_(options.mode), contexts_(*made_.executable) {
  if (mode_ == Mode::verify) reference_.emplace(made_.request);
  if (made_.optimise) background_.emplace(*made_.executable, std::move(made_.optimise));
}

bool CompiledFunction::wait_until_optimised() const { return !background_ || background_->wait().failure.empty(); }

std::vector<Function::Stage> CompiledFunction::stages() const {
  std::vector<Function::Stage> stages = made_.stages;
  if (background_)
    if (const auto outcome = background_->outcome()) stages.push_back({"optimised code", outcome->seconds});
  return stages;
}

std::shared_ptr<const std::vector<Tensor>> CompiledFunction::call(std::span<const Tensor> arguments,
                                                                  const volatile std::int32_t* cancel) const {
  if (arguments.size() < made_.arguments->size()) {
    const std::vector<Tensor> all = with_defaults(arguments);
    if (all.size() > arguments.size()) return call(all, cancel);
  }
  try {
    runtime::NanGuard guard;
    return run(arguments, cancel, mode_ == Mode::nan_guard ? &guard : nullptr);
  } catch (const Error& error) {
    if (error.where()) throw;
    runtime::rethrow_from(name(), where());
  }
}

std::shared_ptr<const std::vector<Tensor>> CompiledFunction::run(std::span<const Tensor> arguments,
                                                                 const volatile std::int32_t* cancel,
                                                                 runtime::Observer* observer) const {
  runtime::ContextLease lease(contexts_);
  runtime::Context& context = *lease;
  const runtime::FloatingEnvironment standard;
  made_.arguments->bind(arguments, context);
  runtime::SharedLease shared(context);
  context.make_outputs();
  context.start(cancel);
  runtime::run(context, observer);
  std::shared_ptr<const std::vector<Tensor>> outputs = context.take_outputs();
  if (reference_) reference_->run(arguments, *outputs, context, shared);
  shared.commit();
  lease.finish();
  return outputs;
}

/// The arguments, and the defaults of the inputs behind them, as far as these go.
std::vector<Tensor> CompiledFunction::with_defaults(std::span<const Tensor> arguments) const {
  std::vector<Tensor> all(arguments.begin(), arguments.end());
  while (all.size() < made_.request.defaults.size() && made_.request.defaults[all.size()])
    all.push_back(*made_.request.defaults[all.size()]);
  return all;
}

std::vector<Tensor> CompiledFunction::arguments_by_name(const std::map<std::string, Tensor>& named) const {
  const std::vector<Variable>& inputs = made_.request.inputs;
  for (const auto& [name, value] : named) {
    const auto count = std::ranges::count(inputs, name, [](const Variable& x) { return x.name(); });
    if (count == 0 || name.empty())
      fail<ArgumentError>(made_.request.where, "{}: there is no input called {}", this->name(), name);
    if (count > 1)
      fail<ArgumentError>(made_.request.where, "{}: {} inputs are called {}, so they cannot be given by name",
                          this->name(), count, name);
  }
  std::vector<Tensor> arguments;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto given = named.find(inputs[i].name());
    if (given == named.end() && !made_.request.defaults[i])
      fail<ArgumentError>(made_.request.where, "{}: input {}, {}, is given no value, and has no default", this->name(),
                          i, runtime::described(inputs[i]));
    arguments.push_back(given == named.end() ? *made_.request.defaults[i] : given->second);
  }
  return arguments;
}

std::string CompiledFunction::debugprint() const {
  return theon::debugprint(std::span(made_.graph.outputs).first(made_.request.results().size()));
}

std::string CompiledFunction::code(Code language) const {
  const codegen::Program& program = made_.executable->program;
  const ir::Layout layout(program.symbols);
  switch (language) {
    case Code::loops:
      return codegen::contents(program, "//") + loops(program);
    case Code::llvm_ir:
      return codegen::contents(program, ";") + codegen::llvm_text(program, layout, codegen::host_target());
    case Code::assembly:
      return codegen::contents(program, "#") + codegen::assembly(program, layout, codegen::host_target());
    case Code::c:
      return codegen::contents(program, "//") + codegen::c_source(program.kernels, layout);
  }
  broken_promise("the language is known", __FILE__, __LINE__);
}

Profile CompiledFunction::profile(const std::vector<Tensor>& given, const ProfileOptions& options) const {
  if (options.runs < 1) fail<ArgumentError>(where(), "{}: {} runs measure nothing", name(), options.runs);
  constexpr std::int32_t never_cancelled = 0;
  const std::vector<Tensor> arguments = with_defaults(given);
  call(arguments, &never_cancelled);
  runtime::Profiler profiler(*made_.executable);
  for (int n = 0; n < options.runs; ++n) {
    profiler.measure_call([&] { call(arguments, &never_cancelled); });
    profiler.measure_steps([&] { run(arguments, &never_cancelled, &profiler); });
  }
  return profiler.profile(name());
}

std::string CompiledFunction::explain() const {
  const codegen::Program& program = made_.executable->program;
  std::string text = fmt::format("{}, threads {}\n", name(), made_.executable->team.threads);
  for (const std::string& warning : made_.request.warnings) text += "warning: " + warning + "\n";
  if (background_) text += background_->to_string() + "\n";
  text += codegen::explain(program) + codegen::to_string(program);
  text += loops(program);
  for (const Function::Stage& stage : stages())
    text += fmt::format("{}: {:.2f} ms\n", stage.name, stage.seconds * 1000);
  return text;
}

}  // namespace theon::detail
