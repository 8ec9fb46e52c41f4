// What the rows of rows.txt compute, as Theon's users write it. peers/formulas.py writes the same for the peers.
#pragma once

#include <theon/theon.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace theon::benchmarks {

/// The results of a row, and the new values of the inputs that it updates in place.
struct Computed {
  std::vector<Variable> results = {};
  std::vector<Variable> states = {};
};

struct Formula {
  std::function<Computed(const std::vector<Variable>& inputs)> compute;
  std::vector<std::size_t> state = {};  // which inputs are updated
};

/// By task and variant, as "A1.forward".
using Formulas = std::map<std::string, Formula>;
Formulas elementwise_formulas();
Formulas reduction_formulas();
Formulas product_formulas();
Formulas training_formulas();
Formulas science_formulas();
const Formulas& formulas();

using Inputs = std::vector<Variable>;

/// A formula of one result.
template <class F>
Formula of(F f) {
  return {[f](const Inputs& x) { return Computed{.results = {f(x)}}; }};
}
/// A formula of several results.
template <class F>
Formula of_list(F f) {
  return {[f](const Inputs& x) { return Computed{.results = f(x)}; }};
}
/// The new values of some inputs.
template <class F>
Formula updating(std::vector<std::size_t> state, F f) {
  return {[f](const Inputs& x) { return Computed{.states = f(x)}; }, std::move(state)};
}

}  // namespace theon::benchmarks
