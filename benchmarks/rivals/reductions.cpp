#include "benchmarks/rivals/parallel.h"
#include "benchmarks/rivals/rivals.h"

#include <cmath>
#include <limits>

namespace theon::benchmarks {

namespace {

using std::int64_t;

// Of one contiguous row.

template <class T>
T sum(const T* __restrict x, int64_t n) {
  T total = 0;
  for (int64_t j = 0; j < n; ++j) total += x[j];
  return total;
}

template <class T>
T largest(const T* __restrict x, int64_t n) {
  T found = x[0];
  for (int64_t j = 0; j < n; ++j) found = x[j] > found ? x[j] : found;
  return found;
}

/// The second pass ends early, and finds the row in the cache.
template <class T>
int64_t position_of_largest(const T* __restrict x, int64_t n) {
  const T wanted = largest(x, n);
  int64_t j = 0;
  while (x[j] != wanted) ++j;
  return j;
}

template <class T>
T sum_of_powers(const T* __restrict x, T shift, int64_t n) {
  T total = 0;
  for (int64_t j = 0; j < n; ++j) total += std::exp(x[j] - shift);
  return total;
}

template <class T>
T logsumexp(const T* __restrict x, int64_t n) {
  const T shift = largest(x, n);
  return shift + std::log(sum_of_powers(x, shift, n));
}

template <class T>
void softmax(const T* __restrict x, T* __restrict out, int64_t n) {
  const T shift = largest(x, n);
  T total = 0;
  for (int64_t j = 0; j < n; ++j) {
    const T power = std::exp(x[j] - shift);
    out[j] = power;
    total += power;
  }
  const T scale = 1 / total;
  for (int64_t j = 0; j < n; ++j) out[j] *= scale;
}

template <class T>
void log_softmax(const T* __restrict x, T* __restrict out, int64_t n) {
  const T shift = logsumexp(x, n);
  for (int64_t j = 0; j < n; ++j) out[j] = x[j] - shift;
}

template <class T>
T crossentropy(const T* __restrict x, std::int32_t label, T* __restrict slope, int64_t n, T share) {
  const T shift = largest(x, n);
  T total = 0;
  for (int64_t j = 0; j < n; ++j) {
    const T power = std::exp(x[j] - shift);
    slope[j] = power;
    total += power;
  }
  const T scale = share / total;
  for (int64_t j = 0; j < n; ++j) slope[j] *= scale;
  slope[label] -= share;
  return share * (std::log(total) + shift - x[label]);
}

constexpr double epsilon = 1e-5;

/// The mean of a row, and one over its deviation.
template <class T>
struct Moments {
  T mean, scale;
};

template <class T>
Moments<T> moments(const T* __restrict x, int64_t n) {
  const T mean = sum(x, n) / n;
  T squares = 0;
  for (int64_t j = 0; j < n; ++j) squares += (x[j] - mean) * (x[j] - mean);
  return {mean, 1 / std::sqrt(squares / n + T(epsilon))};
}

template <class T>
T inverse_root_mean_square(const T* __restrict x, int64_t n) {
  T squares = 0;
  for (int64_t j = 0; j < n; ++j) squares += x[j] * x[j];
  return 1 / std::sqrt(squares / n + T(epsilon));
}

template <class T>
void layernorm(const T* __restrict x, const T* __restrict gain, const T* __restrict bias, T* __restrict out,
               int64_t n) {
  const auto [mean, scale] = moments(x, n);
  for (int64_t j = 0; j < n; ++j) out[j] = (x[j] - mean) * scale * gain[j] + bias[j];
}

template <class T>
void rmsnorm(const T* __restrict x, const T* __restrict gain, T* __restrict out, int64_t n) {
  const T scale = inverse_root_mean_square(x, n);
  for (int64_t j = 0; j < n; ++j) out[j] = x[j] * scale * gain[j];
}

template <class T>
void layernorm_slope(const T* __restrict cotangent, const T* __restrict x, const T* __restrict gain,
                     T* __restrict slope, T* __restrict gain_slope, T* __restrict bias_slope, int64_t n) {
  const auto [mean, scale] = moments(x, n);
  T sum_g = 0, sum_gu = 0;
  for (int64_t j = 0; j < n; ++j) {
    const T g = cotangent[j] * gain[j], unit = (x[j] - mean) * scale;
    sum_g += g;
    sum_gu += g * unit;
    gain_slope[j] += cotangent[j] * unit;
    bias_slope[j] += cotangent[j];
  }
  const T mean_g = sum_g / n, mean_gu = sum_gu / n;
  for (int64_t j = 0; j < n; ++j) {
    const T unit = (x[j] - mean) * scale;
    slope[j] = scale * (cotangent[j] * gain[j] - mean_g - unit * mean_gu);
  }
}

template <class T>
void rmsnorm_slope(const T* __restrict cotangent, const T* __restrict x, const T* __restrict gain, T* __restrict slope,
                   T* __restrict gain_slope, int64_t n) {
  const T scale = inverse_root_mean_square(x, n);
  T sum_gu = 0;
  for (int64_t j = 0; j < n; ++j) {
    const T unit = x[j] * scale;
    sum_gu += cotangent[j] * gain[j] * unit;
    gain_slope[j] += cotangent[j] * unit;
  }
  const T mean_gu = sum_gu / n;
  for (int64_t j = 0; j < n; ++j) slope[j] = scale * (cotangent[j] * gain[j] - x[j] * scale * mean_gu);
}

// Of matrices.

template <class T>
struct Matrix {
  int64_t rows, columns;
  const T* data;

