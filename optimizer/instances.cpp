#include "optimizer/instances.h"

#include "optimizer/pattern.h"
#include "optimizer/rewrite.h"
#include "src/graph/traversal.h"
#include "src/ops/elementwise.h"
#include "src/ops/index.h"
#include "src/ops/shape.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string_view>

namespace theon {

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t end) { return random() % end; }
template <class T>
const T& one_of(Random& random, const std::vector<T>& list) {
  return list[below(random, list.size())];
}

Axes some_axes(Random& random, const Variable& x) {
  std::vector<int> axes;
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (below(random, 2) == 0) axes.push_back(axis);
  return axes.empty() && x.ndim() > 0 ? Axes(0) : Axes(std::move(axes));
}

int some_axis(Random& random, const Variable& x) {
  return static_cast<int>(below(random, static_cast<std::size_t>(std::max(x.ndim(), 1))));
}

/// A permutation with axes of size 1 put in.
std::vector<int> some_shuffle(Random& random, const Variable& x) {
  std::vector<int> pattern;
  for (int axis = 0; axis < x.ndim(); ++axis) pattern.push_back(axis);
  std::ranges::shuffle(pattern, random);
  while (below(random, 2) == 0)
    pattern.insert(pattern.begin() + static_cast<std::ptrdiff_t>(below(random, pattern.size() + 1)), broadcast_axis);
  return pattern;
}

Shape some_reshape(Random& random, Shape dims) {
  if (below(random, 2) == 0) std::ranges::reverse(dims);
  while (below(random, 2) == 0)
    dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(below(random, dims.size() + 1)), Dim(1));
  return dims;
}

Shape some_broadcast(Random& random, Shape dims) {
  for (Dim& dim : dims)
    if (dim == Dim(1) && below(random, 2) == 0) dim = 3;
  if (below(random, 2) == 0) dims.insert(dims.begin(), Dim(2));
  return dims;
}

/// Every axis as it is, or without its first element, or without its last.
std::vector<AxisSlice> some_slices(Random& random, const Shape& dims) {
  std::vector<AxisSlice> slices;
  for (const Dim& dim : dims) {
    const bool is_whole = *dim.known() < 2 || below(random, 2) == 0;
    slices.push_back({is_whole ? 0 : static_cast<std::int64_t>(below(random, 2)), 1, is_whole ? dim : dim - 1});
  }
  return slices;
}

template <class T>
Variable made(T op, const std::vector<Variable>& inputs) {
  return apply(std::make_shared<const T>(std::move(op)), inputs, {});
}

/// An op of a name, with attributes that fit the operand.
using Sample = std::function<Variable(Random&, const std::vector<Variable>&)>;

const std::map<std::string, Sample, std::less<>>& samples() {
  using List = const std::vector<Variable>&;
  static const std::map<std::string, Sample, std::less<>> table{
      {"sum", [](Random& r, List x) { return sum(x[0], some_axes(r, x[0])); }},
      {"prod", [](Random& r, List x) { return prod(x[0], some_axes(r, x[0])); }},
      {"max", [](Random& r, List x) { return max(x[0], some_axes(r, x[0])); }},
      {"min", [](Random& r, List x) { return min(x[0], some_axes(r, x[0])); }},
      {"softmax", [](Random& r, List x) { return softmax(x[0], some_axis(r, x[0])); }},
      {"log_softmax", [](Random& r, List x) { return log_softmax(x[0], some_axis(r, x[0])); }},
      {"logsumexp", [](Random& r, List x) { return logsumexp(x[0], some_axis(r, x[0])); }},
      {"dimshuffle", [](Random& r, List x) { return made(DimShuffle(some_shuffle(r, x[0])), x); }},
      {"reshape", [](Random& r, List x) { return made(Reshape(some_reshape(r, x[0].dims())), x); }},
      {"broadcast_to", [](Random& r, List x) { return made(BroadcastTo(some_broadcast(r, x[0].dims())), x); }},
      {"full",
       [](Random&, List x) {
         return full({2, 3}, x[0]);
       }},
      {"slice", [](Random& r, List x) { return made(StridedSlice(some_slices(r, x[0].dims())), x); }},
      {"cast", [](Random& r, List x) { return cast(x[0], dtype_table[below(r, dtype_table.size())].dtype); }},
      {"dot", [](Random&, List x) { return dot(x[0], x[1]); }},
      {"gather", [](Random&, List x) { return take(x[0], x[1]); }},
      {"concatenate", [](Random&, List x) { return x[0].ndim() == 0 ? x[0] : made(Concatenate(0), x); }},
  };
  return table;
}

const std::vector<DType>& dtypes() {
  static const std::vector<DType> list{DType::float32, DType::float64, DType::float32, DType::int32,
                                       DType::boolean, DType::uint8,   DType::float16};
  return list;
}

