#include "runtime/reference_check.h"

#include "src/reference/evaluate.h"
#include "src/support/check.h"

#include <algorithm>
#include <cmath>

namespace theon::runtime {

namespace {

double largest(const std::vector<double>& values) {
  double most = 0;
  for (double value : values)
    if (std::isfinite(value)) most = std::max(most, std::fabs(value));
  return most;
}

bool agree(double got, double wanted, double allowed) {
  if (std::isnan(wanted) || std::isinf(wanted)) return (std::isnan(got) && std::isnan(wanted)) || got == wanted;
  return std::fabs(got - wanted) <= allowed;
}

/// The position of the element that is furthest off, of those that are off.
std::optional<std::size_t> worst(const std::vector<double>& got, const std::vector<double>& wanted, double allowed) {
  std::optional<std::size_t> position;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (agree(got[i], wanted[i], allowed)) continue;
    if (!position || std::fabs(got[i] - wanted[i]) > std::fabs(got[*position] - wanted[*position])) position = i;
  }
  return position;
}

void compare(const Tensor& got, const Tensor& wanted, const Variable& x, const std::string& what) {
  if (got.dtype() != wanted.dtype() || got.sizes() != wanted.sizes())
    fail<CheckError>(x.where(), "{} is {} {}, and the reference evaluator gives {} {}", what, name(got.dtype()),
                     to_string(got.sizes()), name(wanted.dtype()), to_string(wanted.sizes()));
  const std::vector<double> ours = got.to_vector<double>(), theirs = wanted.to_vector<double>();
  const double allowed = tolerance(got.dtype()) * std::max(1.0, largest(theirs));
  if (const std::optional<std::size_t> at = worst(ours, theirs, allowed))
    fail<CheckError>(x.where(),
                     "{} differs from the reference evaluator: element {} in row-major order is {}, and should be {}\n "
                     " its expression: {}",
                     what, *at, ours[*at], theirs[*at], to_string(x));
}

}  // namespace

double tolerance(DType dtype) {
  switch (dtype) {
    case DType::float16:
      return 1e-2;
    case DType::bfloat16:
      return 5e-2;
    case DType::float32:
      return 1e-4;
    case DType::float64:
      return 1e-10;
    case DType::boolean:
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
    case DType::uint8:
    case DType::uint16:
    case DType::uint32:
    case DType::uint64:
      return 0;
  }
  broken_promise("the dtype is one of the table", __FILE__, __LINE__);
}

ReferenceCheck::ReferenceCheck(const Request& request)
    : inputs_(request.inputs), original_(request.results()), updated_(request.updated) {
  VariableMap<Variable> replacements;
  for (const Variable& x : leaves(original_)) {
    if (!as_shared(x)) continue;
    shared_.push_back(x);
    stands_for_shared_.push_back(input(x.dtype(), x.name(), x.dims(), x.where()));
    replacements.emplace(x, stands_for_shared_.back());
  }
  results_ = replace(original_, replacements);
}

void ReferenceCheck::run(std::span<const Tensor> arguments, const std::vector<Tensor>& outputs, const Context& context,
                         const SharedLease& shared) const {
  reference::Arguments values;
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    values.emplace_back(inputs_[i], context.packed[i].value_or(arguments[i]));
  for (std::size_t k = 0; k < shared_.size(); ++k) values.emplace_back(stands_for_shared_[k], shared.value(shared_[k]));
  const std::vector<Tensor> wanted = reference::evaluate(results_, values);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    compare(outputs[i], wanted[i], original_[i], fmt::format("output {}", i));
  for (std::size_t k = 0; k < updated_.size(); ++k)
    compare(shared.update(updated_[k]), wanted[outputs.size() + k], original_[outputs.size() + k],
            fmt::format("the update of {}", described(updated_[k])));
}

}  // namespace theon::runtime