  explicit Matrix(const Tensor& x) : rows(x.sizes()[0]), columns(x.sizes()[1]), data(x.data<T>()) {}
  const T* row(int64_t i) const { return data + i * columns; }
  int64_t worthwhile_rows() const { return std::max<int64_t>(2, worthwhile / columns); }
};

/// One number for each row.
template <class Out, class F>
Prepare each_row_to_number(F f) {
  return [f](const Tensors& x, DType) {
    const Matrix<float> a(x[0]);
    Tensor out = Tensor::zeros<Out>({a.rows});
    return Rival{{out}, [=, to = writable<Out>(out)] {
                   split(a.rows, a.worthwhile_rows(), [=](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i) to[i] = f(a.row(i), a.columns);
                   });
                 }};
  };
}

/// A row for each row, f(row, out, columns); f gets the data of the other inputs before the row of results.
template <class F>
Prepare each_row_to_row(F f) {
  return [f](const Tensors& x, DType) {
    const Matrix<float> a(x[0]);
    Tensor out = Tensor::zeros<float>(x[0].sizes());
    std::vector<const float*> others;
    for (std::size_t i = 1; i < x.size(); ++i) others.push_back(x[i].data<float>());
    return Rival{{out}, [=, to = writable<float>(out)] {
                   split(a.rows, a.worthwhile_rows(), [=, &others](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i) f(a.row(i), others, to + i * a.columns, a.columns);
                   });
                 }};
  };
}

using Others = const std::vector<const float*>;

/// Sums of blocks of columns that stay in the cache, over all rows; each thread has columns of its own.
template <class T>
void add_rows(const T* __restrict x, T* __restrict out, int64_t rows, int64_t stride, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) out[j] = 0;
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const T *a = x + i * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    for (int64_t j = 0; j < columns; ++j) out[j] += (a[j] + b[j]) + (c[j] + d[j]);
  }
  for (; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) out[j] += x[i * stride + j];
}

template <class T>
void largest_of_rows(const T* __restrict x, T* __restrict out, int64_t rows, int64_t stride, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) out[j] = x[j];
  for (int64_t i = 1; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) out[j] = x[i * stride + j] > out[j] ? x[i * stride + j] : out[j];
}

void positions_of_largest(const float* __restrict x, float* __restrict found, std::int32_t* __restrict where,
                          int64_t rows, int64_t stride, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) {
    found[j] = x[j];
    where[j] = 0;
  }
  for (std::int32_t i = 1; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      const float value = x[i * stride + j];
      const bool is_larger = value > found[j];
      found[j] = is_larger ? value : found[j];
      where[j] = is_larger ? i : where[j];
    }
}

