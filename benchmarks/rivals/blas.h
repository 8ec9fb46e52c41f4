// Row-major matrix products of either real type.
#pragma once

#include <cblas.h>

namespace theon::benchmarks {

/// c [m, n] = alpha * op(a) op(b) + beta * c, with op(a) of [m, k] and op(b) of [k, n]; all contiguous.
template <class T>
void gemm(bool transposed_a, bool transposed_b, int m, int n, int k, T alpha, const T* a, const T* b, T beta, T* c) {
  const CBLAS_TRANSPOSE ta = transposed_a ? CblasTrans : CblasNoTrans, tb = transposed_b ? CblasTrans : CblasNoTrans;
  const int lda = transposed_a ? m : k, ldb = transposed_b ? k : n;
  if constexpr (sizeof(T) == 4)
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, n);
  else
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, n);
}

/// y = op(a) x for a [m, n].
template <class T>
void gemv(bool transposed, int m, int n, const T* a, const T* x, T* y) {
  const CBLAS_TRANSPOSE ta = transposed ? CblasTrans : CblasNoTrans;
  if constexpr (sizeof(T) == 4)
    cblas_sgemv(CblasRowMajor, ta, m, n, 1, a, n, x, 1, 0, y, 1);
  else
    cblas_dgemv(CblasRowMajor, ta, m, n, 1, a, n, x, 1, 0, y, 1);
}

/// a [m, n] += alpha x y^T
template <class T>
void ger(int m, int n, T alpha, const T* x, const T* y, T* a) {
  if constexpr (sizeof(T) == 4)
    cblas_sger(CblasRowMajor, m, n, alpha, x, 1, y, 1, a, n);
  else
    cblas_dger(CblasRowMajor, m, n, alpha, x, 1, y, 1, a, n);
}

/// The upper triangle of c [n, n] = op(a) op(a)^T + beta * c, with op(a) of [n, k].
template <class T>
void syrk(bool transposed, int n, int k, const T* a, T beta, T* c) {
  const CBLAS_TRANSPOSE ta = transposed ? CblasTrans : CblasNoTrans;
  const int lda = transposed ? n : k;
  if constexpr (sizeof(T) == 4)
    cblas_ssyrk(CblasRowMajor, CblasUpper, ta, n, k, 1, a, lda, beta, c, n);
  else
    cblas_dsyrk(CblasRowMajor, CblasUpper, ta, n, k, 1, a, lda, beta, c, n);
}

}  // namespace theon::benchmarks
