// The states of loops.
#pragma once

#include <theon/variable.h>

#include <span>
#include <string>
#include <vector>

namespace theon {

/// The states as a step leaves them, in the types in which the next step finds them. Throws ArgumentError for another
/// number of them, DTypeError or ShapeError, with both types, for one that cannot be of the type of the state; where
/// sizes cannot be seen to be equal that is an obligation.
std::vector<Variable> checked_states(const std::string& loop, std::span<const Variable> states,
                                     std::span<const Variable> next, Location where);

/// One parameter of an inner graph for each initial state.
std::vector<Variable> state_parameters(std::span<const Variable> initial, Location where);

}  // namespace theon
