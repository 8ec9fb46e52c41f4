// What is known about the values of a graph while it is being rewritten.
#pragma once

#include "src/graph/op.h"
#include "src/graph/traversal.h"
#include "src/ir/semantics.h"
#include "src/support/pointer_numbers.h"

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace theon {

/// The use counts of a graph's values, their final forms, and the values that are one number everywhere.
///
/// Counts are those of the graph as rewritten so far: a value that takes another's place takes its users too, and a
/// node that nothing uses any more stops counting as a user of its operands.
class Facts {
 public:
  explicit Facts(std::span<const Variable> outputs);

  /// Whether more than one operand or output is `x`.
  bool is_shared(const Variable& x);
  /// Whether every value that was said to be shared is so still, or gone.
  bool is_settled();
  /// Whether an operand or output is `x` itself.
  bool is_used(const Variable& x) { return known(x).uses > 0; }
  /// The only node that uses `x`, where that is so in the graph as it was given, and still; null otherwise.
  const Apply* only_user(const Variable& x);

  /// The number that `x` is at every index: of a constant, and of every element op on such. Operands come first: ask
  /// for them before their users, and the answer costs the same for every node.
  std::optional<ir::Value> uniform(const Variable& x);

  /// How many values it knows of.
  std::size_t values() const { return known_.size(); }

  /// What stands in the place of `x` now.
  const Variable& successor(const Variable& x) { return current(x).value; }
  /// Whoever used `x` uses `by` from now on.
  void replace(const Variable& x, const Variable& by);

  /// The final form of `x`; null as long as it is not known.
  const Variable* final_form(const Variable& x);
  /// `x` itself is final.
  void finish(const Variable& x);
  /// Notes that `x` waits for its successor to become final; false where it did already.
  bool wait(const Variable& x) { return !std::exchange(known(x).waits, true); }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  /// Graphs are large, and walking through them waits for memory: values refer to each other by their places.
  struct Known {
    Variable value;
    const Apply* first_user = nullptr;
    std::uint32_t successor = none;  // a place in known_
    std::uint32_t uniform = none;    // a place in numbers_
    std::int32_t uses = 0;
    bool is_user = false;  // its owner counts as a user of the operands
    bool is_final = false, waits = false, is_examined = false;
  };

  /// Where `x` is in known_.
  std::uint32_t place(const Variable& x);
  /// Of `x`. The reference is valid until another value becomes known.
  Known& known(const Variable& x);
  /// Of the value that stands in the place of `x` now.
  Known& current(const Variable& x);
  std::optional<ir::Value> examined(const Variable& x);
  /// Empty where one of them is not uniform.
  std::vector<std::optional<ir::Value>> uniform_operands(const Apply& node);
  void count(const Apply* node);
  void discount(const Apply* node);

  PointerNumbers places_;  // where the values of a node begin in known_
  std::vector<Known> known_;
  std::vector<ir::Value> numbers_;
  std::vector<Variable> shared_;  // those that were said to be
};

/// The constant that is `value`, a scalar.
Variable scalar_constant(ir::Value value, Location where);

}  // namespace theon
