// Expressions as text.
#pragma once

#include <theon/variable.h>

#include "src/graph/op.h"

#include <span>
#include <string>

namespace theon {

/// A piece of an expression, and how tightly its outermost operation binds: higher is tighter.
struct Phrase {
  static constexpr int atom = 100;  // names, numbers and calls, which never need parentheses

  std::string text;
  int precedence = atom;
};

/// One application of an op to operands that are already text: "a + b", "-a", "sum(a, axes=[0])".
Phrase phrase(const Apply& node, std::span<const Phrase> operands);

/// The name of a leaf, or its value where it is a small constant.
Phrase phrase(const Leaf& leaf);

/// One short line for error messages: what is nested deeper than a few operations is "...".
std::string brief(const Variable& x);

}  // namespace theon
