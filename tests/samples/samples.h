// Ops on given values, each with what it must give by another road than the definitions under test. Whatever evaluates
// a graph runs this list.
#pragma once

#include <theon/variable.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace theon::samples {

/// The elements of an array in row-major order, in a precision that judges float64.
struct Array {
  Sizes sizes;
  std::vector<long double> values;
};

Array array_of(const Tensor& tensor);
std::int64_t number_of_elements(const Sizes& sizes);

/// The elements of `array` repeated so that it has `sizes`, as NumPy broadcasts.
Array broadcast(const Array& array, const Sizes& sizes);
/// The sizes that all of these broadcast to.
Sizes broadcast_sizes(std::span<const Array> arrays);

using Build = std::function<Variable(std::span<const Variable>)>;
using Oracle = std::function<Array(std::span<const Array>)>;

struct Sample {
  std::string name;  // "exp float32 [3, 4]"
  Build build;
  std::vector<Tensor> inputs;  // of any strides
  Oracle oracle;
  bool differentiable = false;  // at these values
};

/// Whether the sizes of a sample's inputs are in their types. Sizes of 1 always are.
enum class Sizing { known, symbolic };

/// Inputs for the graph of a sample: of the dtypes and ranks of its values.
std::vector<Variable> inputs_of(const Sample& sample, Sizing sizing);

/// How close a result can be to its oracle: the epsilon of the coarsest dtype that takes part in it, 0 among integers.
long double precision(const Sample& sample, DType result);
/// Within `tolerance`, relative for numbers above 1 and absolute below. NaN is close to NaN.
bool is_close(long double a, long double b, long double tolerance);
bool are_close(const Array& a, const Array& b, long double tolerance);

std::vector<Sample> elementwise_samples();
std::vector<Sample> reduce_samples();
std::vector<Sample> contraction_samples();
std::vector<Sample> shape_samples();
std::vector<Sample> index_samples();
std::vector<Sample> neural_samples();
/// All of them.
std::vector<Sample> all_samples();

}  // namespace theon::samples
