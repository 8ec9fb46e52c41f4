// Derivatives of scans, which are scans: cotangents run backwards over the states that were kept, tangents run along.
#include "src/control/derivative.h"
#include "src/control/scan.h"
#include "src/graph/binding.h"
#include "src/ops/index.h"
#include "src/support/check.h"

#include <algorithm>

namespace theon {

namespace {

using List = std::vector<Variable>;

template <class Range>
List list(const Range& range) {
  return List(range.begin(), range.end());
}

Variable or_zeros(const Variable& x, const TensorType& type, Location where) {
  return x.is_empty() ? zeros(type.dtype, type.dims, where) : x;
}

/// The sum of two, either of which may be missing.
Variable sum_of(const Variable& a, const Variable& b) {
  if (a.is_empty()) return b;
  return b.is_empty() ? a : a + b;
}

Variable reversed(const Variable& x, Location where) {
  return slice_axis(x, 0, {.start = x.dim(0) - 1, .step = -1, .length = x.dim(0)}, where);
}

/// The parts of a scan node by kind.
struct Parts {
  explicit Parts(const Apply& node)
      : node(node), op(static_cast<const Scan&>(*node.op)), spec(op.spec()), body(op.body()) {}

  std::span<const Variable> sequences(std::span<const Variable> inputs) const { return inputs.first(spec.sequences); }
  std::span<const Variable> states(std::span<const Variable> inputs) const {
    return inputs.subspan(spec.first_state(), spec.states);
  }
  std::span<const Variable> captured(std::span<const Variable> inputs) const {
    return inputs.subspan(spec.first_captured(), spec.captured);
  }
  std::span<const Variable> final_states(std::span<const Variable> outputs) const { return outputs.first(spec.states); }
  std::span<const Variable> traces(std::span<const Variable> outputs) const {
    return outputs.subspan(spec.first_trace(), spec.states);
  }
  std::span<const Variable> emitted(std::span<const Variable> outputs) const {
    return outputs.subspan(spec.first_emitted(), spec.emitted);
  }

  const Apply& node;
  const Scan& op;
  const ScanSpec& spec;
  const Graph& body;
};

/// One slice of each array that is there, as an input of a body.
List slices_of(std::span<const Variable> arrays) {
  List slices;
  for (const Variable& x : arrays)
    slices.push_back(x.is_empty() ? Variable()
                                  : input(x.dtype(), "", Shape(x.dims().begin() + 1, x.dims().end()), x.where()));
  return slices;
}

/// Builds the loop that carries cotangents from the last step to the first.
class Backward {
 public:
  Backward(const Apply& node, std::span<const Variable> cotangents)
      : parts_(node),
        from_trace_(list(parts_.traces(cotangents))),
        from_emitted_(list(parts_.emitted(cotangents))),
        final_(list(parts_.final_states(cotangents))),
        trace_slices_(slices_of(from_trace_)),
        emitted_slices_(slices_of(from_emitted_)),
        carried_(parts_.spec.states) {}

  List operator()() {
    for (std::size_t k = 0; k < carried_.size(); ++k)
      if (!final_[k].is_empty() || !from_trace_[k].is_empty()) carry(k);
    pull_until_settled();
    return results(apply_pruned(loop(), parts_.node.where));
  }

 private:
  Location where() const { return parts_.node.where; }
  List pulled_states() const { return list(parts_.states(pulled_)); }

  void carry(std::size_t k) {
    const Variable& state = parts_.states(parts_.body.inputs)[k];
    carried_[k] = input(state.dtype(), "", state.dims(), where());
  }

  /// A state has a cotangent as soon as a state that depends on it has one, so pull until no state is added.
  void pull_until_settled() {
    bool settled = false;
    while (!settled) {
      List cotangents = carried_;
      cotangents.insert(cotangents.end(), emitted_slices_.begin(), emitted_slices_.end());
      pulled_ = pull_through(parts_.body, cotangents);
      settled = true;
      for (std::size_t k = 0; k < carried_.size(); ++k) {
        if (parts_.states(pulled_)[k].is_empty() || !carried_[k].is_empty()) continue;
        carry(k);
        settled = false;
      }
    }
  }

  /// Every array that a step may read, last slice first.
  void add_sequences(Loop& loop, std::span<const Variable> arrays, std::span<const Variable> slices) const {
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      if (arrays[i].is_empty()) continue;
      loop.sequences.push_back(reversed(arrays[i], where()));
      loop.slices.push_back(slices[i]);
    }
  }

  void add_states(Loop& loop) const {
    for (std::size_t k = 0; k < carried_.size(); ++k) {
      if (carried_[k].is_empty()) continue;
      loop.initial.push_back(or_zeros(final_[k], carried_[k].type(), where()));
      loop.states.push_back(carried_[k]);
      loop.next.push_back(or_zeros(sum_of(parts_.states(pulled_)[k], trace_slices_[k]), carried_[k].type(), where()));
    }
  }

  /// A captured variable gathers cotangents from every step.
  void add_gathered(Loop& loop) const {
    for (const Variable& term : parts_.captured(pulled_)) {
      if (term.is_empty()) continue;
      const Variable gathered = input(term.dtype(), "", term.dims(), where());
      loop.initial.push_back(zeros(term.dtype(), term.dims(), where()));
      loop.states.push_back(gathered);
      loop.next.push_back(gathered + term);
    }
  }

