// Conversions between element types, as src/tensor/convert.h defines them.
#include "codegen/llvm/operation.h"

#include "src/support/check.h"

#include <llvm/ADT/APSInt.h>
#include <llvm/IR/Intrinsics.h>

namespace theon::codegen {

namespace {

bool is_small(DType dtype) { return is_floating(dtype) && size_of(dtype) == 2; }

/// Truncates float32 or float64 towards zero to integers of dtype `to`. LLVM 19 does the intrinsic that saturates lane
/// by lane.
class Truncation {
 public:
  /// An instruction that takes what has no integer for the lowest; null where there is none.
  using Instruction = llvm::function_ref<llvm::Value*(llvm::Value*)>;

  Truncation(Builder& b, llvm::Value* value, llvm::Type* result, DType to, Instruction instruction)
      : b_(b),
        value_(value),
        result_(result),
        to_(to),
        instruction_(instruction),
        bits_(result->getScalarSizeInBits()),
        lowest_(is_unsigned(to) ? llvm::APInt::getMinValue(bits_) : llvm::APInt::getSignedMinValue(bits_)),
        highest_(is_unsigned(to) ? llvm::APInt::getMaxValue(bits_) : llvm::APInt::getSignedMaxValue(bits_)) {}

  /// Written so that a maximum, a minimum and what makes NaN zero are an instruction of x86 each. NaN becomes the
  /// lowest integer first, which is zero already where there is no sign.
  llvm::Value* saturated() const {
    llvm::Value* raised =
        instruction_ ? value_ : b_.CreateSelect(b_.CreateFCmpOGT(value_, number(lowest_)), value_, number(lowest_));
    return is_exact(highest_) ? of_number(truncated(lowered(raised))) : or_highest(of_number(truncated(raised)));
  }

 private:
  llvm::APFloat as_number(const llvm::APInt& integer) const {
    llvm::APFloat number(value_->getType()->getScalarType()->getFltSemantics());
    number.convertFromAPInt(integer, !is_unsigned(to_), llvm::APFloat::rmTowardZero);
    return number;
  }
  llvm::Constant* number(const llvm::APInt& integer) const {
    return llvm::ConstantFP::get(value_->getType(), as_number(integer));
  }
  bool is_exact(const llvm::APInt& integer) const {
    llvm::APSInt back(bits_, is_unsigned(to_));
    bool exact = false;
    as_number(integer).convertToInteger(back, llvm::APFloat::rmTowardZero, &exact);
    return exact && back == integer;
  }

  /// Next to the conversion, which x86 does together with it.
  llvm::Value* of_number(llvm::Value* integer) const {
    if (is_unsigned(to_)) return integer;
    llvm::Value* is_number = b_.CreateFCmpORD(value_, value_);
    return b_.CreateSelect(is_number, integer, llvm::Constant::getNullValue(result_));
  }
  llvm::Value* lowered(llvm::Value* value) const {
    return b_.CreateSelect(b_.CreateFCmpOLT(value, number(highest_)), value, number(highest_));
  }
  /// The number below the highest integer is the last that has an integer.
  llvm::Value* or_highest(llvm::Value* integer) const {
    return b_.CreateSelect(b_.CreateFCmpOGT(value_, number(highest_)), llvm::ConstantInt::get(result_, highest_),
                           integer);
  }
  /// Through 32 bits where there are fewer: no other conversion is a vector instruction.
  llvm::Value* truncated(llvm::Value* value) const {
    if (instruction_) return instruction_(value);
    if (bits_ < 32) return b_.CreateTrunc(b_.CreateFPToSI(value, result_->getWithNewBitWidth(32)), result_);
    return is_unsigned(to_) ? b_.CreateFPToUI(value, result_) : b_.CreateFPToSI(value, result_);
  }

