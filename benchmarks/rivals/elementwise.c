#include "benchmarks/rivals/rivals.h"

#include <math.h>

void rival_gated_bell(const float* restrict x, float* restrict out, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = tanhf(x[i]) * (1.0f / (1.0f + expf(-x[i]))) + expf(-x[i] * x[i]);
}

static void softmax(const float* restrict x, float* restrict out, int64_t n) {
  float largest = x[0];
  for (int64_t i = 0; i < n; i++) largest = x[i] > largest ? x[i] : largest;

  float sum = 0;
  for (int64_t i = 0; i < n; i++) {
    const float e = expf(x[i] - largest);
    out[i] = e;
    sum += e;
  }
  const float scale = 1.0f / sum;
  for (int64_t i = 0; i < n; i++) out[i] *= scale;
}

void rival_row_softmax(const float* x, float* out, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i++) softmax(x + i * columns, out + i * columns, columns);
}
