// The slow, obviously right evaluator: every node of a graph materialised, one after the other, as its op defines it.
#pragma once

#include <theon/error.h>
#include <theon/tensor.h>
#include <theon/variable.h>

#include <utility>
#include <vector>

namespace theon::reference {

/// Inputs of a graph and their values.
using Arguments = std::vector<std::pair<Variable, Tensor>>;

/// The values of `outputs`. Constants and shared variables have their own. Throws ArgumentError, DTypeError or
/// ShapeError, at `where`, for a missing or unfitting argument; ShapeError, IndexError and the ops' own errors at the
/// lines of the nodes that find something wrong.
std::vector<Tensor> evaluate(const std::vector<Variable>& outputs, const Arguments& arguments = {},
                             Location where = Location::here());
Tensor evaluate(const Variable& output, const Arguments& arguments = {}, Location where = Location::here());

}  // namespace theon::reference
