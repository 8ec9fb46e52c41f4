// The gradient of a function against central differences.
#include <theon/gradient.h>

#include "src/reference/evaluate.h"
#include "src/support/check.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace theon {

namespace {

using reference::Arguments;
using Function = std::function<Variable(std::vector<Variable>)>;

/// A function built for inputs of given dtypes and sizes.
struct Built {
  std::vector<Variable> inputs;
  Variable output;
};

Built build(const Function& function, const std::vector<Tensor>& point) {
  Built built;
  for (const Tensor& x : point)
    built.inputs.push_back(
        input(x.dtype(), fmt::format("x{}", built.inputs.size()), Shape(x.sizes().begin(), x.sizes().end())));
  built.output = function(built.inputs);
  return built;
}

Arguments at(const Built& built, const std::vector<Tensor>& point) {
  Arguments arguments;
  for (std::size_t i = 0; i < point.size(); ++i) arguments.emplace_back(built.inputs[i], point[i]);
  return arguments;
}

/// The point in which differences are taken: a step must not drown in rounding.
std::vector<Tensor> in_double(const std::vector<Tensor>& point) {
  std::vector<Tensor> wide;
  for (const Tensor& x : point) wide.push_back(is_floating(x.dtype()) ? x.astype<double>() : x);
  return wide;
}

/// One number of a function of many results: their sum, each weighted at random.
struct Projection {
  std::vector<double> weights;
  double operator()(const Tensor& y) const {
    const std::vector<double> values = y.to_vector<double>();
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += weights[i] * values[i];
    return sum;
  }
};

/// The central difference of the projected function along one element.
double slope(const Built& built, const std::vector<Tensor>& point, std::size_t argument, std::int64_t element,
             double step, const Projection& projection) {
  const auto shifted = [&](double by) {
    std::vector<Tensor> moved = point;
    moved[argument] = point[argument].copy();
    moved[argument].mutable_data<double>()[element] += by;
    return moved;
  };
  const std::vector<Tensor> right = shifted(step), left = shifted(-step);
  const double distance = right[argument].data<double>()[element] - left[argument].data<double>()[element];
  return (projection(reference::evaluate(built.output, at(built, right))) -
          projection(reference::evaluate(built.output, at(built, left)))) /
         distance;
}

struct Tolerance {
  double relative, absolute;
  /// How many tolerances two numbers are apart; above 1 is a failure, and so is a NaN.
  double excess(double a, double b) const {
    const double ratio = std::fabs(a - b) / (absolute + relative * std::max(std::fabs(a), std::fabs(b)));
    return std::isnan(ratio) ? std::numeric_limits<double>::infinity() : ratio;
  }
};

/// By the coarsest floating dtype of the point, in which the gradient is computed.
Tolerance tolerance(const std::vector<Tensor>& point, const VerifyOptions& options) {
  double chosen = 1e-5;
  for (const Tensor& x : point) {
    if (!is_floating(x.dtype())) continue;
    if (size_of(x.dtype()) == 4) chosen = std::max(chosen, 1e-3);
    if (size_of(x.dtype()) == 2) chosen = std::max(chosen, 5e-2);
  }
  return {options.relative > 0 ? options.relative : chosen, options.absolute > 0 ? options.absolute : chosen};
}

/// An element whose derivative is in doubt.
struct Doubt {
  std::size_t argument = 0;
  std::int64_t element = 0;
  double derivative = 0, difference = 0, excess = 0;
};

Sizes unraveled(std::int64_t element, const Sizes& sizes) {
  Sizes indices(sizes.size());
  for (std::size_t axis = sizes.size(); axis-- > 0; element /= sizes[axis]) indices[axis] = element % sizes[axis];
  return indices;
}

/// The element where gradient and differences differ most.
Doubt worst(const Built& built, const std::vector<Tensor>& point, const std::vector<Tensor>& gradients,
            const Projection& projection, const VerifyOptions& options) {
  const Tolerance allowed = tolerance(point, options);
  const std::vector<Tensor> wide = in_double(point);
  // Balances the error of the difference, of order step^2, with rounding, of order epsilon / step.
  const double unit = options.step > 0 ? options.step : std::cbrt(std::numeric_limits<double>::epsilon());
  Doubt found;
  for (std::size_t argument = 0; argument < point.size(); ++argument) {
    if (!is_floating(point[argument].dtype())) continue;
    const std::vector<double> x = wide[argument].to_vector<double>(),
                              derivatives = gradients[argument].to_vector<double>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double step = options.step > 0 ? unit : unit * std::max(1.0, std::fabs(x[i]));
      const double difference = slope(built, wide, argument, static_cast<std::int64_t>(i), step, projection);
      const double excess = allowed.excess(derivatives[i], difference);
      if (excess > found.excess) found = {argument, static_cast<std::int64_t>(i), derivatives[i], difference, excess};
    }
  }
  return found;
}

/// One gradient per argument; that of an integer argument is left empty.
std::vector<Tensor> gradients_of(const Built& built, const std::vector<Tensor>& point, const Tensor& weights) {
  std::vector<Variable> floating;
  for (const Variable& x : built.inputs)
    if (is_floating(x.dtype())) floating.push_back(x);
  const std::vector<Variable> derivatives =
      grad({}, floating, {.known_grads = {{built.output, constant(weights)}}, .disconnected = Disconnected::zero},
           built.output.where());
  const std::vector<Tensor> values = reference::evaluate(derivatives, at(built, point));
  std::vector<Tensor> result(point.size());
  for (std::size_t i = 0, next = 0; i < point.size(); ++i)
    if (is_floating(point[i].dtype())) result[i] = values[next++];
  return result;
}

}  // namespace

void verify_grad(const std::function<Variable(std::vector<Variable>)>& function, const std::vector<Tensor>& point,
                 const VerifyOptions& options) {
  const Built built = build(function, point), wide = build(function, in_double(point));
  const Tensor y = reference::evaluate(built.output, at(built, point));
  const Tensor weights = Tensor::uniform(DType::float64, y.sizes(), options.seed, 0.5, 1.5).astype(y.dtype());
  const std::vector<Tensor> gradients = gradients_of(built, point, weights);
  const Doubt doubt = worst(wide, point, gradients, {weights.to_vector<double>()}, options);
  if (doubt.excess > 1)
    fail<GradientError>(built.output.where(),
                        "verify_grad: the derivative with respect to element {} of argument {} is {} by grad and {} by "
                        "central differences, {} times the tolerance",
                        to_string(unraveled(doubt.element, point[doubt.argument].sizes())), doubt.argument,
                        doubt.derivative, doubt.difference, doubt.excess);
}

}  // namespace theon
