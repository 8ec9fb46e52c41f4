// Every op of the sample list as native code, against the reference evaluator: values and derivatives, for vectors of
// every width.
#include <theon/theon.h>

#include "src/reference/evaluate.h"
#include "tests/samples/samples.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>

using namespace theon;
using namespace theon::samples;

namespace {

/// Code generated while it lives is for machines with these instructions at most.
class WithIsa {
 public:
  explicit WithIsa(const char* isa) { setenv("THEON_ISA", isa, 1); }
  ~WithIsa() { unsetenv("THEON_ISA"); }
  WithIsa(const WithIsa&) = delete;
  WithIsa& operator=(const WithIsa&) = delete;
};

double epsilon(DType dtype) {
  if (!is_floating(dtype)) return 0;
  switch (size_of(dtype)) {
    case 2:
      return dtype == DType::float16 ? std::ldexp(1.0, -10) : std::ldexp(1.0, -7);
    case 4:
      return std::numeric_limits<float>::epsilon();
    default:
      return std::numeric_limits<double>::epsilon();
  }
}

double largest(const std::vector<double>& values) {
  double most = 1;
  for (double value : values)
    if (std::isfinite(value)) most = std::max(most, std::fabs(value));
  return most;
}

/// Equal up to the rounding of a few operations; not finite in the same places.
bool agree(const Tensor& got, const Tensor& wanted) {
  if (got.dtype() != wanted.dtype() || got.sizes() != wanted.sizes()) return false;
  const std::vector<double> a = got.to_vector<double>(), b = wanted.to_vector<double>();
  const double allowed = 64 * epsilon(got.dtype()) * largest(b);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool same = std::isfinite(b[i]) ? std::fabs(a[i] - b[i]) <= allowed
                      : std::isnan(b[i])  ? std::isnan(a[i])
                                          : a[i] == b[i];
    if (!same) return false;
  }
  return true;
}

reference::Arguments arguments(const std::vector<Variable>& inputs, const std::vector<Tensor>& values) {
  reference::Arguments list;
  for (std::size_t i = 0; i < values.size(); ++i) list.emplace_back(inputs[i], values[i]);
  return list;
}

/// The output of a sample, and where it is differentiable the derivatives of a weighted sum of it.
std::vector<Variable> outputs_of(const Sample& sample, const std::vector<Variable>& inputs) {
  std::vector<Variable> outputs{sample.build(inputs)};
  if (!sample.differentiable || !is_floating(outputs[0].dtype())) return outputs;
  const Tensor value = reference::evaluate(outputs[0], arguments(inputs, sample.inputs));
  const Variable weights = constant(Tensor::randn(value.dtype(), value.sizes(), 3));
  for (const Variable& x : inputs) outputs.push_back(vjp(outputs[0], x, weights));
  return outputs;
}

void check_sample(const Sample& sample, Sizing sizing) {
  INFO(sample.name << (sizing == Sizing::known ? ", sizes known" : ", sizes symbolic"));
  const std::vector<Variable> inputs = inputs_of(sample, sizing);
  const std::vector<Variable> outputs = outputs_of(sample, inputs);
  const std::vector<Tensor> wanted = reference::evaluate(outputs, arguments(inputs, sample.inputs));
  const Function f = function({inputs.begin(), inputs.end()}, outputs, {.on_unused_input = OnUnusedInput::ignore});
  const Results got = f.call(sample.inputs);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    INFO("output " << k << ", got " << to_string(got[k]) << ", wanted " << to_string(wanted[k]));
    CHECK(agree(got[k], wanted[k]));
  }
}

void check_samples(Sizing sizing) {
  for (const Sample& sample : all_samples()) check_sample(sample, sizing);
}

}  // namespace

TEST_CASE("every sample in vectors of 64 bytes") {
  const WithIsa isa("avx512");
  for (const Sizing sizing : {Sizing::known, Sizing::symbolic}) check_samples(sizing);
}

// Sizes matter to what is scheduled, not to how wide its vectors are: one kind for each is enough.

TEST_CASE("every sample in vectors of 32 bytes") {
  const WithIsa isa("avx2");
  check_samples(Sizing::known);
}

TEST_CASE("every sample in vectors of 16 bytes") {
  const WithIsa isa("sse2");
  check_samples(Sizing::symbolic);
}
