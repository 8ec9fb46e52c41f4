#include "codegen/llvm/operation.h"

#include "codegen/llvm/function.h"
#include "src/support/check.h"

namespace theon::codegen {

using ir::Opcode;

llvm::Type* register_type(llvm::LLVMContext& context, DType dtype) {
  switch (dtype) {
    case DType::boolean:
      return llvm::Type::getInt1Ty(context);
    case DType::int8:
    case DType::uint8:
      return llvm::Type::getInt8Ty(context);
    case DType::int16:
    case DType::uint16:
    case DType::float16:
    case DType::bfloat16:
      return llvm::Type::getInt16Ty(context);
    case DType::int32:
    case DType::uint32:
      return llvm::Type::getInt32Ty(context);
    case DType::int64:
    case DType::uint64:
      return llvm::Type::getInt64Ty(context);
    case DType::float32:
      return llvm::Type::getFloatTy(context);
    case DType::float64:
      return llvm::Type::getDoubleTy(context);
  }
  broken_promise("the dtype is one of the table", __FILE__, __LINE__);
}

llvm::Type* memory_type(llvm::LLVMContext& context, DType dtype) {
  return is_boolean(dtype) ? llvm::Type::getInt8Ty(context) : register_type(context, dtype);
}

llvm::Type* widened(llvm::Type* element, unsigned lanes) {
  return lanes == 1 ? element : llvm::FixedVectorType::get(element, lanes);
}

unsigned lanes_of(const llvm::Value* value) {
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(value->getType());
  return vector ? vector->getNumElements() : 1;
}

llvm::FastMathFlags contraction() {
  llvm::FastMathFlags flags;
  flags.setAllowContract();
  return flags;
}

DType operand_dtype(const ir::Node& operation) { return operation.args[operation.op == Opcode::select ? 1 : 0]->dtype; }

namespace {

bool is_small(DType dtype) { return is_floating(dtype) && size_of(dtype) == 2; }

}  // namespace

llvm::Value* Operations::emit(Opcode op, DType result, DType operand, Args args) {
  if (op == Opcode::select) return b_.CreateSelect(args[0], args[1], args[2]);
  if (op == Opcode::convert) return convert(args[0], operand, result);
  if (op == Opcode::bitcast) return bitcast(args[0], operand, result);
  return is_small(operand) ? small_floating(op, result, operand, args) : compute(op, operand, args);
}

llvm::Value* Operations::compute(Opcode op, DType dtype, Args args) {
  namespace id = llvm::Intrinsic;
  const bool floating = is_floating(dtype);
  llvm::Value* x = args[0];
  llvm::Value* y = args.size() > 1 ? args[1] : nullptr;
  switch (op) {
    case Opcode::add:
      return floating ? b_.CreateFAdd(x, y) : b_.CreateAdd(x, y);
    case Opcode::sub:
      return floating ? b_.CreateFSub(x, y) : b_.CreateSub(x, y);
    case Opcode::mul:
      return floating ? b_.CreateFMul(x, y) : b_.CreateMul(x, y);
    case Opcode::div:
      return floating ? b_.CreateFDiv(x, y) : divide(x, y, dtype);
    case Opcode::floor_div:
      return floating ? floating_floor_divide(x, y) : floor_divide(x, y, dtype);
    case Opcode::mod:
      return floating ? floating_modulo(x, y) : modulo(x, y, dtype);
    case Opcode::min:
      return minimum(x, y, dtype);
    case Opcode::max:
      return maximum(x, y, dtype);
    case Opcode::neg:
      return floating ? b_.CreateFNeg(x) : b_.CreateNeg(x);
    case Opcode::abs:
      return absolute(x, dtype);
    case Opcode::sqrt:
      return b_.CreateUnaryIntrinsic(id::sqrt, x);
    case Opcode::floor:
      return rounded(id::floor, x, dtype);
    case Opcode::ceil:
      return rounded(id::ceil, x, dtype);
    case Opcode::trunc:
      return rounded(id::trunc, x, dtype);
    case Opcode::round:
      return rounded(id::roundeven, x, dtype);
    case Opcode::fma:
      return floating ? b_.CreateIntrinsic(id::fma, {x->getType()}, args) : b_.CreateAdd(b_.CreateMul(x, y), args[2]);
    case Opcode::scale:
      return scaled(x, y);
    case Opcode::exponent:
      return exponent(x);
    case Opcode::mantissa:
      return mantissa(x);
    case Opcode::rsqrt_estimate:
      return rsqrt_estimate(x);
    case Opcode::lt:
      return less(x, y, dtype);
    case Opcode::le:
      return less_equal(x, y, dtype);
    case Opcode::eq:
      return floating ? b_.CreateFCmpOEQ(x, y) : b_.CreateICmpEQ(x, y);
    case Opcode::ne:
      return floating ? b_.CreateFCmpUNE(x, y) : b_.CreateICmpNE(x, y);
    case Opcode::bit_and:
      return b_.CreateAnd(x, y);
    case Opcode::bit_or:
      return b_.CreateOr(x, y);
    case Opcode::bit_xor:
      return b_.CreateXor(x, y);
    case Opcode::bit_not:
      return b_.CreateNot(x);
    case Opcode::shift_left:
      return shift_left(x, y);
    case Opcode::shift_right:
      return shift_right(x, y, dtype);
    case Opcode::pow:
    case Opcode::exp:
    case Opcode::log:
    case Opcode::log1p:
    case Opcode::expm1:
    case Opcode::sin:
    case Opcode::cos:
    case Opcode::tanh:
    case Opcode::erf:
      return call(op, dtype, args);
    case Opcode::literal:
    case Opcode::index:
    case Opcode::bound:
    case Opcode::parameter:
    case Opcode::argument:
    case Opcode::local:
    case Opcode::load:
    case Opcode::select:
    case Opcode::convert:
    case Opcode::bitcast:
    case Opcode::reduce:
    case Opcode::project:
      break;
  }
  fail<InternalError>({}, "emit: '{}' of {} is no operation on registers", ir::name(op), name(dtype));
}

llvm::Value* Operations::call(Opcode op, DType dtype, Args args) {
  llvm::Function& function = math_function(op, dtype, lanes_of(args[0]), target_, *b_.GetInsertBlock()->getModule());
  llvm::CallInst* result = b_.CreateCall(&function, args);
  result->setCallingConv(function.getCallingConv());
  return result;
}

/// Booleans are numbers of one bit; NaN wins, and -0 is smaller than +0.
llvm::Value* Operations::minimum(llvm::Value* x, llvm::Value* y, DType dtype) {
  switch (info(dtype).kind) {
    case Kind::boolean:
      return b_.CreateAnd(x, y);
    case Kind::signed_integer:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, x, y);
    case Kind::unsigned_integer:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, x, y);
    case Kind::floating:
      return is_ordered_at_once(x, y) ? ordered(x, y, false) : b_.CreateBinaryIntrinsic(llvm::Intrinsic::minimum, x, y);
  }
  broken_promise("the kind is known", __FILE__, __LINE__);
}

