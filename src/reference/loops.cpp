#include "src/reference/loops.h"

#include "src/ir/evaluate.h"
#include "src/support/check.h"

#include <cstring>

namespace theon::reference {

namespace {

/// Loads of input k become loads of buffer k.
class WholeInputs final : public ElementContext {
 public:
  WholeInputs(ir::Pool& pool, const Apply& node) : pool_(pool), node_(node) {}
  ir::Pool& pool() const override { return pool_; }
  const Apply& node() const override { return node_; }
  ir::Expr load(std::size_t input, std::span<const ir::Expr> indices) const override {
    return pool_.load(static_cast<std::int64_t>(input), node_.inputs[input].dtype(), indices);
  }

 private:
  ir::Pool& pool_;
  const Apply& node_;
};

/// The address of an element. An index out of range is a mistake of an op: those that take indices from users clamp
/// them.
std::byte* address(const Tensor& x, std::span<const std::int64_t> indices) {
  THEON_CHECK(indices.size() == x.sizes().size());
  std::int64_t offset = 0;
  for (std::size_t axis = 0; axis < indices.size(); ++axis) {
    THEON_CHECK(indices[axis] >= 0 && indices[axis] < x.sizes()[axis]);
    offset += indices[axis] * x.strides()[axis];
  }
  return x.raw() + offset * static_cast<std::int64_t>(size_of(x.dtype()));
}

ir::Value read(const Tensor& x, std::span<const std::int64_t> indices) {
  ir::Value value{x.dtype(), 0};
  std::memcpy(&value.bits, address(x, indices), size_of(x.dtype()));
  return value;
}

void write(Tensor& x, std::span<const std::int64_t> indices, ir::Value value) {
  THEON_CHECK(value.dtype == x.dtype());
  std::memcpy(address(x, indices), &value.bits, size_of(x.dtype()));
}

ir::Evaluator evaluator(std::span<const ir::Expr> roots, std::span<const Tensor> inputs, const SymbolValues& symbols) {
  return ir::Evaluator(
      roots, {.parameter = [&symbols](SymbolId symbol) { return symbols(symbol); },
              .load = [inputs](std::int64_t buffer,
                               std::span<const std::int64_t> indices) { return read(inputs[buffer], indices); }});
}

std::vector<ir::Expr> indices_over(ir::Pool& pool, const Shape& dims) {
  std::vector<ir::Expr> indices;
  for (const Dim& dim : dims) indices.push_back(pool.index(static_cast<int>(indices.size()), dim));
  return indices;
}

/// Calls f for every index tuple, in row-major order.
template <class F>
void for_each_index(const Sizes& sizes, F f) {
  for (const std::int64_t size : sizes)
    if (size == 0) return;
  Sizes at(sizes.size(), 0);
  std::size_t axis = 0;
  do {
    f(at);
    for (axis = sizes.size(); axis > 0 && ++at[axis - 1] == sizes[axis - 1]; --axis) at[axis - 1] = 0;
  } while (axis > 0);
}

/// The values at j of `target`, `value`: the indices to write to, then what is written.
std::vector<ir::Expr> scattered(const ScatterOp& op, const ElementContext& context, std::span<const ir::Expr> j) {
  std::vector<ir::Expr> roots = op.target(context, j);
  roots.push_back(op.value(context, j));
  return roots;
}

ir::Value combined(std::optional<ir::Opcode> combine, ir::Value old, ir::Value value) {
  return combine ? ir::apply(*combine, old.dtype, std::array{old, value}) : value;
}

}  // namespace

std::vector<Tensor> run_element_op(const Apply& node, std::span<const Tensor> inputs, const SymbolValues& symbols) {
  ir::Pool pool;
  const WholeInputs context(pool, node);
  const std::vector<ir::Expr> roots =
      static_cast<const ElementOp&>(*node.op).element(context, indices_over(pool, node.types[0].dims));
  THEON_CHECK(roots.size() == node.outputs());
  ir::Evaluator evaluate = evaluator(roots, inputs, symbols);

  const Sizes sizes = symbols(node.types[0].dims);
  std::vector<Tensor> outputs;
  for (const TensorType& type : node.types) outputs.emplace_back(type.dtype, sizes);
  for_each_index(sizes, [&](const Sizes& at) {
    const std::span<const ir::Value> values = evaluate({.indices = at});
    for (std::size_t k = 0; k < values.size(); ++k) write(outputs[k], at, values[k]);
  });
  return outputs;
}

std::vector<Tensor> run_scatter_op(const Apply& node, std::span<const Tensor> inputs, const SymbolValues& symbols) {
  const auto& op = static_cast<const ScatterOp&>(*node.op);
  ir::Pool pool;
  const WholeInputs context(pool, node);
  const Shape domain = op.domain(node);
  ir::Evaluator evaluate = evaluator(scattered(op, context, indices_over(pool, domain)), inputs, symbols);

  Tensor output = inputs[0].copy();
  for_each_index(symbols(domain), [&](const Sizes& j) {
    const std::span<const ir::Value> values = evaluate({.indices = j});
    Sizes target;
    for (const ir::Value& index : values.first(values.size() - 1)) target.push_back(index.as<std::int64_t>());
    write(output, target, combined(op.combine(), read(output, target), values.back()));
  });
  return {output};
}

void check_indices(const Apply& node, std::span<const Tensor> inputs, const SymbolValues& symbols) {
  for (const IndexCheck& check : node.op->index_checks(node)) {
    const std::int64_t extent = symbols(check.extent);
    for (const std::int64_t index : inputs[check.input].to_vector<std::int64_t>())
      if (index < -extent || index >= extent)
        fail<IndexError>(node.where, "{}: index {} is out of range for axis {} of size {}", node.op->name(), index,
                         check.axis, extent);
  }
}

}  // namespace theon::reference
