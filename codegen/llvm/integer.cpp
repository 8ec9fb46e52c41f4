// Division and shifts of integers. Defined for every operand: nothing here traps.
#include "codegen/llvm/operation.h"

#include <llvm/IR/Intrinsics.h>

namespace theon::codegen {

namespace {

const llvm::ConstantInt* constant_divisor(llvm::Value* y) {
  const auto* constant = llvm::dyn_cast<llvm::Constant>(y);
  if (!constant) return nullptr;
  return llvm::dyn_cast_or_null<llvm::ConstantInt>(y->getType()->isVectorTy() ? constant->getSplatValue() : constant);
}

/// Whether dividing by it needs no guard.
bool divides_safely(const llvm::ConstantInt* y) { return y && !y->isZero() && !y->isMinusOne(); }

bool is_positive_power_of_2(const llvm::ConstantInt* y) {
  return y && y->getValue().isStrictlyPositive() && y->getValue().isPowerOf2();
}

}  // namespace

/// Rounded towards zero; 0 where y is 0.
llvm::Value* Operations::divide(llvm::Value* x, llvm::Value* y, DType dtype) {
  if (divides_safely(constant_divisor(y))) return quotient(x, y, dtype);
  return zero_where(is_zero(y), guarded_quotient(x, y, dtype));
}

/// The quotient; anything where y is 0. The negative of the least integer wraps, where a division instruction would
/// trap.
llvm::Value* Operations::guarded_quotient(llvm::Value* x, llvm::Value* y, DType dtype) {
  llvm::Value* one = constant(y, 1);
  if (is_unsigned(dtype)) return quotient(x, b_.CreateSelect(is_zero(y), one, y), dtype);
  llvm::Value* negates = b_.CreateICmpEQ(y, constant(y, -1));
  llvm::Value* special = b_.CreateOr(is_zero(y), negates);
  return b_.CreateSelect(negates, b_.CreateNeg(x), quotient(x, b_.CreateSelect(special, one, y), dtype));
}

/// x / y where that does not trap. There is no vector division of integers; the float64 quotient of two integers of up
/// to 32 bits truncates to the right one, since it differs from an integer by more than its rounding error or not at
/// all.
llvm::Value* Operations::quotient(llvm::Value* x, llvm::Value* y, DType dtype) {
  const bool positive = is_unsigned(dtype);
  if (lanes_of(x) == 1 || size_of(dtype) == 8 || llvm::isa<llvm::Constant>(y))
    return positive ? b_.CreateUDiv(x, y) : b_.CreateSDiv(x, y);
  llvm::Type* wide = type(DType::float64, x);
  if (positive) return b_.CreateFPToUI(b_.CreateFDiv(b_.CreateUIToFP(x, wide), b_.CreateUIToFP(y, wide)), x->getType());
  return b_.CreateFPToSI(b_.CreateFDiv(b_.CreateSIToFP(x, wide), b_.CreateSIToFP(y, wide)), x->getType());
}

/// Rounded towards minus infinity; 0 where y is 0.
llvm::Value* Operations::floor_divide(llvm::Value* x, llvm::Value* y, DType dtype) {
  if (is_unsigned(dtype)) return divide(x, y, dtype);
  const llvm::ConstantInt* by = constant_divisor(y);
  if (is_positive_power_of_2(by)) return b_.CreateAShr(x, constant(x, by->getValue().logBase2()));
  llvm::Value* truncated = divides_safely(by) ? quotient(x, y, dtype) : guarded_quotient(x, y, dtype);
  llvm::Value* rest = b_.CreateSub(x, b_.CreateMul(truncated, y));
  llvm::Value* below = b_.CreateICmpSLT(b_.CreateXor(rest, y), constant(x, 0));
  llvm::Value* inexact = b_.CreateICmpNE(rest, constant(x, 0));
  llvm::Value* result = b_.CreateSub(truncated, b_.CreateZExt(b_.CreateAnd(below, inexact), x->getType()));
  return divides_safely(by) ? result : zero_where(is_zero(y), result);
}

/// x - y * floor_divide(x, y), with the sign of y; 0 where y is 0.
llvm::Value* Operations::modulo(llvm::Value* x, llvm::Value* y, DType dtype) {
  const llvm::ConstantInt* by = constant_divisor(y);
  if (is_positive_power_of_2(by)) return b_.CreateAnd(x, b_.CreateSub(y, constant(y, 1)));
  llvm::Value* truncated = divides_safely(by) ? quotient(x, y, dtype) : guarded_quotient(x, y, dtype);
  llvm::Value* rest = b_.CreateSub(x, b_.CreateMul(truncated, y));
  if (!divides_safely(by)) rest = zero_where(is_zero(y), rest);
  if (is_unsigned(dtype)) return rest;
  llvm::Value* other_sign = b_.CreateICmpSLT(b_.CreateXor(rest, y), constant(x, 0));
  llvm::Value* wrong = b_.CreateAnd(other_sign, b_.CreateICmpNE(rest, constant(x, 0)));
  return b_.CreateAdd(rest, b_.CreateSelect(wrong, y, constant(y, 0)));
}

llvm::Value* Operations::shift_left(llvm::Value* x, llvm::Value* amount) {
  const std::int64_t width = x->getType()->getScalarSizeInBits();
  return zero_where(b_.CreateICmpUGE(amount, constant(x, width)), b_.CreateShl(x, amount));
}

llvm::Value* Operations::shift_right(llvm::Value* x, llvm::Value* amount, DType dtype) {
  const std::int64_t width = x->getType()->getScalarSizeInBits();
  if (is_unsigned(dtype)) return zero_where(b_.CreateICmpUGE(amount, constant(x, width)), b_.CreateLShr(x, amount));
  return b_.CreateAShr(x, b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, amount, constant(x, width - 1)));
}

}  // namespace theon::codegen
