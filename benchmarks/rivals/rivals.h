// The programs to beat: what one writes by hand for the rows of rows.txt, with -Ofast, and what BLAS libraries offer.
#pragma once

#include <theon/tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace theon::benchmarks {

using Tensors = std::vector<Tensor>;

/// A row ready to be called: where its results lie, behind them what it updates in place; and memory that it needs.
struct Rival {
  Tensors results;
  std::function<void()> call;
  Tensors scratch = {};
};

/// Makes the rival for the row's inputs, in the dtype of the row.
using Prepare = std::function<Rival(const Tensors& inputs, DType dtype)>;
/// By task and variant, as "A1.forward".
using Rivals = std::map<std::string, Prepare>;

Rivals elementwise_rivals();
Rivals reduction_rivals();
Rivals product_rivals();
Rivals training_rivals();
Rivals science_rivals();
Rivals openblas_rivals();
/// Empty where the library was not found.
Rivals onednn_rivals();

std::string openblas_version();
std::string onednn_version();

/// A function template of the row's real type, `f.operator()<T>(inputs)`, as a rival.
template <class F>
Prepare real(F f) {
  return [f](const Tensors& x, DType dtype) {
    return dtype == DType::float32 ? f.template operator()<float>(x) : f.template operator()<double>(x);
  };
}

/// Where results are written.
template <class T>
T* writable(Tensor& tensor) {
  return tensor.mutable_data<T>();
}

}  // namespace theon::benchmarks