llvm::Value* Operations::maximum(llvm::Value* x, llvm::Value* y, DType dtype) {
  switch (info(dtype).kind) {
    case Kind::boolean:
      return b_.CreateOr(x, y);
    case Kind::signed_integer:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, x, y);
    case Kind::unsigned_integer:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::umax, x, y);
    case Kind::floating:
      return is_ordered_at_once(x, y) ? ordered(x, y, true) : b_.CreateBinaryIntrinsic(llvm::Intrinsic::maximum, x, y);
  }
  broken_promise("the kind is known", __FILE__, __LINE__);
}

llvm::Value* Operations::absolute(llvm::Value* x, DType dtype) {
  if (is_floating(dtype)) return b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x);
  return is_unsigned(dtype) ? x : b_.CreateBinaryIntrinsic(llvm::Intrinsic::abs, x, b_.getFalse());
}

llvm::Value* Operations::less(llvm::Value* x, llvm::Value* y, DType dtype) {
  if (is_floating(dtype)) return b_.CreateFCmpOLT(x, y);
  return info(dtype).kind == Kind::signed_integer ? b_.CreateICmpSLT(x, y) : b_.CreateICmpULT(x, y);
}

llvm::Value* Operations::less_equal(llvm::Value* x, llvm::Value* y, DType dtype) {
  if (is_floating(dtype)) return b_.CreateFCmpOLE(x, y);
  return info(dtype).kind == Kind::signed_integer ? b_.CreateICmpSLE(x, y) : b_.CreateICmpULE(x, y);
}

llvm::Value* Operations::rounded(llvm::Intrinsic::ID how, llvm::Value* x, DType dtype) {
  return is_floating(dtype) ? b_.CreateUnaryIntrinsic(how, x) : x;
}

llvm::Value* Operations::literal(DType dtype, std::uint64_t bits, unsigned lanes) {
  llvm::Type* element = register_type(b_.getContext(), dtype);
  llvm::Constant* integer = b_.getIntN(element->getScalarSizeInBits(), bits);
  llvm::Constant* value =
      element->isIntegerTy()
          ? integer
          : llvm::ConstantFP::get(element, llvm::APFloat(element->getFltSemantics(), integer->getUniqueInteger()));
  return lanes == 1 ? value : llvm::ConstantVector::getSplat(llvm::ElementCount::getFixed(lanes), value);
}

/// Arithmetic happens in float32.
llvm::Value* Operations::small_floating(Opcode op, DType result, DType operand, Args args) {
  llvm::SmallVector<llvm::Value*, 3> wide;
  for (llvm::Value* arg : args) wide.push_back(widen(arg, operand));
  llvm::Value* value = compute(op, DType::float32, wide);
  return is_small(result) ? narrow(value, result) : value;
}

}  // namespace theon::codegen
