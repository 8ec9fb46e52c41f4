// Expressions as steps in a line, for the evaluator.
#pragma once

#include "src/ir/element.h"
#include "src/ir/semantics.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace theon::ir {

/// A place for the bits of one value.
using Slot = std::uint32_t;

struct Step {
  enum class Kind : std::uint8_t { compute, load, move, jump, jump_unless };

  Kind kind;
  Slot result = 0;
  std::array<Slot, 3> args = {};
  Operation run = nullptr;     // compute
  const Node* load = nullptr;  // its indices stand in ScalarCode::operands, from `target` on
  std::uint32_t target = 0;    // of a jump: the next step
};

struct ScalarCode {
  struct Leaf {
    Expr node;  // an index, parameter, argument or local
    Slot slot;
  };

  std::vector<Step> steps;
  std::vector<Slot> operands;
  std::vector<std::uint64_t> slots;  // what they hold at first: literals and zeros
  std::vector<Leaf> leaves;
  std::vector<Slot> roots;
};

/// Values are computed where they are needed and not before: inside the arm of a select, or the loop of a reduction,
/// that alone needs them; what does not change inside a loop is computed once, before it. Iterative.
ScalarCode scalar_code(std::span<const Expr> roots);

}  // namespace theon::ir