  Builder& b_;
  llvm::Value* value_;
  llvm::Type* result_;
  DType to_;
  Instruction instruction_;
  unsigned bits_;
  llvm::APInt lowest_, highest_;
};

}  // namespace

llvm::Value* Operations::convert(llvm::Value* value, DType from, DType to) {
  if (from == to) return value;
  if (is_boolean(to)) return to_boolean(value, from);
  if (is_boolean(from)) return from_boolean(value, to);
  if (is_integer(to)) return to_integer(value, from, to);
  return to_floating(value, from, to);
}

llvm::Value* Operations::bitcast(llvm::Value* value, DType from, DType to) {
  if (is_boolean(to)) return is_boolean(from) ? value : b_.CreateICmpNE(value, constant(value, 0));
  if (is_boolean(from)) return b_.CreateZExt(value, type(to, value));
  return b_.CreateBitCast(value, type(to, value));
}

llvm::Value* Operations::to_boolean(llvm::Value* value, DType from) {
  if (is_integer(from)) return b_.CreateICmpNE(value, constant(value, 0));
  if (is_small(from)) value = widen(value, from);
  return b_.CreateFCmpUNE(value, llvm::ConstantFP::getZero(value->getType()));
}

llvm::Value* Operations::from_boolean(llvm::Value* value, DType to) {
  if (is_integer(to)) return b_.CreateZExt(value, type(to, value));
  if (is_small(to)) return narrow(b_.CreateUIToFP(value, type(DType::float32, value)), to);
  return b_.CreateUIToFP(value, type(to, value));
}

/// Integers wrap; floating types truncate towards zero and saturate, NaN gives 0.
llvm::Value* Operations::to_integer(llvm::Value* value, DType from, DType to) {
  if (is_integer(from)) return b_.CreateIntCast(value, type(to, value), !is_unsigned(from));
  if (is_small(from)) value = widen(value, from);
  const auto by_instruction = [&](llvm::Value* x) { return truncated_or_lowest(x); };
  Truncation::Instruction instruction;
  if (is_truncated_at_once(value, to)) instruction = by_instruction;
  return Truncation(b_, value, type(to, value), to, instruction).saturated();
}

llvm::Value* Operations::to_floating(llvm::Value* value, DType from, DType to) {
  if (is_small(to)) return to_small(value, from, to);
  llvm::Type* result = type(to, value);
  if (is_integer(from)) return is_unsigned(from) ? b_.CreateUIToFP(value, result) : b_.CreateSIToFP(value, result);
  if (is_small(from)) {
    value = widen(value, from);
    from = DType::float32;
  }
  return from == to ? value : from == DType::float32 ? b_.CreateFPExt(value, result) : b_.CreateFPTrunc(value, result);
}

llvm::Value* Operations::to_small(llvm::Value* value, DType from, DType to) {
  if (is_small(from)) return narrow(widen(value, from), to);
  if (from == DType::float32) return narrow(value, to);
  return narrow(round_to_odd(to_floating(value, from, DType::float64)), to);
}

/// float64 as a float32 whose last bit is set where it is inexact: rounding that to a narrower type rounds the float64
/// (Boldo and Melquiond 2008).
llvm::Value* Operations::round_to_odd(llvm::Value* value) {
  llvm::Value* nearest = b_.CreateFPTrunc(value, type(DType::float32, value));
  llvm::Value* back = b_.CreateFPExt(nearest, value->getType());
  llvm::Value* bits = b_.CreateBitCast(nearest, type(DType::int32, value));
  const auto magnitude = [&](llvm::Value* x) { return b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x); };
  llvm::Value* rounded_up = b_.CreateFCmpOGT(magnitude(back), magnitude(value));
  llvm::Value* truncated = b_.CreateSub(bits, b_.CreateZExt(rounded_up, bits->getType()));
  llvm::Value* odd = b_.CreateOr(truncated, constant(bits, 1));
  return b_.CreateBitCast(b_.CreateSelect(b_.CreateFCmpONE(back, value), odd, bits), nearest->getType());
}

/// To float32, exactly.
llvm::Value* Operations::widen(llvm::Value* bits, DType from) {
  if (from == DType::float16) return widen_half(bits);
  llvm::Value* upper = b_.CreateShl(b_.CreateZExt(bits, type(DType::uint32, bits)), 16);
  return b_.CreateBitCast(upper, type(DType::float32, bits));
}

