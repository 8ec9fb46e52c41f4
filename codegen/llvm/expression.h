// Expressions of a kernel: each is computed once, outside of every loop it does not depend on. Inside the LLVM back end
// only.
#pragma once

#include "codegen/llvm/changes.h"
#include "codegen/llvm/code.h"
#include "codegen/llvm/lanes.h"
#include "codegen/llvm/memory.h"
#include "codegen/llvm/operation.h"
#include "src/ir/loop.h"
#include "src/ir/loop_layout.h"

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace theon::codegen {

class Expressions {
 public:
  /// `symbols` points to the values of dim symbols.
  Expressions(const ir::Layout& layout, const Target& target, llvm::Value* symbols, Code& code, Lanes& lanes,
              Memory& memory, Changes& changes);

  Operand evaluate(ir::Expr expr);
  /// Throws InternalError for an expression that differs between lanes.
  llvm::Value* scalar(ir::Expr expr);
  /// One vector for each group of lanes; outside of a vector loop the scalar.
  Values spread(ir::Expr expr) { return lanes_.spread(evaluate(expr)); }
  Offset offset(ir::Expr expr);
  /// Component by component; scalars or vectors of any number of lanes.
  Values combine(const ir::Monoid& monoid, const Values& a, const Values& b);
  Values identity(const ir::Monoid& monoid, unsigned lanes);
  llvm::Value* apply(ir::Opcode op, DType dtype, llvm::Value* a, llvm::Value* b) {
    return operations_.emit(op, dtype, dtype, {a, b});
  }

  const Operand& local(ir::Local local) const { return locals_.at(local); }
  void define(ir::Local local, Operand value) { locals_[local] = std::move(value); }
  /// Gives a Var another value.
  void change(ir::Local local, Operand value);
  /// Forgets what was read of memory or Vars with these bits.
  void changed(std::uint64_t bits);

 private:
  struct Known {
    Operand value;
    int level;
    std::uint64_t serial, copy, time;
  };

  bool is_known(ir::Expr expr);
  Operand known(ir::Expr expr);
  void remember(ir::Expr expr, Operand value);
  std::vector<ir::Expr> operands(ir::Expr expr) const;

  Operand compute(const ir::Node& node);
  Operand leaf(const ir::Node& node);
  Operand operation(const ir::Node& node);
  Operand found(const math::Lookup& lookup, DType dtype);
  std::optional<Operand> linear(const ir::Node& node, const std::vector<Operand>& args);
  llvm::Value* place(ir::Opcode op, DType result, DType operand, llvm::ArrayRef<llvm::Value*> args);
  llvm::Value* parameter(const Dim& dim);

  const ir::Layout& layout_;
  llvm::Value* symbols_;
  Code& code_;
  Lanes& lanes_;
  Memory& memory_;
  Changes& changes_;
  Operations operations_;

  std::unordered_map<ir::Local, Operand> locals_;
  std::unordered_map<const ir::Node*, Known> known_;
  std::unordered_map<std::size_t, llvm::Value*> symbol_values_;
  std::uint64_t time_ = 0;
  std::array<std::uint64_t, 64> changed_at_{};
};

}  // namespace theon::codegen
