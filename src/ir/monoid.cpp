// The ways to combine values.
#include "src/ir/pool.h"
#include "src/ir/semantics.h"
#include "src/support/check.h"
#include "src/tensor/dispatch.h"

#include <limits>
#include <string_view>
#include <type_traits>

namespace theon::ir {

namespace {

std::string_view monoid_name(Opcode combine) {
  if (combine == Opcode::bit_and) return "and";
  if (combine == Opcode::bit_or) return "or";
  return name(combine);
}

/// The end of the range of `dtype`: infinities for floating types.
Value extreme(DType dtype, bool is_high) {
  return dispatch(dtype, [&]<Scalar T>() {
    if constexpr (std::is_integral_v<T>) {
      return Value::of(is_high ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min());
    } else {
      const double infinity = std::numeric_limits<double>::infinity();
      return convert(Value::of(is_high ? infinity : -infinity), dtype_of<T>);
    }
  });
}

Value identity(Opcode combine, DType dtype) {
  const auto number = [&](double value) { return convert(Value::of(value), dtype); };
  if (combine == Opcode::add || combine == Opcode::bit_or) return number(0);
  if (combine == Opcode::mul) return number(1);
  if (combine == Opcode::bit_and) return is_unsigned(dtype) || is_boolean(dtype) ? extreme(dtype, true) : number(-1);
  THEON_CHECK(combine == Opcode::min || combine == Opcode::max);
  return extreme(dtype, combine == Opcode::min);
}

}  // namespace

const Monoid* Pool::monoid(Opcode combine, DType dtype) {
  const Expr identity_value = literal_bits(dtype, identity(combine, dtype).bits);
  return monoid(Monoid{std::string(monoid_name(combine)), {identity_value}, {make(combine, {argument(0, dtype), argument(1, dtype)}, dtype)}});
}

const Monoid* Pool::monoid(Monoid monoid) {
  THEON_CHECK(monoid.size() > 0 && monoid.combine.size() == monoid.size());
  std::vector<DType> dtypes;
  for (std::size_t c = 0; c < monoid.size(); ++c) {
    THEON_CHECK(monoid.identity[c]->dtype == monoid.combine[c]->dtype);
    dtypes.push_back(monoid.identity[c]->dtype);
  }
  const std::pair key(monoid.name, std::move(dtypes));
  return &impl_->monoids.try_emplace(key, std::move(monoid)).first->second;
}

}  // namespace theon::ir
