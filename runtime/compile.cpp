#include "runtime/compile.h"

#include "codegen/partition/elements.h"
#include "codegen/program/assemble.h"
#include "codegen/program/steps.h"
#include "codegen/program/verify.h"
#include "codegen/schedule/schedule.h"
#include "optimizer/pipeline.h"
#include "runtime/requirements.h"
#include "src/graph/binding.h"
#include "src/support/check.h"

#include <algorithm>
#include <chrono>
#include <unordered_set>
#include <utility>

namespace theon::runtime {

namespace {

/// Whether an integer of the one dtype has the same value in the other.
bool keeps_value(DType from, DType to) {
  if (is_unsigned(from) == is_unsigned(to)) return size_of(from) <= size_of(to);
  return is_unsigned(from) && size_of(from) < size_of(to);
}

/// The input whose value `x` is, through conversions that keep it; nothing where it is computed.
std::optional<std::size_t> input_behind(Variable x, const std::vector<Variable>& inputs) {
  while (const Apply* node = x.owner()) {
    if (node->op->op_class() != Op::Class::element || x.ndim() != 0) return std::nullopt;
    ir::Pool pool;
    ir::Expr element = (*codegen::canonical_elements(*node, pool))[x.index()];
    if (element->op == ir::Opcode::convert && is_integer(element->args[0]->dtype) &&
        keeps_value(element->args[0]->dtype, element->dtype))
      element = element->args[0];
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
      if (const std::optional<std::size_t> input = input_behind(binding.value, inputs))
        sizes.push_back({binding.symbol, *input});
  return sizes;
}

std::vector<Dim> argument_symbols(const std::vector<Variable>& inputs) {
  Shape dims;
  for (const Variable& x : inputs) dims.insert(dims.end(), x.dims().begin(), x.dims().end());
  return symbols(dims);
}

std::vector<Variable> joined(std::vector<Variable> list, const std::vector<Variable>& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

/// Debugging modes look at old values and at every step, so nothing is overwritten early.
bool writes_in_place(Mode mode) { return mode == Mode::fast_run || mode == Mode::fast_compile; }

/// Every symbol must come from somewhere.
void check_symbols(const codegen::Program& program, const Request& request) {
  std::unordered_set<Dim, DimHash> known(program.symbols.begin(),
                                         program.symbols.begin() + static_cast<std::ptrdiff_t>(program.entry_symbols));
  for (const codegen::Step& step : program.steps)
    for (const Dim& symbol : codegen::binds(step)) known.insert(symbol);
  for (const codegen::Step& step : program.steps)
    for (const Dim& symbol : codegen::needs(step, program.values, program.kernels))
      if (!known.contains(symbol))
        fail<ArgumentError>(
            request.where,
            "{}: the size {} is needed at {}, and no input has it\n  hint: add an input of this size to the inputs",
            request.name, to_string(symbol), to_string(codegen::where(step)));
}

void check_program([[maybe_unused]] const codegen::Program& program) {
#ifndef NDEBUG
  codegen::verify(program);
  for (const ir::Kernel& kernel : program.kernels) ir::check(kernel);
#endif
}

class Compiler {
  /// Runs a stage and notes how long it took.
  template <class F>
  auto timed(const char* name, F stage) {
    const auto start = std::chrono::steady_clock::now();
    auto result = stage();
    made_.stages.push_back({name, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()});
    return result;
  }

 public:
  Compiler(Request request, const FunctionOptions& options)
      : options_(options), made_{std::move(request), {}, std::make_unique<ir::Pool>(), {}, {}, {}, {}, {}} {}

  Compilation run() {
    relations_ = timed("obligations", [&] { return obligations(made_.request.results()); });
    made_.graph = timed("optimise", [&] { return optimised(); });
    codegen::Program program = lowered();
    check_symbols(program, made_.request);
    check_program(program);
    StoredCode code = native_code(program);
    made_.kernels = timed("load", [&] { return std::make_unique<KernelLibrary>(program, std::move(code)); });
    made_.executable = std::make_unique<Executable>(std::move(program), made_.kernels->code(), relations_,
                                                    team(options_, made_.request.where));
    if (is_instant_) optimise_later();
    made_.arguments =
        std::make_unique<Arguments>(made_.request.name, made_.request.inputs, sizes_, made_.executable->program,
                                    made_.executable->sizes, made_.request.where);
    return std::move(made_);
  }

 private:
  /// The outputs and updates, and behind them whatever a call computes for what it must check and bind.
  Graph optimised() {
    const Guarded guard = guarded(made_.request.results());
    duties_ = guard.duties;
    const Graph asked{made_.request.inputs, joined(guard.outputs, duties_.variables)};
    // Sizes that must be equal are one size to all that follows; the call checks that they are.
    const Graph wanted = substitute(asked, equalities(relations_, asked.inputs));
    Graph graph =
        optimize(wanted, {options_.rules, options_.disabled, options_.mode, options_.verify, made_.request.where})
            .graph;
    const Duties effect = effects(graph.outputs);
    duties_.add(effect);
    graph.outputs = joined(std::move(graph.outputs), effect.variables);
    return graph;
  }

  codegen::Program lowered() {
    sizes_ = entry_sizes(made_.graph.outputs, made_.graph.inputs);
    const codegen::Interface interface {
      .inputs = made_.graph.inputs, .updated = made_.request.updated, .duties = duties_.duties, .sizes = sizes_,
      .symbols = argument_symbols(made_.request.inputs), .in_place = writes_in_place(options_.mode),
    };
    codegen::Partition partition = timed("partition", [&] { return codegen::partition(made_.graph, *made_.pool); });
    codegen::Schedule schedule = timed("schedule", [&] {
      return codegen::schedule(std::move(partition), *made_.pool,
                               {.vector_bytes = target_.vector_bytes,
                                .stored_bytes = target_.stored_bytes,
                                .registers = target_.registers,
                                .masks = target_.masks,
                                .tables = target_.masks,
                                .math = options_.math});
    });
    return timed("assemble", [&] { return codegen::assemble(std::move(schedule), interface); });
  }

  /// From the cache on disk where another process has compiled the same.
  StoredCode native_code(const codegen::Program& program) {
    if (options_.cache)
      if (std::optional<ObjectCache> cache = environment_cache())
        cache_ = std::make_shared<const ObjectCache>(std::move(*cache));
    if (cache_) {
      std::optional<StoredCode> kept = timed("look up", [&] {
        key_ = codegen::object_key(program, ir::Layout(program.symbols), target_);
        return cache_->find(key_);
      });
      if (kept) return std::move(*kept);
    }
    is_instant_ = options_.tier == Tier::instant;
    if (is_instant_) return timed("instant code", [&] { return compiled(program, quick(target_)); });
    StoredCode code = timed("native code", [&] { return compiled(program, target_); });
    if (cache_) cache_->keep(key_, code);
    return code;
  }

  static codegen::Target quick(codegen::Target target) {
    target.effort = codegen::Effort::quick;
    return target;
  }

  void optimise_later() {
    made_.optimise = [&program = made_.executable->program, target = target_, cache = cache_, key = key_] {
      StoredCode code = compiled(program, target);
      if (cache) cache->keep(key, code);
      return code;
    };
  }

  const FunctionOptions& options_;
  const codegen::Target target_ = codegen::host_target();
  Compilation made_;
  std::vector<Obligation> relations_;
  Duties duties_;
  std::vector<codegen::EntrySize> sizes_;
  std::shared_ptr<const ObjectCache> cache_;
  std::string key_;  // of the optimised code
  bool is_instant_ = false;
};

}  // namespace

Compilation compile(Request request, const FunctionOptions& options) {
  return Compiler(std::move(request), options).run();
}

}  // namespace theon::runtime
