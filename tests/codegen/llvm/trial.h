// Kernels to try every way of running them on.
#pragma once

#include "codegen/abi.h"
#include "src/ir/interpreter.h"
#include "src/ir/loop.h"
#include "src/ir/loop_layout.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace theon::test {

using Random = std::mt19937_64;

/// The memory of one slot, with bytes behind its end that nobody may touch.
struct Array {
  DType dtype;
  std::size_t size;  // elements
  std::vector<std::byte> bytes;
};

/// A kernel over the symbols n and m, to be run with begin 0 and end n.
struct Trial {
  explicit Trial(std::string name);

  ir::Expr local(ir::Local number, DType dtype = DType::int64) { return pool->local(number, dtype); }
  ir::Expr integer(std::int64_t value) { return pool->literal(value); }
  ir::Expr load(std::int64_t buffer, ir::Expr offset) { return pool->load(buffer, kernel.buffers[buffer].dtype, std::vector{offset}); }
  /// A buffer in a slot of its own.
  std::int64_t buffer(DType dtype, ir::Access access, std::function<std::int64_t(std::int64_t n, std::int64_t m)> size);
  std::int64_t scratch(DType dtype, ir::Expr size);
  ir::Local new_local() { return kernel.locals++; }
  ir::Expr n_value() { return pool->parameter(n); }
  ir::Expr m_value() { return pool->parameter(m); }

  /// Random multiples of 1/8 between -9 and 9: sums of their products are exact in float32, in any order and with any rounding in between.
  std::vector<Array> data(std::int64_t n_size, std::int64_t m_size, Random& random) const;

  std::shared_ptr<ir::Pool> pool = std::make_shared<ir::Pool>();
  Dim n, m;  // the same symbols in all trials
  ir::Layout layout{std::vector<Dim>{n, m}};
  ir::Kernel kernel;
  std::vector<std::function<std::int64_t(std::int64_t, std::int64_t)>> sizes;  // of slots
};

struct Outcome {
  std::vector<Array> arrays;
  ir::KernelFailure failure;
};

Outcome interpreted(const Trial& trial, std::vector<Array> arrays, std::int64_t n, std::int64_t m);
Outcome called(TheonKernel kernel, const Trial& trial, std::vector<Array> arrays, std::int64_t n, std::int64_t m);

/// What differs, NaNs aside; empty if nothing does.
std::string difference(const Outcome& actual, const Outcome& expected);

/// Sizes around those of vectors.
inline constexpr std::int64_t trial_sizes[] = {0, 1, 7, 8, 15, 16, 17, 31, 33, 64, 100};

/// Scratch memory of four elements, read at known places and at places that depend on the iteration.
Trial known_places(DType dtype);
Trial chosen_places(DType dtype);

std::vector<Trial> elementwise_trials();
std::vector<Trial> memory_trials();
std::vector<Trial> reduction_trials();
std::vector<Trial> control_trials();
std::vector<Trial> all_trials();

}  // namespace theon::test
