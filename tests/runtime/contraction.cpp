#include "runtime/contraction.h"

#include <theon/ops.h>

#include <catch2/catch.hpp>

#include <vector>

using namespace theon;
using namespace theon::runtime;
using codegen::ValueId;

namespace {

/// How an operand lies in memory: where it begins, and its strides.
struct Lies {
  std::int64_t offset, row_stride, column_stride;
};

struct Case {
  std::string name;
  std::int64_t m, n, k;
  Lies a, b;
};

std::vector<Case> cases() {
  return {
      {"plain", 3, 4, 5, {0, 5, 1}, {0, 4, 1}},
      {"a transposed", 3, 4, 5, {0, 1, 3}, {0, 4, 1}},
      {"b transposed", 3, 4, 5, {0, 5, 1}, {0, 1, 5}},
      {"both transposed", 3, 4, 5, {0, 1, 3}, {0, 1, 5}},
      {"parts of larger arrays", 3, 4, 5, {7, 9, 1}, {2, 6, 1}},
      {"matrix times vector", 6, 1, 5, {0, 5, 1}, {0, 1, 1}},
      {"transposed matrix times vector", 6, 1, 5, {0, 1, 6}, {0, 1, 1}},
      {"matrix times strided vector", 6, 1, 5, {0, 5, 1}, {1, 3, 1}},
      {"vector times matrix", 1, 6, 5, {0, 5, 1}, {0, 6, 1}},
      {"vector times transposed matrix", 1, 6, 5, {0, 5, 1}, {0, 1, 5}},
      {"strided vector times matrix", 1, 6, 5, {0, 7, 2}, {0, 6, 1}},
      {"dot product", 1, 1, 9, {0, 9, 1}, {0, 1, 1}},
      {"outer product", 4, 5, 1, {0, 1, 1}, {0, 5, 1}},
      {"outer product of strided vectors", 4, 5, 1, {0, 3, 3}, {0, 2, 2}},
      {"a broadcast vector", 4, 1, 5, {0, 5, 1}, {0, 0, 1}},
      {"a broadcast row", 1, 4, 5, {0, 0, 0}, {0, 4, 1}},
      {"overlapping rows", 4, 3, 2, {0, 1, 1}, {0, 3, 1}},
      {"no sum", 3, 4, 0, {0, 1, 1}, {0, 4, 1}},
      {"no rows", 0, 4, 5, {0, 5, 1}, {0, 4, 1}},
      {"no columns", 3, 0, 5, {0, 5, 1}, {0, 1, 1}},
  };
}

/// A program of one product: values a, b, c and the result.
template <class T>
struct Setup {
  explicit Setup(const Case& c, bool accumulates) : c_(c) {
    codegen::Program program;
    for (const char* name : {"a", "b", "c", "result"}) {
      const Variable x = input<T>(name, {64});
      program.values.push_back({codegen::Value::Origin::input, x.type(), x});
      program.placements.push_back({codegen::Placement::Home::input, 0});
      program.inputs.push_back(static_cast<ValueId>(program.inputs.size()));
    }
    codegen::Contraction product{3, operand(0, c.a), operand(1, c.b), c.m, c.n, c.k, -0.5, {}, {}};
    if (accumulates) product.accumulate = 2;
    program.steps.push_back({codegen::ContractionStep{product}});
    executable_ = std::make_unique<Executable>(std::move(program), std::vector<TheonKernel>{}, nullptr,
                                               std::vector<Obligation>{});
  }

  std::vector<T> run() {
    Context context(*executable_);
    context.prepare();
    for (std::size_t v = 0; v < 4; ++v) context.buffers[v] = memory_[v].data();
    runtime::run(std::get<ContractionCall>(executable_->calls[0].node), context);
    return {memory_[3].begin(), memory_[3].begin() + c_.m * c_.n};
  }

  std::vector<T> expected(bool accumulates) const {
    std::vector<T> result;
    for (std::int64_t i = 0; i < c_.m; ++i)
      for (std::int64_t j = 0; j < c_.n; ++j) {
        T sum = 0;
        for (std::int64_t k = 0; k < c_.k; ++k) sum += at(0, c_.a, i, k) * at(1, c_.b, k, j);
        result.push_back(static_cast<T>(-0.5) * sum + (accumulates ? memory_[2][i * c_.n + j] : 0));
      }
    return result;
  }

 private:
  static codegen::MatrixOperand operand(ValueId v, const Lies& lies) {
    return {v, lies.offset, lies.row_stride, lies.column_stride};
  }
  T at(std::size_t v, const Lies& lies, std::int64_t r, std::int64_t c) const {
    return memory_[v][lies.offset + r * lies.row_stride + c * lies.column_stride];
  }

  /// Small integers: their products are exact in any order.
  static std::vector<T> numbers(int seed) {
    std::vector<T> list;
    for (int i = 0; i < 64; ++i) list.push_back(static_cast<T>((i * seed) % 7 - 3));
    return list;
  }

  Case c_;
  std::unique_ptr<Executable> executable_;
  std::vector<std::vector<T>> memory_{numbers(3), numbers(5), numbers(2),
                                      std::vector<T>(64, std::numeric_limits<T>::quiet_NaN())};
};

template <class T>
void check_all(bool accumulates) {
  for (const Case& c : cases()) {
    INFO(c.name);
    Setup<T> setup(c, accumulates);
    CHECK(setup.run() == setup.expected(accumulates));
  }
}

}  // namespace

TEST_CASE("products of every layout, in float32 and float64") {
  check_all<float>(false);
  check_all<double>(false);
}

TEST_CASE("products added to an array, in float32 and float64") {
  check_all<float>(true);
  check_all<double>(true);
}
