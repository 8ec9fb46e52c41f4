#include "src/control/state.h"

#include "src/graph/specify.h"
#include "src/support/check.h"

namespace theon {

namespace {

Variable as_state(const std::string& loop, const Variable& next, const Variable& state, Location where) {
  if (next.is_empty()) fail<ArgumentError>(where, "{}: the step gives an empty Variable as a state", loop);
  const std::string types = fmt::format("the state {} is {} before a step and {} after it", to_string(state),
                                        to_string(state.type()), to_string(next.type()));
  if (next.dtype() != state.dtype()) fail<DTypeError>(where, "{}: {}; cast one of them", loop, types);
  if (!may_be_equal(next.dims(), state.dims())) fail<ShapeError>(where, "{}: {}", loop, types);
  return specify_dims(next, state.dims(), where);
}

}  // namespace

std::vector<Variable> checked_states(const std::string& loop, std::span<const Variable> states,
                                     std::span<const Variable> next, Location where) {
  if (next.size() != states.size())
    fail<ArgumentError>(where, "{}: the step gives {} next states for {} initial ones", loop, next.size(),
                        states.size());
  std::vector<Variable> checked;
  for (std::size_t k = 0; k < next.size(); ++k) checked.push_back(as_state(loop, next[k], states[k], where));
  return checked;
}

std::vector<Variable> state_parameters(std::span<const Variable> initial, Location where) {
  std::vector<Variable> parameters;
  for (const Variable& x : initial) parameters.push_back(input(x.dtype(), x.name(), x.dims(), where));
  return parameters;
}

}  // namespace theon
