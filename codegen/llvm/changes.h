// What may change while a kernel runs: Vars, and the memory it writes. Inside the LLVM back end only.
#pragma once

#include "src/ir/loop.h"

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace theon::codegen {

/// What an expression depends on besides its operands' values.
struct Dependence {
  std::uint64_t changes = 0;  // Vars and written memory that it reads
  std::uint64_t memory = 0;   // the written memory among them
  bool varies =
      false;  // it reads a local of a vector loop, which is written several times: for whole groups and for the tail
};

/// Everything that changes has one of 64 bits. Two that share a bit cost a recomputation, never a wrong value.
class Changes {
 public:
  explicit Changes(const ir::Kernel& kernel);

  /// Memoised and iterative.
  Dependence of(ir::Expr expr);
  /// Of a Var.
  std::uint64_t local(ir::Local local) const;
  /// Of the memory of a buffer; 0 for what the kernel only reads. Buffers with one slot are one memory.
  std::uint64_t buffer(std::int64_t buffer) const { return buffers_[buffer]; }

 private:
  enum class In { serial, vector };

  void collect(const ir::Block& block, In where);
  void define(ir::Local local, In where);
  void mark_written(std::int64_t buffer);
  std::uint64_t next_bit() { return std::uint64_t{1} << (count_++ % 64); }
  Dependence direct(const ir::Node& node) const;

  const ir::Kernel& kernel_;
  std::size_t count_ = 0;
  std::unordered_map<ir::Local, std::uint64_t> locals_;
  std::unordered_set<ir::Local> in_vector_loop_;
  std::vector<std::uint64_t> buffers_;
  std::unordered_map<const ir::Node*, Dependence> known_;
};

/// The Vars that the statements assign or accumulate into and that are declared outside of them, each once.
std::vector<ir::Local> carried_through(const ir::Block& block);
/// The memory that the statements write.
std::uint64_t memory_written_by(const ir::Block& block, const Changes& changes);
/// The accumulations into Vars declared outside of the statements, one for each state.
std::vector<const ir::Accumulate*> accumulations_out_of(const ir::Block& block);

}  // namespace theon::codegen
