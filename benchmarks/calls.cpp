#include "benchmarks/rows.h"

#include <theon/theon.h>

#include <cstdint>

namespace theon::benchmarks {

namespace {

Function increment() {
  Variable x = vector<float>("x");
  return function({x}, {x + 1});
}

Turn checked_call() {
  const Function f = increment();
  const Tensor four = Tensor::ones<float>({4});
  return calls([=] { f(four); });
}

Turn raw_call() {
  const Function::Raw raw = increment().prepare({{4}});
  const Tensor from = Tensor::ones<float>({4}), to = Tensor::zeros<float>({4});
  return calls([=] {
    const void* const inputs[] = {from.raw()};
    void* const outputs[] = {to.raw()};
    raw(inputs, outputs);
  });
}

/// Seconds of one step of a loop that only counts.
Turn counting() {
  constexpr std::int64_t steps = 1'000'000;
  Variable n = scalar<std::int64_t>("n");
  Variable start = scalar<double>("start");
  const ScanResult loop = scan({.from = {start}, .n_steps = n}, [](Variable count) { return count + 1; });
  const Function f = function({n, start}, loop.states);
  const Turn turn = calls([=] { f(steps, 0.0); });
  return [=] { return turn() / steps; };
}

}  // namespace

void call_rows(Report& report) {
  report.trial("call.checked", "call f(x) = x + 1 on 4 numbers, checked", nanoseconds, 200e-9, checked_call);
  report.trial("call.raw", "the same through prepare(), unchecked", nanoseconds, 60e-9, raw_call);
  report.trial("call.scan", "a step of a scan that adds 1 to a scalar", nanoseconds, 5e-9, counting);
}

}  // namespace theon::benchmarks
