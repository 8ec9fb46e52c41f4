// Sizes that expressions spell.
#pragma once

#include "src/ir/dim_node.h"
#include "src/ir/element.h"

#include <optional>

namespace theon::ir {

/// The size that an expression over literals and parameters is; nothing for any other.
std::optional<Dim> as_dim(Expr size);

}  // namespace theon::ir