const std::vector<Sizes>& shapes() {
  static const std::vector<Sizes> list{{}, {3}, {2, 3}, {2, 1}, {3, 3}, {1}, {2, 3, 1}};
  return list;
}

double some_number(Random& random, Numbers numbers) {
  const double unit = static_cast<double>(random() >> 11) * 0x1p-53;
  const double sign = below(random, 2) == 0 ? 1 : -1;
  switch (numbers) {
    case Numbers::moderate:
      return sign * 4 * unit;
    case Numbers::wide:
      return below(random, 4) == 0 ? sign * std::floor(4 * unit) : sign * std::pow(10, 8 * unit - 4);
    case Numbers::special:
      break;
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  static const std::vector<double> list{0,    -0.0,  1,     -1,    0.5,    2,  infinity, -infinity, std::nan(""),
                                        3e38, -3e38, 1e-40, 1e308, 1e-310, 100};
  return one_of(random, list);
}

Tensor some_values(Random& random, DType dtype, const Sizes& sizes, Numbers numbers) {
  Tensor values(DType::float64, sizes);
  for (std::int64_t i = 0; i < values.size(); ++i) values.mutable_data<double>()[i] = some_number(random, numbers);
  return values.astype(dtype);
}

/// What a leaf stands for: mostly an input, sometimes an operation that conditions ask for.
Variable dressed(const Variable& x, Random& random) {
  switch (below(random, 6)) {
    case 0:
      return exp(x);
    case 1:
      return sigmoid(x);
    default:
      return x;
  }
}

/// Whether `x` is the op of this name on the operands themselves: a cast to the same dtype is nothing, a sum of truth
/// values casts them first.
bool is_plain(const Variable& x, const std::string& op, const std::vector<Variable>& operands) {
  const Apply* node = x.owner();
  return node && node->op->name() == op && std::ranges::equal(node->inputs, operands, VariableSame());
}

/// Gives every AnyOp of the pattern an op; false where there is none of plain operands. Throws an Error where
/// attributes cannot be found for the operands.
bool choose_ops(const Variable& pattern, Match::Bindings& bindings, Random& random) {
  for (const Apply* node : toposort(std::span(&pattern, 1))) {
    const Variable x = node->output(0);
    if (!as_pattern_op(*node->op) || find(bindings, x)) continue;
    std::vector<Variable> operands;
    for (const Variable& input : node->inputs) operands.push_back(instantiate(input, bindings, {}));
    const Variable sample = samples().at(node->op->name())(random, operands);
    if (!is_plain(sample, node->op->name(), operands)) return false;
    bindings.emplace_back(x, sample);
  }
  return true;
}

/// Arithmetic has another op for truth values, which no pattern of it means.
bool has_boolean_arithmetic(const Variable& x) {
  return std::ranges::any_of(toposort(std::span(&x, 1)), [](const Apply* node) {
    const ElementwiseDefinition* definition = elementwise_definition(*node->op);
    return definition && definition->rule == DTypeRule::common && is_boolean(node->types[0].dtype);
  });
}

std::optional<Instance> attempt(const Rule& rule, Numbers numbers, Random& random) {
  Instance instance;
  Match::Bindings bindings;
  const DType dtype = one_of(random, dtypes());
  const bool is_mixed = below(random, 4) == 0;
  const Sizes& sizes = one_of(random, shapes());
  for (const Variable& leaf : leaves(std::span(&rule.example(), 1))) {
    if (find(bindings, leaf)) continue;
    const DType own = is_mixed ? one_of(random, dtypes()) : dtype;
    const Tensor values = some_values(random, own, below(random, 2) == 0 ? sizes : one_of(random, shapes()), numbers);
    const Variable x = input(own, leaf.name(), Shape(values.sizes().begin(), values.sizes().end()), {});
    bindings.emplace_back(leaf, dressed(x, random));
    instance.arguments.emplace_back(x, values);
  }
  if (!choose_ops(rule.example(), bindings, random)) return std::nullopt;
  instance.left = instantiate(rule.example(), bindings, {});
  if (has_boolean_arithmetic(instance.left)) return std::nullopt;
  instance.right = apply_rule(rule, instance.left);
  return instance.right.is_empty() ? std::nullopt : std::optional(std::move(instance));
}

}  // namespace

std::vector<Instance> instances(const Rule& rule, Numbers numbers, int count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Instance> found;
  for (int trial = 0; trial < 40 * count && static_cast<int>(found.size()) < count; ++trial) {
    try {
      if (auto instance = attempt(rule, numbers, random)) found.push_back(std::move(*instance));
    } catch (const Error&) {
      // Leaves of these types do not go together.
    }
  }
  return found;
}

}  // namespace theon
