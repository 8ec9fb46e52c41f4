// The indexing that users write.
#include "src/ops/index.h"

#include "src/graph/specify.h"
#include "src/ops/elementwise.h"
#include "src/ops/reduce.h"
#include "src/support/check.h"

#include <algorithm>
#include <memory>

namespace theon {

namespace {

/// What `x[indices]` means: a slice of every axis, then a gather, then axes of size 1 that go.
struct Selection {
  std::vector<AxisSlice> slices;
  std::vector<Variable> arrays = {};  // of one shape, one for each gathered axis
  GatherLayout layout = {};
  std::vector<int> dropped = {};  // axes that a plain number indexes
};

/// Boolean masks become the indices of their true elements, one array for each axis of the mask.
std::vector<Index> without_masks(const Variable& x, const std::vector<Index>& indices, Location where) {
  std::vector<Index> result;
  for (const Index& at : indices) {
    const Variable* mask = std::get_if<Variable>(&at);
    if (!mask || !is_boolean(mask->dtype())) {
      result.push_back(at);
      continue;
    }
    const std::size_t axis = result.size();
    if (axis + mask->ndim() > x.dims().size())
      fail<IndexError>(where, "index: a mask of rank {} at axis {} of an array of rank {}", mask->ndim(), axis,
                       x.ndim());
    const Shape covered(x.dims().begin() + axis, x.dims().begin() + axis + mask->ndim());
    for (Variable& positions : nonzero(specify_dims(*mask, covered, where))) result.push_back(std::move(positions));
  }
  return result;
}

AxisSlice only(std::int64_t index, const Dim& extent) {
  return {.start = index < 0 ? extent + index : Dim(index), .length = 1, .checked = true};
}

/// NumPy's place for the axes of index arrays: that of the indexed axes where these stand together, otherwise the
/// front. Plain numbers count as arrays here.
int place_of_arrays(const std::vector<int>& gathered, const std::vector<int>& dropped) {
  std::vector<int> axes = gathered;
  axes.insert(axes.end(), dropped.begin(), dropped.end());
  std::ranges::sort(axes);
  const bool together = axes.back() - axes.front() + 1 == static_cast<int>(axes.size());
  return together ? axes.front() : 0;
}

std::vector<Variable> of_one_shape(std::vector<Variable> arrays, Location where) {
  const Shape dims = broadcast_dims("index", arrays, where).dims;
  for (Variable& array : arrays) array = broadcast_to(array, dims);
  return arrays;
}

Selection selection(const Variable& x, const std::vector<Index>& given, Location where) {
  const std::vector<Index> indices = without_masks(x, given, where);
  if (indices.size() > x.dims().size())
    fail<IndexError>(where, "index: {} indices for {}, an array of rank {}", indices.size(), to_string(x), x.ndim());
  Selection found{.slices = whole(x.dims())};
  for (std::size_t axis = 0; axis < indices.size(); ++axis) {
    const Dim& extent = x.dims()[axis];
    if (const Slice* slice = std::get_if<Slice>(&indices[axis])) {
      found.slices[axis] = normalized_slice(*slice, extent, where);
    } else if (const std::int64_t* number = std::get_if<std::int64_t>(&indices[axis])) {
      found.slices[axis] = only(*number, extent);
      found.dropped.push_back(static_cast<int>(axis));
    } else {
      found.arrays.push_back(std::get<Variable>(indices[axis]));
      found.layout.axes.push_back(static_cast<int>(axis));
    }
  }
  if (found.arrays.empty()) return found;
  found.arrays = of_one_shape(std::move(found.arrays), where);
  found.layout.position = place_of_arrays(found.layout.axes, found.dropped);
  return found;
}

/// Where the axes that go stand after the gather.
std::vector<int> dropped_after_gather(const Selection& selection) {
  std::vector<int> result;
  for (const int axis : selection.dropped) {
    const int kept = axis - static_cast<int>(std::ranges::count_if(selection.layout.axes,
                                                                   [&](int gathered) { return gathered < axis; }));
    const bool after = !selection.arrays.empty() && kept >= selection.layout.position;
    result.push_back(after ? kept + selection.arrays[0].ndim() : kept);
  }
  return result;
}

/// The pattern that inserts axes of size 1 at `axes` of the result, which has rank `rank`.
std::vector<int> inserting(int rank, const std::vector<int>& axes) {
  std::vector<int> pattern;
  int next = 0;
  for (int axis = 0; axis < rank; ++axis) pattern.push_back(std::ranges::count(axes, axis) ? broadcast_axis : next++);
  return pattern;
}

Variable read(const Variable& x, const Selection& selection, Location where) {
  const Variable sliced = strided_slice(x, selection.slices, where);
  const Variable gathered = gather(sliced, selection.arrays, selection.layout, where);
  const std::vector<int> dropped = dropped_after_gather(selection);
  return dropped.empty() ? gathered : squeeze(gathered, dropped);
}

/// The value in the dtype of x; throws DTypeError where that would lose something.
Variable fitting(std::string_view op, const Variable& x, const Operand& value) {
  const DType from = value.value().dtype();
  const bool fits =
      value.is_weak() ? is_floating(x.dtype()) || !is_floating(from) : promote(x.dtype(), from) == x.dtype();
  if (!fits)
    fail<DTypeError>(value.where(), "{}: a value of {} does not fit into {}; cast one of them", op, name(from),
                     name(x.dtype()));
  return cast_to(value.value(), x.dtype(), value.where());
}

Variable write(Write kind, std::string_view op, const Variable& x, const std::vector<Index>& indices,
               const Operand& value) {
  const Location where = value.where();
  const Attribution line(where);
  const Selection target = selection(x, indices, where);
  const Variable old = read(x, target, where);
  const Variable whole_value = broadcast_to(fitting(op, x, value), old.dims());
  const std::vector<int> dropped = dropped_after_gather(target);
  const int rank = old.ndim() + static_cast<int>(dropped.size());
  return scatter(kind, x, dimshuffle(whole_value, inserting(rank, dropped)), target.slices, target.arrays,
                 target.layout, where);
}

}  // namespace

Variable index(const Variable& x, std::vector<Index> indices, Location where) {
  const Attribution line(where);
  return read(x, selection(x, indices, where), where);
}

Variable Variable::operator[](const FirstIndex& first) const {
  return theon::index(*this, {first.index()}, first.where());
}

Variable take(Operand operand, Operand indices, int axis) {
  const Variable& x = operand.value();
  const Location where = operand.where();
  const int along = is_pattern(x) ? axis : normalized_axes("take", x, axis, where)[0];
  return gather(x, std::span(&indices.value(), 1), {.axes = {along}, .position = along}, where);
}

Variable set_subtensor(const Variable& x, std::vector<Index> indices, Operand value) {
  return write(Write::set, "set_subtensor", x, indices, value);
}
Variable inc_subtensor(const Variable& x, std::vector<Index> indices, Operand value) {
  return write(Write::add, "inc_subtensor", x, indices, value);
}

}  // namespace theon
