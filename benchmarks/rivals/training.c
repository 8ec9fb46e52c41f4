/* Updates are folded into the matrix products (beta = 1), elementwise work into one loop, and nothing is allocated. */
#include "benchmarks/rivals/rivals.h"

#include <cblas.h>
#include <math.h>

/* c [m, n] = alpha * a [m, k] b [k, n] + beta * c */
static void multiply(int64_t m, int64_t n, int64_t k, float alpha, const float* a, const float* b, float beta,
                     float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, alpha, a, k, b, n, beta, c, n);
}

/* c [m, n] = a [m, k] b^T for b [n, k] */
static void multiply_transposed(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, k, b, k, 0, c, n);
}

/* w [inputs, outputs] -= rate * x^T g, for x [batch, inputs] and g [batch, outputs]; and the same for the biases */
static void descend(int64_t batch, int64_t inputs, int64_t outputs, float rate, const float* restrict x,
                    const float* restrict g, float* restrict w, float* restrict b) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, inputs, outputs, batch, -rate, x, inputs, g, outputs, 1, w,
              outputs);
  for (int64_t i = 0; i < batch; i++)
    for (int64_t j = 0; j < outputs; j++) b[j] -= rate * g[i * outputs + j];
}

/* Adds the biases to z and turns it into the gradient of the mean cross-entropy; returns the latter. */
static float cross_entropy(float* restrict z, const float* restrict b, const int32_t* restrict labels, int64_t batch,
                           int64_t classes) {
  float loss = 0;
  for (int64_t i = 0; i < batch; i++) {
    float* row = z + i * classes;
    float largest = -INFINITY;
    for (int64_t j = 0; j < classes; j++) {
      row[j] += b[j];
      largest = row[j] > largest ? row[j] : largest;
    }
    float sum = 0;
    for (int64_t j = 0; j < classes; j++) {
      row[j] = expf(row[j] - largest);
      sum += row[j];
    }
    const float scale = 1 / sum;
    loss -= logf(row[labels[i]] * scale);
    for (int64_t j = 0; j < classes; j++) row[j] *= scale / batch;
    row[labels[i]] -= 1.0f / batch;
  }
  return loss / batch;
}

float rival_regression_step(struct RivalRegression* model, const float* x, const int32_t* labels, float rate) {
  const int64_t batch = model->batch, inputs = model->inputs, classes = model->classes;
  multiply(batch, classes, inputs, 1, x, model->w, 0, model->z);
  const float loss = cross_entropy(model->z, model->b, labels, batch, classes);
  descend(batch, inputs, classes, rate, x, model->z, model->w, model->b);
  return loss;
}

static void add_and_tanh(float* restrict h, const float* restrict b, int64_t batch, int64_t hidden) {
  for (int64_t i = 0; i < batch; i++)
    for (int64_t j = 0; j < hidden; j++) h[i * hidden + j] = tanhf(h[i * hidden + j] + b[j]);
}

float rival_network_step(struct RivalNetwork* model, const float* x, const int32_t* labels, float rate) {
  const int64_t batch = model->batch, inputs = model->inputs, hidden = model->hidden, classes = model->classes;
  float *restrict h = model->h, *restrict g = model->g;

  multiply(batch, hidden, inputs, 1, x, model->w1, 0, h);
  add_and_tanh(h, model->b1, batch, hidden);
  multiply(batch, classes, hidden, 1, h, model->w2, 0, model->z);
  const float loss = cross_entropy(model->z, model->b2, labels, batch, classes);

  multiply_transposed(batch, hidden, classes, model->z, model->w2, g);
  for (int64_t i = 0; i < batch * hidden; i++) g[i] *= 1 - h[i] * h[i];
  descend(batch, hidden, classes, rate, h, model->z, model->w2, model->b2);
  descend(batch, inputs, hidden, rate, x, g, model->w1, model->b1);
  return loss;
}
