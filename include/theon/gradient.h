// Derivatives.
#pragma once

#include <theon/ops.h>

#include <array>
#include <functional>
#include <vector>

namespace theon {

/// What a derivative with respect to a variable that the cost does not depend on is. It is zero, not disconnected,
/// where the cost depends on the variable by steps alone (a comparison, a rounding, an index, stop_gradient); `none`
/// gives an empty Variable for that too.
enum class Disconnected : std::uint8_t { error, zero, none };

struct GradOptions {
  /// Cotangents of variables other than the cost: adds to what flows into them.
  std::vector<std::pair<Variable, Variable>> known_grads = {};
  /// Treated as constants.
  std::vector<Variable> consider_constant = {};
  Disconnected disconnected = Disconnected::error;
};

/// d cost / d wrt for each of `wrt`, shaped as wrt. The cost is a floating scalar. Throws GradientError for a cost that
/// is no scalar, an integer wrt, or a disconnected one (unless asked otherwise). `cost` may be empty when known_grads
/// are given.
std::vector<Variable> grad(const Variable& cost, const std::vector<Variable>& wrt, const GradOptions& options = {},
                           Location where = Location::here());

namespace detail {
template <std::size_t N>
std::array<Variable, N> to_array(const std::vector<Variable>& list) {
  std::array<Variable, N> result;
  for (std::size_t i = 0; i < N; ++i) result[i] = list[i];
  return result;
}
}  // namespace detail

/// auto [gw, gb] = grad(cost, w, b);
template <std::derived_from<Variable>... Wrt>
requires(sizeof...(Wrt) > 1) auto grad(const Variable& cost, const Wrt&... wrt) {
  return detail::to_array<sizeof...(Wrt)>(grad(cost, std::vector<Variable>{wrt...}));
}
inline Variable grad(const Variable& cost, const Variable& wrt, Location where = Location::here()) {
  return grad(cost, std::vector<Variable>{wrt}, {}, where)[0];
}

/// Jacobian times v, v shaped as x: the derivative of y along v.
Variable jvp(const Variable& y, const Variable& x, const Variable& v, Location where = Location::here());
std::vector<Variable> jvp(const std::vector<Variable>& ys, const std::vector<Variable>& xs,
                          const std::vector<Variable>& vs, Location where = Location::here());
/// u times Jacobian, u shaped as y.
Variable vjp(const Variable& y, const Variable& x, const Variable& u, Location where = Location::here());
/// Of dims [y.dims..., x.dims...]; a native loop over the elements of y.
Variable jacobian(const Variable& y, const Variable& x, Location where = Location::here());
/// Of a scalar: dims [x.dims..., x.dims...].
Variable hessian(const Variable& cost, const Variable& x, Location where = Location::here());
Variable hvp(const Variable& cost, const Variable& x, const Variable& v, Location where = Location::here());

struct VerifyOptions {
  double step = 0;      // of the central difference; 0: chosen by dtype
  double relative = 0;  // tolerances; 0: chosen by dtype
  double absolute = 0;
  std::uint64_t seed = 1;  // of the random projection
};
/// Compares the gradient of `function` at `point` with central differences; throws GradientError naming the worst
/// element.
void verify_grad(const std::function<Variable(std::vector<Variable>)>& function, const std::vector<Tensor>& point,
                 const VerifyOptions& options = {});
template <class F>
requires std::invocable<F, Variable>
void verify_grad(F function, const std::vector<Tensor>& point, const VerifyOptions& options = {}) {
  verify_grad(
      std::function<Variable(std::vector<Variable>)>([&](std::vector<Variable> x) { return function(x.at(0)); }), point,
      options);
}

}  // namespace theon
