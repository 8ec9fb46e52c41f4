#include "benchmarks/agree.h"
#include "benchmarks/probes.h"
#include "benchmarks/rivals/rivals.h"
#include "benchmarks/rows.h"

#include <theon/theon.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace theon::benchmarks {

namespace {

/// Calls of `f` on the caller's memory.
Turn raw_calls(const Function& f, const std::vector<Tensor>& inputs, const Tensor& output) {
  std::vector<Sizes> sizes;
  std::vector<const void*> from;
  for (const Tensor& input : inputs) {
    sizes.push_back(input.sizes());
    from.push_back(input.raw());
  }
  const Function::Raw raw = f.prepare(sizes);
  // The tensors come along to keep the memory alive.
  return calls([raw, from, inputs, output] {
    void* const to[] = {output.raw()};
    raw(from.data(), to);
  });
}

constexpr double bell_elements = 1e6;

Sides gated_bell() {
  constexpr auto n = static_cast<std::int64_t>(bell_elements);
  Variable x = vector<float>("x");
  const Function f = function({x}, {tanh(x) * sigmoid(x) + exp(-x * x)});

  const Tensor values = Tensor::uniform<float>({n}, 1, -3, 3);
  Tensor ours = Tensor::zeros<float>({n}), rivals = Tensor::zeros<float>({n});
  Sides sides{
      .theon = raw_calls(f, {values}, ours),
      .rival = calls([=]() mutable { rival_gated_bell(values.data<float>(), rivals.mutable_data<float>(), n); })};
  expect_agreement(ours, rivals, 1e-6);
  return sides;
}

constexpr double square_elements = 1e7, square_bytes = 3 * sizeof(double) * square_elements;

Sides square_of_a_sum() {
  constexpr auto n = static_cast<std::int64_t>(square_elements);
  Variable a = vector<double>("a"), b = vector<double>("b");
  const Function f = function({a, b}, {a * a + b * b + 2 * a * b});

  const Tensor x = Tensor::uniform<double>({n}, 1), y = Tensor::uniform<double>({n}, 2);
  const Tensor out = Tensor::zeros<double>({n});
  const Turn triad = triad_probe(square_bytes);
  Sides sides{.theon = raw_calls(f, {x, y}, out), .rival = [=] { return square_bytes * triad(); }};
  const double s = x.at<double>({n - 1}) + y.at<double>({n - 1});
  expect_agreement(out[n - 1], s * s, 1e-14);
  return sides;
}

constexpr std::int64_t softmax_rows = 4096, softmax_columns = 1024;
constexpr double softmax_elements = softmax_rows * softmax_columns;

Function row_softmax() {
  Variable x = matrix<float>("x");
  return function({x}, {softmax(x)});
}

Sides row_softmax_sides() {
  const Tensor values = Tensor::randn<float>({softmax_rows, softmax_columns}, 1);
  Tensor ours = Tensor::zeros<float>(values.sizes()), rivals = Tensor::zeros<float>(values.sizes());
  Sides sides{.theon = raw_calls(row_softmax(), {values}, ours),
              .rival = calls([=]() mutable {
                rival_row_softmax(values.data<float>(), rivals.mutable_data<float>(), softmax_rows, softmax_columns);
              })};
  expect_agreement(ours, rivals, 1e-6);
  return sides;
}

/// How many kernels explain() lists.
int kernels(const Function& f) {
  const std::string text = f.explain();
  int count = 0;
  for (std::size_t at = text.find("kernel "); at != std::string::npos; at = text.find("kernel ", at + 1)) ++count;
  return count;
}

}  // namespace

void elementwise_rows(Report& report) {
  report.contest({.id = "elementwise.bell",
                  .what = "tanh(x) * sigmoid(x) + exp(-x * x), 1e6 float32",
                  .unit = microseconds,
                  .rival = "C, libmvec",
                  .target = 1 / 1.2,
                  .work = {45 * bell_elements, 2 * sizeof(float) * bell_elements}},
                 gated_bell);
  report.contest({.id = "elementwise.square",
                  .what = "a * a + b * b + 2 * a * b, 1e7 float64",
                  .unit = milliseconds,
                  .rival = "triad, streaming stores",
                  .target = 1 / 0.9,
                  .work = {5 * square_elements, square_bytes}},
                 square_of_a_sum);
  report.contest({.id = "softmax.rows",
                  .what = "softmax of rows, 4096 x 1024 float32",
                  .unit = milliseconds,
                  .rival = "C, libmvec",
                  .target = 1.1,
                  .work = {20 * softmax_elements, 2 * sizeof(float) * softmax_elements}},
                 row_softmax_sides);
  report.add("softmax.kernels", "its kernels", [](double) {
    const double count = kernels(row_softmax());
    return std::vector<Row>{against_limit("softmax.kernels", "its kernels", {"kernels"}, {count, count}, 1)};
  });
}

}  // namespace theon::benchmarks
