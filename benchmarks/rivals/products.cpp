#include "benchmarks/rivals/parallel.h"
#include "benchmarks/rivals/rivals.h"

#include <stdexcept>

namespace theon::benchmarks {

namespace {

using std::int64_t;

template <class T>
void multiply_rows(const T* __restrict a, const T* __restrict x, T* __restrict y, int64_t n, int64_t rows) {
  for (int64_t i = 0; i < rows; ++i) {
    T total = 0;
    for (int64_t j = 0; j < n; ++j) total += a[i * n + j] * x[j];
    y[i] = total;
  }
}

/// Four rows at once, so that y is read and written less often.
template <class T>
void add_rows(const T* __restrict a, const T* __restrict x, T* __restrict y, int64_t n, int64_t begin, int64_t end) {
  for (int64_t j = begin; j < end; ++j) y[j] = 0;
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const T *r0 = a + i * n, *r1 = r0 + n, *r2 = r1 + n, *r3 = r2 + n;
    for (int64_t j = begin; j < end; ++j) y[j] += x[i] * r0[j] + x[i + 1] * r1[j] + x[i + 2] * r2[j] + x[i + 3] * r3[j];
  }
  for (; i < n; ++i)
    for (int64_t j = begin; j < end; ++j) y[j] += x[i] * a[i * n + j];
}

constexpr auto gemv = []<class T>(const Tensors& in) {
  const int64_t n = in[1].size();
  Tensor out = Tensor::zeros<T>({n});
  return Rival{{out}, [=, a = in[0].data<T>(), x = in[1].data<T>(), y = writable<T>(out)] {
                 split(n, std::max<int64_t>(2, 2 * worthwhile / n),
                       [=](int64_t i, int64_t end) { multiply_rows(a + i * n, x, y + i, n, end - i); });
               }};
};

constexpr auto gemv_transposed = []<class T>(const Tensors& in) {
  const int64_t n = in[1].size();
  Tensor out = Tensor::zeros<T>({n});
  return Rival{{out}, [=, a = in[0].data<T>(), x = in[1].data<T>(), y = writable<T>(out)] {
                 split(n, std::max<int64_t>(2, 2 * worthwhile / n),
                       [=](int64_t begin, int64_t end) { add_rows(a, x, y, n, begin, end); });
               }};
};

template <class T>
void subtract_outer(T* __restrict a, const T* __restrict x, const T* __restrict y, int64_t n, int64_t rows) {
  for (int64_t i = 0; i < rows; ++i) {
    const T scale = T(0.01) * x[i];
    for (int64_t j = 0; j < n; ++j) a[i * n + j] -= scale * y[j];
  }
}

constexpr auto outer = []<class T>(const Tensors& in) {
  const int64_t n = in[1].size();
  Tensor state = in[0].copy();
  return Rival{{state}, [=, a = writable<T>(state), x = in[1].data<T>(), y = in[2].data<T>()] {
                 split(n, std::max<int64_t>(2, worthwhile / n),
                       [=](int64_t i, int64_t end) { subtract_outer(a + i * n, x + i, y, n, end - i); });
               }};
};

/// c = a b for small squares: `height` rows of as many columns as a vector holds are summed in registers at once.
template <int n, int height>
void multiply_small(const float* __restrict a, const float* __restrict b, float* __restrict c) {
  constexpr int width = std::min(n, 16);
  typedef float Vector __attribute__((vector_size(4 * width), aligned(4)));
  for (int i = 0; i < n; i += height)
    for (int j = 0; j < n; j += width) {
      Vector sums[height] = {};
#pragma GCC unroll 4
      for (int k = 0; k < n; ++k)
#pragma GCC unroll 16
        for (int r = 0; r < height; ++r)
          sums[r] += a[(i + r) * n + k] * *reinterpret_cast<const Vector*>(b + k * n + j);
#pragma GCC unroll 16
      for (int r = 0; r < height; ++r) *reinterpret_cast<Vector*>(c + (i + r) * n + j) = sums[r];
    }
}

template <int n, int height>
Rival batched_small(const Tensors& in) {
  Tensor out = Tensor::zeros<float>(in[0].sizes());
  return {{out},
          [=, count = in[0].sizes()[0], a = in[0].data<float>(), b = in[1].data<float>(), c = writable<float>(out)] {
            split(count, 64, [=](int64_t begin, int64_t end) {
              for (int64_t i = begin * n * n; i < end * n * n; i += n * n)
                multiply_small<n, height>(a + i, b + i, c + i);
            });
          }};
}

/// Written for small squares only; nothing for others.
Rival batched(const Tensors& in, DType) {
  switch (in[0].sizes()[1]) {
    case 4:
      return batched_small<4, 4>(in);
    case 8:
      return batched_small<8, 8>(in);
    case 16:
      return batched_small<16, 16>(in);
    case 32:
      return batched_small<32, 8>(in);
    default:
      return {};
  }
}

}  // namespace

Rivals product_rivals() {
  return {{"L4.gemv", real(gemv)},
          {"L4.gemv_t", real(gemv_transposed)},
          {"L4.outer", real(outer)},
          {"L5.batched", batched}};
}

}  // namespace theon::benchmarks
