// Words for conditions and right sides of rules.
#pragma once

#include <theon/rules.h>

#include "src/graph/op.h"

#include <string_view>
#include <vector>

namespace theon {

/// The rules, each of the class.
std::vector<Rule> of_class(RuleClass rule_class, std::vector<Rule> rules);

bool is_op(const Variable& x, std::string_view name);

/// The operand number `k` of the op that computes `x`.
const Variable& operand(const Variable& x, std::size_t k = 0);

/// The factors of a product; anything else is its own only factor.
std::vector<Variable> factors(const Variable& x);
/// The terms of a sum; anything else is its own only term.
std::vector<Variable> terms(const Variable& x);
/// The product of factors, at least one, and the sum of terms.
Variable product(const std::vector<Variable>& factors);
Variable total(const std::vector<Variable>& terms);

bool contains(const std::vector<int>& list, int value);
/// Whether the elements of `x`, aligned at the right with `dims`, are the same along the axes.
bool is_constant_along(const Variable& x, const Shape& dims, const std::vector<int>& axes);
/// `x`, constant along the axes of an array of rank `rank`, as it meets a reduction over them.
Variable without_axes(const Variable& x, int rank, const std::vector<int>& axes);

// Conditions: `{x * 0, 0, holds_integers(x)}`.
Rule::Condition holds_integers(Variable x);
/// Negation reverses their order; it does not where an integer wraps around.
Rule::Condition hold_floats(std::vector<Variable> list);
/// An op that says it of its result: exp, sigmoid, softmax; or a move of such.
Rule::Condition never_zero(Variable x);
bool is_never_zero(const Variable& value);

}  // namespace theon
