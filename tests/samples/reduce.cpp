// Reductions and running sums against plain loops.
#include <theon/ops.h>

#include "tests/samples/samples.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace theon::samples {

namespace {

using X = std::span<const Variable>;
using Values = std::vector<long double>;
/// The value of what one element of the result covers, in row-major order.
using Summary = std::function<long double(const Values&)>;

/// Row-major position -> index per axis.
Sizes unravel(std::int64_t flat, const Sizes& sizes) {
  Sizes at(sizes.size());
  for (std::size_t axis = sizes.size(); axis-- > 0; flat /= sizes[axis]) at[axis] = flat % sizes[axis];
  return at;
}

std::int64_t ravel(const Sizes& at, const Sizes& sizes) {
  std::int64_t flat = 0;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) flat = flat * sizes[axis] + at[axis];
  return flat;
}

/// `x` with every group of elements along `axes` replaced by its summary; the axes stay, of size 1.
Array summarized(const Array& x, const std::vector<int>& axes, const Summary& summary) {
  Array result{x.sizes, {}};
  for (const int axis : axes) result.sizes[axis] = 1;
  std::vector<Values> groups(number_of_elements(result.sizes));
  for (std::int64_t flat = 0; flat < number_of_elements(x.sizes); ++flat) {
    Sizes at = unravel(flat, x.sizes);
    for (const int axis : axes) at[axis] = 0;
    groups[ravel(at, result.sizes)].push_back(x.values[flat]);
  }
  for (const Values& group : groups) result.values.push_back(summary(group));
  return result;
}

Sizes without(const Sizes& sizes, const std::vector<int>& axes) {
  Sizes kept;
  for (int axis = 0; axis < static_cast<int>(sizes.size()); ++axis)
    if (std::ranges::count(axes, axis) == 0) kept.push_back(sizes[axis]);
  return kept;
}

Oracle reduction(std::vector<int> axes, Summary summary) {
  return [axes, summary](std::span<const Array> x) {
    Array result = summarized(x[0], axes, summary);
    result.sizes = without(result.sizes, axes);
    return result;
  };
}

Oracle reduction_keeping_dims(std::vector<int> axes, Summary summary) {
  return [axes, summary](std::span<const Array> x) { return summarized(x[0], axes, summary); };
}

/// Element i along the axis becomes the sum of those up to i.
Oracle running_sum(int axis) {
  return [axis](std::span<const Array> x) {
    Array result = x[0];
    for (std::int64_t flat = 0; flat < number_of_elements(result.sizes); ++flat) {
      Sizes at = unravel(flat, result.sizes);
      if (at[axis]-- > 0) result.values[flat] += result.values[ravel(at, result.sizes)];
    }
    return result;
  };
}

long double total(const Values& x) {
  long double sum = 0;
  for (const long double v : x) sum += v;
  return sum;
}
long double product(const Values& x) {
  long double result = 1;
  for (const long double v : x) result *= v;
  return result;
}
long double average(const Values& x) { return total(x) / x.size(); }
long double largest(const Values& x) { return *std::ranges::max_element(x); }
long double smallest(const Values& x) { return *std::ranges::min_element(x); }
long double every(const Values& x) { return std::ranges::count(x, 0.0L) == 0 ? 1 : 0; }
long double some(const Values& x) { return std::ranges::count(x, 0.0L) < std::ssize(x) ? 1 : 0; }
long double first_largest(const Values& x) { return std::ranges::max_element(x) - x.begin(); }

struct Line {
  std::string name;
  Variable (*reduce)(Operand, Axes, bool);
  Summary summary;
  enum class OfNothing { defined, not_a_number, error } of_nothing = OfNothing::defined;
};

std::vector<Line> lines() {
  return {{"sum", sum, total},
          {"prod", prod, product},
          {"mean", mean, average, Line::OfNothing::not_a_number},
          {"max", max, largest, Line::OfNothing::error},
          {"min", min, smallest, Line::OfNothing::error},
          {"all", all, every},
          {"any", any, some}};
}

