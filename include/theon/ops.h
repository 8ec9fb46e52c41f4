// Operations on symbolic arrays. Names follow NumPy where NumPy has one, Theano otherwise; operands broadcast as in
// NumPy, over dims known to be 1.
#pragma once

#include <theon/variable.h>

#include <initializer_list>
#include <optional>
#include <source_location>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace theon {

// Arithmetic. Integer / integer is true division and gives float64; % has the sign of the divisor.
Variable operator+(Operand x, Operand y);
Variable operator-(Operand x, Operand y);
Variable operator*(Operand x, Operand y);
Variable operator/(Operand x, Operand y);
Variable operator%(Operand x, Operand y);
Variable operator-(Operand x);
Variable floor_div(Operand x, Operand y);
/// x^y. A constant integer y from 2 to 16 means products by squaring, with at most y - 1 roundings; other powers are
/// rounded hardly more than once.
Variable pow(Operand x, Operand y);
/// The sum of one or more terms, as one node. Throws ArgumentError where there is none.
Variable add_n(std::span<const Variable> terms, Location where = Location::here());
Variable maximum(Operand x, Operand y);
Variable minimum(Operand x, Operand y);
Variable clip(Operand x, Operand low, Operand high);

// Comparisons; the result is boolean.
Variable operator<(Operand x, Operand y);
Variable operator<=(Operand x, Operand y);
Variable operator>(Operand x, Operand y);
Variable operator>=(Operand x, Operand y);
Variable operator==(Operand x, Operand y);
Variable operator!=(Operand x, Operand y);
Variable operator&(Operand x, Operand y);
Variable operator|(Operand x, Operand y);
Variable operator^(Operand x, Operand y);
Variable operator~(Operand x);
/// condition ? x : y, element by element; both sides are computed.
Variable where(Operand condition, Operand x, Operand y);
Variable isnan(Operand x);

// Elementwise functions. Integers and booleans stay what they are where the result is one (abs, sign, sqr, relu, clip,
// floor, ceil, round); for the others they become float64.
Variable abs(Operand x);
Variable sign(Operand x);
Variable sqr(Operand x);
Variable sqrt(Operand x);
Variable exp(Operand x);
Variable log(Operand x);
Variable log1p(Operand x);
Variable expm1(Operand x);
Variable sin(Operand x);
Variable cos(Operand x);
Variable tanh(Operand x);
Variable erf(Operand x);
Variable sigmoid(Operand x);
Variable softplus(Operand x);
Variable relu(Operand x);
Variable floor(Operand x);
Variable ceil(Operand x);
Variable round(Operand x);  // half to even

Variable cast(Operand x, DType dtype);
template <Scalar T>
Variable cast(Operand x) {
  return cast(std::move(x), dtype_of<T>);
}

/// Which axes a reduction covers: all, one, or a list. Negative axes count from the end.
struct Axes {
  Axes() = default;
  Axes(int axis) : list(std::vector<int>{axis}) {}
  Axes(std::initializer_list<int> axes) : list(std::vector<int>(axes)) {}
  Axes(std::vector<int> axes) : list(std::move(axes)) {}
  std::optional<std::vector<int>> list;  // nothing: all
};

/// Sums of integers and booleans are int64.
Variable sum(Operand x, Axes axes = {}, bool keepdims = false);
Variable prod(Operand x, Axes axes = {}, bool keepdims = false);
/// Integers and booleans give float64. The mean of nothing is NaN.
Variable mean(Operand x, Axes axes = {}, bool keepdims = false);
/// NaN wherever a NaN is covered. An empty axis is an error. All ties share the gradient.
Variable max(Operand x, Axes axes = {}, bool keepdims = false);
Variable min(Operand x, Axes axes = {}, bool keepdims = false);
Variable all(Operand x, Axes axes = {}, bool keepdims = false);
Variable any(Operand x, Axes axes = {}, bool keepdims = false);
/// The first index (int64) of the largest element along `axis`.
Variable argmax(Operand x, int axis = -1);
/// The largest element along `axis` and its first index, in one pass.
std::pair<Variable, Variable> max_and_argmax(Operand x, int axis = -1);
Variable cumsum(Operand x, int axis = 0);

// Shape.
Variable reshape(Operand x, Shape dims);
Variable transpose(Operand x, std::vector<int> axes = {});
/// Theano's dimshuffle: the axes in a new order, `broadcast_axis` inserting an axis of size 1; a dropped axis must have
/// size 1.
inline constexpr int broadcast_axis = -1;
Variable dimshuffle(Operand x, std::vector<int> pattern);
Variable expand_dims(Operand x, int axis);
Variable squeeze(Operand x, Axes axes = {});
Variable broadcast_to(Operand x, Shape dims);
Variable flatten(Operand x);
Variable concatenate(std::vector<Variable> parts, int axis = 0, Location where = Location::here());
Variable stack(std::vector<Variable> parts, int axis = 0, Location where = Location::here());

