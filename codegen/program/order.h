// Which step must run before which.
#pragma once

#include "codegen/program/program.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace theon::codegen {

/// The steps of a list that run in the given order, and what of that order matters: a graph whose edges lead from a
/// step to those that must come later.
class StepOrder {
 public:
  /// Edges from the list itself: a reader follows the writers before it, a writer what read or wrote the value before
  /// it, and whoever needs a symbol the step that binds it.
  StepOrder(const std::vector<Step>& steps, const std::vector<Value>& values, std::span<const ir::Kernel> kernels);

  std::size_t size() const { return later_.size(); }
  void add_edge(std::size_t before, std::size_t after);
  /// For each step, whether it must run after `before`, through any number of edges.
  std::vector<bool> followers(std::size_t before) const;
  /// The positions of the steps in an order that can run; of those that are ready, the first in the list runs first.
  std::vector<std::size_t> sorted() const;
  /// Of those that are ready, the one for which `growth` is least runs first, or the first in the list of several such.
  /// Asked with the steps that have run; takes time that grows with the square of the steps.
  using Growth = std::function<std::int64_t(std::size_t step, const std::vector<bool>& has_run)>;
  std::vector<std::size_t> sorted_by(const Growth& growth) const;

 private:
  /// For each step, how many edges lead to it.
  std::vector<std::size_t> edges_to() const;

  std::vector<std::vector<std::size_t>> later_;
};

}  // namespace theon::codegen
