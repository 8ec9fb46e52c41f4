// A row compiled for its data, ready to be called.
#pragma once

#include "benchmarks/set/formulas.h"

#include <functional>
#include <vector>

namespace theon::benchmarks {

struct Program {
  std::vector<Tensor> arguments;
  std::vector<Shared> states;
  Function function;
};

/// Sizes are known when compiling, as they are to the peers that compile.
Program compile(const Formula& formula, const std::vector<Tensor>& inputs);

/// The results of one call, and behind them the new values of what it updates.
std::vector<Tensor> results(const Program& program);

/// Calls that leave the results in memory of the library's own, with all checks.
std::function<void()> checked_call(const Program& program);
/// Calls that leave them in the caller's memory, through prepare().
std::function<void()> raw_call(const Program& program);

}  // namespace theon::benchmarks