template <class F>
Prepare each_column(F f) {
  return [f](const Tensors& x, DType) {
    const Matrix<float> a(x[0]);
    Tensor out = Tensor::zeros<float>({a.columns});
    return Rival{{out}, [=, to = writable<float>(out)] {
                   split(a.columns, std::max<int64_t>(128, worthwhile / a.rows),
                         [=](int64_t j, int64_t end) { f(a.data + j, to + j, a.rows, a.columns, end - j); });
                 }};
  };
}

Rival argmax_columns(const Tensors& x, DType) {
  const Matrix<float> a(x[0]);
  Tensor found = Tensor::zeros<float>({a.columns}), where = Tensor::zeros<std::int32_t>({a.columns});
  return {{where},
          [=, values = writable<float>(found), to = writable<std::int32_t>(where)] {
            split(a.columns, 128, [=](int64_t j, int64_t end) {
              positions_of_largest(a.data + j, values + j, to + j, a.rows, a.columns, end - j);
            });
          },
          {found}};
}

template <class T, class F>
Rival scalar(F f) {
  Tensor out = Tensor::zeros<T>({});
  return {{out}, [f, to = writable<T>(out)] { *to = f(); }};
}

constexpr auto sum_all = []<class T>(const Tensors& x) {
  return scalar<T>([data = x[0].data<T>(), n = x[0].size()] {
    return split_sum<T>(n, worthwhile, [=](int64_t i, int64_t end) { return sum(data + i, end - i); });
  });
};

// Of a cube of n x n x n.

Rival sum_axis0(const Tensors& x, DType) {
  const int64_t n = x[0].sizes()[0], plane = n * n;
  Tensor out = Tensor::zeros<double>({n, n});
  return {{out}, [=, data = x[0].data<double>(), to = writable<double>(out)] {
            split(plane, worthwhile, [=](int64_t j, int64_t end) { add_rows(data + j, to + j, n, plane, end - j); });
          }};
}

Rival sum_axis1(const Tensors& x, DType) {
  const int64_t n = x[0].sizes()[0];
  Tensor out = Tensor::zeros<double>({n, n});
  return {{out}, [=, data = x[0].data<double>(), to = writable<double>(out)] {
            split(n, 2, [=](int64_t begin, int64_t end) {
              for (int64_t i = begin; i < end; ++i) add_rows(data + i * n * n, to + i * n, n, n, n);
            });
          }};
}

Rival sum_axis2(const Tensors& x, DType) {
  const int64_t n = x[0].sizes()[0];
  Tensor out = Tensor::zeros<double>({n, n});
  return {{out}, [=, data = x[0].data<double>(), to = writable<double>(out)] {
            split(n * n, 2, [=](int64_t begin, int64_t end) {
              for (int64_t i = begin; i < end; ++i) to[i] = sum(data + i * n, n);
            });
          }};
}

// Of two vectors.

template <class T>
T squared_distance(const T* __restrict a, const T* __restrict b, int64_t n) {
  T total = 0;
  for (int64_t i = 0; i < n; ++i) total += (a[i] - b[i]) * (a[i] - b[i]);
  return total;
}

template <class T>
T inner_product(const T* __restrict a, const T* __restrict b, int64_t n) {
  T total = 0;
  for (int64_t i = 0; i < n; ++i) total += a[i] * b[i];
  return total;
}

template <class F>
Prepare sum_of_pairs(F f) {
  return real([f]<class T>(const Tensors& x) {
    return scalar<T>([f, a = x[0].data<T>(), b = x[1].data<T>(), n = x[0].size()] {
      return split_sum<T>(n, worthwhile, [=](int64_t i, int64_t end) { return f(a + i, b + i, end - i); });
    });
  });
}

/// Sums of w, w d and w d^2.
template <class T>
struct Weighted {
  T weight = 0, first = 0, second = 0;

