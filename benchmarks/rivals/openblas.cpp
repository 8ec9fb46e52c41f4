// What OpenBLAS offers; what it does not goes in a pass of its own over the product.
#include "benchmarks/rivals/blas.h"
#include "benchmarks/rivals/parallel.h"
#include "benchmarks/rivals/rivals.h"

#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace theon::benchmarks {

namespace {

using std::int64_t;

struct Extents {
  int64_t m, k, n;
};

Extents extents(const Tensors& x, bool transposed_a, bool transposed_b) {
  return {x[0].sizes()[transposed_a ? 1 : 0], x[0].sizes()[transposed_a ? 0 : 1], x[1].sizes()[transposed_b ? 0 : 1]};
}

template <bool transposed_a, bool transposed_b>
constexpr auto product = []<class T>(const Tensors& x) {
  const auto [m, k, n] = extents(x, transposed_a, transposed_b);
  Tensor out = Tensor::zeros<T>({m, n});
  return Rival{{out}, [=, a = x[0].data<T>(), b = x[1].data<T>(), c = writable<T>(out)] {
                 gemm<T>(transposed_a, transposed_b, m, n, k, 1, a, b, 0, c);
               }};
};

/// (A B)^T is B^T A^T.
constexpr auto transposed_product = []<class T>(const Tensors& x) {
  const auto [m, k, n] = extents(x, false, false);
  Tensor out = Tensor::zeros<T>({n, m});
  return Rival{{out}, [=, a = x[0].data<T>(), b = x[1].data<T>(), c = writable<T>(out)] {
                 gemm<T>(true, true, n, m, k, 1, b, a, 0, c);
               }};
};

template <class T, class F>
void pass(F f, T* __restrict c, const T* __restrict bias, int64_t m, int64_t n) {
  split(m, std::max<int64_t>(2, worthwhile / n), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < n; ++j) c[i * n + j] = f(c[i * n + j] + bias[j]);
  });
}

template <class F>
Prepare layer(F f) {
  return real([f]<class T>(const Tensors& x) {
    const auto [m, k, n] = extents(x, false, false);
    Tensor out = Tensor::zeros<T>({m, n});
    return Rival{{out}, [=, a = x[0].data<T>(), b = x[1].data<T>(), bias = x[2].data<T>(), c = writable<T>(out)] {
                   gemm<T>(false, false, m, n, k, 1, a, b, 0, c);
                   pass(f, c, bias, m, n);
                 }};
  });
}

template <class T>
void times_slope_of_tanh(T* __restrict c, const T* __restrict h, int64_t n) {
  split(n, worthwhile, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) c[i] *= 1 - h[i] * h[i];
  });
}

constexpr auto backward_tanh = []<class T>(const Tensors& x) {
  const auto [m, k, n] = extents(x, false, true);
  Tensor out = Tensor::zeros<T>({m, n});
  return Rival{{out}, [=, g = x[0].data<T>(), w = x[1].data<T>(), h = x[2].data<T>(), c = writable<T>(out)] {
                 gemm<T>(false, true, m, n, k, 1, g, w, 0, c);
                 times_slope_of_tanh(c, h, m * n);
               }};
};

constexpr auto update = []<class T>(const Tensors& x) {
  const int64_t m = x[1].sizes()[1], k = x[1].sizes()[0], n = x[2].sizes()[1];
  Tensor state = x[0].copy();
  return Rival{{state}, [=, w = writable<T>(state), a = x[1].data<T>(), b = x[2].data<T>()] {
                 gemm<T>(true, false, m, n, k, T(-0.01), a, b, 1, w);
               }};
};

template <bool transposed>
constexpr auto matrix_vector = []<class T>(const Tensors& x) {
  const int64_t n = x[1].size();
  Tensor out = Tensor::zeros<T>({n});
  return Rival{{out},
               [=, a = x[0].data<T>(), v = x[1].data<T>(), y = writable<T>(out)] { gemv(transposed, n, n, a, v, y); }};
};

