#include "benchmarks/rivals/parallel.h"
#include "benchmarks/rivals/rivals.h"

#include <cmath>
#include <numbers>

namespace theon::benchmarks {

namespace {

using std::int64_t;

// One loop for each number of operands: f is inlined into it, and restrict tells that nothing overlaps.

template <class T, class F>
void loop(F f, const T* __restrict x, T* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = f(x[i]);
}

template <class T, class F>
void loop(F f, const T* __restrict x, const T* __restrict y, T* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = f(x[i], y[i]);
}

template <class T, class F>
void loop_in_place(F f, T* __restrict x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = f(x[i]);
}

template <class T, class F>
void loop_in_place(F f, T* __restrict x, const T* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = f(x[i], y[i]);
}

template <class F>
Prepare unary(F f) {
  return real([f]<class T>(const Tensors& x) {
    Tensor out = Tensor::zeros<T>(x[0].sizes());
    return Rival{{out}, [f, n = x[0].size(), from = x[0].data<T>(), to = writable<T>(out)] {
                   split(n, worthwhile, [=](int64_t i, int64_t end) { loop(f, from + i, to + i, end - i); });
                 }};
  });
}

template <class F>
Prepare binary(F f) {
  return real([f]<class T>(const Tensors& x) {
    Tensor out = Tensor::zeros<T>(x[0].sizes());
    return Rival{{out}, [f, n = x[0].size(), a = x[0].data<T>(), b = x[1].data<T>(), to = writable<T>(out)] {
                   split(n, worthwhile, [=](int64_t i, int64_t end) { loop(f, a + i, b + i, to + i, end - i); });
                 }};
  });
}

template <class F>
Prepare unary_in_place(F f) {
  return real([f]<class T>(const Tensors& x) {
    Tensor state = x[0].copy();
    return Rival{{state}, [f, n = x[0].size(), a = writable<T>(state)] {
                   split(n, worthwhile, [=](int64_t i, int64_t end) { loop_in_place(f, a + i, end - i); });
                 }};
  });
}

template <class F>
Prepare binary_in_place(F f) {
  return real([f]<class T>(const Tensors& x) {
    Tensor state = x[0].copy();
    return Rival{{state}, [f, n = x[0].size(), a = writable<T>(state), b = x[1].data<T>()] {
                   split(n, worthwhile, [=](int64_t i, int64_t end) { loop_in_place(f, a + i, b + i, end - i); });
                 }};
  });
}

// The formulas.

constexpr auto square_of_sum = []<class T>(T a, T b) { return a * a + b * b + 2 * a * b; };

template <class T>
T sigmoid(T x) {
  return 1 / (1 + std::exp(-x));
}

constexpr auto gated_bell = []<class T>(T x) { return std::tanh(x) * sigmoid(x) + std::exp(-x * x); };

constexpr auto gated_bell_slope = []<class T>(T x) {
  const T t = std::tanh(x), s = sigmoid(x);
  return (1 - t * t) * s + t * s * (1 - s) - 2 * x * std::exp(-x * x);
};

constexpr auto tenth_power = []<class T>(T a, T b) {
  const T b2 = b * b, b4 = b2 * b2;
  return 2 * a + b4 * b4 * b2;
};

constexpr auto waves = []<class T>(T a, T b) {
  const T s = std::sin(a), c = std::cos(b);
  return s * s + c * c + a * b;
};

constexpr auto polynomial = []<class T>(T x) {
  T y = T(1) / 20;
#pragma GCC unroll 20
  for (int i = 19; i > 0; --i) y = y * x + T(1) / i;
  return y;
};

constexpr auto select = []<class T>(T a, T b) {
  const T clipped = std::min(std::max(a, T(-0.5)), T(0.5)), otherwise = b < 0 ? a * b : a - b;
  return a > b ? clipped : otherwise;
};

constexpr auto casts = []<class T>(T x) {
  using Other = std::conditional_t<std::is_same_v<T, double>, float, double>;
  return x + T(Other(std::int32_t(100 * x)) * Other(0.5));
};

template <int length>
constexpr auto chain = []<class T>(T x) {
  T y = x;
#pragma GCC unroll 100
  for (int i = 0; i < length; ++i)
    y = i % 4 == 0 ? y + x : i % 4 == 1 ? y * T(0.625) : i % 4 == 2 ? std::abs(y) : x - y;
  return y;
};

// Both derivatives of the square of a sum are the same.
template <class T>
void slopes(const T* __restrict a, const T* __restrict b, T* __restrict by_a, T* __restrict by_b, int64_t n) {
  for (int64_t i = 0; i < n; ++i) by_a[i] = by_b[i] = 2 * (a[i] + b[i]);
}

constexpr auto square_of_sum_gradient = []<class T>(const Tensors& x) {
  Tensor by_a = Tensor::zeros<T>(x[0].sizes()), by_b = Tensor::zeros<T>(x[0].sizes());
  return Rival{{by_a, by_b},
               [n = x[0].size(), a = x[0].data<T>(), b = x[1].data<T>(), p = writable<T>(by_a), q = writable<T>(by_b)] {
                 split(n, worthwhile, [=](int64_t i, int64_t end) { slopes(a + i, b + i, p + i, q + i, end - i); });
               }};
};

// After Black and Scholes (1973).
constexpr double interest = 0.05, volatility = 0.2;

template <class T>
T normal_cdf(T x) {
  return T(0.5) + T(0.5) * std::erf(x * T(std::numbers::sqrt2 / 2));
}

template <class T>
struct Market {
  const T *spot, *strike, *years;
  T* results[6];
};

template <class T>
void prices(const T* __restrict spot, const T* __restrict strike, const T* __restrict years, T* __restrict call,
            T* __restrict put, int64_t n) {
  constexpr T r = interest, v = volatility;
  for (int64_t i = 0; i < n; ++i) {
    const T spread = v * std::sqrt(years[i]);
    const T d1 = (std::log(spot[i] / strike[i]) + (r + T(0.5) * v * v) * years[i]) / spread;
    const T discounted = strike[i] * std::exp(-r * years[i]);
    const T price = spot[i] * normal_cdf(d1) - discounted * normal_cdf(d1 - spread);
    call[i] = price;
    put[i] = price - spot[i] + discounted;
  }
}

template <class T>
void greeks(const T* __restrict spot, const T* __restrict strike, const T* __restrict years, T* __restrict call,
            T* __restrict put, T* __restrict delta, T* __restrict gamma, T* __restrict vega, T* __restrict theta,
            int64_t n) {
  constexpr T r = interest, v = volatility, scale = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  for (int64_t i = 0; i < n; ++i) {
    const T root = std::sqrt(years[i]), spread = v * root;
    const T d1 = (std::log(spot[i] / strike[i]) + (r + T(0.5) * v * v) * years[i]) / spread;
    const T discounted = strike[i] * std::exp(-r * years[i]), density = scale * std::exp(T(-0.5) * d1 * d1);
    const T above = normal_cdf(d1), below = normal_cdf(d1 - spread);
    const T price = spot[i] * above - discounted * below;
    call[i] = price;
    put[i] = price - spot[i] + discounted;
    delta[i] = above;
    gamma[i] = density / (spot[i] * spread);
    vega[i] = spot[i] * density * root;
    theta[i] = T(-0.5) * v * spot[i] * density / root - r * discounted * below;
  }
}

template <class T>
Market<T> market(const Tensors& x, Tensors& results) {
  Market<T> m{x[0].data<T>(), x[1].data<T>(), x[2].data<T>(), {}};
  for (std::size_t i = 0; i < results.size(); ++i) m.results[i] = writable<T>(results[i]);
  return m;
}

template <class T>
Tensors like(const Tensor& x, std::size_t count) {
  Tensors results;
  while (results.size() < count) results.push_back(Tensor::zeros<T>(x.sizes()));
  return results;
}

constexpr auto all_prices = []<class T>(const Tensors& x) {
  Tensors results = like<T>(x[0], 2);
  return Rival{results, [m = market<T>(x, results), n = x[0].size()] {
                 split(n, worthwhile, [&](int64_t i, int64_t end) {
                   prices(m.spot + i, m.strike + i, m.years + i, m.results[0] + i, m.results[1] + i, end - i);
                 });
               }};
};

constexpr auto all_greeks = []<class T>(const Tensors& x) {
  Tensors results = like<T>(x[0], 6);
  return Rival{results, [m = market<T>(x, results), n = x[0].size()] {
                 split(n, worthwhile, [&](int64_t i, int64_t end) {
                   const auto& [call, put, delta, gamma, vega, theta] = m.results;
                   greeks(m.spot + i, m.strike + i, m.years + i, call + i, put + i, delta + i, gamma + i, vega + i,
                          theta + i, end - i);
                 });
               }};
};

// Moved and broadcast operands.

template <class T>
void add_to_all(T x, const T* __restrict y, T* __restrict out, int64_t n) {
  for (int64_t j = 0; j < n; ++j) out[j] = x + y[j];
}

constexpr auto outer_sum = []<class T>(const Tensors& x) {
  const int64_t n = x[0].size();
  Tensor out = Tensor::zeros<T>({n, n});
  return Rival{{out}, [=, a = x[0].data<T>(), b = x[1].data<T>(), to = writable<T>(out)] {
                 split(n, 64, [=](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) add_to_all(a[i], b, to + i * n, n);
                 });
               }};
};

template <class T>
void add_tile(const T* __restrict x, const T* __restrict y, T* __restrict out, int64_t n, int64_t rows,
              int64_t columns) {
  for (int64_t p = 0; p < rows; ++p)
    for (int64_t q = 0; q < columns; ++q) out[p * n + q] = x[q * n + p] + y[p * n + q];
}

/// Square tiles, so that each line of the operand that is read downwards is read once.
template <class T>
void add_transposed(const T* __restrict x, const T* __restrict y, T* __restrict out, int64_t n, int64_t begin,
                    int64_t end) {
  constexpr int64_t tile = 64 / sizeof(T);
  for (int64_t i = begin; i < end; i += tile)
    for (int64_t j = 0; j < n; j += tile) {
      const int64_t rows = std::min(tile, end - i), columns = std::min(tile, n - j);
      const T *from = x + j * n + i, *other = y + i * n + j;
      if (rows == tile && columns == tile)
        add_tile(from, other, out + i * n + j, n, tile, tile);
      else
        add_tile(from, other, out + i * n + j, n, rows, columns);
    }
}

constexpr auto transposed_sum = []<class T>(const Tensors& x) {
  const int64_t n = x[0].sizes()[0];
  Tensor out = Tensor::zeros<T>({n, n});
  return Rival{{out}, [=, a = x[0].data<T>(), b = x[1].data<T>(), to = writable<T>(out)] {
                 split(n, 64, [=](int64_t begin, int64_t end) { add_transposed(a, b, to, n, begin, end); });
               }};
};

template <class T>
void multiply_strided(const T* __restrict x, const T* __restrict y, T* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = x[2 * i] * y[2 * i + 1];
}

constexpr auto strided_product = []<class T>(const Tensors& x) {
  const int64_t n = x[0].size() / 2;
  Tensor out = Tensor::zeros<T>({n});
  return Rival{{out}, [=, a = x[0].data<T>(), b = x[1].data<T>(), to = writable<T>(out)] {
                 split(n, worthwhile,
                       [=](int64_t i, int64_t end) { multiply_strided(a + 2 * i, b + 2 * i, to + i, end - i); });
               }};
};

}  // namespace

Rivals elementwise_rivals() {
  return {
      {"A1.forward", binary(square_of_sum)},
      {"A1.gradient", real(square_of_sum_gradient)},
      {"A1.inplace", binary_in_place(square_of_sum)},
      {"A2.forward", binary([](auto a, auto b) { return 2 * a + 3 * b; })},
      {"A3.forward", unary([](auto a) { return a + 1; })},
      {"A4.forward", binary(tenth_power)},
      {"A5.forward", unary(gated_bell)},
      {"A5.gradient", unary(gated_bell_slope)},
      {"A5.inplace", unary_in_place(gated_bell)},
      {"A6.price", real(all_prices)},
      {"A6.greeks", real(all_greeks)},
      {"A7.waves", binary(waves)},
      {"A7.polynomial", unary(polynomial)},
      {"A7.select", binary(select)},
      {"A7.casts", unary(casts)},
      {"A9.outer", real(outer_sum)},
      {"A9.transpose", real(transposed_sum)},
      {"A9.strided", real(strided_product)},
      {"A10.chain5", unary(chain<5>)},
      {"A10.chain20", unary(chain<20>)},
      {"A10.chain100", unary(chain<100>)},
  };
}

}  // namespace theon::benchmarks
