#include "src/ir/semantics.h"

#include "src/ir/opcode.h"
#include "src/ir/operations.h"
#include "src/support/check.h"
#include "src/tensor/convert.h"
#include "src/tensor/dispatch.h"

#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

namespace theon::ir {

using namespace operations;

namespace {

template <Scalar T>
std::uint64_t encode(T value) {
  return Value::of(value).bits;
}

template <Scalar T>
auto decode(std::uint64_t bits) {
  return arithmetic(Value{dtype_of<T>, bits}.as<T>());
}

template <class F, Scalar T, std::size_t... k>
std::uint64_t run(const std::uint64_t* args) {
  const auto result = F()(decode<T>(args[k])...);
  // A comparison of any T is a bool; everything else computes in the type of its operands.
  if constexpr (std::same_as<std::remove_const_t<decltype(result)>, bool>)
    return encode(result);
  else
    return encode(theon::convert<T>(result));
}

template <class F, Scalar T, std::size_t... k>
Operation defined(std::index_sequence<k...>) {
  if constexpr (std::invocable<F, decltype((void(k), decode<T>(0)))...>)
    return &run<F, T, k...>;
  else
    return nullptr;
}

template <class F, std::size_t arity>
Operation on(DType operand) {
  return dispatch(operand, []<Scalar T>() { return defined<F, T>(std::make_index_sequence<arity>()); });
}

template <Scalar From, Scalar To>
std::uint64_t run_convert(const std::uint64_t* args) {
  return encode(theon::convert<To>(Value{dtype_of<From>, args[0]}.as<From>()));
}

Operation conversion(DType from, DType to) {
  return dispatch(from, [to]<Scalar From>() {
    return dispatch(to, []<Scalar To>() -> Operation { return &run_convert<From, To>; });
  });
}

/// Not every byte is a boolean.
bool reinterprets(DType from, DType to) { return size_of(from) == size_of(to) && (from == to || !is_boolean(to)); }

std::uint64_t keep(const std::uint64_t* args) { return args[0]; }
std::uint64_t choose(const std::uint64_t* args) { return args[0] ? args[1] : args[2]; }

}  // namespace

Operation operation(Opcode op, DType operand, DType result) {
  switch (op) {
    case Opcode::add:
      return on<Add, 2>(operand);
    case Opcode::sub:
      return on<Sub, 2>(operand);
    case Opcode::mul:
      return on<Mul, 2>(operand);
    case Opcode::div:
      return on<Div, 2>(operand);
    case Opcode::floor_div:
      return on<FloorDiv, 2>(operand);
    case Opcode::mod:
      return on<Mod, 2>(operand);
    case Opcode::min:
      return on<Min, 2>(operand);
    case Opcode::max:
      return on<Max, 2>(operand);
    case Opcode::pow:
      return on<Pow, 2>(operand);
    case Opcode::neg:
      return on<Neg, 1>(operand);
    case Opcode::abs:
      return on<Abs, 1>(operand);
    case Opcode::sqrt:
      return on<Sqrt, 1>(operand);
    case Opcode::floor:
      return on<Floor, 1>(operand);
    case Opcode::ceil:
      return on<Ceil, 1>(operand);
    case Opcode::trunc:
      return on<Trunc, 1>(operand);
    case Opcode::round:
      return on<Round, 1>(operand);
    case Opcode::fma:
      return on<Fma, 3>(operand);
    case Opcode::scale:
      return on<Scale, 2>(operand);
    case Opcode::exponent:
      return on<Exponent, 1>(operand);
    case Opcode::mantissa:
      return on<Mantissa, 1>(operand);
    case Opcode::rsqrt_estimate:
      return on<RsqrtEstimate, 1>(operand);
    case Opcode::lt:
      return on<Less, 2>(operand);
    case Opcode::le:
      return on<LessEqual, 2>(operand);
    case Opcode::eq:
      return on<Equal, 2>(operand);
    case Opcode::ne:
      return on<NotEqual, 2>(operand);
    case Opcode::bit_and:
      return on<BitAnd, 2>(operand);
    case Opcode::bit_or:
      return on<BitOr, 2>(operand);
    case Opcode::bit_xor:
      return on<BitXor, 2>(operand);
    case Opcode::bit_not:
      return on<BitNot, 1>(operand);
    case Opcode::shift_left:
      return on<ShiftLeft, 2>(operand);
    case Opcode::shift_right:
      return on<ShiftRight, 2>(operand);
    case Opcode::select:
      return &choose;
    case Opcode::convert:
      return conversion(operand, result);
    case Opcode::bitcast:
      return reinterprets(operand, result) ? &keep : nullptr;
    case Opcode::exp:
      return on<Call<std::exp>, 1>(operand);
    case Opcode::log:
      return on<Call<std::log>, 1>(operand);
    case Opcode::log1p:
      return on<Call<std::log1p>, 1>(operand);
    case Opcode::expm1:
      return on<Call<std::expm1>, 1>(operand);
    case Opcode::sin:
      return on<Call<std::sin>, 1>(operand);
    case Opcode::cos:
      return on<Call<std::cos>, 1>(operand);
    case Opcode::tanh:
      return on<Call<std::tanh>, 1>(operand);
    case Opcode::erf:
      return on<Call<std::erf>, 1>(operand);
    case Opcode::literal:
    case Opcode::index:
    case Opcode::bound:
    case Opcode::parameter:
    case Opcode::argument:
    case Opcode::local:
    case Opcode::load:
    case Opcode::reduce:
    case Opcode::project:
      return nullptr;
  }
  return nullptr;
}

Value convert(Value value, DType dtype) { return {dtype, conversion(value.dtype, dtype)(&value.bits)}; }

DType operand_dtype(Opcode op, std::span<const Value> args) { return args[op == Opcode::select ? 1 : 0].dtype; }

Value apply(Opcode op, DType dtype, std::span<const Value> args) {
  const Operation run = operation(op, operand_dtype(op, args), dtype);
  THEON_CHECK(run != nullptr && args.size() <= 3);
  std::array<std::uint64_t, 3> bits{};
  for (std::size_t k = 0; k < args.size(); ++k) bits[k] = args[k].bits;
  return {dtype, run(bits.data())};
}

Value lowest(DType dtype) {
  return dispatch(dtype, []<Scalar T>() {
    if constexpr (std::integral<T>)
      return Value::of(std::numeric_limits<T>::min());
    else
      return convert(Value::of(-std::numeric_limits<double>::infinity()), dtype_of<T>);
  });
}

Value highest(DType dtype) {
  return dispatch(dtype, []<Scalar T>() {
    if constexpr (std::integral<T>)
      return Value::of(std::numeric_limits<T>::max());
    else
      return convert(Value::of(std::numeric_limits<double>::infinity()), dtype_of<T>);
  });
}

Value all_ones(DType dtype) {
  const std::uint64_t every = ~std::uint64_t{0};
  return {dtype, is_boolean(dtype) ? 1 : every >> (64 - 8 * size_of(dtype))};
}

bool is_exact(Opcode op, DType operand) {
  if (info(op).form == Form::call) return op == Opcode::pow && !is_floating(operand);
  return info(op).form != Form::leaf && info(op).form != Form::memory && info(op).form != Form::iteration;
}

}  // namespace theon::ir
