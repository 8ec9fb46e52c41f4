/* The programs to beat: what one writes by hand in C for the same task, with OpenBLAS for the matrix products. */
#ifndef THEON_BENCHMARKS_RIVALS_H
#define THEON_BENCHMARKS_RIVALS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out = tanh(x) * sigmoid(x) + exp(-x * x) */
void rival_gated_bell(const float* x, float* out, int64_t n);

/* out = softmax of each row of x [rows, columns] */
void rival_row_softmax(const float* x, float* out, int64_t rows, int64_t columns);

/* Softmax regression: parameters, and scratch memory for one batch. */
struct RivalRegression {
  int64_t batch, inputs, classes;
  float *w, *b; /* [inputs, classes], [classes] */
  float* z;     /* [batch, classes] */
};

/* One step of gradient descent on the mean cross-entropy; returns it. */
float rival_regression_step(struct RivalRegression* model, const float* x, const int32_t* labels, float rate);

/* A network with one hidden layer of tanh units: parameters, and scratch memory for one batch. */
struct RivalNetwork {
  int64_t batch, inputs, hidden, classes;
  float *w1, *b1, *w2, *b2; /* [inputs, hidden], [hidden], [hidden, classes], [classes] */
  float *h, *g, *z;         /* [batch, hidden], [batch, hidden], [batch, classes] */
};

/* One step of gradient descent on the mean cross-entropy; returns it. */
float rival_network_step(struct RivalNetwork* model, const float* x, const int32_t* labels, float rate);

#ifdef __cplusplus
}
#endif
#endif
