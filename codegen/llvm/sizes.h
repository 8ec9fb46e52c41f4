// Sizes in 64-bit registers. Inside the LLVM back end only.
#pragma once

#include "codegen/llvm/operation.h"
#include "src/ir/loop_layout.h"

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace theon::codegen {

/// What `ir::lower` writes to. Each symbol is loaded once for a table of values.
struct SizeArithmetic {
  using Value = llvm::Value*;

  Value literal(std::int64_t value) { return builder.getInt64(static_cast<std::uint64_t>(value)); }
  Value symbol(std::size_t place) {
    Value& value = symbol_values[place];
    if (!value) {
      Value address = builder.CreateConstGEP1_64(builder.getInt64Ty(), symbols, place);
      value = builder.CreateAlignedLoad(builder.getInt64Ty(), address, llvm::Align(8));
    }
    return value;
  }
  Value add(Value a, Value b) { return emit(ir::Opcode::add, a, b); }
  Value mul(Value a, Value b) { return emit(ir::Opcode::mul, a, b); }
  Value floor_div(Value a, Value b) { return emit(ir::Opcode::floor_div, a, b); }
  Value mod(Value a, Value b) { return emit(ir::Opcode::mod, a, b); }
  Value min(Value a, Value b) { return emit(ir::Opcode::min, a, b); }
  Value max(Value a, Value b) { return emit(ir::Opcode::max, a, b); }
  Value emit(ir::Opcode op, Value a, Value b) { return operations.emit(op, DType::int64, DType::int64, {a, b}); }

  Builder& builder;
  Operations& operations;
  Value symbols;  // a pointer to the first
  std::unordered_map<std::size_t, Value>& symbol_values;
};

}  // namespace theon::codegen
