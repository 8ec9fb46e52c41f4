// What a variable is, at a glance: for code that every node of a large graph goes through.
#pragma once

#include "src/graph/node.h"

namespace theon {

/// The Apply that computes it, or null for a leaf. `x` is not empty.
inline const Apply* owner_of(const Variable& x) {
  const Node& node = *x.node();
  return node.role == Node::Role::apply ? static_cast<const Apply*>(&node) : nullptr;
}

/// Null for a pattern of a rewrite rule. `x` is not empty.
inline const TensorType* type_unless_pattern(const Variable& x) {
  if (const Apply* owner = owner_of(x)) return owner->is_pattern() ? nullptr : &owner->types[x.index()];
  return x.node()->role == Node::Role::pattern ? nullptr : &static_cast<const Leaf&>(*x.node()).type;
}

}  // namespace theon
