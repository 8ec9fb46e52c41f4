// Updates are folded into the matrix products (beta = 1), elementwise work into one loop, and nothing is allocated.
#include "benchmarks/rivals/blas.h"
#include "benchmarks/rivals/parallel.h"
#include "benchmarks/rivals/rivals.h"

#include <array>
#include <cmath>
#include <limits>
#include <tuple>

namespace theon::benchmarks {

namespace {

using std::int64_t;

constexpr double rate = 0.01;

/// w [inputs, outputs] -= rate * x^T g, for x [batch, inputs] and g [batch, outputs]; and the same for the biases
template <class T>
void descend(int64_t batch, int64_t inputs, int64_t outputs, const T* x, const T* __restrict g, T* w, T* __restrict b) {
  gemm<T>(true, false, inputs, outputs, batch, -rate, x, g, 1, w);
  for (int64_t i = 0; i < batch; ++i)
    for (int64_t j = 0; j < outputs; ++j) b[j] -= T(rate) * g[i * outputs + j];
}

/// Adds the biases to z and turns it into the gradient of the mean cross-entropy, which is returned.
template <class T>
T cross_entropy(T* __restrict z, const T* __restrict b, const std::int32_t* __restrict labels, int64_t batch,
                int64_t classes) {
  T loss = 0;
  for (int64_t i = 0; i < batch; ++i) {
    T* row = z + i * classes;
    T largest = std::numeric_limits<T>::lowest();
    for (int64_t j = 0; j < classes; ++j) {
      row[j] += b[j];
      largest = row[j] > largest ? row[j] : largest;
    }
    T sum = 0;
    for (int64_t j = 0; j < classes; ++j) {
      row[j] = std::exp(row[j] - largest);
      sum += row[j];
    }
    const T scale = 1 / sum;
    loss -= std::log(row[labels[i]] * scale);
    for (int64_t j = 0; j < classes; ++j) row[j] *= scale / batch;
    row[labels[i]] -= T(1) / batch;
  }
  return loss / batch;
}

template <class T>
void add_and_tanh(T* __restrict h, const T* __restrict b, int64_t batch, int64_t hidden) {
  for (int64_t i = 0; i < batch; ++i)
    for (int64_t j = 0; j < hidden; ++j) h[i * hidden + j] = std::tanh(h[i * hidden + j] + b[j]);
}

template <class T>
void times_slope_of_tanh(T* __restrict g, const T* __restrict h, int64_t n) {
  for (int64_t i = 0; i < n; ++i) g[i] *= 1 - h[i] * h[i];
}

constexpr auto regression = []<class T>(const Tensors& in) {
  const int64_t batch = in[0].sizes()[0], inputs = in[0].sizes()[1], classes = in[3].size();
  Tensor loss = Tensor::zeros<T>({}), w = in[2].copy(), b = in[3].copy(), scores = Tensor::zeros<T>({batch, classes});
  return Rival{{loss, w, b},
               [=, x = in[0].data<T>(), labels = in[1].data<std::int32_t>(), value = writable<T>(loss),
                wp = writable<T>(w), bp = writable<T>(b), z = writable<T>(scores)] {
                 gemm<T>(false, false, batch, classes, inputs, 1, x, wp, 0, z);
                 *value = cross_entropy(z, bp, labels, batch, classes);
                 descend(batch, inputs, classes, x, z, wp, bp);
               },
               {scores}};
};

constexpr auto network = []<class T>(const Tensors& in) {
  const int64_t batch = in[0].sizes()[0], inputs = in[0].sizes()[1], hidden = in[3].size(), classes = in[5].size();
  Tensor loss = Tensor::zeros<T>({}), w1 = in[2].copy(), b1 = in[3].copy(), w2 = in[4].copy(), b2 = in[5].copy();
  Tensor units = Tensor::zeros<T>({batch, hidden}), slopes = Tensor::zeros<T>({batch, hidden});
  Tensor scores = Tensor::zeros<T>({batch, classes});
  return Rival{{loss, w1, b1, w2, b2},
               [=, x = in[0].data<T>(), labels = in[1].data<std::int32_t>(), value = writable<T>(loss),
                w1p = writable<T>(w1), b1p = writable<T>(b1), w2p = writable<T>(w2), b2p = writable<T>(b2),
                h = writable<T>(units), g = writable<T>(slopes), z = writable<T>(scores)] {
                 gemm<T>(false, false, batch, hidden, inputs, 1, x, w1p, 0, h);
                 add_and_tanh(h, b1p, batch, hidden);
                 gemm<T>(false, false, batch, classes, hidden, 1, h, w2p, 0, z);
                 *value = cross_entropy(z, b2p, labels, batch, classes);

                 gemm<T>(false, true, batch, hidden, classes, 1, z, w2p, 0, g);
                 times_slope_of_tanh(g, h, batch * hidden);
                 descend(batch, hidden, classes, h, z, w2p, b2p);
                 descend(batch, inputs, hidden, x, g, w1p, b1p);
               },
               {units, slopes, scores}};
};

/// The mean of softplus(z) - t z for z = x w + b, its slopes by z in the place of z.
template <class T>
T logistic_loss(T* __restrict z, const T* __restrict t, T b, int64_t n) {
  T loss = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T score = z[i] + b, power = std::exp(-std::abs(score)), part = 1 / (1 + power);
    loss += std::max(score, T(0)) + std::log(1 + power) - t[i] * score;
    z[i] = ((score < 0 ? power * part : part) - t[i]) / n;
  }
  return loss / n;
}

/// w <- w - rate * (slope + 0.02 w); 0.01 times the sum of squares of the old w is returned.
template <class T>
T shrink(T* __restrict w, const T* __restrict slope, int64_t n) {
  T squares = 0;
  for (int64_t j = 0; j < n; ++j) {
    squares += w[j] * w[j];
    w[j] -= T(rate) * (slope[j] + T(0.02) * w[j]);
  }
  return T(0.01) * squares;
}

constexpr auto binary = []<class T>(const Tensors& in) {
  const int64_t batch = in[0].sizes()[0], inputs = in[0].sizes()[1];
  Tensor loss = Tensor::zeros<T>({}), w = in[2].copy(), b = in[3].copy();
  Tensor scores = Tensor::zeros<T>({batch}), slopes = Tensor::zeros<T>({inputs});
  return Rival{{loss, w, b},
               [=, x = in[0].data<T>(), t = in[1].data<T>(), value = writable<T>(loss), wp = writable<T>(w),
                bp = writable<T>(b), z = writable<T>(scores), g = writable<T>(slopes)] {
                 gemv(false, batch, inputs, x, wp, z);
                 const T mean = logistic_loss(z, t, *bp, batch);
                 for (int64_t i = 0; i < batch; ++i) *bp -= T(rate) * z[i];
                 gemv(true, batch, inputs, x, z, g);
                 *value = mean + shrink(wp, g, inputs);
               },
               {scores, slopes}};
};

// Updates alone.

template <class T>
void sgd(const T* __restrict g, T* __restrict p, int64_t n) {
  for (int64_t i = 0; i < n; ++i) p[i] -= T(rate) * g[i];
}

template <class T>
void momentum(const T* __restrict g, T* __restrict p, T* __restrict v, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    v[i] = T(0.9) * v[i] + g[i];
    p[i] -= T(rate) * v[i];
  }
}