llvm::Value* Operations::widen_half(llvm::Value* bits) {
  llvm::Type* single = type(DType::float32, bits);
  if (target_.half) return b_.CreateFPExt(b_.CreateBitCast(bits, widened(b_.getHalfTy(), lanes_of(bits))), single);
  llvm::Value* word = b_.CreateZExt(bits, type(DType::uint32, bits));
  llvm::Value* sign = b_.CreateShl(b_.CreateAnd(word, constant(word, 0x8000)), 16);
  llvm::Value* magnitude = b_.CreateShl(b_.CreateAnd(word, constant(word, 0x7fff)), 13);
  // The exponent, subnormals included, moves from bias 15 to bias 127 by an exact product; infinity and NaN keep the
  // highest one.
  llvm::Value* scaled = b_.CreateFMul(b_.CreateBitCast(magnitude, single), llvm::ConstantFP::get(single, 0x1p112));
  llvm::Value* special = b_.CreateICmpUGE(magnitude, constant(word, 0x7c00 << 13));
  llvm::Value* finite = b_.CreateBitCast(scaled, word->getType());
  llvm::Value* result = b_.CreateSelect(special, b_.CreateOr(magnitude, constant(word, 0x7f800000)), finite);
  return b_.CreateBitCast(b_.CreateOr(result, sign), single);
}

/// From float32, to nearest, ties to even.
llvm::Value* Operations::narrow(llvm::Value* value, DType to) {
  return to == DType::float16 ? narrow_to_half(value) : narrow_to_bfloat(value);
}

llvm::Value* Operations::narrow_to_half(llvm::Value* value) {
  llvm::Type* small = type(DType::uint16, value);
  if (target_.half) return b_.CreateBitCast(b_.CreateFPTrunc(value, widened(b_.getHalfTy(), lanes_of(value))), small);
  llvm::Value* word = b_.CreateBitCast(value, type(DType::uint32, value));
  const auto number = [&](std::int64_t n) { return constant(word, n); };
  llvm::Value* magnitude = b_.CreateAnd(word, number(0x7fffffff));
  llvm::Value* sign = b_.CreateLShr(b_.CreateXor(word, magnitude), 16);

  llvm::Value* last = b_.CreateAnd(b_.CreateLShr(magnitude, 13), number(1));
  llvm::Value* rebiased = b_.CreateAdd(magnitude, number(0xfff - (std::int64_t{127 - 15} << 23)));
  llvm::Value* normal = b_.CreateLShr(b_.CreateAdd(rebiased, last), 13);
  // The units of 0.5 are those of the subnormal halves, so the sum rounds to them.
  llvm::Value* half = llvm::ConstantFP::get(value->getType(), 0.5);
  llvm::Value* shifted = b_.CreateFAdd(b_.CreateBitCast(magnitude, value->getType()), half);
  llvm::Value* subnormal = b_.CreateSub(b_.CreateBitCast(shifted, word->getType()), number(0x3f000000));
  llvm::Value* payload = b_.CreateOr(b_.CreateAnd(b_.CreateLShr(magnitude, 13), number(0x3ff)), number(0x7e00));

  llvm::Value* result = b_.CreateSelect(b_.CreateICmpULT(magnitude, number(0x38800000)), subnormal, normal);
  result = b_.CreateSelect(b_.CreateICmpUGE(magnitude, number(0x47800000)), number(0x7c00), result);
  result = b_.CreateSelect(b_.CreateICmpUGT(magnitude, number(0x7f800000)), payload, result);
  return b_.CreateTrunc(b_.CreateOr(result, sign), small);
}

/// Not vcvtneps2bf16, which takes subnormals for zero.
llvm::Value* Operations::narrow_to_bfloat(llvm::Value* value) {
  llvm::Value* word = b_.CreateBitCast(value, type(DType::uint32, value));
  llvm::Value* last = b_.CreateAnd(b_.CreateLShr(word, 16), constant(word, 1));
  llvm::Value* rounded = b_.CreateAdd(b_.CreateAdd(word, last), constant(word, 0x7fff));
  llvm::Value* quiet = b_.CreateOr(word, constant(word, 0x400000));
  llvm::Value* result = b_.CreateSelect(b_.CreateFCmpUNO(value, value), quiet, rounded);
  return b_.CreateTrunc(b_.CreateLShr(result, 16), type(DType::uint16, value));
}

}  // namespace theon::codegen
