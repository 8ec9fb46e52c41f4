// Division of floating types with a rest.
#include "codegen/llvm/operation.h"

#include <llvm/IR/Intrinsics.h>

namespace theon::codegen {

llvm::Value* Operations::copy_sign(llvm::Value* magnitude, llvm::Value* sign) {
  return b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, magnitude, sign);
}

/// The exact remainder, moved to the sign of y.
llvm::Value* Operations::floating_modulo(llvm::Value* x, llvm::Value* y) {
  llvm::Value* zero = llvm::ConstantFP::getZero(x->getType());
  llvm::Value* rest = b_.CreateFRem(x, y);
  llvm::Value* other_sign = b_.CreateXor(b_.CreateFCmpOLT(rest, zero), b_.CreateFCmpOLT(y, zero));
  llvm::Value* moved = b_.CreateSelect(other_sign, b_.CreateFAdd(rest, y), rest);
  return b_.CreateSelect(b_.CreateFCmpOEQ(rest, zero), copy_sign(zero, y), moved);
}

/// The floor of the exact quotient, rounded: (x - remainder) / y is an integer up to one rounding.
llvm::Value* Operations::floating_floor_divide(llvm::Value* x, llvm::Value* y) {
  llvm::Value* zero = llvm::ConstantFP::getZero(x->getType());
  llvm::Value* one = llvm::ConstantFP::get(x->getType(), 1);
  llvm::Value* rest = b_.CreateFRem(x, y);
  llvm::Value* plain = b_.CreateFDiv(x, y);
  llvm::Value* other_sign = b_.CreateXor(b_.CreateFCmpOLT(rest, zero), b_.CreateFCmpOLT(y, zero));
  llvm::Value* below = b_.CreateAnd(other_sign, b_.CreateFCmpONE(rest, zero));
  llvm::Value* quotient = b_.CreateFSub(b_.CreateFDiv(b_.CreateFSub(x, rest), y), b_.CreateSelect(below, one, zero));
  llvm::Value* integral = b_.CreateUnaryIntrinsic(llvm::Intrinsic::roundeven, quotient);
  llvm::Value* result = b_.CreateSelect(b_.CreateFCmpOEQ(quotient, zero), copy_sign(zero, plain), integral);
  llvm::Value* undefined = b_.CreateOr(b_.CreateFCmpOEQ(y, zero), b_.CreateFCmpUNO(rest, rest));
  return b_.CreateSelect(undefined, plain, result);
}

}  // namespace theon::codegen
