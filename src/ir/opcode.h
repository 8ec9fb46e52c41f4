// What every opcode is, said once.
#pragma once

#include "src/ir/element.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace theon::ir {

/// How an operation relates the dtypes of its operands and its result.
enum class Form : std::uint8_t {
  leaf,        // no operands
  memory,      // a load: int64 operands
  arithmetic,  // operands and result have one dtype; every target computes the same bits
  comparison,  // operands have one dtype, the result is boolean
  selection,   // a boolean, then operands of the result's dtype
  conversion,  // any dtype to any other
  call,        // like arithmetic, but targets may differ in the last bits
  iteration,   // reduce and project
};

struct OpcodeInfo {
  Opcode op;
  std::string_view name;
  Form form;
  std::uint8_t arity;  // 0 where it varies
  bool commutes = false;
  std::string_view symbol = {};  // printed before its only operand or between its two; empty: printed as a function
  std::uint8_t binding = 7;  // how tightly it binds as text: an operand that binds less tightly stands in parentheses
};

/// In the order of the enumeration.
inline constexpr std::array opcode_table{
    OpcodeInfo{Opcode::literal, "literal", Form::leaf, 0},
    OpcodeInfo{Opcode::index, "index", Form::leaf, 0},
    OpcodeInfo{Opcode::bound, "bound", Form::leaf, 0},
    OpcodeInfo{Opcode::parameter, "parameter", Form::leaf, 0},
    OpcodeInfo{Opcode::argument, "argument", Form::leaf, 0},
    OpcodeInfo{Opcode::local, "local", Form::leaf, 0},
    OpcodeInfo{Opcode::load, "load", Form::memory, 0},
    OpcodeInfo{Opcode::add, "add", Form::arithmetic, 2, true, "+", 4},
    OpcodeInfo{Opcode::sub, "sub", Form::arithmetic, 2, false, "-", 4},
    OpcodeInfo{Opcode::mul, "mul", Form::arithmetic, 2, true, "*", 5},
    OpcodeInfo{Opcode::div, "div", Form::arithmetic, 2, false, "/", 5},
    OpcodeInfo{Opcode::floor_div, "floor_div", Form::arithmetic, 2},
    OpcodeInfo{Opcode::mod, "mod", Form::arithmetic, 2, false, "%", 5},
    OpcodeInfo{Opcode::min, "min", Form::arithmetic, 2, true},
    OpcodeInfo{Opcode::max, "max", Form::arithmetic, 2, true},
    OpcodeInfo{Opcode::pow, "pow", Form::call, 2},
    OpcodeInfo{Opcode::neg, "neg", Form::arithmetic, 1, false, "-", 6},
    OpcodeInfo{Opcode::abs, "abs", Form::arithmetic, 1},
    OpcodeInfo{Opcode::sqrt, "sqrt", Form::arithmetic, 1},
    OpcodeInfo{Opcode::floor, "floor", Form::arithmetic, 1},
    OpcodeInfo{Opcode::ceil, "ceil", Form::arithmetic, 1},
    OpcodeInfo{Opcode::trunc, "trunc", Form::arithmetic, 1},
    OpcodeInfo{Opcode::round, "round", Form::arithmetic, 1},
    OpcodeInfo{Opcode::fma, "fma", Form::arithmetic, 3},
    OpcodeInfo{Opcode::scale, "scale", Form::arithmetic, 2},
    OpcodeInfo{Opcode::exponent, "exponent", Form::arithmetic, 1},
    OpcodeInfo{Opcode::mantissa, "mantissa", Form::arithmetic, 1},
    OpcodeInfo{Opcode::rsqrt_estimate, "rsqrt_estimate", Form::call, 1},
    OpcodeInfo{Opcode::lt, "lt", Form::comparison, 2, false, "<", 2},
    OpcodeInfo{Opcode::le, "le", Form::comparison, 2, false, "<=", 2},
    OpcodeInfo{Opcode::eq, "eq", Form::comparison, 2, true, "==", 2},
    OpcodeInfo{Opcode::ne, "ne", Form::comparison, 2, true, "!=", 2},
    OpcodeInfo{Opcode::bit_and, "bit_and", Form::arithmetic, 2, true, "&", 1},
    OpcodeInfo{Opcode::bit_or, "bit_or", Form::arithmetic, 2, true, "|", 1},
    OpcodeInfo{Opcode::bit_xor, "bit_xor", Form::arithmetic, 2, true, "^", 1},
    OpcodeInfo{Opcode::bit_not, "bit_not", Form::arithmetic, 1, false, "~", 6},
    OpcodeInfo{Opcode::shift_left, "shift_left", Form::arithmetic, 2, false, "<<", 3},
    OpcodeInfo{Opcode::shift_right, "shift_right", Form::arithmetic, 2, false, ">>", 3},
    OpcodeInfo{Opcode::select, "select", Form::selection, 3},
    OpcodeInfo{Opcode::convert, "convert", Form::conversion, 1},
    OpcodeInfo{Opcode::bitcast, "bitcast", Form::conversion, 1},
    OpcodeInfo{Opcode::exp, "exp", Form::call, 1},
    OpcodeInfo{Opcode::log, "log", Form::call, 1},
    OpcodeInfo{Opcode::log1p, "log1p", Form::call, 1},
    OpcodeInfo{Opcode::expm1, "expm1", Form::call, 1},
    OpcodeInfo{Opcode::sin, "sin", Form::call, 1},
    OpcodeInfo{Opcode::cos, "cos", Form::call, 1},
    OpcodeInfo{Opcode::tanh, "tanh", Form::call, 1},
    OpcodeInfo{Opcode::erf, "erf", Form::call, 1},
    OpcodeInfo{Opcode::reduce, "reduce", Form::iteration, 0},
    OpcodeInfo{Opcode::project, "project", Form::iteration, 0},
};

constexpr const OpcodeInfo& info(Opcode op) { return opcode_table[static_cast<std::size_t>(op)]; }

static_assert([] {
  for (std::size_t k = 0; k < opcode_table.size(); ++k) {
    if (opcode_table[k].op != static_cast<Opcode>(k)) return false;
  }
  return opcode_table.size() == static_cast<std::size_t>(Opcode::project) + 1;
}());

}  // namespace theon::ir
