// What oneDNN offers: float32 products with bias and activation behind them, single, in place and in stacks.
#include "benchmarks/rivals/rivals.h"

#ifdef THEON_WITH_ONEDNN

#include <unordered_map>

#include <fmt/format.h>
#include <dnnl.hpp>

namespace theon::benchmarks {

namespace {

using std::int64_t;
using Descriptor = dnnl::memory::desc;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

Descriptor strided(dnnl::memory::dims sizes, dnnl::memory::dims strides) {
  return {std::move(sizes), dnnl::memory::data_type::f32, std::move(strides)};
}

/// A row-major matrix, or the transposed view of one.
Descriptor matrix(int64_t rows, int64_t columns, bool transposed = false) {
  return strided({rows, columns}, transposed ? dnnl::memory::dims{1, rows} : dnnl::memory::dims{columns, 1});
}

dnnl::memory at(const Descriptor& d, const Tensor& tensor) { return {d, engine(), tensor.raw()}; }

struct Operand {
  Descriptor layout;
  const Tensor& values;
};

/// The primitive on its memory; everything that could be prepared is.
Rival matmul(const Operand& a, const Operand& b, const Operand& out, const dnnl::primitive_attr& attributes = {},
             const Operand* bias = nullptr, std::unordered_map<int, dnnl::memory> more = {}) {
  const dnnl::matmul::desc what = bias ? dnnl::matmul::desc(a.layout, b.layout, bias->layout, out.layout)
                                       : dnnl::matmul::desc(a.layout, b.layout, out.layout);
  const dnnl::matmul primitive(dnnl::matmul::primitive_desc(what, attributes, engine()));
  std::unordered_map<int, dnnl::memory> arguments = std::move(more);
  arguments[DNNL_ARG_SRC] = at(a.layout, a.values);
  arguments[DNNL_ARG_WEIGHTS] = at(b.layout, b.values);
  arguments[DNNL_ARG_DST] = at(out.layout, out.values);
  if (bias) arguments[DNNL_ARG_BIAS] = at(bias->layout, bias->values);
  return {{out.values}, [primitive, arguments, stream = dnnl::stream(engine())]() mutable {
            primitive.execute(stream, arguments);
            stream.wait();
          }};
}

/// For rows in float32 only.
template <class F>
Prepare single(F f) {
  return [f](const Tensors& x, DType dtype) { return dtype == DType::float32 ? f(x) : Rival{}; };
}

Prepare product(bool transposed_a, bool transposed_b) {
  return single([=](const Tensors& x) {
    const int64_t m = x[0].sizes()[transposed_a ? 1 : 0], k = x[0].sizes()[transposed_a ? 0 : 1];
    const int64_t n = x[1].sizes()[transposed_b ? 0 : 1];
    const Tensor out = Tensor::zeros<float>({m, n});
    return matmul({matrix(m, k, transposed_a), x[0]}, {matrix(k, n, transposed_b), x[1]}, {matrix(m, n), out});
  });
}

Rival transposed_product(const Tensors& x) {
  const int64_t n = x[0].sizes()[0];
  const Tensor out = Tensor::zeros<float>({n, n});
  return matmul({matrix(n, n), x[0]}, {matrix(n, n), x[1]}, {matrix(n, n, true), out});
}

Prepare layer(dnnl::algorithm activation) {
  return single([=](const Tensors& x) {
    const int64_t m = x[0].sizes()[0], k = x[0].sizes()[1], n = x[1].sizes()[1];
    const Tensor out = Tensor::zeros<float>({m, n});
    dnnl::post_ops behind;
    behind.append_eltwise(1, activation, 0, 0);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(behind);
    const Operand bias{strided({1, n}, {n, 1}), x[2]};
    return matmul({matrix(m, k), x[0]}, {matrix(k, n), x[1]}, {matrix(m, n), out}, attributes, &bias);
  });
}

/// W <- W - 0.01 X^T G
Rival update(const Tensors& x) {
  const int64_t m = x[1].sizes()[1], k = x[1].sizes()[0], n = x[2].sizes()[1];
  dnnl::post_ops behind;
  behind.append_sum(1);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(behind);
  attributes.set_output_scales(0, {-0.01f});
  return matmul({matrix(m, k, true), x[1]}, {matrix(k, n), x[2]}, {matrix(m, n), x[0].copy()}, attributes);
}

Prepare matrix_vector(bool transposed) {
  return single([=](const Tensors& x) {
    const int64_t n = x[1].size();
    const Tensor out = Tensor::zeros<float>({n});
    return matmul({matrix(n, n, transposed), x[0]}, {matrix(n, 1), x[1]}, {matrix(n, 1), out});
  });
}

Rival batched(const Tensors& x) {
  const int64_t count = x[0].sizes()[0], n = x[0].sizes()[1];
  const Descriptor stack = strided({count, n, n}, {n * n, n, 1});
  const Tensor out = Tensor::zeros<float>({count, n, n});
  return matmul({stack, x[0]}, {stack, x[1]}, {stack, out});
}

Rival gram(const Tensors& x) {
  const int64_t m = x[0].sizes()[0], k = x[0].sizes()[1];
  const Tensor out = Tensor::zeros<float>({k, k});
  return matmul({matrix(k, m, true), x[0]}, {matrix(m, k), x[0]}, {matrix(k, k), out});
}

}  // namespace

Rivals onednn_rivals() {
  return {
      {"L1.nn", product(false, false)},
      {"L1.nt", product(false, true)},
      {"L1.tn", product(true, false)},
      {"L1.tt", product(true, true)},
      {"L2.nn", product(false, false)},
      {"L2.tn", product(true, false)},
      {"L3.bias_relu", layer(dnnl::algorithm::eltwise_relu)},
      {"L3.bias_tanh", layer(dnnl::algorithm::eltwise_tanh)},
      {"L3.bias_gelu", layer(dnnl::algorithm::eltwise_gelu_erf)},
      {"L3.update", single(update)},
      {"L4.gemv", matrix_vector(false)},
      {"L4.gemv_t", matrix_vector(true)},
      {"L5.batched", single(batched)},
      {"L6.gram", single(gram)},
      {"L6.transposed", single(transposed_product)},
  };
}

std::string onednn_version() {
  const dnnl_version_t* v = dnnl_version();
  return fmt::format("{}.{}.{}", v->major, v->minor, v->patch);
}

}  // namespace theon::benchmarks

#else

namespace theon::benchmarks {

Rivals onednn_rivals() { return {}; }
std::string onednn_version() { return "none"; }

}  // namespace theon::benchmarks

#endif
