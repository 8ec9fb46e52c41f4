// Slices, gathers and writes, against plain loops.
#include <theon/ops.h>

#include "tests/samples/samples.h"
#include "tests/samples/shape_oracle.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace theon::samples {

namespace {

using X = std::span<const Variable>;
using In = std::span<const Array>;

Tensor numbers(const Sizes& sizes, std::uint64_t seed = 1) { return Tensor::randn<double>(sizes, seed); }
Tensor integers(std::initializer_list<std::int64_t> values) { return Tensor::of<std::int64_t>(values, {static_cast<std::int64_t>(values.size())}); }

std::int64_t wrapped(long double index, std::int64_t extent) { return static_cast<std::int64_t>(index) + (index < 0 ? extent : 0); }

/// The elements that Python's slice picks from an axis, by counting.
std::vector<std::int64_t> picked(std::optional<int> start, std::optional<int> stop, int step, int extent) {
  const auto bound = [&](std::optional<int> given, int missing) {
    if (!given) return missing;
    const int counted = *given < 0 ? *given + extent : *given;
    return step > 0 ? std::clamp(counted, 0, extent) : std::clamp(counted, -1, extent - 1);
  };
  std::vector<std::int64_t> found;
  const int first = bound(start, step > 0 ? 0 : extent - 1), last = bound(stop, step > 0 ? extent : -1);
  for (int i = first; step > 0 ? i < last : i > last; i += step) found.push_back(i);
  return found;
}

Bound bound(std::optional<int> value) { return value ? Bound(*value) : Bound(); }

Sample slice_sample(std::optional<int> start, std::optional<int> stop, int step) {
  const auto text = [](std::optional<int> value) { return value ? std::to_string(*value) : ""; };
  return {"x[" + text(start) + ":" + text(stop) + ":" + std::to_string(step) + "]",
          [=](X x) { return x[0][slice(bound(start), bound(stop), step)]; }, {numbers({7})},
          [=](In x) {
            const std::vector<std::int64_t> from = picked(start, stop, step, 7);
            return tabulated({std::ssize(from)}, [&](const Sizes& at) { return element(x[0], {from[at[0]]}); });
          },
          true};
}

std::vector<Sample> slice_samples() {
  std::vector<Sample> all;
  for (const std::optional<int> start : {std::optional<int>(), std::optional(0), std::optional(2), std::optional(9), std::optional(-3), std::optional(-9)})
    for (const std::optional<int> stop : {std::optional<int>(), std::optional(0), std::optional(5), std::optional(9), std::optional(-1), std::optional(-9)})
      for (const int step : {1, 2, 5, -1, -3}) all.push_back(slice_sample(start, stop, step));
  all.push_back({"x[1:, ::-2]", [](X x) { return index(x[0], {slice(1), slice({}, {}, -2)}); }, {numbers({3, 5})},
                 [](In x) { return tabulated({2, 3}, [&](const Sizes& at) { return element(x[0], {at[0] + 1, 4 - 2 * at[1]}); }); }, true});
  all.push_back({"x[-1]", [](X x) { return x[0][-1]; }, {numbers({3, 2})},
                 [](In x) { return tabulated({2}, [&](const Sizes& at) { return element(x[0], {2, at[0]}); }); }, true});
  all.push_back({"x[:, 1]", [](X x) { return index(x[0], {slice(), 1}); }, {numbers({3, 2})},
                 [](In x) { return tabulated({3}, [&](const Sizes& at) { return element(x[0], {at[0], 1}); }); }, true});
  return all;
}

std::vector<Sample> gather_samples() {
  return {
      {"take rows", [](X x) { return take(x[0], x[1]); }, {numbers({4, 2}), integers({2, 0, -1, 2})},
       [](In x) { return tabulated({4, 2}, [&](const Sizes& at) { return element(x[0], {wrapped(x[1].values[at[0]], 4), at[1]}); }); }},
      {"take columns by a matrix", [](X x) { return take(x[0], reshape(x[1], {2, 2}), 1); }, {numbers({2, 3}), integers({2, 0, -3, 1})},
       [](In x) { return tabulated({2, 2, 2}, [&](const Sizes& at) { return element(x[0], {at[0], wrapped(x[1].values[2 * at[1] + at[2]], 3)}); }); }},
      {"x[rows, columns]", [](X x) { return index(x[0], {x[1], x[2]}); }, {numbers({3, 4}), integers({0, 2, 2}), integers({1, -1, 1})},
       [](In x) { return tabulated({3}, [&](const Sizes& at) { return element(x[0], {wrapped(x[1].values[at[0]], 3), wrapped(x[2].values[at[0]], 4)}); }); }},
      {"x[i] of a scalar", [](X x) { return index(x[0], {slice(), x[1]}); }, {numbers({3, 4}), Tensor(std::int32_t{-2})},
       [](In x) { return tabulated({3}, [&](const Sizes& at) { return element(x[0], {at[0], wrapped(x[1].values[0], 4)}); }); }},
      // NumPy puts the axes of arrays that do not stand together first.
      {"x[rows, :, columns]", [](X x) { return index(x[0], {x[1], slice(), x[2]}); }, {numbers({3, 2, 4}), integers({0, 2}), integers({1, 3})},
       [](In x) {
         return tabulated({2, 2}, [&](const Sizes& at) {
           return element(x[0], {wrapped(x[1].values[at[0]], 3), at[1], wrapped(x[2].values[at[0]], 4)});
         });
       }},
      {"x[:, 1, columns]", [](X x) { return index(x[0], {slice(), 1, x[1]}); }, {numbers({3, 2, 4}), integers({1, 3, 0})},
       [](In x) { return tabulated({3, 3}, [&](const Sizes& at) { return element(x[0], {at[0], 1, wrapped(x[1].values[at[1]], 4)}); }); }},
      {"x[1, :, columns]", [](X x) { return index(x[0], {1, slice(), x[1]}); }, {numbers({3, 2, 4}), integers({1, 3, 0})},
       [](In x) { return tabulated({3, 2}, [&](const Sizes& at) { return element(x[0], {1, at[1], wrapped(x[1].values[at[0]], 4)}); }); }},
      {"x[1:, columns]", [](X x) { return index(x[0], {slice(1), x[1]}); }, {numbers({3, 4}), integers({1, 3, 0})},
       [](In x) { return tabulated({2, 3}, [&](const Sizes& at) { return element(x[0], {at[0] + 1, wrapped(x[1].values[at[1]], 4)}); }); }},
  };
}

/// Indices are constants here, so that the derivative has one input to be checked for.
std::vector<Sample> gather_slope_samples() {
  return {
      {"take of repeated rows", [](X x) { return take(x[0], constant(integers({2, 0, -1, 2}))); }, {numbers({4, 2})},
       [](In x) { return tabulated({4, 2}, [&](const Sizes& at) { return element(x[0], {std::array{2, 0, 3, 2}[at[0]], at[1]}); }); }, true},
      {"x[arange, columns]", [](X x) { return index(x[0], {arange(x[0].dim(0)), constant(integers({1, 3, 0}))}); }, {numbers({3, 4})},
       [](In x) { return tabulated({3}, [&](const Sizes& at) { return element(x[0], {at[0], std::array{1, 3, 0}[at[0]]}); }); }, true},
      {"x[-1, :, rows]", [](X x) { return index(x[0], {-1, slice(), constant(integers({1, 1, 0}))}); }, {numbers({2, 3, 2})},
       [](In x) { return tabulated({3, 3}, [&](const Sizes& at) { return element(x[0], {1, at[1], std::array{1, 1, 0}[at[0]]}); }); }, true},
  };
}

/// x with values written by `write(result, value)`.
Oracle writing(std::function<void(Array& result, const Array& value)> write) {
  return [write](In x) {
    Array result = x[0];
    write(result, x[1]);
    return result;
  };
}

std::vector<Sample> write_samples() {
  return {
      {"set_subtensor of a slice", [](X x) { return set_subtensor(x[0], {slice(0, 4, 2), slice(1)}, x[1]); }, {numbers({5, 3}), numbers({2, 2}, 2)},
       writing([](Array& result, const Array& value) {
         for (std::int64_t i = 0; i < 2; ++i)
           for (std::int64_t j = 0; j < 2; ++j) element(result, {2 * i, j + 1}) = element(value, {i, j});
       }),
       true},
      {"inc_subtensor of a row, broadcast", [](X x) { return inc_subtensor(x[0], {-1}, x[1]); }, {numbers({3, 4}), numbers({1}, 2)},
       writing([](Array& result, const Array& value) {
         for (std::int64_t j = 0; j < 4; ++j) element(result, {2, j}) += value.values[0];
       }),
       true},
      {"inc_subtensor with repeated indices", [](X x) { return inc_subtensor(x[0], {constant(integers({1, 0, 1}))}, x[1]); },
       {numbers({2, 2}), numbers({3, 2}, 2)},
       writing([](Array& result, const Array& value) {
         for (std::int64_t i = 0; i < 3; ++i)
           for (std::int64_t j = 0; j < 2; ++j) element(result, {i % 2 == 0 ? 1 : 0, j}) += element(value, {i, j});
       }),
       true},
      {"set_subtensor of x[rows, 1]", [](X x) { return set_subtensor(x[0], {constant(integers({2, 0})), 1}, x[1]); }, {numbers({3, 2}), numbers({2}, 2)},
       writing([](Array& result, const Array& value) {
         element(result, {2, 1}) = value.values[0];
         element(result, {0, 1}) = value.values[1];
       }),
       true},
  };
}

}  // namespace

std::vector<Sample> index_samples() {
  std::vector<Sample> all;
  for (auto family : {slice_samples(), gather_samples(), gather_slope_samples(), write_samples()}) std::move(family.begin(), family.end(), std::back_inserter(all));
  return all;
}

}  // namespace theon::samples
