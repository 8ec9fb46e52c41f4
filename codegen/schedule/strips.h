// Reductions over all rows, in the kernel that goes through these.
#pragma once

#include "codegen/schedule/group.h"

#include <optional>

namespace theon::codegen {

/// A reduction over the rows of a group in two steps, of which the group takes the first: `term` is what the
/// reduction meets in the row that the group's outer axes name, in the column that the axes after them name.
struct RowTerm {
  ir::Expr reduce, term;
};

/// The nest's reduction as the rows of the group see it. Nothing where it does not run over all of them, or over
/// nothing that they compute or read anyway, and where rows are short.
std::optional<RowTerm> term_in_rows(const Nest& nest, const Group& group, const std::vector<Value>& values);

/// How the group's rows are cut, which depends on the sizes alone: so do the results.
Strips strips_of(const Group& group);

/// What is left to do of the nest where `partial` has what its reduction comes to in each of `count` strips.
Nest after_strips(const Nest& nest, ir::Expr reduce, ValueId partial, const Dim& count);

/// How many leading indices of the load are i0, i1, ... themselves.
int canonical_prefix(ir::Expr load);

}  // namespace theon::codegen
