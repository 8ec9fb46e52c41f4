#include "benchmarks/set/program.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace theon::benchmarks {

namespace {

Shape known(const Tensor& value) { return Shape(value.sizes().begin(), value.sizes().end()); }

}  // namespace

Program compile(const Formula& formula, const std::vector<Tensor>& inputs) {
  std::vector<Variable> variables;
  std::vector<In> free;
  std::vector<Tensor> arguments;
  std::vector<Shared> states;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string name = "x" + std::to_string(i);
    if (std::ranges::count(formula.state, i) > 0) {
      variables.push_back(states.emplace_back(shared(name, inputs[i])));
    } else {
      variables.push_back(input(inputs[i].dtype(), name, known(inputs[i])));
      free.push_back(variables.back());
      arguments.push_back(inputs[i]);
    }
  }
  Computed computed = formula.compute(variables);
  std::vector<Update> updates;
  for (std::size_t i = 0; i < states.size(); ++i) updates.push_back({states[i], computed.states[i]});
  Function f = function(std::move(free), std::move(computed.results),
                        {.updates = std::move(updates), .on_unused_input = OnUnusedInput::ignore});
  return {std::move(arguments), std::move(states), std::move(f)};
}

std::vector<Tensor> results(const Program& program) {
  const Results called = program.function.call(program.arguments);
  std::vector<Tensor> values(called.begin(), called.end());
  for (const Shared& state : program.states) values.push_back(state.value());
  return values;
}

std::function<void()> checked_call(const Program& program) {
  return [program] { program.function.call(program.arguments); };
}

std::function<void()> raw_call(const Program& program) {
  std::vector<Sizes> sizes;
  std::vector<const void*> from;
  for (const Tensor& argument : program.arguments) {
    sizes.push_back(argument.sizes());
    from.push_back(argument.raw());
  }
  const Function::Raw raw = program.function.prepare(sizes);
  const Results example = program.function.call(program.arguments);
  std::vector<Tensor> owned;
  std::vector<void*> to;
  for (const Tensor& result : example) to.push_back(owned.emplace_back(result.copy()).raw());
  // The program and the tensors come along to keep the memory alive.
  return [raw, from, to, program, owned] {
    if (raw(from.data(), to.data()) != 0) throw std::runtime_error("a raw call failed");
  };
}

}  // namespace theon::benchmarks
