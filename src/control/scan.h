// Loops of a known number of steps.
#pragma once

#include <theon/control.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace theon {

/// What the inputs and outputs of a Scan node, and those of its body, are. T is `steps`.
///
///   node inputs    sequences of dims [T, ...]; initial states; captured variables; binders
///   body inputs    slices of the sequences; states; captured variables
///   body outputs   the next states; what is emitted
///   node outputs   final states; traces [T, ...]: the states as each step found them; emitted values [T, ...]
///
/// The loop: the states are the initial ones; for t = 0, ..., T - 1, trace[t] = states, then the body is evaluated on
/// slice t of each sequence, the states and the captured variables; its first outputs become the states, the others
/// emitted[t]. The states at the end are the final ones. A state has one type throughout. Nothing need be stored for a
/// trace or emitted value that nobody uses.
struct ScanSpec {
  Dim steps;
  std::size_t sequences = 0;
  std::size_t states = 0;
  std::size_t captured = 0;
  std::size_t emitted = 0;
  static auto fields(auto& self) {
    return std::tie(self.steps, self.sequences, self.states, self.captured, self.emitted);
  }

  // Where each kind begins, in the lists above.
  std::size_t first_state() const { return sequences; }
  std::size_t first_captured() const { return sequences + states; }
  std::size_t body_inputs() const { return sequences + states + captured; }
  std::size_t first_trace() const { return states; }
  std::size_t first_emitted() const { return 2 * states; }
  std::size_t outputs() const { return 2 * states + emitted; }
};

class Scan final : public Defined<Scan, RegionOp> {
 public:
  Scan(std::string name, ScanSpec spec, Graph body)
      : name_(std::move(name)), spec_(std::move(spec)), body_(std::move(body)) {}
  static auto fields(auto& self) { return std::tie(self.name_, self.spec_, self.body_); }
  const ScanSpec& spec() const { return spec_; }
  const Graph& body() const { return body_; }

  std::string name() const override { return name_; }
  std::string attributes() const override { return to_string(spec_.steps) + " steps"; }
  std::size_t outputs() const override { return spec_.outputs(); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  std::span<const Graph> inner() const override { return std::span(&body_, 1); }
  OpRef with_inner(std::vector<Graph> graphs) const override;

 private:
  std::string name_;
  ScanSpec spec_;
  Graph body_;
};

/// A loop about to be applied, with the variables of each kind apart.
struct Loop {
  std::string name;
  Dim steps;
  std::vector<Variable> sequences = {}, initial = {}, captured = {};  // from outside
  std::vector<Variable> slices = {}, states = {}, inner = {};         // the body's inputs, one for each of the above
  std::vector<Variable> next = {}, emitted = {};                      // the body's outputs
};

/// The outputs of a scan, by kind.
struct LoopResults {
  std::vector<Variable> final_states, traces, emitted;
};

LoopResults apply_loop(const Loop& loop, Location where);

/// The same without the sequences and captured variables that the body does not use.
LoopResults apply_pruned(Loop loop, Location where);

}  // namespace theon
