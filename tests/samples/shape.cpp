// Ops that move elements, against index arithmetic in plain loops.
#include <theon/ops.h>

#include "tests/samples/samples.h"
#include "tests/samples/shape_oracle.h"

#include <utility>

namespace theon::samples {

namespace {

using X = std::span<const Variable>;
using In = std::span<const Array>;

Tensor numbers(const Sizes& sizes, std::uint64_t seed = 1) { return Tensor::randn<double>(sizes, seed); }

std::vector<Sample> axis_samples() {
  return {
      {"transpose", [](X x) { return transpose(x[0]); }, {numbers({3, 4})},
       [](In x) { return tabulated({4, 3}, [&](const Sizes& at) { return element(x[0], {at[1], at[0]}); }); }, true},
      {"transpose to (2, 0, 1)", [](X x) { return transpose(x[0], {2, 0, 1}); }, {numbers({2, 3, 4})},
       [](In x) { return tabulated({4, 2, 3}, [&](const Sizes& at) { return element(x[0], {at[1], at[2], at[0]}); }); }, true},
      {"dimshuffle with new axes", [](X x) { return dimshuffle(x[0], {broadcast_axis, 1, broadcast_axis, 0}); }, {numbers({2, 3})},
       [](In x) { return tabulated({1, 3, 1, 2}, [&](const Sizes& at) { return element(x[0], {at[3], at[1]}); }); }, true},
      {"dimshuffle dropping axes", [](X x) { return dimshuffle(x[0], {2, 1}); }, {numbers({1, 3, 2})},
       [](In x) { return tabulated({2, 3}, [&](const Sizes& at) { return element(x[0], {0, at[1], at[0]}); }); }, true},
      {"expand_dims", [](X x) { return expand_dims(x[0], -1); }, {numbers({3})}, [](In x) { return Array{{3, 1}, x[0].values}; }, true},
      {"squeeze", [](X x) { return squeeze(x[0]); }, {numbers({1, 3, 1})}, [](In x) { return Array{{3}, x[0].values}; }, true},
      {"broadcast_to", [](X x) { return broadcast_to(x[0], {2, 3, 4}); }, {numbers({3, 1})},
       [](In x) { return tabulated({2, 3, 4}, [&](const Sizes& at) { return element(x[0], {at[1], 0}); }); }, true},
  };
}

Sample reshape_sample(const Sizes& from, const Shape& dims, const Sizes& to) {
  return {"reshape " + to_string(from) + " to " + to_string(dims), [dims](X x) { return reshape(x[0], dims); }, {numbers(from)},
          [to](In x) { return Array{to, x[0].values}; }, true};
}

std::vector<Sample> reshape_samples() {
  std::vector<Sample> all{
      reshape_sample({2, 6}, {3, 4}, {3, 4}),     reshape_sample({2, 6}, {-1}, {12}),        reshape_sample({12}, {2, -1, 3}, {2, 2, 3}),
      reshape_sample({5, 4, 7}, {-1, 28}, {5, 28}), reshape_sample({5, 28}, {-1, 4, 7}, {5, 4, 7}), reshape_sample({0, 3}, {3, 0, 2}, {3, 0, 2}),
      reshape_sample({1}, {}, {}),                reshape_sample({}, {1, 1}, {1, 1}),        reshape_sample({4, 6}, {2, 2, 3, 2}, {2, 2, 3, 2}),
      reshape_sample({2, 3, 4}, {6, -1}, {6, 4}),
  };
  all.push_back({"reshape of a transpose", [](X x) { return reshape(x[0].T(), {-1}); }, {numbers({3, 4})},
                 [](In x) { return tabulated({12}, [&](const Sizes& at) { return element(x[0], {at[0] % 3, at[0] / 3}); }); }, true});
  all.push_back({"flatten", [](X x) { return flatten(x[0]); }, {numbers({2, 3})}, [](In x) { return Array{{6}, x[0].values}; }, true});
  return all;
}

/// Parts one after another along the last of two axes.
Array side_by_side(In x) {
  std::int64_t width = 0;
  for (const Array& part : x) width += part.sizes[1];
  return tabulated({x[0].sizes[0], width}, [&](Sizes at) {
    std::size_t part = 0;
    while (at[1] >= x[part].sizes[1]) at[1] -= x[part++].sizes[1];
    return element(x[part], at);
  });
}

std::vector<Sample> joining_samples() {
  const auto rows = [](X x) { return concatenate({x.begin(), x.end()}, 1); };
  return {
      {"concatenate", rows, {numbers({2, 3}), numbers({2, 1}, 2), numbers({2, 4}, 3)}, side_by_side, true},
      {"concatenate with an empty part", rows, {numbers({2, 3}), numbers({2, 0}, 2), numbers({2, 2}, 3)}, side_by_side, true},
      {"concatenate of nothing but empty parts", rows, {numbers({2, 0}), numbers({2, 0}, 2)}, side_by_side, true},
      {"concatenate itself", [](X x) { return concatenate({x[0], x[0]}, 1); }, {numbers({2, 3})},
       [](In x) { return tabulated({2, 6}, [&](const Sizes& at) { return element(x[0], {at[0], at[1] % 3}); }); }, true},
      {"stack", [](X x) { return stack({x.begin(), x.end()}, 1); }, {numbers({2, 3}), numbers({2, 3}, 2)},
       [](In x) { return tabulated({2, 2, 3}, [&](const Sizes& at) { return element(x[at[1]], {at[0], at[2]}); }); }, true},
  };
}

}  // namespace

std::vector<Sample> shape_samples() {
  std::vector<Sample> all;
  for (auto family : {axis_samples(), reshape_samples(), joining_samples()}) std::move(family.begin(), family.end(), std::back_inserter(all));
  return all;
}

}  // namespace theon::samples
