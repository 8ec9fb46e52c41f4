#include "codegen/c/operation.h"

#include "codegen/c/type.h"
#include "src/ir/opcode.h"
#include "src/ir/semantics.h"
#include "src/support/check.h"

#include <cmath>
#include <limits>

namespace theon::codegen {

using ir::Opcode;

namespace {

using Args = std::vector<std::string>;

bool is_small(DType dtype) { return is_floating(dtype) && size_of(dtype) == 2; }

/// "sqrt" or "sqrtf".
std::string libm(std::string_view function, DType dtype) {
  return fmt::format("{}{}", function, dtype == DType::float32 ? "f" : "");
}

std::string call(const std::string& function, const Args& args) {
  return fmt::format("{}({})", function, fmt::join(args, ", "));
}

/// Integers wrap in an unsigned type; floating types are as C has them.
std::string arithmetic(std::string_view infix, DType dtype, const Args& args) {
  if (is_floating(dtype)) return fmt::format("{} {} {}", args[0], infix, args[1]);
  return fmt::format("({0})(({1}){2} {3} ({1}){4})", c_type(dtype), c_wrapping_type(dtype), args[0], infix, args[1]);
}

std::string infix(std::string_view infix, const Args& args) { return fmt::format("{} {} {}", args[0], infix, args[1]); }

std::string bits(std::string_view infix, DType dtype, const Args& args) {
  return fmt::format("({})({} {} {})", c_type(dtype), args[0], infix, args[1]);
}

std::string extremum(std::string_view name, std::string_view beats, DType dtype, const Args& args, Prelude& prelude) {
  if (is_floating(dtype)) return call(prelude.function(name, dtype), args);
  return fmt::format("{0} {1} {2} ? {0} : {2}", args[0], beats, args[1]);
}

std::string negated(DType dtype, const std::string& x) {
  if (is_floating(dtype)) return "-" + x;
  return fmt::format("({})(0 - ({}){})", c_type(dtype), c_wrapping_type(dtype), x);
}

std::string absolute(DType dtype, const std::string& x) {
  if (is_floating(dtype)) return call(libm("fabs", dtype), {x});
  return is_unsigned(dtype) ? x : fmt::format("{} < 0 ? {} : {}", x, negated(dtype, x), x);
}

std::string rounded(std::string_view function, DType dtype, const std::string& x) {
  return is_floating(dtype) ? call(libm(function, dtype), {x}) : x;
}

std::string fused(DType dtype, const Args& args) {
  if (is_floating(dtype)) return call(libm("fma", dtype), args);
  return fmt::format("({0})(({1}){2} * ({1}){3} + ({1}){4})", c_type(dtype), c_wrapping_type(dtype), args[0], args[1],
                     args[2]);
}

/// Computed in double, as the interpreter does.
std::string function(std::string_view name, DType dtype, const Args& args) {
  return fmt::format("({}){}", c_type(dtype), call(std::string(name), args));
}

std::string power(DType dtype, const Args& args, Prelude& prelude) {
  return is_floating(dtype) ? function("pow", dtype, args) : call(prelude.function("pow", dtype), args);
}

std::string converted(DType from, DType to, const std::string& x, Prelude& prelude) {
  if (from == to) return x;
  if (is_small(from)) return converted(DType::float32, to, call(prelude.function("widen", from), {x}), prelude);
  if (is_boolean(to)) return fmt::format("{} != 0", x);
  if (is_small(to)) return call(prelude.function("narrow", to), {fmt::format("(double){}", x)});
  if (is_floating(from) && is_integer(to)) return call(prelude.saturation(from, to), {x});
  return fmt::format("({}){}", c_type(to), x);
}

std::string reinterpreted(DType from, DType to, const std::string& x, Prelude& prelude) {
  if (is_boolean(to)) return fmt::format("{} != 0", x);
  const bool from_bits = is_floating(to) && !is_small(to) && to != from;
  const bool to_bits = is_floating(from) && !is_small(from) && to != from;
  if (to_bits) return fmt::format("({}){}", c_type(to), call(prelude.function("to_bits", from), {x}));
  return from_bits ? call(prelude.function("from_bits", to), {x}) : fmt::format("({}){}", c_type(to), x);
}

std::string small_operation(Opcode op, DType result, DType operand, const Args& args, Prelude& prelude) {
  Args wide;
  for (const std::string& arg : args) wide.push_back(call(prelude.function("widen", operand), {arg}));
  const std::string value = c_operation(op, is_small(result) ? DType::float32 : result, DType::float32, wide, prelude);
  return is_small(result) ? call(prelude.function("narrow", result), {value}) : value;
}

/// The least int64 is no literal of C: the minus sign is an operation.
std::string signed_literal(DType dtype, std::int64_t value) {
  if (value == std::numeric_limits<std::int64_t>::min()) return "INT64_MIN";
  return fmt::format("({})INT64_C({})", c_type(dtype), value);
}

}  // namespace

std::string c_literal(DType dtype, std::uint64_t bits, Prelude& prelude) {
  const ir::Value value{dtype, bits};
  switch (info(dtype).kind) {
    case Kind::boolean:
      return value.as<bool>() ? "true" : "false";
    case Kind::signed_integer:
      return signed_literal(dtype, ir::convert(value, DType::int64).as<std::int64_t>());
    case Kind::unsigned_integer:
      return fmt::format("({})UINT64_C({})", c_type(dtype), bits);
    case Kind::floating:
      break;
  }
  if (is_small(dtype)) return fmt::format("(uint16_t)0x{:x}", bits);
  const double number = ir::convert(value, DType::float64).as<double>();
  if (std::isfinite(number)) return fmt::format("({:a}{})", number, dtype == DType::float32 ? "f" : "");
  return fmt::format("{}(UINT64_C(0x{:x}))", prelude.function("from_bits", dtype), bits);
}

std::string c_operation(Opcode op, DType result, DType operand, const Args& args, Prelude& prelude) {
  if (op == Opcode::select) return fmt::format("{} ? {} : {}", args[0], args[1], args[2]);
  if (op == Opcode::convert) return converted(operand, result, args[0], prelude);
  if (op == Opcode::bitcast) return reinterpreted(operand, result, args[0], prelude);
  if (is_small(operand)) return small_operation(op, result, operand, args, prelude);
  const bool floating = is_floating(operand);
  switch (op) {
    case Opcode::add:
      return arithmetic("+", operand, args);
    case Opcode::sub:
      return arithmetic("-", operand, args);
    case Opcode::mul:
      return arithmetic("*", operand, args);
    case Opcode::div:
      return floating ? infix("/", args) : call(prelude.function("div", operand), args);
    case Opcode::floor_div:
      return call(prelude.function("floor_div", operand), args);
    case Opcode::mod:
      return call(prelude.function("mod", operand), args);
    case Opcode::min:
      return extremum("min", "<", operand, args, prelude);
    case Opcode::max:
      return extremum("max", ">", operand, args, prelude);
    case Opcode::pow:
      return power(operand, args, prelude);
    case Opcode::neg:
      return negated(operand, args[0]);
    case Opcode::abs:
      return absolute(operand, args[0]);
    case Opcode::sqrt:
      return call(libm("sqrt", operand), args);
    case Opcode::floor:
      return rounded("floor", operand, args[0]);
    case Opcode::ceil:
      return rounded("ceil", operand, args[0]);
    case Opcode::trunc:
      return rounded("trunc", operand, args[0]);
    case Opcode::round:
      return rounded("nearbyint", operand, args[0]);
    case Opcode::fma:
      return fused(operand, args);
    case Opcode::scale:
    case Opcode::mantissa:
    case Opcode::rsqrt_estimate:
      return call(prelude.function(ir::name(op), operand), args);
    case Opcode::exponent:
      return call(libm("logb", operand), args);
    case Opcode::lt:
      return infix("<", args);
    case Opcode::le:
      return infix("<=", args);
    case Opcode::eq:
      return infix("==", args);
    case Opcode::ne:
      return infix("!=", args);
    case Opcode::bit_and:
      return bits("&", operand, args);
    case Opcode::bit_or:
      return bits("|", operand, args);
    case Opcode::bit_xor:
      return bits("^", operand, args);
    case Opcode::bit_not:
      return fmt::format("({}){}{}", c_type(operand), is_boolean(operand) ? '!' : '~', args[0]);
    case Opcode::shift_left:
      return call(prelude.function("shift_left", operand), args);
    case Opcode::shift_right:
      return call(prelude.function("shift_right", operand), args);
    case Opcode::exp:
    case Opcode::log:
    case Opcode::log1p:
    case Opcode::expm1:
    case Opcode::sin:
    case Opcode::cos:
    case Opcode::tanh:
    case Opcode::erf:
      return function(ir::name(op), operand, args);
    case Opcode::select:
    case Opcode::convert:
    case Opcode::bitcast:
    case Opcode::literal:
    case Opcode::index:
    case Opcode::bound:
    case Opcode::parameter:
    case Opcode::argument:
    case Opcode::local:
    case Opcode::load:
    case Opcode::reduce:
    case Opcode::project:
      break;
  }
  fail<InternalError>({}, "C: '{}' of {} is no operation", ir::name(op), name(operand));
}

}  // namespace theon::codegen