/// Bounds of a basic slice as in Python: missing, a size, or a scalar integer Variable. Negative numbers count from the
/// end; bounds past the end are clamped.
struct Bound {
  Bound() = default;
  Bound(int value) : value(Dim(value)) {}
  Bound(std::int64_t value) : value(Dim(value)) {}
  Bound(Dim value) : value(std::move(value)) {}
  Bound(Variable value) : value(std::move(value)) {}
  std::variant<std::monostate, Dim, Variable> value;
};
struct Slice {
  Bound start, stop;
  std::int64_t step = 1;
};
inline Slice slice(Bound start = {}, Bound stop = {}, std::int64_t step = 1) {
  return {std::move(start), std::move(stop), step};
}
/// One index per leading axis: a slice keeps the axis, a number or a scalar integer Variable drops it, an integer array
/// gathers (one array at most; several arrays are broadcast together and gather pointwise, as in NumPy).
using Index = std::variant<Slice, std::int64_t, Variable>;
/// What stands in x[...], with the user's line.
class FirstIndex {
 public:
  template <class I>
  requires std::constructible_from<Index, const I&> FirstIndex(
      const I& index, std::source_location at = std::source_location::current())
      : index_(index), where_(at) {}

  const Index& index() const { return index_; }
  Location where() const { return where_; }

 private:
  Index index_;
  Location where_;
};
Variable index(const Variable& x, std::vector<Index> indices, Location where = Location::here());
/// x with the elements that `index(x, indices)` reads replaced by `value`, which is broadcast to them; of several
/// values for one element the last counts.
Variable set_subtensor(const Variable& x, std::vector<Index> indices, Operand value);
/// x with `value` added to the elements that `index(x, indices)` reads, once for each time an element is read.
Variable inc_subtensor(const Variable& x, std::vector<Index> indices, Operand value);
/// x[..., indices, ...] along `axis`: indices of any rank replace the axis. Negative indices count from the end; out of
/// range is an IndexError at the call.
Variable take(Operand x, Operand indices, int axis = 0);

// Creation.
Variable zeros(DType dtype, Shape dims, Location where = Location::here());
Variable ones(DType dtype, Shape dims, Location where = Location::here());
Variable full(Shape dims, Operand value);
template <Scalar T>
Variable zeros(Shape dims, Location where = Location::here()) {
  return zeros(dtype_of<T>, std::move(dims), where);
}
template <Scalar T>
Variable ones(Shape dims, Location where = Location::here()) {
  return ones(dtype_of<T>, std::move(dims), where);
}
Variable zeros_like(Operand x);
Variable ones_like(Operand x);
Variable full_like(Operand x, Operand value);
/// 0, 1, ..., n - 1 as int64. A scalar integer Variable as size binds a new symbol.
Variable arange(Dim n, DType dtype = DType::int64, Location where = Location::here());
Variable arange(const Variable& n, DType dtype = DType::int64, Location where = Location::here());
/// The size as an int64 scalar.
Variable value(const Dim& dim, Location where = Location::here());
/// A scalar integer Variable as a size: a polynomial where it is one over known sizes and other scalars, each of which
/// must not be negative.
Dim size(const Variable& n, Location where = Location::here());

// Linear algebra.
/// As numpy.dot for vectors and matrices.
Variable dot(Operand x, Operand y);

// Order.
/// Ascending along `axis`, NaN last, stable; and the indices (int64) that sort.
std::pair<Variable, Variable> sort_with_indices(Operand x, int axis = -1);
Variable sort(Operand x, int axis = -1);
Variable argsort(Operand x, int axis = -1);
/// The indices of the elements that are not zero: one int64 vector per axis, of a length known only at the call.
std::vector<Variable> nonzero(Operand x);

// Neural networks.
Variable softmax(Operand x, int axis = -1);
Variable log_softmax(Operand x, int axis = -1);
Variable logsumexp(Operand x, int axis = -1, bool keepdims = false);
/// -log(p[i, target[i]]) for integer targets, -sum(target * log(p), -1) for a target of p's rank. Stable over softmax:
/// it is rewritten.
Variable categorical_crossentropy(Operand p, Operand target);

// Random bits (Philox4x32-10, Salmon et al. 2011): a function of key and position alone.
/// uint32 bits; `key` is a uint64 scalar or an integer.
Variable random_bits(Operand key, Shape dims);
/// Uniform numbers in [0, 1).
Variable random_uniform(Operand key, Shape dims, DType dtype = DType::float32);

// Effects: identities kept while their result is used.
/// x, after checking that the condition holds everywhere; a CheckError with the message otherwise.
Variable check(Operand x, Operand condition, std::string message);

/// Whose gradient is zero: a constant to `grad`.
Variable stop_gradient(Operand x);

}  // namespace theon
