// One line per elementwise op: its range, and its value in long double.
#include <theon/ops.h>

#include "tests/samples/samples.h"

#include <cmath>
#include <initializer_list>

namespace theon::samples {

namespace {

using X = std::span<const Variable>;
using L = std::span<const long double>;

enum class Operands { floating, integers, any };

struct Line {
  std::string name;
  Build build;
  std::function<long double(L)> value;
  std::size_t arity = 1;
  double low = -3, high = 3;  // of the operands
  Operands operands = Operands::floating;
};

long double truth(bool yes) { return yes ? 1 : 0; }
long double python_mod(long double x, long double y) { return x - y * std::floor(x / y); }

// clang-format off
std::vector<Line> lines() {
  return {
      {"add", [](X x) { return x[0] + x[1]; }, [](L x) { return x[0] + x[1]; }, 2, -3, 3, Operands::any},
      {"add of three", [](X x) { return add_n(x); }, [](L x) { return x[0] + x[1] + x[2]; }, 3, -3, 3, Operands::any},
      {"sub", [](X x) { return x[0] - x[1]; }, [](L x) { return x[0] - x[1]; }, 2, -3, 3, Operands::any},
      {"mul", [](X x) { return x[0] * x[1]; }, [](L x) { return x[0] * x[1]; }, 2, -3, 3, Operands::any},
      {"div", [](X x) { return x[0] / x[1]; }, [](L x) { return x[0] / x[1]; }, 2, 1, 5, Operands::any},
      {"mod", [](X x) { return x[0] % x[1]; }, [](L x) { return python_mod(x[0], x[1]); }, 2, 1, 9, Operands::any},
      {"mod of a negative", [](X x) { return -x[0] % x[1]; }, [](L x) { return python_mod(-x[0], x[1]); }, 2, 1, 9, Operands::any},
      {"floor_div", [](X x) { return floor_div(-x[0], x[1]); }, [](L x) { return std::floor(-x[0] / x[1]); }, 2, 1, 9, Operands::any},
      {"neg", [](X x) { return -x[0]; }, [](L x) { return -x[0]; }, 1, -3, 3, Operands::any},
      {"pow", [](X x) { return pow(x[0], x[1]); }, [](L x) { return std::pow(x[0], x[1]); }, 2, 1, 4, Operands::any},
      {"cube", [](X x) { return pow(x[0], 3); }, [](L x) { return x[0] * x[0] * x[0]; }, 1, -3, 3, Operands::any},
      {"maximum", [](X x) { return maximum(x[0], x[1]); }, [](L x) { return std::fmax(x[0], x[1]); }, 2, -3, 3, Operands::any},
      {"minimum", [](X x) { return minimum(x[0], x[1]); }, [](L x) { return std::fmin(x[0], x[1]); }, 2, -3, 3, Operands::any},
      {"clip", [](X x) { return clip(x[0], -1, 2); }, [](L x) { return std::fmin(std::fmax(x[0], -1), 2); }, 1, -3, 3, Operands::any},
      {"lt", [](X x) { return x[0] < x[1]; }, [](L x) { return truth(x[0] < x[1]); }, 2, -3, 3, Operands::any},
      {"le", [](X x) { return x[0] <= x[1]; }, [](L x) { return truth(x[0] <= x[1]); }, 2, -3, 3, Operands::any},
      {"gt", [](X x) { return x[0] > x[1]; }, [](L x) { return truth(x[0] > x[1]); }, 2, -3, 3, Operands::any},
      {"ge", [](X x) { return x[0] >= x[1]; }, [](L x) { return truth(x[0] >= x[1]); }, 2, -3, 3, Operands::any},
      {"eq", [](X x) { return x[0] == x[1]; }, [](L x) { return truth(x[0] == x[1]); }, 2, -3, 3, Operands::any},
      {"ne", [](X x) { return x[0] != x[1]; }, [](L x) { return truth(x[0] != x[1]); }, 2, -3, 3, Operands::any},
      {"and", [](X x) { return (x[0] > 0) & (x[1] > 0); }, [](L x) { return truth(x[0] > 0 && x[1] > 0); }, 2, -3, 3, Operands::any},
      {"or", [](X x) { return (x[0] > 0) | (x[1] > 0); }, [](L x) { return truth(x[0] > 0 || x[1] > 0); }, 2, -3, 3, Operands::any},
      {"xor", [](X x) { return (x[0] > 0) ^ (x[1] > 0); }, [](L x) { return truth((x[0] > 0) != (x[1] > 0)); }, 2, -3, 3, Operands::any},
      {"not", [](X x) { return ~(x[0] > 0); }, [](L x) { return truth(!(x[0] > 0)); }, 1, -3, 3, Operands::any},
      {"and of bits", [](X x) { return x[0] & x[1]; }, [](L x) { return std::int64_t(x[0]) & std::int64_t(x[1]); }, 2, -9, 9, Operands::integers},
      {"or of bits", [](X x) { return x[0] | x[1]; }, [](L x) { return std::int64_t(x[0]) | std::int64_t(x[1]); }, 2, -9, 9, Operands::integers},
      {"xor of bits", [](X x) { return x[0] ^ x[1]; }, [](L x) { return std::int64_t(x[0]) ^ std::int64_t(x[1]); }, 2, -9, 9, Operands::integers},
      {"not of bits", [](X x) { return ~x[0]; }, [](L x) { return -x[0] - 1; }, 1, -9, 9, Operands::integers},
      {"where", [](X x) { return where(x[0] > 0, x[1], x[2]); }, [](L x) { return x[0] > 0 ? x[1] : x[2]; }, 3, -3, 3, Operands::any},
      {"isnan", [](X x) { return isnan(log(x[0])); }, [](L x) { return truth(x[0] < 0); }, 1, -3, 3, Operands::any},
      {"abs", [](X x) { return abs(x[0]); }, [](L x) { return std::fabs(x[0]); }, 1, -3, 3, Operands::any},
      {"sign", [](X x) { return sign(x[0]); }, [](L x) { return truth(x[0] > 0) - truth(x[0] < 0); }, 1, -3, 3, Operands::any},
      {"sqr", [](X x) { return sqr(x[0]); }, [](L x) { return x[0] * x[0]; }, 1, -3, 3, Operands::any},
      {"sqrt", [](X x) { return sqrt(x[0]); }, [](L x) { return std::sqrt(x[0]); }, 1, 1, 9, Operands::any},
      {"exp", [](X x) { return exp(x[0]); }, [](L x) { return std::exp(x[0]); }, 1, -3, 3, Operands::any},
      {"log", [](X x) { return log(x[0]); }, [](L x) { return std::log(x[0]); }, 1, 1, 9, Operands::any},
      {"log1p", [](X x) { return log1p(x[0]); }, [](L x) { return std::log1p(x[0]); }, 1, -0.9, 3},
      {"expm1", [](X x) { return expm1(x[0]); }, [](L x) { return std::expm1(x[0]); }},
      {"sin", [](X x) { return sin(x[0]); }, [](L x) { return std::sin(x[0]); }},
      {"cos", [](X x) { return cos(x[0]); }, [](L x) { return std::cos(x[0]); }},
      {"tanh", [](X x) { return tanh(x[0]); }, [](L x) { return std::tanh(x[0]); }},
      {"erf", [](X x) { return erf(x[0]); }, [](L x) { return std::erf(x[0]); }},
      {"sigmoid", [](X x) { return sigmoid(x[0]); }, [](L x) { return 1 / (1 + std::exp(-x[0])); }},
      {"softplus", [](X x) { return softplus(x[0]); }, [](L x) { return std::log1p(std::exp(x[0])); }},
      {"relu", [](X x) { return relu(x[0]); }, [](L x) { return std::fmax(x[0], 0); }, 1, -3, 3, Operands::any},
      {"floor", [](X x) { return floor(x[0]); }, [](L x) { return std::floor(x[0]); }, 1, -3, 3, Operands::any},
      {"ceil", [](X x) { return ceil(x[0]); }, [](L x) { return std::ceil(x[0]); }, 1, -3, 3, Operands::any},
      {"round", [](X x) { return round(x[0]); }, [](L x) { return std::nearbyint(x[0]); }, 1, -3, 3, Operands::any},
      {"cast to int32", [](X x) { return cast<std::int32_t>(x[0]); }, [](L x) { return std::trunc(x[0]); }, 1, -9, 9, Operands::any},
      {"cast to float64", [](X x) { return cast<double>(x[0]); }, [](L x) { return x[0]; }, 1, -9, 9, Operands::any},
  };
}
// clang-format on

/// Applies the line's function to the elements that meet.
Oracle pointwise(const Line& line) {
  return [value = line.value](std::span<const Array> arrays) {
    Array result{broadcast_sizes(arrays), {}};
    std::vector<Array> wide;
    for (const Array& array : arrays) wide.push_back(broadcast(array, result.sizes));
    std::vector<long double> meeting(arrays.size());
    for (std::int64_t i = 0; i < number_of_elements(result.sizes); ++i) {
      for (std::size_t k = 0; k < wide.size(); ++k) meeting[k] = wide[k].values[i];
      result.values.push_back(value(meeting));
    }
    return result;
  };
}

/// Sizes of three operands; an op of fewer takes the first ones.
std::vector<std::vector<Sizes>> layouts() {
  return {{{}, {}, {}},          {{5}, {5}, {5}},   {{0}, {1}, {0}},       {{1}, {1}, {1}},
          {{3, 4}, {4}, {3, 1}}, {{4}, {3, 4}, {}}, {{3, 1}, {1, 4}, {4}}, {{2, 0, 3}, {3}, {2, 1, 1}}};
}

std::vector<DType> dtypes(Operands operands) {
  switch (operands) {
    case Operands::floating:
      return {DType::float32, DType::float64};
    case Operands::integers:
      return {DType::int8, DType::int32, DType::int64};
    case Operands::any:
      return {DType::float32, DType::float64, DType::int32, DType::int64};
  }
  __builtin_unreachable();
}

/// Random points: away from the jumps of step functions, so that all of them have derivatives there.
Sample sample(const Line& line, DType dtype, std::vector<Tensor> inputs) {
  inputs.resize(line.arity);
  std::string name = line.name + " " + std::string(theon::name(dtype));
  for (const Tensor& x : inputs) name += " " + to_string(x.sizes());
  return {name, line.build, inputs, pointwise(line), is_floating(dtype)};
}

std::vector<Tensor> contiguous(const Line& line, DType dtype, const std::vector<Sizes>& layout) {
  std::vector<Tensor> inputs;
  for (const Sizes& sizes : layout)
    inputs.push_back(Tensor::uniform(dtype, sizes, inputs.size() + 1, line.low, line.high));
  return inputs;
}

/// Of sizes [3, 4]: transposed in memory, backwards, and every second row of more.
std::vector<Tensor> strided(const Line& line, DType dtype) {
  std::vector<Tensor> inputs;
  for (std::uint64_t seed = 1; seed <= 3; ++seed)
    inputs.push_back(Tensor::uniform(dtype, {4, 6}, seed, line.low, line.high).transpose().slice(0, -1, -7, -2));
  return inputs;
}

}  // namespace

std::vector<Sample> elementwise_samples() {
  std::vector<Sample> all;
  for (const Line& line : lines())
    for (const DType dtype : dtypes(line.operands)) {
      for (const std::vector<Sizes>& layout : layouts())
        all.push_back(sample(line, dtype, contiguous(line, dtype, layout)));
      all.push_back(sample(line, dtype, strided(line, dtype)));
    }
  return all;
}

}  // namespace theon::samples
