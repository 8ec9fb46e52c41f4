#include "benchmarks/rivals/parallel.h"
#include "benchmarks/rivals/rivals.h"

#include <cmath>
#include <numbers>

namespace theon::benchmarks {

namespace {

using std::int64_t;

template <class T>
struct Bodies {
  const T *x, *y, *z, *mass;
  T *fx, *fy, *fz;
};

template <class T>
void pull(const T* __restrict x, const T* __restrict y, const T* __restrict z, const T* __restrict mass,
          T* __restrict fx, T* __restrict fy, T* __restrict fz, int64_t n, int64_t begin, int64_t end) {
  constexpr T softening = 0.01;
  for (int64_t i = begin; i < end; ++i) {
    const T x0 = x[i], y0 = y[i], z0 = z[i];
    T sx = 0, sy = 0, sz = 0;
    for (int64_t j = 0; j < n; ++j) {
      const T dx = x[j] - x0, dy = y[j] - y0, dz = z[j] - z0;
      const T inverse = 1 / std::sqrt(dx * dx + dy * dy + dz * dz + softening);
      const T weight = mass[j] * inverse * inverse * inverse;
      sx += weight * dx;
      sy += weight * dy;
      sz += weight * dz;
    }
    fx[i] = mass[i] * sx;
    fy[i] = mass[i] * sy;
    fz[i] = mass[i] * sz;
  }
}

constexpr auto forces = []<class T>(const Tensors& in) {
  const int64_t n = in[0].size();
  Tensors results{Tensor::zeros<T>({n}), Tensor::zeros<T>({n}), Tensor::zeros<T>({n})};
  const Bodies<T> b{in[0].data<T>(),         in[1].data<T>(),         in[2].data<T>(),        in[3].data<T>(),
                    writable<T>(results[0]), writable<T>(results[1]), writable<T>(results[2])};
  return Rival{
      results, [=] {
        split(n, 64, [&](int64_t begin, int64_t end) { pull(b.x, b.y, b.z, b.mass, b.fx, b.fy, b.fz, n, begin, end); });
      }};
};

/// Not inlined, since that would forget what restrict tells.
template <class T>
__attribute__((noinline)) void heat_step(const T* __restrict u, T* __restrict out, int64_t n, int64_t begin,
                                         int64_t end) {
  constexpr T diffusion = 0.1;
  for (int64_t i = begin; i < end; ++i) {
    const T* p = u + i * n;
    T* q = out + i * n;
    for (int64_t j = 1; j < n - 1; ++j)
      q[j] = p[j] + diffusion * (p[j - 1] + p[j + 1] + p[j - n] + p[j + n] - 4 * p[j]);
  }
}

constexpr auto heat = []<class T>(const Tensors& x) {
  const int64_t n = x[0].sizes()[0];
  Tensor plate = x[0].copy(), spare = x[0].copy();
  return Rival{{plate},
               [=, from = x[0].data<T>(), a = writable<T>(plate), b = writable<T>(spare)] {
                 std::copy(from, from + n * n, a);
                 const auto step = [=](const T* u, T* out) {
                   split(n - 2, 64, [=](int64_t i, int64_t end) { heat_step(u, out, n, i + 1, end + 1); });
                 };
                 for (int k = 0; k < 500; ++k) {
                   step(a, b);
                   step(b, a);
                 }
               },
               {spare}};
};

/// Two positions and two velocities; the positions are observed. The transition and the noises are constants.
double log_likelihood(const double* z, int64_t steps) {
  constexpr double transition[4][4] = {{1, 0, 1, 0}, {0, 1, 0, 1}, {0, 0, 1, 0}, {0, 0, 0, 1}};
  constexpr double process = 0.01, observation = 0.1;
  double x[4] = {}, p[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
  double total = 0;
  for (int64_t t = 0; t < steps; ++t) {
    double mean[4] = {}, half[4][4] = {}, q[4][4] = {}, gain[4][2];
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) mean[i] += transition[i][j] * x[j];
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j)
        for (int k = 0; k < 4; ++k) half[i][j] += transition[i][k] * p[k][j];
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) {
        q[i][j] = i == j ? process : 0;
        for (int k = 0; k < 4; ++k) q[i][j] += half[i][k] * transition[j][k];
      }
    const double a = q[0][0] + observation, b = q[0][1], c = q[1][1] + observation, determinant = a * c - b * b;
    const double ia = c / determinant, ib = -b / determinant, ic = a / determinant;
    const double y0 = z[2 * t] - mean[0], y1 = z[2 * t + 1] - mean[1];
    for (int i = 0; i < 4; ++i) {
      gain[i][0] = q[i][0] * ia + q[i][1] * ib;
      gain[i][1] = q[i][0] * ib + q[i][1] * ic;
    }
    for (int i = 0; i < 4; ++i) x[i] = mean[i] + gain[i][0] * y0 + gain[i][1] * y1;
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) p[i][j] = q[i][j] - gain[i][0] * q[0][j] - gain[i][1] * q[1][j];
    const double distance = y0 * (ia * y0 + ib * y1) + y1 * (ib * y0 + ic * y1);
    total -= 0.5 * (std::log(determinant) + distance + 2 * std::log(2 * std::numbers::pi));
  }
  return total;
}

Rival kalman(const Tensors& x, DType) {
  Tensor out = Tensor::zeros<double>({});
  return {{out}, [z = x[0].data<double>(), steps = x[0].sizes()[0], to = writable<double>(out)] {
            *to = log_likelihood(z, steps);
          }};
}

}  // namespace

Rivals science_rivals() { return {{"S3.forces", real(forces)}, {"S4.heat", real(heat)}, {"S6.kalman", kalman}}; }

}  // namespace theon::benchmarks
