// Operations that only registers of 64 bytes have: numbers taken apart, and small tables.
#include "codegen/llvm/operation.h"
#include "src/support/check.h"

#include <llvm/IR/IntrinsicsX86.h>

#include <numeric>

namespace theon::codegen {

namespace {

namespace id = llvm::Intrinsic;

constexpr unsigned register_bits = 512;

// Operands of the instructions, by their manual: mantissas from 3/4 on, of positive numbers only; rounded to nearest.
constexpr int normal_from_three_quarters = 3, negative_is_nan = 3, current_rounding = 4;

bool is_double(const llvm::Value* value) { return value->getType()->getScalarSizeInBits() == 64; }

/// `count` lanes from `first` on; those beyond the value hold anything.
llvm::Value* taken(Builder& b, llvm::Value* value, unsigned first, unsigned count) {
  if (lanes_of(value) == 1)
    value = b.CreateInsertElement(llvm::PoisonValue::get(widened(value->getType(), 2)), value, std::uint64_t{0});
  const unsigned lanes = lanes_of(value);
  llvm::SmallVector<int, 16> order;
  for (unsigned lane = first; lane < first + count; ++lane)
    order.push_back(lane < lanes ? static_cast<int>(lane) : llvm::PoisonMaskElem);
  return b.CreateShuffleVector(value, order);
}

llvm::Value* joined(Builder& b, llvm::Value* low, llvm::Value* high) {
  const unsigned lanes = lanes_of(low);
  // The second may be narrower: then what lies behind its lanes is not asked for.
  llvm::SmallVector<int, 32> order(lanes + lanes_of(high));
  std::iota(order.begin(), order.end(), 0);
  return b.CreateShuffleVector(low, taken(b, high, 0, lanes), order);
}

/// An instruction that writes the lanes in a mask: here all.
llvm::Value* all_lanes(Builder& b, id::ID instruction, llvm::SmallVector<llvm::Value*, 6> args) {
  llvm::Value* value = args[0];
  const unsigned lanes = lanes_of(value);
  args.append(
      {llvm::PoisonValue::get(value->getType()), b.getIntN(lanes, (1u << lanes) - 1), b.getInt32(current_rounding)});
  return b.CreateIntrinsic(instruction, {}, args);
}

llvm::Value* vector_of(llvm::Type* element, llvm::ArrayRef<std::uint64_t> bits) {
  llvm::SmallVector<llvm::Constant*, 16> values;
  const unsigned width = element->getScalarSizeInBits();
  for (const std::uint64_t each : bits)
    values.push_back(
        llvm::ConstantFP::get(element, llvm::APFloat(element->getFltSemantics(), llvm::APInt(width, each))));
  return llvm::ConstantVector::get(values);
}

}  // namespace

/// The same lanes, as many at a time as a register holds.
llvm::Value* Operations::by_registers(Args args, llvm::function_ref<llvm::Value*(Args)> compute) {
  if (!target_.masks) fail<InternalError>({}, "emit: only registers of {} bits take numbers apart", register_bits);
  const unsigned lanes = lanes_of(args[0]), width = register_bits / args[0]->getType()->getScalarSizeInBits();
  if (lanes == width) return compute(args);
  llvm::Value* all = nullptr;
  for (unsigned first = 0; first < lanes; first += width) {
    llvm::SmallVector<llvm::Value*, 2> part;
    for (llvm::Value* arg : args) part.push_back(taken(b_, arg, first, width));
    llvm::Value* result = compute(part);
    all = all ? joined(b_, all, result) : result;
  }
  if (lanes == 1) return b_.CreateExtractElement(all, std::uint64_t{0});
  return lanes < width ? taken(b_, all, 0, lanes) : all;
}

llvm::Value* Operations::scaled(llvm::Value* x, llvm::Value* exponent) {
  return by_registers({x, exponent}, [&](Args args) {
    return all_lanes(b_, is_double(x) ? id::x86_avx512_mask_scalef_pd_512 : id::x86_avx512_mask_scalef_ps_512,
                     {args[0], args[1]});
  });
}

llvm::Value* Operations::exponent(llvm::Value* x) {
  return by_registers({x}, [&](Args args) {
    return all_lanes(b_, is_double(x) ? id::x86_avx512_mask_getexp_pd_512 : id::x86_avx512_mask_getexp_ps_512,
                     {args[0]});
  });
}

llvm::Value* Operations::mantissa(llvm::Value* x) {
  constexpr int how = negative_is_nan << 2 | normal_from_three_quarters;
  return by_registers({x}, [&](Args args) {
    return all_lanes(b_, is_double(x) ? id::x86_avx512_mask_getmant_pd_512 : id::x86_avx512_mask_getmant_ps_512,
                     {args[0], b_.getInt32(how)});
  });
}

llvm::Value* Operations::rsqrt_estimate(llvm::Value* x) {
  return by_registers({x}, [&](Args args) {
    const unsigned lanes = lanes_of(args[0]);
    return b_.CreateIntrinsic(
        is_double(x) ? id::x86_avx512_rsqrt14_pd_512 : id::x86_avx512_rsqrt14_ps_512, {},
        {args[0], llvm::PoisonValue::get(args[0]->getType()), b_.getIntN(lanes, (1u << lanes) - 1)});
  });
}

bool Operations::is_ordered_at_once(const llvm::Value* x, const llvm::Value* y) const {
  const bool fills_register = lanes_of(x) * x->getType()->getScalarSizeInBits() == register_bits;
  return target_.masks && fills_register && !llvm::isa<llvm::Constant>(x) && !llvm::isa<llvm::Constant>(y);
}

/// The instruction knows that -0 is below 0, but of a NaN and a number it takes the number.
llvm::Value* Operations::ordered(llvm::Value* x, llvm::Value* y, bool larger) {
  constexpr int minimum = 0, maximum = 1, sign_of_result = 1;
  const id::ID range = is_double(x) ? id::x86_avx512_mask_range_pd_512 : id::x86_avx512_mask_range_ps_512;
  llvm::Value* found = all_lanes(b_, range, {x, y, b_.getInt32(sign_of_result << 2 | (larger ? maximum : minimum))});
  return b_.CreateSelect(b_.CreateFCmpUNO(x, y), b_.CreateFAdd(x, y), found);
}

bool Operations::is_truncated_at_once(const llvm::Value* value, DType to) const {
  const bool fills_register = lanes_of(value) * value->getType()->getScalarSizeInBits() == register_bits;
  return target_.masks && fills_register && to == DType::int32;
}

llvm::Value* Operations::truncated_or_lowest(llvm::Value* value) {
  const unsigned lanes = lanes_of(value);
  return b_.CreateIntrinsic(is_double(value) ? id::x86_avx512_mask_cvttpd2dq_512 : id::x86_avx512_mask_cvttps2dq_512,
                            {},
                            {value, llvm::PoisonValue::get(widened(b_.getInt32Ty(), lanes)),
                             b_.getIntN(lanes, (1u << lanes) - 1), b_.getInt32(current_rounding)});
}

std::vector<ir::Expr> Operations::operands(const ir::Node& node) const {
  if (const std::optional<math::Lookup> lookup = table(node)) return {lookup->index};
  if (math::has_exception(node)) return {node.args[0], node.args[1]};
  return {node.args.begin(), node.args.end()};
}

std::optional<math::Lookup> Operations::table(const ir::Node& node) const {
  return target_.masks ? math::looked_up(node) : std::nullopt;
}

llvm::Value* Operations::lookup(llvm::Value* index, DType dtype, llvm::ArrayRef<std::uint64_t> table) {
  llvm::Type* element = register_type(b_.getContext(), dtype);
  return by_registers({index}, [&](Args args) -> llvm::Value* {
    if (size_of(dtype) == 4)
      return b_.CreateIntrinsic(id::x86_avx512_permvar_sf_512, {}, {vector_of(element, table), args[0]});
    return b_.CreateIntrinsic(
        id::x86_avx512_vpermi2var_pd_512, {},
        {vector_of(element, table.take_front(8)), args[0], vector_of(element, table.drop_front(8))});
  });
}

}  // namespace theon::codegen
