// The rules that Theon comes with.
#pragma once

#include <theon/rules.h>

#include <vector>

namespace theon {

/// Right sides that stay finite and keep their digits where the left sides do not: log(1 + x), log(softmax(x)), ...
std::vector<Rule> stability_rules();

/// Quotients by what is never zero, selections, and gathers, as gradients bring them: what cancels does not overflow
/// first.
std::vector<Rule> cancellation_rules();

/// Identities of arithmetic and logic.
std::vector<Rule> algebra_rules();

/// Axes: moves of moves, reductions of what was repeated or scaled, slices of slices.
std::vector<Rule> shape_rules();

/// Identities that hold for finite numbers only. Off unless asked for.
std::vector<Rule> finite_only_rules();

}  // namespace theon
