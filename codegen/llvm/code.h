// The function being written: its blocks, the scopes they make, and where in them an instruction may stand. Inside the
// LLVM back end only.
#pragma once

#include "codegen/llvm/operation.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/ADT/SmallVector.h>

#include <cstdint>
#include <vector>

namespace theon::codegen {

using Values = llvm::SmallVector<llvm::Value*, 4>;

/// What a scope keeps from moving out of it: a guard, loads, since it may not run; a branch, everything, since it may
/// be rare.
enum class Keeps { nothing, loads, everything };

/// Scopes nest as blocks of the source do. Level 0 is the entry, run once per call; level 1 the kernel's body. An
/// instruction belongs to the scope of its block and is available in all scopes inside that one; so the outermost scope
/// in which an expression can stand is known from its operands.
class Code {
 public:
  /// `contracts`: as in ir::Kernel.
  explicit Code(llvm::Function& function, bool contracts = true);

  Builder& builder() { return b_; }
  llvm::Function& function() { return function_; }

  /// Of the innermost scope.
  int level() const { return static_cast<int>(scopes_.size()) - 1; }
  /// Of the scope that holds `value`; 0 for constants and arguments.
  int level(llvm::Value* value) const;
  int level(llvm::ArrayRef<llvm::Value*> values) const;
  /// The innermost scope that arithmetic must not leave.
  int arithmetic_floor() const;
  /// The same for a load. Of memory with the bits `reads`, which the kernel also writes, it must not leave a scope that
  /// may write it.
  int load_floor(std::uint64_t reads) const;
  /// Tells a scope from later ones of the same level.
  std::uint64_t serial(int level) const { return scopes_[level].serial; }
  /// Whether the scope is still open.
  bool open(int level, std::uint64_t serial) const {
    return level < static_cast<int>(scopes_.size()) && scopes_[level].serial == serial;
  }

  /// Runs `emit` with the builder at the end of an open scope.
  template <class Emit>
  decltype(auto) at(int level, Emit emit) {
    llvm::IRBuilderBase::InsertPointGuard guard(b_);
    if (level < this->level()) b_.SetInsertPoint(scopes_[level].leave->getTerminator());
    return emit();
  }

  using Body = llvm::function_ref<Values()>;
  using LoopBody = llvm::function_ref<Values(llvm::Value* variable, const Values& carried)>;

  /// if (condition) then() else otherwise(), each in a scope of its own. Both return as many values; the result is what
  /// the branch that ran returned.
  Values branch(llvm::Value* condition, Keeps keeps, Body then, Body otherwise);
  /// for (variable = begin; ; variable += step) carried = body(variable, carried), until variable + step reaches `end`:
  /// runs at least once. `writes` tells which memory the body writes.
  Values loop(llvm::Value* begin, llvm::Value* end, llvm::Value* step, const Values& initial, std::uint64_t writes,
              LoopBody body);
  /// Ends the function.
  void finish(llvm::Value* result) { end_block(b_.CreateRet(result)); }

 private:
  struct Scope {
    std::uint64_t serial;
    Keeps keeps;
    std::uint64_t writes;
    llvm::BasicBlock* leave;  // while a scope inside is open: the block that enters it
  };

  llvm::BasicBlock* create_block(const char* name, int level);
  /// Takes the stand-in behind the terminator away.
  static void end_block(llvm::Instruction* terminator);
  void enter(llvm::BasicBlock* from, llvm::BasicBlock* block, Keeps keeps, std::uint64_t writes);
  void leave(llvm::BasicBlock* next);
  Values brought_out(const Values& results, llvm::BasicBlock* latch);
  Values merge(const Values& then, llvm::BasicBlock* then_end, const Values& otherwise,
               llvm::BasicBlock* otherwise_end);

  llvm::Function& function_;
  Builder b_;
  std::vector<Scope> scopes_;
  std::uint64_t serials_ = 0;
  llvm::DenseMap<const llvm::BasicBlock*, int> levels_;
};

}  // namespace theon::codegen
