#include "benchmarks/probes.h"

#include "benchmarks/rivals/probes.h"

#include <theon/tensor.h>

#include <algorithm>
#include <cstdint>

namespace theon::benchmarks {

Turn multiply_add_probe() {
  return [] {
    constexpr std::int64_t rounds = 200'000;  // about half a millisecond
    double operations = 0;
    const double took = seconds([&] { operations = probe_multiply_add(rounds); });
    return took / operations;
  };
}

Turn triad_probe(double bytes) {
  constexpr double caches = 16 << 20;
  constexpr std::int64_t lanes = 8, array_bytes = sizeof(double);
  const std::int64_t n =
      std::max<std::int64_t>(static_cast<std::int64_t>(bytes) / (3 * array_bytes) / lanes, 1) * lanes;
  const auto triad = bytes > caches ? probe_triad_streaming : probe_triad;

  const Tensor a = Tensor::ones<double>({n}), b = Tensor::ones<double>({n});
  Tensor out = Tensor::zeros<double>({n});
  const Turn turn = calls([=]() mutable { triad(a.data<double>(), b.data<double>(), out.mutable_data<double>(), n); });
  return [turn, n] { return turn() / static_cast<double>(3 * array_bytes * n); };
}

}  // namespace theon::benchmarks
