// One operation of the element language on registers. Inside the LLVM back end only.
#pragma once

#include "codegen/llvm/target.h"
#include "codegen/math/number.h"
#include "src/ir/element.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/Analysis/InstSimplifyFolder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include <optional>
#include <vector>

namespace theon::codegen {

using Builder = llvm::IRBuilder<llvm::InstSimplifyFolder>;

/// The elements of a register: i1 for bool, the bits in an i16 for the two small floating types.
llvm::Type* register_type(llvm::LLVMContext& context, DType dtype);
/// The elements of a buffer: as in registers, but a byte for bool.
llvm::Type* memory_type(llvm::LLVMContext& context, DType dtype);
/// A vector of `lanes` elements; the element itself for one lane.
llvm::Type* widened(llvm::Type* element, unsigned lanes);
unsigned lanes_of(const llvm::Value* value);
/// A product and the sum it goes into may be rounded once; no other liberty is taken.
llvm::FastMathFlags contraction();
/// That of the operands of an operation; of the last ones for a selection.
DType operand_dtype(const ir::Node& operation);

/// Translates operations, scalar or lane by lane. All arguments of a call have the same number of lanes.
class Operations {
 public:
  using Args = llvm::ArrayRef<llvm::Value*>;

  Operations(Builder& builder, const Target& target) : b_(builder), target_(target) {}

  /// `op` on `args` of dtype `operand` (of its last arguments, for select). Throws InternalError for what is no
  /// operation on registers: leaves and iterations.
  llvm::Value* emit(ir::Opcode op, DType result, DType operand, Args args);
  /// As Tensor::astype.
  llvm::Value* convert(llvm::Value* value, DType from, DType to);
  llvm::Value* literal(DType dtype, std::uint64_t bits, unsigned lanes);
  /// Those that emitting a node takes: not what is emitted only where it is needed, nor the numbers of a table.
  std::vector<ir::Expr> operands(const ir::Node& node) const;
  /// The lookup that a node is, where the target has an instruction for it.
  std::optional<math::Lookup> table(const ir::Node& node) const;
  /// What stands in the table of 16 numbers at `index` mod 16, unsigned integers of their size. Only where
  /// Target::masks.
  llvm::Value* lookup(llvm::Value* index, DType dtype, llvm::ArrayRef<std::uint64_t> table);

 private:
  llvm::Value* compute(ir::Opcode op, DType dtype, Args args);
  llvm::Value* call(ir::Opcode op, DType dtype, Args args);
  llvm::Value* scaled(llvm::Value* x, llvm::Value* exponent);
  llvm::Value* exponent(llvm::Value* x);
  llvm::Value* mantissa(llvm::Value* x);
  llvm::Value* rsqrt_estimate(llvm::Value* x);
  llvm::Value* by_registers(Args args, llvm::function_ref<llvm::Value*(Args)> compute);
  llvm::Value* small_floating(ir::Opcode op, DType result, DType operand, Args args);
  /// Whether one instruction finds the smaller and the larger of both. A literal is known to be no NaN and to have a
  /// sign: then the general one is as good.
  bool is_ordered_at_once(const llvm::Value* x, const llvm::Value* y) const;
  llvm::Value* ordered(llvm::Value* x, llvm::Value* y, bool larger);
  /// Whether one instruction truncates the numbers to integers and gives the lowest for what has none.
  bool is_truncated_at_once(const llvm::Value* value, DType to) const;
  llvm::Value* truncated_or_lowest(llvm::Value* value);
  llvm::Value* minimum(llvm::Value* x, llvm::Value* y, DType dtype);
  llvm::Value* maximum(llvm::Value* x, llvm::Value* y, DType dtype);
  llvm::Value* absolute(llvm::Value* x, DType dtype);
  llvm::Value* less(llvm::Value* x, llvm::Value* y, DType dtype);
  llvm::Value* less_equal(llvm::Value* x, llvm::Value* y, DType dtype);
  llvm::Value* rounded(llvm::Intrinsic::ID how, llvm::Value* x, DType dtype);

  llvm::Value* divide(llvm::Value* x, llvm::Value* y, DType dtype);
  llvm::Value* guarded_quotient(llvm::Value* x, llvm::Value* y, DType dtype);
  llvm::Value* quotient(llvm::Value* x, llvm::Value* y, DType dtype);
  llvm::Value* floor_divide(llvm::Value* x, llvm::Value* y, DType dtype);
  llvm::Value* modulo(llvm::Value* x, llvm::Value* y, DType dtype);
  llvm::Value* shift_left(llvm::Value* x, llvm::Value* amount);
  llvm::Value* shift_right(llvm::Value* x, llvm::Value* amount, DType dtype);

  llvm::Value* floating_floor_divide(llvm::Value* x, llvm::Value* y);
  llvm::Value* floating_modulo(llvm::Value* x, llvm::Value* y);

  llvm::Value* bitcast(llvm::Value* value, DType from, DType to);
  llvm::Value* to_boolean(llvm::Value* value, DType from);
  llvm::Value* from_boolean(llvm::Value* value, DType to);
  llvm::Value* to_integer(llvm::Value* value, DType from, DType to);
  llvm::Value* to_floating(llvm::Value* value, DType from, DType to);
  llvm::Value* to_small(llvm::Value* value, DType from, DType to);
  llvm::Value* widen(llvm::Value* bits, DType from);
  llvm::Value* widen_half(llvm::Value* bits);
  llvm::Value* narrow(llvm::Value* value, DType to);
  llvm::Value* narrow_to_half(llvm::Value* value);
  llvm::Value* narrow_to_bfloat(llvm::Value* value);
  llvm::Value* round_to_odd(llvm::Value* value);

  llvm::Type* type(DType dtype, const llvm::Value* like) {
    return widened(register_type(b_.getContext(), dtype), lanes_of(like));
  }
  llvm::Constant* constant(const llvm::Value* like, std::int64_t value) {
    return llvm::ConstantInt::get(like->getType(), static_cast<std::uint64_t>(value), true);
  }
  llvm::Value* copy_sign(llvm::Value* magnitude, llvm::Value* sign);
  llvm::Value* is_zero(llvm::Value* x) { return b_.CreateICmpEQ(x, constant(x, 0)); }
  llvm::Value* zero_where(llvm::Value* condition, llvm::Value* otherwise) {
    return b_.CreateSelect(condition, constant(otherwise, 0), otherwise);
  }

  Builder& b_;
  const Target& target_;
};

}  // namespace theon::codegen
