#include "codegen/program/order.h"

#include "codegen/program/steps.h"
#include "src/ir/dim_node.h"
#include "src/support/check.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>

namespace theon::codegen {

namespace {

/// Who touched a value since it was last written.
struct Touched {
  std::optional<std::size_t> writer;
  std::vector<std::size_t> readers;
};

}  // namespace

StepOrder::StepOrder(const std::vector<Step>& steps, const std::vector<Value>& values,
                     std::span<const ir::Kernel> kernels)
    : later_(steps.size()) {
  std::unordered_map<ValueId, Touched> touched;
  std::unordered_map<Dim, std::size_t, DimHash> binder;
  for (std::size_t n = 0; n < steps.size(); ++n)
    for (const Dim& symbol : binds(steps[n])) binder.emplace(symbol, n);
  for (std::size_t n = 0; n < steps.size(); ++n) {
    for (const Dim& symbol : needs(steps[n], values, kernels))
      if (const auto it = binder.find(symbol); it != binder.end()) add_edge(it->second, n);
    for (ValueId v : reads(steps[n])) {
      if (touched[v].writer) add_edge(*touched[v].writer, n);
      touched[v].readers.push_back(n);
    }
    for (ValueId v : writes(steps[n])) {
      if (touched[v].writer) add_edge(*touched[v].writer, n);
      for (std::size_t reader : touched[v].readers)
        if (reader != n) add_edge(reader, n);
      touched[v] = {n, {}};
    }
  }
}

void StepOrder::add_edge(std::size_t before, std::size_t after) { later_[before].push_back(after); }

std::vector<bool> StepOrder::followers(std::size_t before) const {
  std::vector<bool> reached(size(), false);
  std::vector<std::size_t> stack{before};
  while (!stack.empty()) {
    const std::size_t step = stack.back();
    stack.pop_back();
    for (std::size_t next : later_[step])
      if (!reached[next]) {
        reached[next] = true;
        stack.push_back(next);
      }
  }
  return reached;
}

std::vector<std::size_t> StepOrder::edges_to() const {
  std::vector<std::size_t> count(size(), 0);
  for (const std::vector<std::size_t>& later : later_)
    for (std::size_t step : later) ++count[step];
  return count;
}

std::vector<std::size_t> StepOrder::sorted() const {
  std::vector<std::size_t> missing = edges_to(), order;
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t n = 0; n < size(); ++n)
    if (missing[n] == 0) ready.push(n);
  while (!ready.empty()) {
    const std::size_t step = ready.top();
    ready.pop();
    order.push_back(step);
    for (std::size_t next : later_[step])
      if (--missing[next] == 0) ready.push(next);
  }
  THEON_CHECK(order.size() == size());
  return order;
}

std::vector<std::size_t> StepOrder::sorted_by(const Growth& growth) const {
  std::vector<std::size_t> missing = edges_to(), order;
  std::vector<bool> has_run(size(), false);
  while (order.size() < size()) {
    std::optional<std::pair<std::int64_t, std::size_t>> least;
    for (std::size_t n = 0; n < size(); ++n)
      if (!has_run[n] && missing[n] == 0) {
        const std::pair candidate(growth(n, has_run), n);
        least = least ? std::min(*least, candidate) : candidate;
      }
    THEON_CHECK(least.has_value());
    order.push_back(least->second);
    has_run[least->second] = true;
    for (std::size_t next : later_[least->second]) --missing[next];
  }
  return order;
}

}  // namespace theon::codegen
