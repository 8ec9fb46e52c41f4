// What an element costs, in element operations after math expansion.
#pragma once

#include "src/ir/element.h"

#include <cstddef>
#include <span>

namespace theon::codegen {

/// More operations than this in one kernel compile slowly and spill registers.
inline constexpr int kernel_budget = 500;

/// Each node once; loads, literals and index arithmetic other than division count nothing.
int element_cost(std::span<const ir::Expr> roots);
/// Of the node alone.
int element_cost(ir::Expr node);

/// How operations wait for each other.
struct Chain {
  int length = 0;               // operations, each of which needs the one before
  int live = 0;                 // values at hand at once, when they run one after the other
  bool calls_function = false;  // some operation is many
};
Chain longest_chain(std::span<const ir::Expr> roots);

bool has_reduction(std::span<const ir::Expr> roots);
/// Whether finding an element takes as many divisions as several loads take time: reshapes of transposes of reshapes,
/// each of which makes the index longer.
bool is_tangled(std::span<const ir::Expr> indices);
/// Whether evaluating the elements once for each of `readings` index tuples costs more than a store and as many loads.
bool recomputing_costs_more(std::span<const ir::Expr> roots, std::size_t readings);

}  // namespace theon::codegen