constexpr auto outer = []<class T>(const Tensors& x) {
  const int64_t n = x[1].size();
  Tensor state = x[0].copy();
  return Rival{{state},
               [=, a = writable<T>(state), u = x[1].data<T>(), v = x[2].data<T>()] { ger(n, n, T(-0.01), u, v, a); }};
};

constexpr auto batched = []<class T>(const Tensors& x) {
  const int64_t count = x[0].sizes()[0], n = x[0].sizes()[1];
  Tensor out = Tensor::zeros<T>({count, n, n});
  return Rival{{out}, [=, a = x[0].data<T>(), b = x[1].data<T>(), c = writable<T>(out)] {
                 for (int64_t i = 0; i < count * n * n; i += n * n)
                   gemm<T>(false, false, n, n, n, 1, a + i, b + i, 0, c + i);
               }};
};

/// Every second column of a matrix of [rows, 2 columns].
template <class T>
void pack_columns(const T* __restrict from, T* __restrict to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[2 * i];
}

/// Rows two apart are a leading dimension twice as long; columns have to be packed.
constexpr auto strided = []<class T>(const Tensors& x) {
  const int64_t count = x[0].sizes()[0], n = x[0].sizes()[1];
  Tensor out = Tensor::zeros<T>({count, n, n}), packed = Tensor::zeros<T>({n, n});
  return Rival{{out},
               [=, a = x[0].data<T>(), b = x[1].data<T>(), c = writable<T>(out), space = writable<T>(packed)] {
                 for (int64_t i = 0; i < count; ++i) {
                   pack_columns(a + 2 * i * n * n, space, n * n);
                   if constexpr (sizeof(T) == 4)
                     cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, space, n, b + 2 * i * n * n,
                                 2 * n, 0, c + i * n * n, n);
                 }
               },
               {packed}};
};

/// In the cheaper of both orders.
constexpr auto chain = []<class T>(const Tensors& x) {
  const int64_t m = x[0].sizes()[0], k = x[0].sizes()[1], n = x[1].sizes()[1], l = x[2].sizes()[1];
  const bool left_first = m * k * n + m * n * l < k * n * l + m * k * l;
  Tensor out = Tensor::zeros<T>({m, l}), between = Tensor::zeros<T>(left_first ? Sizes{m, n} : Sizes{k, l});
  return Rival{
      {out},
      [=, a = x[0].data<T>(), b = x[1].data<T>(), c = x[2].data<T>(), t = writable<T>(between), to = writable<T>(out)] {
        if (left_first) {
          gemm<T>(false, false, m, n, k, 1, a, b, 0, t);
          gemm<T>(false, false, m, l, n, 1, t, c, 0, to);
        } else {
          gemm<T>(false, false, k, l, n, 1, b, c, 0, t);
          gemm<T>(false, false, m, l, k, 1, a, t, 0, to);
        }
      },
      {between}};
};

/// Copies the upper triangle to the lower one, tile by tile.
template <class T>
void mirror(T* c, int64_t n) {
  constexpr int64_t tile = 16;
  for (int64_t i = 0; i < n; i += tile)
    for (int64_t j = i; j < n; j += tile)
      for (int64_t p = i; p < std::min(i + tile, n); ++p)
        for (int64_t q = std::max(j, p + 1); q < std::min(j + tile, n); ++q) c[q * n + p] = c[p * n + q];
}

constexpr auto gram = []<class T>(const Tensors& x) {
  const int64_t m = x[0].sizes()[0], k = x[0].sizes()[1];
  Tensor out = Tensor::zeros<T>({k, k});
  return Rival{{out}, [=, a = x[0].data<T>(), c = writable<T>(out)] {
                 syrk<T>(true, k, m, a, 0, c);
                 mirror(c, k);
               }};
};

template <class T>
void halve(const T* __restrict from, T* __restrict to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = from[i] / 2;
}

