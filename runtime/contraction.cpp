#include "runtime/contraction.h"

#include "src/support/check.h"

#include <cblas.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace theon::runtime {

namespace {

/// A matrix in memory, one of whose strides is 1.
template <class T>
struct View {
  const T* data;
  std::int64_t row_stride, column_stride;

  bool is_transposed() const { return column_stride != 1; }
  CBLAS_TRANSPOSE transposition() const { return is_transposed() ? CblasTrans : CblasNoTrans; }
  View transpose() const { return {data, column_stride, row_stride}; }
};

template <class T>
struct Product {
  View<T> a, b;
  T* result;
  std::int64_t m, n, k;
  T alpha, beta;
};

// BLAS by overloading.

void gemv(CBLAS_TRANSPOSE t, int m, int n, float alpha, const float* a, int lda, const float* x, int step, float beta,
          float* y) {
  cblas_sgemv(CblasRowMajor, t, m, n, alpha, a, lda, x, step, beta, y, 1);
}
void gemv(CBLAS_TRANSPOSE t, int m, int n, double alpha, const double* a, int lda, const double* x, int step,
          double beta, double* y) {
  cblas_dgemv(CblasRowMajor, t, m, n, alpha, a, lda, x, step, beta, y, 1);
}
void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha, const float* a, int lda,
          const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha, const double* a, int lda,
          const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/// The distance of stored rows as BLAS wants it: at least their length, also where there is only one.
template <class T>
std::int64_t leading(const View<T>& view, std::int64_t rows, std::int64_t columns) {
  const std::int64_t lines = view.is_transposed() ? columns : rows, length = view.is_transposed() ? rows : columns;
  const std::int64_t stride = view.is_transposed() ? view.column_stride : view.row_stride;
  return lines <= 1 ? std::max<std::int64_t>(length, 1) : stride;
}

bool fits_blas(std::initializer_list<std::int64_t> sizes) {
  return std::all_of(sizes.begin(), sizes.end(),
                     [](std::int64_t size) { return size <= std::numeric_limits<int>::max(); });
}

/// Whether the rows that BLAS would see follow one another without overlap.
template <class T>
bool is_regular(const View<T>& view, std::int64_t rows, std::int64_t columns) {
  if (view.row_stride != 1 && view.column_stride != 1) return false;
  return leading(view, rows, columns) >= std::max<std::int64_t>(view.is_transposed() ? rows : columns, 1);
}

/// a b for a matrix a and a vector b.
template <class T>
void times_vector(const Product<T>& p) {
  const std::int64_t rows = p.a.is_transposed() ? p.k : p.m, columns = p.a.is_transposed() ? p.m : p.k;
  gemv(p.a.transposition(), static_cast<int>(rows), static_cast<int>(columns), p.alpha, p.a.data,
       static_cast<int>(leading(p.a, p.m, p.k)), p.b.data, static_cast<int>(p.k <= 1 ? 1 : p.b.row_stride), p.beta,
       p.result);
}

template <class T>
void times_matrix(const Product<T>& p) {
  gemm(p.a.transposition(), p.b.transposition(), static_cast<int>(p.m), static_cast<int>(p.n), static_cast<int>(p.k),
       p.alpha, p.a.data, static_cast<int>(leading(p.a, p.m, p.k)), p.b.data, static_cast<int>(leading(p.b, p.k, p.n)),
       p.beta, p.result, static_cast<int>(p.n));
}

/// What BLAS cannot be told: sizes beyond its integers, rows that overlap.
template <class T>
void by_definition(const Product<T>& p) {
  for (std::int64_t i = 0; i < p.m; ++i)
    for (std::int64_t j = 0; j < p.n; ++j) {
      T sum = 0;
      for (std::int64_t l = 0; l < p.k; ++l)
        sum +=
            p.a.data[i * p.a.row_stride + l * p.a.column_stride] * p.b.data[l * p.b.row_stride + j * p.b.column_stride];
      T& element = p.result[i * p.n + j];
      element = p.alpha * sum + (p.beta == 0 ? 0 : element);
    }
}

/// (a b)^T = b^T a^T: a single row is a single column of the transpose.
template <class T>
Product<T> transposed(const Product<T>& p) {
  return {p.b.transpose(), p.a.transpose(), p.result, p.n, p.m, p.k, p.alpha, p.beta};
}

template <class T>
void multiply(const Product<T>& p) {
  if (p.m == 0 || p.n == 0) return;
  if (p.k == 0) {
    if (p.beta == 0) std::fill_n(p.result, p.m * p.n, T(0));
    return;
  }
  const std::int64_t strides[] = {p.a.row_stride, p.a.column_stride, p.b.row_stride, p.b.column_stride};
  const bool fits = fits_blas({p.m, p.n, p.k}) && fits_blas({strides[0], strides[1], strides[2], strides[3]});
  const bool is_column = p.n == 1 && p.b.row_stride > 0;
  if (!fits || !is_regular(p.a, p.m, p.k) || !(is_column || is_regular(p.b, p.k, p.n))) return by_definition(p);
  if (is_column) return times_vector(p);
  if (p.m == 1) return times_vector(transposed(p));
  times_matrix(p);
}

/// The stride along an axis of size 1 is free to choose.
template <class T>
View<T> view(const Matrix& matrix, std::int64_t rows, std::int64_t columns, const Context& context) {
  View<T> view{static_cast<const T*>(context.buffers[matrix.value]) + context.size(matrix.offset),
               context.size(matrix.row_stride), context.size(matrix.column_stride)};
  if (columns == 1)
    view.column_stride = 1;
  else if (rows == 1)
    view.row_stride = 1;
  return view;
}

template <class T>
void run_typed(const ContractionCall& call, Context& context) {
  T* result = static_cast<T*>(context.buffers[call.result]);
  const std::int64_t m = context.size(call.m), n = context.size(call.n), k = context.size(call.k);
  if (call.accumulate && context.buffers[*call.accumulate] != result)
    std::memcpy(result, context.buffers[*call.accumulate], static_cast<std::size_t>(m * n) * sizeof(T));
  multiply(Product<T>{view<T>(call.a, m, k, context), view<T>(call.b, k, n, context), result, m, n, k,
                      static_cast<T>(call.alpha), T(call.accumulate ? 1 : 0)});
}

}  // namespace

void use_one_thread() { openblas_set_num_threads(1); }

void run(const ContractionCall& call, Context& context) {
  if (call.dtype == DType::float32) return run_typed<float>(call, context);
  THEON_CHECK(call.dtype == DType::float64);
  run_typed<double>(call, context);
}

}  // namespace theon::runtime