  Weighted& operator+=(const Weighted& other) {
    weight += other.weight;
    first += other.first;
    second += other.second;
    return *this;
  }
};

template <class T>
Weighted<T> weighted_sums(const T* __restrict x, const T* __restrict w, T centre, int64_t n) {
  T weight = 0, first = 0, second = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T d = x[i] - centre, moment = w[i] * d;
    weight += w[i];
    first += moment;
    second += moment * d;
  }
  return {weight, first, second};
}

/// In one pass, about the first of the numbers.
constexpr auto variance = []<class T>(const Tensors& in) {
  return scalar<T>([x = in[0].data<T>(), w = in[1].data<T>(), n = in[0].size()] {
    Weighted<T> sums;
    if (omp_get_max_threads() == 1 || n < worthwhile) {
      sums = weighted_sums(x, w, x[0], n);
    } else {
      split(n, worthwhile, [=, &sums](int64_t i, int64_t end) {
        const Weighted<T> part = weighted_sums(x + i, w + i, x[0], end - i);
#pragma omp critical
        sums += part;
      });
    }
    const T offset = sums.first / sums.weight;
    return sums.second / sums.weight - offset * offset;
  });
};

Rival crossentropy_rival(const Tensors& x, DType) {
  const Matrix<float> scores(x[0]);
  Tensor loss = Tensor::zeros<float>({}), slope = Tensor::zeros<float>(x[0].sizes());
  return {{loss, slope},
          [=, labels = x[1].data<std::int32_t>(), value = writable<float>(loss), to = writable<float>(slope)] {
            *value = split_sum<float>(scores.rows, scores.worthwhile_rows(), [=](int64_t begin, int64_t end) {
              const float share = 1.0f / static_cast<float>(scores.rows);
              float total = 0;
              for (int64_t i = begin; i < end; ++i)
                total += crossentropy(scores.row(i), labels[i], to + i * scores.columns, scores.columns, share);
              return total;
            });
          }};
}

/// Sums over the rows in memory of each thread's own, added up in the end: f(first row, behind the last, sums).
template <class F>
void sum_columns_of_parts(const Matrix<float>& x, int64_t count, float* total, F f) {
  std::fill(total, total + count, 0.0f);
  if (omp_get_max_threads() == 1) return f(int64_t{0}, x.rows, total);
  split(x.rows, 2, [&](int64_t begin, int64_t end) {
    std::vector<float> own(count);
    f(begin, end, own.data());
#pragma omp critical
    for (int64_t j = 0; j < count; ++j) total[j] += own[j];
  });
}

Rival layernorm_grad(const Tensors& in, DType) {
  const Matrix<float> cotangent(in[0]), x(in[1]);
  const int64_t n = x.columns;
  Tensor slope = Tensor::zeros<float>(in[1].sizes()), sums = Tensor::zeros<float>({2, n});
  return {{slope, sums[0], sums[1]},
          [=, gain = in[2].data<float>(), to = writable<float>(slope), both = writable<float>(sums)] {
            sum_columns_of_parts(x, 2 * n, both, [=](int64_t begin, int64_t end, float* own) {
              for (int64_t i = begin; i < end; ++i)
                layernorm_slope(cotangent.row(i), x.row(i), gain, to + i * n, own, own + n, n);
            });
          }};
}

Rival rmsnorm_grad(const Tensors& in, DType) {
  const Matrix<float> cotangent(in[0]), x(in[1]);
  const int64_t n = x.columns;
  Tensor slope = Tensor::zeros<float>(in[1].sizes()), sums = Tensor::zeros<float>({n});
  return {{slope, sums}, [=, gain = in[2].data<float>(), to = writable<float>(slope), total = writable<float>(sums)] {
            sum_columns_of_parts(x, n, total, [=](int64_t begin, int64_t end, float* own) {
              for (int64_t i = begin; i < end; ++i) rmsnorm_slope(cotangent.row(i), x.row(i), gain, to + i * n, own, n);
            });
          }};
}

// Products whose results are only summed.

