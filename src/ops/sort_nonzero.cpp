// Where an array is not zero: a result of a size that only the data knows.
#include "src/graph/binding.h"
#include "src/ops/sort.h"
#include "src/support/check.h"
#include "src/tensor/convert.h"
#include "src/tensor/dispatch.h"

#include <memory>

namespace theon {

namespace {

std::vector<Variable> apply_nonzero(const Variable& x, const Dim& count, Location where) {
  return apply_all(std::make_shared<const Nonzero>(x.ndim(), count), {x}, where);
}

/// The origin of the symbol for the number of elements found. It refers to the operand, not to the node: a node that
/// its own symbol keeps alive would never die.
struct Count final : SizeOrigin {
  explicit Count(Variable x) : x(std::move(x)) {}
  Variable binder(const Dim& symbol) const override { return apply_nonzero(x, symbol, x.where())[0]; }

  Variable x;
};

Dim fresh_count(const Variable& x) { return symbol("nonzero", std::make_shared<const Count>(x)); }

/// The row-major positions of the elements that are not zero.
template <class T>
std::vector<std::int64_t> positions(const Tensor& x) {
  std::vector<std::int64_t> found;
  const T* elements = x.data<T>();
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (arithmetic(elements[i]) != 0) found.push_back(i);
  return found;
}

/// The index along one axis of each position.
Tensor indices_along(const std::vector<std::int64_t>& positions, std::int64_t stride, std::int64_t extent) {
  Tensor indices(DType::int64, {static_cast<std::int64_t>(positions.size())});
  auto* element = indices.mutable_data<std::int64_t>();
  for (const std::int64_t position : positions) *element++ = position / stride % extent;
  return indices;
}

}  // namespace

Signature Nonzero::infer(std::span<const Variable>, Location) const {
  return {std::vector<TensorType>(outputs(), TensorType{DType::int64, {count_}})};
}

void Nonzero::run(std::span<const Tensor> inputs, std::span<Tensor> outputs) const {
  const Tensor& x = inputs[0];
  const auto found = dispatch(x.dtype(), [&]<class T>() { return positions<T>(x); });
  std::int64_t stride = 1;
  for (int axis = ndim_ - 1; axis >= 0; --axis) {
    outputs[axis] = indices_along(found, stride, x.size(axis));
    stride *= x.size(axis);
  }
}

std::vector<Variable> Nonzero::pullback(const Apply& node, std::span<const Variable>) const {
  return for_inputs(node, {});
}
std::vector<Variable> Nonzero::pushforward(const Apply& node, std::span<const Variable>) const {
  return std::vector<Variable>(node.outputs());
}

std::vector<Op::Binding> Nonzero::binds() const {
  if (!is_symbol(count_)) return {};
  return {{count_, 0, 0}};
}

std::vector<Variable> Nonzero::rebind(std::span<const Variable> inputs, DimMap& map, Location where) const {
  const Dim other = fresh_count(inputs[0]);
  map.set(count_, other);
  return apply_nonzero(inputs[0], other, where);
}

std::vector<Variable> nonzero(Operand operand) {
  const Variable& x = operand.value();
  if (x.ndim() == 0)
    fail<ArgumentError>(operand.where(), "nonzero: {} is a scalar, which has no axes to index", to_string(x));
  return apply_nonzero(x, fresh_count(x), operand.where());
}

}  // namespace theon
