#include "tests/codegen/llvm/trial.h"

#include "src/ir/semantics.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

namespace theon::test {

namespace {

constexpr std::size_t guard_bytes = 256;
constexpr std::byte guard{0xa5};

Array array(DType dtype, std::size_t size) {
  return {dtype, size, std::vector<std::byte>(size * size_of(dtype) + guard_bytes, guard)};
}

ir::Value element(const Array& array, std::size_t k) {
  ir::Value value{array.dtype, 0};
  std::memcpy(&value.bits, array.bytes.data() + k * size_of(array.dtype), size_of(array.dtype));
  return value;
}

void set(Array& array, std::size_t k, double number) {
  const ir::Value value = ir::convert(ir::Value::of(number), array.dtype);
  std::memcpy(array.bytes.data() + k * size_of(array.dtype), &value.bits, size_of(array.dtype));
}

double random_eighths(Random& random) { return std::uniform_int_distribution(-72, 72)(random) / 8.0; }

std::vector<char> aligned_scratch(std::int64_t bytes) { return std::vector<char>(bytes + 64); }

char* aligned(std::vector<char>& memory) {
  return memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64;
}

bool agree(ir::Value a, ir::Value b) {
  if (a == b) return true;
  if (!is_floating(a.dtype)) return false;
  const double x = ir::convert(a, DType::float64).as<double>(), y = ir::convert(b, DType::float64).as<double>();
  return std::isnan(x) && std::isnan(y);
}

const std::pair<Dim, Dim>& symbols() {
  static const std::pair<Dim, Dim> n_and_m{dim("n"), dim("m")};
  return n_and_m;
}

}  // namespace

Trial::Trial(std::string name) : n(symbols().first), m(symbols().second) { kernel.name = std::move(name); }

std::int64_t Trial::buffer(DType dtype, ir::Access access, std::function<std::int64_t(std::int64_t, std::int64_t)> size) {
  kernel.buffers.push_back({"", dtype, access, static_cast<std::int64_t>(sizes.size())});
  sizes.push_back(std::move(size));
  return static_cast<std::int64_t>(kernel.buffers.size()) - 1;
}

std::int64_t Trial::scratch(DType dtype, ir::Expr size) {
  kernel.buffers.push_back({"", dtype, ir::Access::scratch, 0, size});
  return static_cast<std::int64_t>(kernel.buffers.size()) - 1;
}

std::vector<Array> Trial::data(std::int64_t n_size, std::int64_t m_size, Random& random) const {
  std::vector<Array> arrays;
  for (const ir::Buffer& buffer : kernel.buffers) {
    if (buffer.access == ir::Access::scratch || buffer.slot < static_cast<std::int64_t>(arrays.size())) continue;
    Array filled = array(buffer.dtype, sizes[buffer.slot](n_size, m_size));
    for (std::size_t k = 0; k < filled.size; ++k) set(filled, k, random_eighths(random));
    arrays.push_back(std::move(filled));
  }
  return arrays;
}

Outcome interpreted(const Trial& trial, std::vector<Array> arrays, std::int64_t n, std::int64_t m) {
  const std::int64_t symbols[] = {n, m};
  std::vector<char> scratch = aligned_scratch(scratch_bytes(trial.kernel, trial.layout, symbols));
  std::vector<void*> buffers;
  for (Array& each : arrays) buffers.push_back(each.bytes.data());
  const ir::KernelFailure failure = interpret(trial.kernel, trial.layout, {buffers, symbols, aligned(scratch)}, 0, n);
  return {std::move(arrays), failure};
}

Outcome called(TheonKernel kernel, const Trial& trial, std::vector<Array> arrays, std::int64_t n, std::int64_t m) {
  std::int64_t symbols[] = {n, m};
  std::vector<char> scratch = aligned_scratch(scratch_bytes(trial.kernel, trial.layout, symbols));
  std::vector<void*> buffers;
  for (Array& each : arrays) buffers.push_back(each.bytes.data());
  TheonFailure failure{};
  const std::int32_t cancel = 0;
  const TheonFrame frame{buffers.data(), symbols, aligned(scratch), &failure, &cancel, nullptr, nullptr, nullptr, 0};
  const std::int32_t status = kernel(&frame, 0, n);
  return {std::move(arrays), {status, failure.first, failure.second}};
}

std::string difference(const Outcome& actual, const Outcome& expected) {
  if (!(actual.failure == expected.failure)) {
    return fmt::format("failure {} ({}, {}) instead of {} ({}, {})", actual.failure.code, actual.failure.first, actual.failure.second,
                       expected.failure.code, expected.failure.first, expected.failure.second);
  }
  for (std::size_t slot = 0; slot < expected.arrays.size(); ++slot) {
    const Array& is = actual.arrays[slot];
    const Array& should = expected.arrays[slot];
    for (std::size_t k = 0; k < should.size; ++k) {
      const ir::Value a = element(is, k), b = element(should, k);
      if (!agree(a, b)) {
        return fmt::format("slot {} element {} of {}: {:x} instead of {:x} ({} instead of {})", slot, k, should.size, a.bits, b.bits,
                           ir::convert(a, DType::float64).as<double>(), ir::convert(b, DType::float64).as<double>());
      }
    }
    if (!std::equal(is.bytes.end() - guard_bytes, is.bytes.end(), should.bytes.end() - guard_bytes))
      return fmt::format("slot {}: written behind its end", slot);
  }
  return "";
}

std::vector<Trial> all_trials() {
  std::vector<Trial> all;
  for (auto* trials : {elementwise_trials, memory_trials, reduction_trials, control_trials}) {
    for (Trial& trial : trials()) all.push_back(std::move(trial));
  }
  return all;
}

}  // namespace theon::test
