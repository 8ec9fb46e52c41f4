// The ways to combine values.
#include "src/ir/pool.h"
#include "src/ir/semantics.h"
#include "src/support/check.h"

#include <string_view>

namespace theon::ir {

namespace {

std::string_view monoid_name(Opcode combine) {
  if (combine == Opcode::bit_and) return "and";
  if (combine == Opcode::bit_or) return "or";
  return name(combine);
}

Value identity(Opcode combine, DType dtype) {
  const auto number = [&](double value) { return convert(Value::of(value), dtype); };
  if (combine == Opcode::add || combine == Opcode::bit_or) return number(0);
  if (combine == Opcode::mul) return number(1);
  if (combine == Opcode::bit_and) return all_ones(dtype);
  THEON_CHECK(combine == Opcode::min || combine == Opcode::max);
  return combine == Opcode::min ? highest(dtype) : lowest(dtype);
}

}  // namespace

const Monoid* Pool::monoid(Opcode combine, DType dtype) {
  const Expr identity_value = literal_bits(dtype, identity(combine, dtype).bits);
  return monoid(Monoid{std::string(monoid_name(combine)),
                       {identity_value},
                       {make(combine, {argument(0, dtype), argument(1, dtype)}, dtype)}});
}

const Monoid* Pool::monoid(Monoid monoid) {
  THEON_CHECK(monoid.size() > 0 && monoid.combine.size() == monoid.size());
  std::vector<DType> dtypes;
  for (std::size_t c = 0; c < monoid.size(); ++c) {
    THEON_CHECK(monoid.identity[c]->op == Opcode::literal && monoid.identity[c]->dtype == monoid.combine[c]->dtype);
    dtypes.push_back(monoid.identity[c]->dtype);
  }
  const std::pair key(monoid.name, std::move(dtypes));
  return &impl_->monoids.try_emplace(key, std::move(monoid)).first->second;
}

}  // namespace theon::ir
