// Statements of a kernel. Inside the LLVM back end only.
#pragma once

#include "codegen/llvm/changes.h"
#include "codegen/llvm/code.h"
#include "codegen/llvm/expression.h"
#include "codegen/llvm/lanes.h"
#include "codegen/llvm/memory.h"
#include "src/ir/loop.h"

#include <unordered_map>
#include <vector>

namespace theon::codegen {

class Statements {
 public:
  /// `failure` points to the frame's TheonFailure.
  Statements(const Target& target, llvm::Value* failure, Code& code, Lanes& lanes, Memory& memory, Changes& changes,
             Expressions& expressions)
      : target_(target),
        failure_(failure),
        code_(code),
        lanes_(lanes),
        memory_(memory),
        changes_(changes),
        expressions_(expressions) {}

  void emit(const ir::Block& block);
  /// What the kernel does before it returns.
  void finish(const ir::Kernel& kernel);

 private:
  using Run = llvm::function_ref<void()>;
  using Locals = std::vector<ir::Local>;
  using Accumulations = std::vector<const ir::Accumulate*>;

  void emit(const ir::For& loop);
  void emit(const ir::Let& let);
  void emit(const ir::Var& var);
  void emit(const ir::Assign& assign);
  void emit(const ir::Accumulate& accumulate);
  void emit(const ir::Store& store);
  void emit(const ir::Transpose& turn);
  void emit(const ir::Prefetch& prefetch);
  void emit(const ir::If& branch);
  void emit(const ir::Report& report);

  /// Vars as one list of registers, to be carried through loops and branches, and back.
  Values values_of(const Locals& locals) const;
  void restore(const Locals& locals, const Values& values);
  /// if (condition) then() else otherwise(), both of which change at most the Vars `carried`.
  void branch(llvm::Value* condition, Keeps keeps, const Locals& carried, Run then, Run otherwise);
  void assign(ir::Local local, Values values);

  void serial_loop(const ir::For& loop, llvm::Value* begin, llvm::Value* end);
  void vector_loop(const ir::For& loop, llvm::Value* begin, llvm::Value* end);
  llvm::Value* streamed_or_whole_groups(const ir::For& loop, llvm::Value* begin, llvm::Value* end);
  llvm::Value* whole_groups(const ir::For& loop, llvm::Value* begin, llvm::Value* end, unsigned groups);
  void masked_groups(const ir::For& loop, llvm::Value* begin, llvm::Value* end, unsigned groups);
  void one_copy(const ir::For& loop, llvm::Value* begin, llvm::Value* end);
  void part_first(const ir::For& loop, llvm::Value* begin, llvm::Value* end);
  llvm::Value* lanes_up_to(llvm::Value* count, unsigned lanes);
  void scalar_tail(const ir::For& loop, llvm::Value* begin, llvm::Value* end);
  void enter(const ir::For& loop, VectorLoop copy);
  void run_copy(const ir::For& loop, VectorLoop copy);

  using Position = llvm::function_ref<void(llvm::Value*)>;
  void every(llvm::Value* begin, llvm::Value* end, std::int64_t step, Position body);

  Values state(const ir::Accumulate& sum, unsigned group) const;
  void set_states(const ir::Accumulate& sum, const std::vector<Values>& states);
  std::vector<Values> open(const Accumulations& sums, unsigned lanes);
  void split(const Accumulations& sums, unsigned groups);
  void join(const Accumulations& sums);
  void close(const Accumulations& sums, const std::vector<Values>& before);
  Values slice(const Values& vectors, unsigned first, unsigned count);

  void masked_branch(const ir::If& statement, const Values& condition);
  void run_lanes(const ir::Block& block, const Values& condition);
  Values among_active(const Values& condition);
  llvm::Value* any(llvm::Value* lanes);
  llvm::Value* packed(llvm::Value* lanes);
  void record(const ir::Report& report, unsigned group, llvm::Value* lane);

  const Target& target_;
  llvm::Value* failure_;
  Code& code_;
  Lanes& lanes_;
  Memory& memory_;
  Changes& changes_;
  Expressions& expressions_;
  std::unordered_map<ir::Local, Values> declared_active_;  // which lanes ran where a Var was declared
};

}  // namespace theon::codegen
