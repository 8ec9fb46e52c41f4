// How the dtypes of operands meet, and what becomes of C++ numbers among them.
#include "src/ops/elementwise.h"

#include "src/graph/glance.h"
#include "src/graph/print.h"
#include "src/support/check.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace theon {

namespace {

/// The dtype in which an array of `array` and a weak number meet: the array's, unless the number is of a higher kind.
DType meet(DType array, const Operand& number) {
  if (is_floating(number.value().dtype())) return is_floating(array) ? array : DType::float64;
  return is_boolean(array) ? DType::int64 : array;
}

DType promote_all(std::span<const Operand> operands) {
  std::optional<DType> arrays;
  for (const Operand& x : operands)
    if (!x.is_weak()) arrays = arrays ? promote(*arrays, x.value().dtype()) : x.value().dtype();
  std::optional<DType> common = arrays;
  for (const Operand& x : operands) {
    if (!x.is_weak()) continue;
    // Among numbers alone there is no array to yield to.
    if (arrays)
      common = meet(*common, x);
    else
      common = common ? promote(*common, x.value().dtype()) : x.value().dtype();
  }
  return *common;
}

bool represents(const Tensor& converted, const Tensor& number) {
  if (is_floating(converted.dtype()))
    return std::isfinite(converted.item<double>()) || !std::isfinite(number.item<double>());
  return converted.item<std::int64_t>() == number.item<std::int64_t>() &&
         !(is_unsigned(converted.dtype()) && number.item<std::int64_t>() < 0);
}

/// The number as a constant of `dtype`.
Variable fitted(std::string_view op, const Operand& number, DType dtype, Location where) {
  const Tensor& value = as_constant(number.value())->value;
  Tensor converted = value.astype(dtype);
  if (!represents(converted, value))
    fail<DTypeError>(where,
                     "{}: the number {} does not fit into {}, the dtype of the other operand; cast that operand first",
                     op, to_string(value), name(dtype));
  return own_constant(std::move(converted), where);
}

Variable converted(std::string_view op, const Operand& x, DType dtype, Location where) {
  if (x.value().dtype() == dtype) return x.value();
  // Truth of a number is a cast; every other conversion of one must keep its value.
  return x.is_weak() && !is_boolean(dtype) ? fitted(op, x, dtype, where) : cast_to(x.value(), dtype, where);
}

void require_logical(const ElementwiseDefinition& definition, std::span<const Operand> operands, Location where) {
  for (const Operand& x : operands)
    if (is_floating(x.value().dtype()))
      fail<DTypeError>(where, "{}: {} is {}; {} takes booleans and integers, so compare or cast first", definition.name,
                       brief(x.value()), name(x.value().dtype()), definition.notation.symbol);
}

/// What operands `first` and later are cast to.
DType operand_dtype(const ElementwiseDefinition& definition, std::span<const Operand> operands) {
  switch (definition.rule) {
    case DTypeRule::common:
    case DTypeRule::comparison:
    case DTypeRule::logical:
      return promote_all(operands);
    case DTypeRule::floating:
      return floating(promote_all(operands));
    case DTypeRule::choice:
      return promote_all(operands.subspan(1));
    case DTypeRule::conversion:
      break;
  }
  return operands[0].value().dtype();
}

/// At a glance: the operands are of one dtype, which the rule keeps, and none is a number.
bool fit_already(const ElementwiseDefinition& definition, std::span<const Operand> operands) {
  if (definition.rule != DTypeRule::common && definition.rule != DTypeRule::floating) return false;
  const TensorType* first = type_unless_pattern(operands[0].value());
  if (!first || (definition.rule == DTypeRule::floating && !is_floating(first->dtype))) return false;
  return std::ranges::all_of(operands, [&](const Operand& x) {
    const TensorType* type = type_unless_pattern(x.value());
    return type && type->dtype == first->dtype && !x.is_weak();
  });
}

std::vector<Variable> values(std::span<const Operand> operands) {
  std::vector<Variable> list;
  list.reserve(operands.size());
  for (const Operand& x : operands) list.push_back(x.value());
  return list;
}

}  // namespace

std::vector<Variable> promoted(const ElementwiseDefinition& definition, std::span<const Operand> operands,
                               Location where) {
  for (std::size_t k = 0; k < operands.size(); ++k)
    if (operands[k].value().is_empty())
      fail<ArgumentError>(where, "{}: operand {} is an empty Variable", definition.name, k);
  if (fit_already(definition, operands) || std::ranges::any_of(operands, is_pattern, &Operand::value))
    return values(operands);
  std::vector<Variable> result;
  result.reserve(operands.size());
  if (definition.rule == DTypeRule::logical) require_logical(definition, operands, where);
  const DType dtype = operand_dtype(definition, operands);
  for (std::size_t k = 0; k < operands.size(); ++k) {
    const bool is_condition = definition.rule == DTypeRule::choice && k == 0;
    result.push_back(converted(definition.name, operands[k], is_condition ? DType::boolean : dtype, where));
  }
  return result;
}

}  // namespace theon
