// A group of nests as statements of the loop language.
#pragma once

#include "codegen/schedule/builder.h"
#include "codegen/schedule/group.h"
#include "codegen/schedule/schedule.h"

#include <functional>
#include <string>
#include <unordered_map>

namespace theon::codegen {

struct LoweredKernel {
  ir::Kernel kernel;
  Dim trips;                              // iterations of the kernel's outermost loop
  std::vector<Phase> phases = {};         // of these, where there are several
  std::vector<ValueId> temporaries = {};  // values that nobody else reads
  std::vector<ValueId> own = {};          // as in KernelStep
};

/// Who reads a result: nobody but the kernel that computes it, other steps, or only whoever called the function.
enum class Readers { kernel, steps, caller };

/// What works are lowered with.
struct LoweringInput {
  std::vector<Value>& values;  // kernels add those that their phases hand on
  /// Results that the kernel alone reads shrink to scratch rows or registers.
  const std::function<Readers(ValueId)>& readers_of;
  ir::Pool& pool;
  const Machine& machine;
};

/// What is known in registers where a group is lowered into a loop.
struct Scope {
  std::unordered_map<ValueId, ir::Expr> scalars;
  std::unordered_map<const ir::Node*, ir::Expr> parameters;
};

LoweredKernel lower(const Group& group, const LoweringInput& input);

/// The group as statements of the kernel that is being built. Scalars that it computes join the scope.
void append(const Group& group, const LoweringInput& input, KernelBuilder& builder, Scope& scope);

LoweredKernel lower(const Scatter& scatter, const LoweringInput& input);

/// Lanes of the widest floating type in play; of the widest integer type where there is none.
int lanes_of(const std::vector<ir::Expr>& roots, const Machine& machine);

/// How a vector loop runs whose body computes these.
LoopShape loop_shape(const std::vector<ir::Expr>& roots, const Machine& machine);

/// Where loops of this shape, that store these results of the group, store past the caches: where these and what is
/// read for them are more than the caches hold. Null, for never, where a step reads a result, where results are parts
/// of something larger, and where computing takes longer than storing: a long body, or a loop inside.
ir::Expr streams(std::span<const Nest> stored, const Group& group, const LoopShape& shape, const LoweringInput& input);

/// Of what is computed: the user's names, of what has none the operations. Letters, digits and underscores.
std::string kernel_name(const std::vector<ValueId>& results, const std::vector<Value>& values);
std::string kernel_name(const Group& group, const std::vector<Value>& values);

}  // namespace theon::codegen