Rival sigmoid_gemv(const Tensors& in, DType) {
  const Matrix<float> x(in[0]);
  return scalar<float>([=, w = in[1].data<float>()] {
    return split_sum<float>(x.rows, 2, [=](int64_t begin, int64_t end) {
      float total = 0;
      for (int64_t i = begin; i < end; ++i) total += bounded_sigmoid(inner_product(x.row(i), w, x.columns));
      return total;
    });
  });
}

/// Of eight rows of x at once with all of w, which has sixteen columns; the sums of their sigmoids.
void add_sigmoids(const float* __restrict x, const float* __restrict w, float* __restrict total, int64_t k) {
  constexpr int rows = 8, columns = 16;
  typedef float Vector __attribute__((vector_size(4 * columns), aligned(4)));
  Vector sums[rows] = {};
  for (int64_t p = 0; p < k; ++p)
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) sums[r] += x[r * k + p] * *reinterpret_cast<const Vector*>(w + p * columns);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) total[c] += bounded_sigmoid(sums[r][c]);
}

Rival sigmoid_gemm(const Tensors& in, DType) {
  const Matrix<float> x(in[0]);
  if (in[1].sizes()[1] != 16 || x.rows % 8 != 0) throw std::runtime_error("written for sixteen columns");
  Tensor out = Tensor::zeros<float>({16});
  return {{out}, [=, w = in[1].data<float>(), total = writable<float>(out)] {
            sum_columns_of_parts(x, 16, total, [=](int64_t begin, int64_t end, float* own) {
              for (int64_t i = begin; i < end; i += 8) add_sigmoids(x.row(i), w, own, x.columns);
            });
          }};
}

}  // namespace

Rivals reduction_rivals() {
  const auto row_sum = [](const float* x, int64_t n) { return sum(x, n); };
  const auto column_sum = each_column([](auto... x) { add_rows<float>(x...); });
  return {
      {"R1.sum_all", real(sum_all)},
      {"R1.sum_rows", each_row_to_number<float>(row_sum)},
      {"R1.sum_columns", column_sum},
      {"R1.mean_rows", each_row_to_number<float>([](const float* x, int64_t n) { return sum(x, n) / n; })},
      {"R1.max_rows", each_row_to_number<float>([](const float* x, int64_t n) { return largest(x, n); })},
      {"R1.max_columns", each_column([](auto... x) { largest_of_rows<float>(x...); })},
      {"R1.argmax_rows",
       each_row_to_number<std::int64_t>([](const float* x, int64_t n) { return position_of_largest(x, n); })},
      {"R1.argmax_columns", argmax_columns},
      {"R1.sum_axis0", sum_axis0},
      {"R1.sum_axis1", sum_axis1},
      {"R1.sum_axis2", sum_axis2},
      {"R2.distance", sum_of_pairs([](auto... x) { return squared_distance(x...); })},
      {"R2.dot", sum_of_pairs([](auto... x) { return inner_product(x...); })},
      {"R2.variance", real(variance)},
      {"R3.logsumexp", each_row_to_number<float>([](const float* x, int64_t n) { return logsumexp(x, n); })},
      {"R3.softmax", each_row_to_row([](auto* x, Others&, float* to, int64_t n) { softmax(x, to, n); })},
      {"R3.log_softmax", each_row_to_row([](auto* x, Others&, float* to, int64_t n) { log_softmax(x, to, n); })},
      {"R3.crossentropy", crossentropy_rival},
      {"R4.layernorm",
       each_row_to_row([](auto* x, Others& o, float* to, int64_t n) { layernorm(x, o[0], o[1], to, n); })},
      {"R4.layernorm_grad", layernorm_grad},
      {"R4.rmsnorm", each_row_to_row([](auto* x, Others& o, float* to, int64_t n) { rmsnorm(x, o[0], to, n); })},
      {"R4.rmsnorm_grad", rmsnorm_grad},
      {"R6.sigmoid_gemv", sigmoid_gemv},
      {"R6.sigmoid_gemm", sigmoid_gemm},
  };
}

}  // namespace theon::benchmarks
