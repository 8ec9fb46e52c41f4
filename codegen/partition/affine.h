// Reading index arithmetic as strides.
#pragma once

#include "src/ir/element.h"

#include <optional>
#include <span>
#include <vector>

namespace theon::codegen {

/// coefficients[n] * indices[n] summed, plus `rest`; neither depends on the indices.
struct Affine {
  std::vector<ir::Expr> coefficients;
  ir::Expr rest;
};

/// `expr` as an affine function of `indices` (index or bound nodes), where it is one.
std::optional<Affine> as_affine(ir::Expr expr, std::span<const ir::Expr> indices);

/// The element offset of row-major `dims` at the indices.
ir::Expr row_major_offset(const Shape& dims, std::span<const ir::Expr> indices, ir::Pool& pool);

/// A uniform integer expression of parameters as a Dim, where it is one.
std::optional<Dim> as_dim(ir::Expr expr);

}  // namespace theon::codegen