constexpr auto shifted_gram = []<class T>(const Tensors& x) {
  const int64_t m = x[0].sizes()[0], k = x[0].sizes()[1];
  Tensor out = Tensor::zeros<T>({m, m});
  return Rival{{out}, [=, a = x[0].data<T>(), shift = x[1].data<T>(), c = writable<T>(out)] {
                 halve(shift, c, m * m);
                 syrk<T>(false, m, k, a, 1, c);
                 mirror(c, m);
               }};
};

// Products whose results are only summed.

template <class T>
void add_sigmoids(const T* __restrict z, T* __restrict total, int64_t m, int64_t n) {
  for (int64_t j = 0; j < n; ++j) total[j] = 0;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) total[j] += bounded_sigmoid(z[i * n + j]);
}

template <class T>
T sum_of_sigmoids(const T* __restrict z, int64_t n) {
  T total = 0;
  for (int64_t i = 0; i < n; ++i) total += bounded_sigmoid(z[i]);
  return total;
}

constexpr auto sigmoid_gemv = []<class T>(const Tensors& x) {
  const int64_t m = x[0].sizes()[0], k = x[0].sizes()[1];
  Tensor out = Tensor::zeros<T>({}), product = Tensor::zeros<T>({m});
  return Rival{{out},
               [=, a = x[0].data<T>(), w = x[1].data<T>(), z = writable<T>(product), to = writable<T>(out)] {
                 gemv(false, m, k, a, w, z);
                 *to = sum_of_sigmoids(z, m);
               },
               {product}};
};

constexpr auto sigmoid_gemm = []<class T>(const Tensors& x) {
  const auto [m, k, n] = extents(x, false, false);
  Tensor out = Tensor::zeros<T>({n}), product = Tensor::zeros<T>({m, n});
  return Rival{{out},
               [=, a = x[0].data<T>(), w = x[1].data<T>(), z = writable<T>(product), to = writable<T>(out)] {
                 gemm<T>(false, false, m, n, k, 1, a, w, 0, z);
                 add_sigmoids(z, to, m, n);
               },
               {product}};
};

constexpr auto inner_product = []<class T>(const Tensors& x) {
  Tensor out = Tensor::zeros<T>({});
  return Rival{{out}, [a = x[0].data<T>(), b = x[1].data<T>(), n = x[0].size(), to = writable<T>(out)] {
                 if constexpr (sizeof(T) == 4)
                   *to = cblas_sdot(n, a, 1, b, 1);
                 else
                   *to = cblas_ddot(n, a, 1, b, 1);
               }};
};

}  // namespace

Rivals openblas_rivals() {
  return {
      {"R2.dot", real(inner_product)},
      {"R6.sigmoid_gemv", real(sigmoid_gemv)},
      {"R6.sigmoid_gemm", real(sigmoid_gemm)},
      {"L1.nn", real(product<false, false>)},
      {"L1.nt", real(product<false, true>)},
      {"L1.tn", real(product<true, false>)},
      {"L1.tt", real(product<true, true>)},
      {"L2.nn", real(product<false, false>)},
      {"L2.tn", real(product<true, false>)},
      {"L3.bias_relu", layer([]<class T>(T x) { return x > 0 ? x : T(0); })},
      {"L3.bias_tanh", layer([]<class T>(T x) { return std::tanh(x); })},
      {"L3.bias_gelu", layer([]<class T>(T x) { return x * (1 + std::erf(x * T(std::numbers::sqrt2 / 2))) / 2; })},
      {"L3.backward_tanh", real(backward_tanh)},
      {"L3.update", real(update)},
      {"L4.gemv", real(matrix_vector<false>)},
      {"L4.gemv_t", real(matrix_vector<true>)},
      {"L4.outer", real(outer)},
      {"L5.batched", real(batched)},
      {"L5.strided", real(strided)},
      {"L6.chain", real(chain)},
      {"L6.gram", real(gram)},
      {"L6.transposed", real(transposed_product)},
      {"L6.shifted_gram", real(shifted_gram)},
  };
}

std::string openblas_version() { return fmt::format("{}, core {}", openblas_get_config(), openblas_get_corename()); }

}  // namespace theon::benchmarks
