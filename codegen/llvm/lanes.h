// The loop over vectors that is being written, and values spread over its lanes. Inside the LLVM back end only.
#pragma once

#include "codegen/llvm/code.h"
#include "src/ir/loop.h"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace theon::codegen {

/// What an expression is worth in a loop over vectors: the same for all lanes, or base + stride * variable of the loop
/// with both the same for all lanes, or one vector for each group of lanes. Outside of such a loop everything is
/// uniform.
struct Operand {
  enum class Form { uniform, linear, vector };

  static Operand uniform(llvm::Value* scalar) { return {Form::uniform, {scalar}}; }
  static Operand linear(llvm::Value* base, llvm::Value* stride) { return {Form::linear, {base, stride}}; }
  static Operand vector(Values groups) { return {Form::vector, std::move(groups)}; }

  llvm::Value* scalar() const { return parts[0]; }
  llvm::Value* base() const { return parts[0]; }
  llvm::Value* stride() const { return parts[1]; }

  Form form = Form::uniform;
  Values parts = {};
};

struct VectorLoop {
  unsigned lanes;
  unsigned groups;
  llvm::Value* first;  // the variable in lane 0 of group 0
  Values active = {};  // which lanes of each group run; empty: all
};

class Lanes {
 public:
  explicit Lanes(Code& code) : code_(code) {}

  /// The loop being written; nothing outside of one.
  const std::optional<VectorLoop>& loop() const { return loop_; }
  unsigned groups() const { return loop_ ? loop_->groups : 1; }
  /// Which lanes of a group run; null for all.
  llvm::Value* active(unsigned group) const;
  /// Counts the loops begun: what varies in one is not to be used in another.
  std::uint64_t copy() const { return copy_; }

  /// Begins another copy of a loop's body that is none over vectors.
  void begin_copy() { ++copy_; }
  void begin(VectorLoop loop);
  void end() { loop_.reset(); }
  /// Runs fewer lanes from here on.
  void restrict_to(Values active) { loop_->active = std::move(active); }

  /// One vector for each group; outside of a vector loop the scalar.
  Values spread(const Operand& operand);
  llvm::Value* splat(llvm::Value* scalar);
  /// The variable in each lane of a group.
  llvm::Value* variable(unsigned group);
  /// 0, 1, 2, ... as int64.
  llvm::Constant* counting(std::int64_t first = 0);

 private:
  struct Splat {
    llvm::Value* vector;
    int level;
    std::uint64_t serial;
  };

  Code& code_;
  std::optional<VectorLoop> loop_;
  std::uint64_t copy_ = 0;
  Values variables_;
  std::map<std::pair<llvm::Value*, unsigned>, Splat> splats_;
};

}  // namespace theon::codegen
