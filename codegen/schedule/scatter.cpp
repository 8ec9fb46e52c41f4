// Scatters as kernels.
#include "codegen/partition/affine.h"
#include "codegen/schedule/builder.h"
#include "codegen/schedule/lower.h"

#include <functional>
#include <vector>

namespace theon::codegen {

using ir::Expr;
using ir::Opcode;

LoweredKernel lower(const Scatter& scatter, const LoweringInput& input) {
  ir::Pool& pool = input.pool;
  const std::vector<Value>& values = input.values;
  KernelBuilder builder(kernel_name({scatter.result}, values), values, pool);
  builder.note("one element after the other: targets may repeat");
  std::vector<Expr> axes;
  for (const Dim& extent : scatter.domain) axes.push_back(builder.open(pool.literal(0), pool.parameter(extent)));
  const auto lowered = [&](Expr root) {
    const std::function<Expr(Expr)> replacement = [&](Expr e) -> Expr {
      if (e->op == Opcode::index) return axes.at(e->number);
      if (e->op != Opcode::load) return Expr();
      std::vector<Expr> indices;
      for (Expr index : e->args) indices.push_back(pool.replace(index, replacement));
      return pool.load(builder.read(e->number), e->dtype,
                       {{row_major_offset(values[e->number].type.dims, indices, pool)}});
    };
    return pool.replace(root, replacement);
  };
  std::vector<Expr> target;
  for (Expr index : scatter.target) target.push_back(lowered(index));
  const Expr value = lowered(scatter.value);
  builder.read(scatter.result);
  builder.store(builder.write(scatter.result), row_major_offset(values[scatter.result].type.dims, target, pool), value,
                scatter.combine);
  for (std::size_t axis = 0; axis < axes.size(); ++axis) builder.close();
  return {builder.finish(), 1};
}

}  // namespace theon::codegen
