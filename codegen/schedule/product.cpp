#include "codegen/schedule/product.h"

#include "codegen/schedule/skinny_product.h"
#include "codegen/schedule/small_product.h"
#include "codegen/schedule/tiled_product.h"

#include <algorithm>

namespace theon::codegen {

namespace {

std::vector<ValueId> loaded(std::initializer_list<ir::Expr> roots) {
  std::vector<ValueId> values;
  for (ir::Expr e : ir::postorder(std::span(roots.begin(), roots.size())))
    if (e->op == ir::Opcode::load) values.push_back(e->number);
  return values;
}

/// Whether the load reads the element of the result's own index.
bool is_own(ir::Expr load) {
  for (std::size_t axis = 0; axis < load->args.size(); ++axis)
    if (load->args[axis]->op != ir::Opcode::index || load->args[axis]->number != static_cast<std::int64_t>(axis))
      return false;
  return true;
}

/// Values read only at the index of the element that is about to be written.
std::vector<ValueId> own_reads(const Contraction& product) {
  std::vector<ValueId> own = loaded({product.element}), others = loaded({product.left, product.right});
  for (ir::Expr e : ir::postorder(std::span(&product.element, 1)))
    if (e->op == ir::Opcode::load && !is_own(e)) others.push_back(e->number);
  std::erase_if(own, [&](ValueId v) { return std::ranges::find(others, v) != others.end(); });
  return own;
}

}  // namespace

LoweredKernel lower(const Contraction& product, const LoweringInput& input) {
  std::optional<LoweredKernel> special = lower_skinny(product, input);
  if (!special) special = lower_small(product, input);
  LoweredKernel kernel = special ? *std::move(special) : lower_tiled(product, input);
  kernel.own = own_reads(product);
  return kernel;
}

}  // namespace theon::codegen