struct Case {
  Sizes sizes;
  std::vector<int> axes;
};

std::vector<Case> cases() {
  return {{{}, {}},   {{5}, {0}},    {{1}, {0}},          {{3, 4}, {0}},       {{3, 4}, {1}},    {{3, 4}, {0, 1}},
          {{0}, {0}}, {{0, 3}, {0}}, {{3, 0, 2}, {0, 2}}, {{2, 3, 4}, {0, 2}}, {{2, 3, 4}, {1}}, {{2, 1, 3}, {1, 2}}};
}

bool is_empty_group(const Case& c) {
  return std::ranges::any_of(c.axes, [&](int axis) { return c.sizes[axis] == 0; });
}

/// Values with ties and zeros for integers, without for floats.
Tensor values(DType dtype, const Sizes& sizes, std::uint64_t seed) {
  return is_floating(dtype) ? Tensor::randn(dtype, sizes, seed) : Tensor::uniform(dtype, sizes, seed, -2, 3);
}

std::string title(const std::string& op, DType dtype, const Case& c) {
  return op + " " + std::string(name(dtype)) + " " + to_string(c.sizes) + " over " +
         to_string(Sizes(c.axes.begin(), c.axes.end()));
}

void add_reductions(std::vector<Sample>& all, const Line& line, const Case& c, DType dtype) {
  if (is_empty_group(c) && line.of_nothing == Line::OfNothing::error) return;
  const bool has_slope = is_floating(dtype) && !(is_empty_group(c) && line.of_nothing == Line::OfNothing::not_a_number);
  const Tensor x = values(dtype, c.sizes, c.sizes.size() + 1);
  const auto reduce = line.reduce;
  const auto axes = c.axes;
  all.push_back({title(line.name, dtype, c),
                 [=](X in) { return reduce(in[0], axes, false); },
                 {x},
                 reduction(axes, line.summary),
                 has_slope});
  all.push_back({title(line.name + " keeping dims", dtype, c),
                 [=](X in) { return reduce(in[0], axes, true); },
                 {x},
                 reduction_keeping_dims(axes, line.summary),
                 has_slope});
}

void add_along_axis(std::vector<Sample>& all, const Case& c, DType dtype) {
  if (c.axes.size() != 1) return;
  const int axis = c.axes[0], from_end = axis - static_cast<int>(c.sizes.size());
  const Tensor x = values(dtype, c.sizes, 3);
  all.push_back({title("cumsum", dtype, c),
                 [=](X in) { return cumsum(in[0], axis); },
                 {x},
                 running_sum(axis),
                 is_floating(dtype)});
  if (is_empty_group(c)) return;
  all.push_back({title("argmax", dtype, c),
                 [=](X in) { return argmax(in[0], from_end); },
                 {x},
                 reduction(c.axes, first_largest)});
  all.push_back({title("max of max_and_argmax", dtype, c),
                 [=](X in) { return max_and_argmax(in[0], axis).first; },
                 {x},
                 reduction(c.axes, largest),
                 is_floating(dtype)});
}

Sample product_with_zeros() {
  const Tensor x = Tensor::of<double>({0, 2, 3, 4, 5, 0, 1, 2, 3}, {3, 3});
  return {"prod of zeros", [](X in) { return prod(in[0], 1); }, {x}, reduction({1}, product), true};
}

Sample strided_sum() {
  const Tensor x = Tensor::randn<double>({4, 6}, 5).transpose().slice(0, -1, -7, -2);
  return {"sum strided", [](X in) { return sum(in[0], 0); }, {x}, reduction({0}, total), true};
}

}  // namespace

std::vector<Sample> reduce_samples() {
  std::vector<Sample> all;
  for (const Case& c : cases())
    for (const DType dtype : {DType::float32, DType::float64, DType::int32, DType::uint8}) {
      for (const Line& line : lines()) add_reductions(all, line, c, dtype);
      add_along_axis(all, c, dtype);
    }
  all.push_back(product_with_zeros());
  all.push_back(strided_sum());
  return all;
}

}  // namespace theon::samples
