// Putting a kernel together: buffers, locals, and blocks that nest.
#pragma once

#include "codegen/math/expand.h"
#include "codegen/partition/partition.h"
#include "src/ir/loop.h"

#include <fmt/format.h>

#include <functional>
#include <unordered_map>
#include <utility>

namespace theon::codegen {

/// As in ir::For.
struct LoopShape {
  int lanes = 1;
  int unroll = 1;
  ir::Tail tail = ir::Tail::apart;
  ir::Expr streams = {};
};

class KernelBuilder {
 public:
  KernelBuilder(std::string name, const std::vector<Value>& values, ir::Pool& pool,
                math::Forms forms = math::Functions::in_place);

  ir::Pool& pool() { return pool_; }
  ir::Expr begin() { return pool_.local(0, DType::int64); }
  ir::Expr end() { return pool_.local(1, DType::int64); }

  ir::Local fresh() { return kernel_.locals++; }
  ir::Expr local(ir::Local number, DType dtype) { return pool_.local(number, dtype); }

  /// The kernel's number for the value's buffer.
  std::int64_t read(ValueId value) { return buffer(value, ir::Access::read); }
  std::int64_t write(ValueId value) { return buffer(value, ir::Access::write); }
  std::int64_t scratch(DType dtype, ir::Expr elements);

  /// The value with functions computed as they are in this kernel.
  ir::Expr computed(ir::Expr value) const { return math::expand(value, forms_); }

  /// A decision, for people.
  template <class... Args>
  void note(fmt::format_string<Args...> text, Args&&... args) {
    kernel_.notes.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  /// Appends to the innermost open block.
  void add(ir::Statement statement);
  void store(std::int64_t buffer, ir::Expr offset, ir::Expr value, std::optional<ir::Opcode> combine = {});
  /// A local that holds the value.
  ir::Expr defined(ir::Expr value);
  /// A mutable local for each component, holding the monoid's identity.
  std::vector<ir::Local> accumulators(const ir::Monoid& monoid);
  /// Locals that hold what states, or values, `a` and `b` come to together.
  std::vector<ir::Expr> combined(const ir::Monoid& monoid, std::vector<ir::Expr> a, const std::vector<ir::Expr>& b);

  /// Statements added until `close` form the loop's body.
  ir::Expr open(ir::Expr begin, ir::Expr end, const LoopShape& shape = {});
  /// Statements added until `close` run where the condition holds.
  void open_if(ir::Expr condition);
  void close();
  void branch(
      ir::Expr condition, const std::function<void()>& then, const std::function<void()>& otherwise = [] {});

  ir::Kernel finish();

 private:
  std::int64_t buffer(ValueId value, ir::Access access);
  /// With branches in the place of selects between an array and one that may be empty: its elements are not there to
  /// be read.
  ir::Expr guarded(ir::Expr value);
  /// The statements that `add` adds.
  ir::Block block(const std::function<void()>& add);
  ir::Block& innermost();

  const std::vector<Value>& values_;
  ir::Pool& pool_;
  math::Forms forms_;
  ir::Kernel kernel_;
  std::vector<ir::Statement> open_;  // loops and conditions
  std::unordered_map<ValueId, std::int64_t> buffers_;
};

}  // namespace theon::codegen