template <class T>
void adam(const T* __restrict g, T* __restrict p, T* __restrict m, T* __restrict v, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    m[i] = T(0.9) * m[i] + T(0.1) * g[i];
    v[i] = T(0.999) * v[i] + T(0.001) * g[i] * g[i];
    p[i] -= T(rate) * (m[i] / T(0.1)) / (std::sqrt(v[i] / T(0.001)) + T(1e-8));
  }
}

/// f(gradient, parameters, states...), on copies of all but the gradient.
template <std::size_t states, class F>
Prepare optimiser(F f) {
  return real([f]<class T>(const Tensors& x) {
    Tensors copies;
    std::array<T*, states> at;
    for (std::size_t i = 0; i < states; ++i) at[i] = writable<T>(copies.emplace_back(x[i + 1].copy()));
    return Rival{copies, [f, at, g = x[0].data<T>(), n = x[0].size()] {
                   split(n, worthwhile, [=](int64_t i, int64_t end) {
                     std::apply([=](auto... state) { f(g + i, (state + i)..., end - i); }, at);
                   });
                 }};
  });
}

}  // namespace

Rivals training_rivals() {
  return {
      {"T1.regression", real(regression)},
      {"T1b.binary", real(binary)},
      {"T2.network", real(network)},
      {"T8.sgd", optimiser<1>([](auto... x) { sgd(x...); })},
      {"T8.momentum", optimiser<2>([](auto... x) { momentum(x...); })},
      {"T8.adam", optimiser<3>([](auto... x) { adam(x...); })},
  };
}

}  // namespace theon::benchmarks
