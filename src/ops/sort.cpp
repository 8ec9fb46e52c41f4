#include "src/ops/sort.h"

#include "src/graph/binding.h"
#include "src/ops/index.h"
#include "src/ops/reduce.h"
#include "src/support/check.h"
#include "src/tensor/convert.h"
#include "src/tensor/dispatch.h"

#include <algorithm>
#include <memory>
#include <numeric>

namespace theon {

namespace {

/// Whether x comes before y: NaN after everything else.
template <class T>
bool precedes(T x, T y) {
  const auto a = arithmetic(x), b = arithmetic(y);
  return a < b || (a == a && b != b);
}

/// The elements of an axis lie `stride` apart; lane k of an axis begins where every other index is fixed.
struct Lanes {
  std::int64_t extent, stride, count;
  std::int64_t begin(std::int64_t lane) const { return lane / stride * stride * extent + lane % stride; }
};

Lanes lanes_of(const Sizes& sizes, int axis) {
  const auto product = [](auto first, auto last) {
    return std::accumulate(first, last, std::int64_t{1}, std::multiplies<>());
  };
  const std::int64_t stride = product(sizes.begin() + axis + 1, sizes.end());
  return {sizes[axis], stride, product(sizes.begin(), sizes.begin() + axis) * stride};
}

/// Sorts one lane; `order` is scratch of its extent.
template <class T>
void sort_lane(const T* from, T* sorted, std::int64_t* indices, const Lanes& lanes, std::vector<std::int64_t>& order) {
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, [&](std::int64_t i, std::int64_t j) { return precedes(from[i * lanes.stride], from[j * lanes.stride]); });
  for (std::int64_t i = 0; i < lanes.extent; ++i) {
    sorted[i * lanes.stride] = from[order[i] * lanes.stride];
    indices[i * lanes.stride] = order[i];
  }
}

template <class T>
void sort_lanes(const Tensor& x, Tensor& sorted, Tensor& indices, const Lanes& lanes) {
  std::vector<std::int64_t> order(lanes.extent);
  for (std::int64_t lane = 0; lane < lanes.count; ++lane) {
    const std::int64_t begin = lanes.begin(lane);
    sort_lane(x.data<T>() + begin, sorted.mutable_data<T>() + begin, indices.mutable_data<std::int64_t>() + begin,
              lanes, order);
  }
}

/// For each axis the place that an element of the sorted array came from.
std::vector<Variable> places(const Apply& node, int axis) {
  std::vector<Variable> grid = index_grid(node.types[0].dims, node.where);
  grid[axis] = node.output(1);
  return grid;
}

GatherLayout all_axes(int rank) {
  GatherLayout layout;
  layout.axes.resize(rank);
  std::iota(layout.axes.begin(), layout.axes.end(), 0);
  return layout;
}

}  // namespace

Signature Sort::infer(std::span<const Variable> inputs, Location) const {
  return {{inputs[0].type(), {DType::int64, inputs[0].dims()}}};
}

void Sort::run(std::span<const Tensor> inputs, std::span<Tensor> outputs) const {
  const Lanes lanes = lanes_of(inputs[0].sizes(), axis_);
  if (inputs[0].size() == 0) return;
  dispatch(inputs[0].dtype(), [&]<class T>() { sort_lanes<T>(inputs[0], outputs[0], outputs[1], lanes); });
}

std::vector<Variable> Sort::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  if (cotangents[0].is_empty()) return {Variable()};
  const Variable& x = node.inputs[0];
  const Variable base = zeros(x.dtype(), x.dims(), node.where);
  return {
      scatter(Write::add, base, cotangents[0], whole(x.dims()), places(node, axis_), all_axes(x.ndim()), node.where)};
}

std::vector<Variable> Sort::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  return {gather(tangents[0], places(node, axis_), all_axes(tangents[0].ndim()), node.where), Variable()};
}

std::pair<Variable, Variable> sort_with_indices(Operand operand, int axis) {
  const Variable& x = operand.value();
  const Location where = operand.where();
  const int along = normalized_axes("sort", x, axis, where)[0];
  const std::vector<Variable> found = apply_all(std::make_shared<const Sort>(along), {x}, where);
  return {found[0], found[1]};
}

Variable sort(Operand x, int axis) { return sort_with_indices(x, axis).first; }
Variable argsort(Operand x, int axis) { return sort_with_indices(x, axis).second; }

}  // namespace theon
