// From a schedule to a program: the order of steps, and a place for every value.
#pragma once

#include "codegen/program/program.h"
#include "codegen/schedule/schedule.h"

#include <variant>
#include <vector>

namespace theon::codegen {

/// What happens to an output of the schedule that nobody receives.
struct Unused {};   // it is computed for the symbols that its node binds
struct Condition {  // it must be true everywhere
  std::string message;
  Location where;
};
struct Indices {  // each must lie in [-extent, extent)
  std::string op;
  int axis;
  Dim extent;
  Location where;
};
using Duty = std::variant<Unused, Condition, Indices>;

/// A symbol whose value is that of a scalar input.
struct EntrySize {
  Dim symbol;
  std::size_t input;
};

/// What a function is called with and what it leaves behind, beside its outputs.
struct Interface {
  std::vector<Variable> inputs;  // in the order of the arguments
  std::vector<Variable>
      updated;  // shared variables; their new values are outputs of the schedule, behind those of the function
  std::vector<Duty> duties = {};  // of the last outputs of the schedule, which nobody receives
  std::vector<EntrySize> sizes = {};
  std::vector<Dim> symbols = {};  // that arguments say beside those in the types of the inputs
  bool in_place = true;           // whether shared variables may be overwritten while the call runs
};

/// Outputs and updates never share memory with inputs, constants, state or each other: where the schedule makes them
/// one value, it is copied.
Program assemble(Schedule schedule, const Interface& interface);

}  // namespace theon::codegen
