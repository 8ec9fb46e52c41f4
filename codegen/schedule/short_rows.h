// Rows shorter than vectors: lanes run over rows.
#pragma once

#include "codegen/schedule/lower.h"
#include "codegen/schedule/passes.h"

#include <span>
#include <unordered_map>
#include <vector>

namespace theon::codegen {

/// Whether the group reduces rows that would leave most lanes of a vector idle, and reads nothing but what lies in
/// these rows, or along their axis, or is the same for all of them. The rows' axis is the last outer one.
bool has_short_rows(const Group& group, std::span<const Part> parts, const LoweringInput& input);

/// Operands and results of short rows, a block of rows at a time, turned so that the same element of all rows is
/// contiguous.
class ShortRows {
 public:
  /// Of a block.
  static constexpr std::int64_t rows = 64;

  ShortRows(const Group& group, const LoweringInput& input, KernelBuilder& builder);

  /// Turns the operands of `count` rows; the outer axes name the first.
  void turn_operands(std::span<const ir::Expr> outer, ir::Expr count);
  /// Turns the results back to where they belong.
  void turn_results(std::span<const ir::Expr> outer, ir::Expr count);

  /// Operands that results may overwrite: a block of them is read before one of results, of the same sizes, is written.
  std::vector<ValueId> own() const;

  /// The scratch memory of what the load reads, which may be a result, or of a result; negative where it is not turned.
  std::int64_t operand(ir::Expr load) const;
  std::int64_t result(ValueId value) const;
  /// Of an element of a row in scratch memory; `inner` is its offset in the row.
  static ir::Expr place(ir::Expr inner, ir::Expr row) { return inner * rows + row; }

 private:
  std::int64_t elements(ValueId value) const;
  ir::Expr first(ValueId value, std::span<const ir::Expr> outer) const;

  const Group& group_;
  const LoweringInput& input_;
  KernelBuilder& builder_;
  std::vector<std::pair<ValueId, std::int64_t>> operands_, results_;  // and their scratch memory
};

}  // namespace theon::codegen
