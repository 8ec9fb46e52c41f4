#include "runtime/compile.h"

#include "codegen/partition/elements.h"
#include "codegen/program/assemble.h"
#include "codegen/program/steps.h"
#include "codegen/program/verify.h"
#include "codegen/schedule/schedule.h"
#include "optimizer/pipeline.h"
#include "runtime/contraction.h"
#include "runtime/requirements.h"
#include "src/graph/binding.h"
#include "src/support/check.h"

#include <algorithm>
#include <chrono>
#include <unordered_set>
#include <utility>

namespace theon::runtime {

namespace {

class Stages {
 public:
  /// Runs a stage and notes how long it took.
  template <class F>
  auto operator()(const char* name, F stage) {
    const auto start = std::chrono::steady_clock::now();
    auto result = stage();
    stages_.push_back({name, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()});
    return result;
  }
  std::vector<Function::Stage> take() { return std::move(stages_); }

 private:
  std::vector<Function::Stage> stages_;
};

/// The input whose value `x` is, through conversions; nothing where it is computed.
std::optional<std::size_t> input_behind(Variable x, const std::vector<Variable>& inputs) {
  while (const Apply* node = x.owner()) {
    if (node->op->op_class() != Op::Class::element || x.ndim() != 0) return std::nullopt;
    ir::Pool pool;
    ir::Expr element = codegen::canonical_elements(*node, pool)->at(x.index());
    if (element->op == ir::Opcode::convert && is_integer(element->args[0]->dtype)) element = element->args[0];
    if (element->op != ir::Opcode::load) return std::nullopt;
    x = Variable(node->inputs[element->number]);
  }
  const auto it = std::find_if(inputs.begin(), inputs.end(), [&](const Variable& input) { return same(input, x); });
  return it == inputs.end() ? std::nullopt : std::optional<std::size_t>(it - inputs.begin());
}

/// Symbols that scalar arguments say.
std::vector<codegen::EntrySize> entry_sizes(std::span<const Variable> outputs, const std::vector<Variable>& inputs) {
  std::vector<codegen::EntrySize> sizes;
  for (const SizeBinding& binding : bindings(outputs))
    if (binding.axis < 0)
      if (const std::optional<std::size_t> input = input_behind(binding.value, inputs)) sizes.push_back({binding.symbol, *input});
  return sizes;
}

/// Every symbol must come from somewhere.
void check_symbols(const codegen::Program& program, const Request& request) {
  std::unordered_set<Dim, DimHash> known(program.symbols.begin(), program.symbols.begin() + static_cast<std::ptrdiff_t>(program.entry_symbols));
  for (const codegen::Step& step : program.steps)
    for (const Dim& symbol : codegen::binds(step)) known.insert(symbol);
  for (const codegen::Step& step : program.steps)
    for (const Dim& symbol : codegen::needs(step, program.values, program.kernels))
      if (!known.contains(symbol)) {
        const Location at = codegen::where(step);
        fail<ArgumentError>(at ? at : request.where, "{}: the size {} is needed, and no input has it\n  hint: add an input with this size to the inputs", request.name, to_string(symbol));
      }
}

/// Loops of debugging modes look at old values and at every step, so nothing is overwritten early.
bool writes_in_place(Mode mode) { return mode == Mode::fast_run || mode == Mode::fast_compile; }

}  // namespace

Compilation compile(Request request, const FunctionOptions& options) {
  Stages stage;
  Compilation made{std::move(request), {}, std::make_unique<ir::Pool>(), {}, {}, {}, {}};
  Requirements required = stage("requirements", [&] { return requirements(made.request.results()); });
  std::vector<Variable> wanted = made.request.results();
  wanted.insert(wanted.end(), required.indices.begin(), required.indices.end());
  made.graph = stage("optimise", [&] { return optimize(Graph{made.request.inputs, wanted}, {options.rules, options.disabled, options.mode, options.verify}).graph; });
  codegen::Interface interface{made.request.inputs, made.request.updated, {required.checks.begin(), required.checks.end()}, {}, writes_in_place(options.mode)};
  Effects effect = effects(made.graph.outputs);
  made.graph.outputs.insert(made.graph.outputs.end(), effect.variables.begin(), effect.variables.end());
  interface.duties.insert(interface.duties.end(), effect.duties.begin(), effect.duties.end());
  interface.sizes = entry_sizes(made.graph.outputs, made.request.inputs);
  const codegen::Target target = codegen::host_target();
  codegen::Partition partition = stage("partition", [&] { return codegen::partition(made.graph, *made.pool); });
  codegen::Schedule schedule = stage("schedule", [&] { return codegen::schedule(std::move(partition), *made.pool, {target.vector_bytes}); });
  codegen::Program program = stage("assemble", [&] { return codegen::assemble(std::move(schedule), interface); });
  check_symbols(program, made.request);
#ifndef NDEBUG
  codegen::verify(program);
  for (const ir::Kernel& kernel : program.kernels) ir::check(kernel);
#endif
  made.kernels = stage("native code", [&] { return std::make_unique<KernelLibrary>(program.kernels, ir::Layout(program.symbols), target); });
  use_one_thread();
  made.executable = std::make_unique<Executable>(std::move(program), [&](std::size_t kernel) { return made.kernels->at(kernel); }, required.obligations);
  made.arguments = std::make_unique<Arguments>(made.request.name, made.request.inputs, interface.sizes, made.executable->program, made.executable->sizes, made.request.where);
  made.stages = stage.take();
  return made;
}

}  // namespace theon::runtime
