// Walking the statements of a kernel.
#pragma once

#include "src/ir/loop.h"

#include <functional>

namespace theon::ir {

/// One function of several, chosen by the alternative of a variant: all must be named.
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

/// Calls `visit` for every statement, outer ones before those inside, in the order of the text.
void for_each_statement(const Block& block, const std::function<void(const Statement&)>& visit);

/// The expressions that stand in a statement itself, not in the blocks inside it.
std::vector<Expr> expressions(const Statement& statement);

}  // namespace theon::ir
