// What all kernels of matrix products share: their operands and results at given rows and columns.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>
#include <string>
#include <vector>

namespace theon::codegen {

/// How far a step along the row or column, and along the sum, moves through memory.
struct Strides {
  Dim side, sum;
};

class ProductKernel {
 public:
  ProductKernel(const Contraction& product, const LoweringInput& input);

 protected:
  using Expr = ir::Expr;

  const Dim& rows() const { return product_.domain[product_.row]; }
  const Dim& columns() const { return product_.domain[product_.column]; }
  /// The dtype of the sums.
  DType dtype() const { return product_.left->dtype; }

  /// Loops over all axes but the row and the column, the outermost one from begin to end.
  void open_batch();
  void close_batch();
  bool has_batch() const { return product_.domain.size() > 2; }
  /// Iterations of the outermost of them.
  Dim batch_trips() const;

  /// The factors, computed from their operands in memory.
  Expr left(Expr row, Expr k) { return factor(product_.left, row, Expr(), k); }
  Expr right(Expr k, Expr column) { return factor(product_.right, Expr(), column, k); }
  /// Nothing where the factor has to be computed, or where a stride is not the same for all elements.
  std::optional<Strides> strides(Expr factor, int axis) const;

  /// The result's element there, for a sum.
  Expr element(Expr sum, Expr row, Expr column);
  Expr offset(Expr row, Expr column) const;
  void store(Expr offset, Expr value) { builder_.store(builder_.write(product_.result), offset, value); }
  /// Element operations that follow each sum.
  int epilogue_cost() const;

  Expr defined(Expr value);
  std::vector<ir::Local> sums(std::int64_t count);
  const ir::Monoid& sum() const { return *pool_.monoid(ir::Opcode::add, dtype()); }
  Expr number(std::int64_t value) const { return pool_.literal(value); }
  Expr number(const Dim& dim) const { return pool_.parameter(dim); }

  const Contraction& product_;
  const std::vector<Value>& values_;
  ir::Pool& pool_;
  const Machine& machine_;
  const int lanes_;
  KernelBuilder builder_;

 private:
  static std::string name(const Contraction& product, const std::vector<Value>& values);
  Expr factor(Expr factor, Expr row, Expr column, Expr k);
  Expr at(Expr root, Expr row, Expr column, Expr k, Expr sum);
  std::vector<Expr> axes(Expr row, Expr column) const;

  std::vector<Expr> batch_;  // by axis; null for the row and the column
};

}  // namespace theon::codegen
