#include "src/ir/semantics.h"

#include "src/ir/opcode.h"
#include "src/support/check.h"
#include "src/tensor/convert.h"
#include "src/tensor/dispatch.h"

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

namespace theon::ir {

namespace {

// Operations are function objects over the types elements compute in: bool, the integers, float and double. Where one has no overload for a type,
// the operation is not defined for it.

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;
template <class T>
concept Float = std::floating_point<T>;
template <class T>
concept Number = Integer<T> || Float<T>;

/// An unsigned type in which the arithmetic of T wraps: wide enough not to be promoted to a signed one.
template <Integer T>
using Wrapping = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <Integer T>
bool overflows_division(T a, T b) {
  if constexpr (std::is_signed_v<T>) return b == -1 && a == std::numeric_limits<T>::min();
  return false;
}

struct Add {
  template <Float T> T operator()(T a, T b) const { return a + b; }
  template <Integer T> T operator()(T a, T b) const { return static_cast<T>(Wrapping<T>(a) + Wrapping<T>(b)); }
};

struct Sub {
  template <Float T> T operator()(T a, T b) const { return a - b; }
  template <Integer T> T operator()(T a, T b) const { return static_cast<T>(Wrapping<T>(a) - Wrapping<T>(b)); }
};

struct Mul {
  template <Float T> T operator()(T a, T b) const { return a * b; }
  template <Integer T> T operator()(T a, T b) const { return static_cast<T>(Wrapping<T>(a) * Wrapping<T>(b)); }
};

struct Div {
  template <Float T> T operator()(T a, T b) const { return a / b; }
  template <Integer T> T operator()(T a, T b) const {
    if (b == 0) return 0;
    return overflows_division(a, b) ? a : static_cast<T>(a / b);
  }
};

struct Mod {
  template <Float T> T operator()(T a, T b) const {
    const T rest = std::fmod(a, b);
    if (rest == 0) return std::copysign(T(0), b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
  }
  template <Integer T> T operator()(T a, T b) const {
    if (b == 0 || overflows_division(a, b)) return 0;
    const T rest = static_cast<T>(a % b);
    return rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
  }
};

struct FloorDiv {
  template <Float T> T operator()(T a, T b) const {
    const T rest = std::fmod(a, b);
    if (b == 0) return a / b;
    const T quotient = (a - rest) / b - (rest != 0 && (rest < 0) != (b < 0) ? T(1) : T(0));
    // The quotient is an integer up to one rounding.
    return quotient == 0 ? std::copysign(T(0), a / b) : std::nearbyint(quotient);
  }
  template <Integer T> T operator()(T a, T b) const {
    const T quotient = Div()(a, b);
    const bool rounded_up = b != 0 && !overflows_division(a, b) && a % b != 0 && (a < 0) != (b < 0);
    return static_cast<T>(quotient - (rounded_up ? 1 : 0));
  }
};

struct Min {
  template <Float T> T operator()(T a, T b) const {
    if (std::isnan(a) || std::isnan(b)) return a + b;
    return a == b ? (std::signbit(a) ? a : b) : (a < b ? a : b);
  }
  template <std::integral T> T operator()(T a, T b) const { return a < b ? a : b; }
};

struct Max {
  template <Float T> T operator()(T a, T b) const {
    if (std::isnan(a) || std::isnan(b)) return a + b;
    return a == b ? (std::signbit(a) ? b : a) : (a < b ? b : a);
  }
  template <std::integral T> T operator()(T a, T b) const { return a < b ? b : a; }
};

struct Neg {
  template <Float T> T operator()(T a) const { return -a; }
  template <Integer T> T operator()(T a) const { return Sub()(T(0), a); }
};

struct Abs {
  template <Float T> T operator()(T a) const { return std::fabs(a); }
  template <Integer T> T operator()(T a) const { return a < 0 ? Neg()(a) : a; }
};

struct Floor {
  template <Float T> T operator()(T a) const { return std::floor(a); }
  template <Integer T> T operator()(T a) const { return a; }
};

struct Ceil {
  template <Float T> T operator()(T a) const { return std::ceil(a); }
  template <Integer T> T operator()(T a) const { return a; }
};

struct Trunc {
  template <Float T> T operator()(T a) const { return std::trunc(a); }
  template <Integer T> T operator()(T a) const { return a; }
};

struct Round {
  template <Float T> T operator()(T a) const { return std::nearbyint(a); }
  template <Integer T> T operator()(T a) const { return a; }
};

struct Fma {
  template <Float T> T operator()(T a, T b, T c) const { return std::fma(a, b, c); }
  template <Integer T> T operator()(T a, T b, T c) const { return Add()(Mul()(a, b), c); }
};

struct Sqrt {
  template <Float T> T operator()(T a) const { return std::sqrt(a); }
};

struct Less {
  template <class T> bool operator()(T a, T b) const { return a < b; }
};

struct LessEqual {
  template <class T> bool operator()(T a, T b) const { return a <= b; }
};

struct Equal {
  template <class T> bool operator()(T a, T b) const { return a == b; }
};

struct NotEqual {
  template <class T> bool operator()(T a, T b) const { return a != b; }
};

struct BitAnd {
  template <std::integral T> T operator()(T a, T b) const { return static_cast<T>(a & b); }
};

struct BitOr {
  template <std::integral T> T operator()(T a, T b) const { return static_cast<T>(a | b); }
};

struct BitXor {
  template <std::integral T> T operator()(T a, T b) const { return static_cast<T>(a ^ b); }
};

struct BitNot {
  bool operator()(bool a) const { return !a; }
  template <Integer T> T operator()(T a) const { return static_cast<T>(~a); }
};

template <Integer T>
bool is_past_width(T count) {
  return static_cast<std::make_unsigned_t<T>>(count) >= 8 * sizeof(T);
}

struct ShiftLeft {
  template <Integer T> T operator()(T a, T count) const {
    return is_past_width(count) ? T(0) : static_cast<T>(Wrapping<T>(a) << count);
  }
};

struct ShiftRight {
  template <Integer T> T operator()(T a, T count) const {
    if (is_past_width(count)) return static_cast<T>(a < 0 ? -1 : 0);
    return static_cast<T>(a >> count);
  }
};

/// A function of libm, computed in double.
template <double (*function)(double)>
struct Call {
  template <Float T> T operator()(T a) const { return static_cast<T>(function(static_cast<double>(a))); }
};

/// x^n for n >= 0, by squaring.
template <Integer T>
T power(T x, T n) {
  T result = 1;
  for (auto rest = static_cast<std::make_unsigned_t<T>>(n); rest != 0; rest = static_cast<decltype(rest)>(rest >> 1)) {
    if (rest & 1) result = Mul()(result, x);
    x = Mul()(x, x);
  }
  return result;
}

struct Pow {
  template <Float T> T operator()(T a, T b) const {
    return static_cast<T>(std::pow(static_cast<double>(a), static_cast<double>(b)));
  }
  template <Integer T> T operator()(T x, T n) const {
    if (n >= 0) return power(x, n);
    if (x == 1) return 1;
    if constexpr (std::is_signed_v<T>) {
      if (x == -1) return n % 2 == 0 ? 1 : -1;
    }
    return 0;
  }
};

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
  if constexpr (std::same_as<std::remove_const_t<decltype(result)>, bool>) return encode(result);
  else return encode(theon::convert<T>(result));
}

template <class F, Scalar T, std::size_t... k>
Operation defined(std::index_sequence<k...>) {
  if constexpr (std::invocable<F, decltype((void(k), decode<T>(0)))...>) return &run<F, T, k...>;
  else return nullptr;
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
bool reinterprets(DType from, DType to) {
  return size_of(from) == size_of(to) && (from == to || !is_boolean(to));
}

std::uint64_t keep(const std::uint64_t* args) { return args[0]; }
std::uint64_t choose(const std::uint64_t* args) { return args[0] ? args[1] : args[2]; }

double exp_double(double x) { return std::exp(x); }
double log_double(double x) { return std::log(x); }
double log1p_double(double x) { return std::log1p(x); }
double expm1_double(double x) { return std::expm1(x); }
double sin_double(double x) { return std::sin(x); }
double cos_double(double x) { return std::cos(x); }
double tanh_double(double x) { return std::tanh(x); }
double erf_double(double x) { return std::erf(x); }

}  // namespace

Operation operation(Opcode op, DType operand, DType result) {
  switch (op) {
    case Opcode::add: return on<Add, 2>(operand);
    case Opcode::sub: return on<Sub, 2>(operand);
    case Opcode::mul: return on<Mul, 2>(operand);
    case Opcode::div: return on<Div, 2>(operand);
    case Opcode::floor_div: return on<FloorDiv, 2>(operand);
    case Opcode::mod: return on<Mod, 2>(operand);
    case Opcode::min: return on<Min, 2>(operand);
    case Opcode::max: return on<Max, 2>(operand);
    case Opcode::pow: return on<Pow, 2>(operand);
    case Opcode::neg: return on<Neg, 1>(operand);
    case Opcode::abs: return on<Abs, 1>(operand);
    case Opcode::sqrt: return on<Sqrt, 1>(operand);
    case Opcode::floor: return on<Floor, 1>(operand);
    case Opcode::ceil: return on<Ceil, 1>(operand);
    case Opcode::trunc: return on<Trunc, 1>(operand);
    case Opcode::round: return on<Round, 1>(operand);
    case Opcode::fma: return on<Fma, 3>(operand);
    case Opcode::lt: return on<Less, 2>(operand);
    case Opcode::le: return on<LessEqual, 2>(operand);
    case Opcode::eq: return on<Equal, 2>(operand);
    case Opcode::ne: return on<NotEqual, 2>(operand);
    case Opcode::bit_and: return on<BitAnd, 2>(operand);
    case Opcode::bit_or: return on<BitOr, 2>(operand);
    case Opcode::bit_xor: return on<BitXor, 2>(operand);
    case Opcode::bit_not: return on<BitNot, 1>(operand);
    case Opcode::shift_left: return on<ShiftLeft, 2>(operand);
    case Opcode::shift_right: return on<ShiftRight, 2>(operand);
    case Opcode::select: return &choose;
    case Opcode::convert: return conversion(operand, result);
    case Opcode::bitcast: return reinterprets(operand, result) ? &keep : nullptr;
    case Opcode::exp: return on<Call<exp_double>, 1>(operand);
    case Opcode::log: return on<Call<log_double>, 1>(operand);
    case Opcode::log1p: return on<Call<log1p_double>, 1>(operand);
    case Opcode::expm1: return on<Call<expm1_double>, 1>(operand);
    case Opcode::sin: return on<Call<sin_double>, 1>(operand);
    case Opcode::cos: return on<Call<cos_double>, 1>(operand);
    case Opcode::tanh: return on<Call<tanh_double>, 1>(operand);
    case Opcode::erf: return on<Call<erf_double>, 1>(operand);
    case Opcode::literal:
    case Opcode::index:
    case Opcode::bound:
    case Opcode::parameter:
    case Opcode::argument:
    case Opcode::local:
    case Opcode::load:
    case Opcode::reduce:
    case Opcode::project: return nullptr;
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
    if constexpr (std::integral<T>) return Value::of(std::numeric_limits<T>::min());
    else return convert(Value::of(-std::numeric_limits<double>::infinity()), dtype_of<T>);
  });
}

Value highest(DType dtype) {
  return dispatch(dtype, []<Scalar T>() {
    if constexpr (std::integral<T>) return Value::of(std::numeric_limits<T>::max());
    else return convert(Value::of(std::numeric_limits<double>::infinity()), dtype_of<T>);
  });
}

bool is_exact(Opcode op, DType operand) {
  if (info(op).form == Form::call) return op == Opcode::pow && !is_floating(operand);
  return info(op).form != Form::leaf && info(op).form != Form::memory && info(op).form != Form::iteration;
}

}  // namespace theon::ir