  Loop loop() const {
    const std::span<const Variable> inputs = parts_.node.inputs, inner = parts_.body.inputs;
    Loop loop{.name = parts_.op.name() + "_backward", .steps = parts_.spec.steps};
    add_sequences(loop, parts_.sequences(inputs), parts_.sequences(inner));
    add_sequences(loop, traces(), parts_.states(inner));
    add_sequences(loop, from_trace_, trace_slices_);
    add_sequences(loop, from_emitted_, emitted_slices_);
    loop.captured = list(parts_.captured(inputs));
    loop.inner = list(parts_.captured(inner));
    add_states(loop);
    add_gathered(loop);
    loop.emitted = present(parts_.sequences(pulled_));
    return loop;
  }

  List traces() const {
    List found;
    for (std::size_t k = 0; k < parts_.spec.states; ++k)
      found.push_back(parts_.node.output(parts_.spec.first_trace() + k));
    return found;
  }

  List results(const LoopResults& outputs) const {
    List result;
    std::size_t emitted = 0, state = 0;
    for (const Variable& x : parts_.sequences(pulled_))
      result.push_back(x.is_empty() ? Variable() : reversed(outputs.emitted[emitted++], where()));
    for (const Variable& x : carried_) result.push_back(x.is_empty() ? Variable() : outputs.final_states[state++]);
    for (const Variable& x : parts_.captured(pulled_))
      result.push_back(x.is_empty() ? Variable() : outputs.final_states[state++]);
    return for_inputs(parts_.node, std::move(result));
  }

  Parts parts_;
  List from_trace_, from_emitted_, final_;  // what arrives
  List trace_slices_, emitted_slices_;      // one step of it
  List carried_;                            // the cotangent of each state that has one
  List pulled_;                             // the cotangents of the body's inputs
};

/// Builds the loop that carries values and tangents together.
class Forward {
 public:
  Forward(const Apply& node, std::span<const Variable> tangents)
      : parts_(node),
        given_(tangents.begin(), tangents.begin() + parts_.spec.body_inputs()),
        inner_(inner_tangents()) {}

  List operator()() {
    push_until_settled();
    return results(apply_loop(loop(), parts_.node.where));
  }

 private:
  Location where() const { return parts_.node.where; }

  List inner_tangents() const {
    List tangents = slices_of(parts_.sequences(given_));
    const List others = inputs_like(std::span(given_).subspan(parts_.spec.first_state()));
    tangents.insert(tangents.end(), others.begin(), others.end());
    return tangents;
  }

  /// A state has a tangent as soon as it depends on something that has one.
  void push_until_settled() {
    bool settled = false;
    while (!settled) {
      pushed_ = push_through(parts_.body, inner_);
      settled = true;
      for (std::size_t k = 0; k < parts_.spec.states; ++k) {
        Variable& tangent = inner_[parts_.spec.first_state() + k];
        if (pushed_[k].is_empty() || !tangent.is_empty()) continue;
        tangent = input(pushed_[k].dtype(), "", pushed_[k].dims(), where());
        settled = false;
      }
    }
  }

  Loop loop() const {
    const std::span<const Variable> inputs = parts_.node.inputs, inner = parts_.body.inputs,
                                    outputs = parts_.body.outputs;
    Loop loop{.name = parts_.op.name() + "_forward", .steps = parts_.spec.steps};
    loop.sequences = joined(parts_.sequences(inputs), parts_.sequences(given_));
    loop.slices = joined(parts_.sequences(inner), parts_.sequences(inner_));
    loop.captured = joined(parts_.captured(inputs), parts_.captured(given_));
    loop.inner = joined(parts_.captured(inner), parts_.captured(inner_));
    loop.initial = joined(parts_.states(inputs), initial_tangents());
    loop.states = joined(parts_.states(inner), parts_.states(inner_));
    loop.next = joined(outputs.first(parts_.spec.states), next_tangents());
    loop.emitted = present(std::span(pushed_).subspan(parts_.spec.states));
    return loop;
  }

  static List joined(std::span<const Variable> values, std::span<const Variable> tangents) {
    List both = list(values);
    const List moving = present(tangents);
    both.insert(both.end(), moving.begin(), moving.end());
    return both;
  }

  List initial_tangents() const {
    List tangents = list(parts_.states(given_));
    for (std::size_t k = 0; k < tangents.size(); ++k)
      if (const Variable& inner = parts_.states(inner_)[k]; !inner.is_empty())
        tangents[k] = or_zeros(tangents[k], inner.type(), where());
    return tangents;
  }

  List next_tangents() const {
    List tangents;
    for (std::size_t k = 0; k < parts_.spec.states; ++k) {
      const Variable& inner = parts_.states(inner_)[k];
      tangents.push_back(inner.is_empty() ? Variable() : or_zeros(pushed_[k], inner.type(), where()));
    }
    return tangents;
  }

  List results(const LoopResults& outputs) const {
    const std::size_t states = parts_.spec.states;
    List final_states(states), traces(states), emitted(parts_.spec.emitted);
    for (std::size_t k = 0, next = states; k < states; ++k) {
      if (parts_.states(inner_)[k].is_empty()) continue;
      final_states[k] = outputs.final_states[next];
      traces[k] = outputs.traces[next++];
    }
    for (std::size_t k = 0, next = 0; k < emitted.size(); ++k)
      if (!pushed_[states + k].is_empty()) emitted[k] = outputs.emitted[next++];
    List result = std::move(final_states);
    result.insert(result.end(), traces.begin(), traces.end());
    result.insert(result.end(), emitted.begin(), emitted.end());
    return result;
  }

  Parts parts_;
  List given_;   // the tangents of the node's inputs
  List inner_;   // of the body's inputs
  List pushed_;  // of the body's outputs
};

}  // namespace

std::vector<Variable> Scan::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  return Backward(node, cotangents)();
}

std::vector<Variable> Scan::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  return Forward(node, tangents)();
}

}  // namespace theon
