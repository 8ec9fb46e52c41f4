#include "optimizer/canonical.h"

#include "optimizer/pattern.h"
#include "src/ops/elementwise.h"
#include "src/ops/shape.h"
#include "src/support/check.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>

namespace theon {

namespace {

using ir::Opcode;
using ir::Value;

bool is_sum(const Variable& x) { return is_elementwise(x, "add") || is_elementwise(x, "sub"); }
bool is_product(const Variable& x) { return is_elementwise(x, "mul"); }
bool is_negative(const Variable& x) { return is_elementwise(x, "neg"); }
const Variable& operand(const Variable& x, std::size_t k = 0) { return x.owner()->inputs[k]; }

bool same_dims(const Variable& a, const Variable& b) { return is_pattern(a) || is_pattern(b) || a.dims() == b.dims(); }

const OpRef& op_named(std::string_view name) {
  static const std::vector<OpRef> ops = [] {
    std::vector<OpRef> list;
    for (const ElementwiseDefinition& definition : elementwise_definitions())
      list.push_back(std::make_shared<const Elementwise>(definition));
    return list;
  }();
  return *std::ranges::find(ops, name,
                            [](const OpRef& op) { return static_cast<const Elementwise&>(*op).definition().name; });
}

double as_double(Value value) { return as_constant(scalar_constant(value, {}))->value.item<double>(); }
Value number(DType dtype, double value) {
  const Tensor scalar = Tensor(value).astype(dtype);
  Value result{dtype, 0};
  std::memcpy(&result.bits, scalar.raw(), size_of(dtype));
  return result;
}
Value negated(Value value) { return ir::apply(Opcode::neg, value.dtype, std::array{value}); }
bool is_number(Value value, double wanted) { return value == number(value.dtype, wanted); }
/// Whether adding it changes nothing, not even the sign of a zero.
bool is_neutral_term(Value value) { return is_number(value, is_floating(value.dtype) ? -0.0 : 0.0); }
/// Below zero, and so is not what its negative is.
bool has_sign(Value value) { return !is_unsigned(value.dtype) && as_double(value) < 0 && negated(value) != value; }

/// Whether it is a broadcast along axes of size 1 and new ones only, so that what it repeats can be told from its type.
bool is_repetition(const Variable& x) {
  if (!op_of<BroadcastTo>(x)) return false;
  const Shape &from = operand(x).dims(), &to = x.dims();
  const std::size_t extra = to.size() - from.size();
  for (std::size_t axis = 0; axis < from.size(); ++axis)
    if (from[axis] != Dim(1) && from[axis] != to[axis + extra]) return false;
  return true;
}

/// An operand of a flattened sum or product.
struct Signed {
  Variable value;
  bool is_negative = false;
  bool may_open = true;  // nothing else uses the negations around it
};

bool are_distinct(const std::vector<Variable>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (same(values[i], values[k])) return false;
  return true;
}

/// For each value the position of the first that is the same.
std::vector<std::size_t> first_equal(const std::vector<Variable>& values) {
  std::vector<std::size_t> order(values.size()), first(values.size());
  std::iota(order.begin(), order.end(), 0);
  const auto identity = [&](std::size_t i) { return std::pair(values[i].node().get(), values[i].index()); };
  std::ranges::stable_sort(order, {}, identity);
  for (std::size_t k = 0; k < order.size(); ++k)
    first[order[k]] = k > 0 && same(values[order[k]], values[order[k - 1]]) ? first[order[k - 1]] : order[k];
  return first;
}

class Canonical {
 public:
  Canonical(const Variable& x, Facts& facts, Interned& interned) : x_(x), facts_(facts), interned_(interned) {}

  Variable operator()() {
    if (const auto value = folded()) return constant(*value);
    if (const auto inputs = before_broadcasts()) return interned_.apply(x_.owner()->op, *inputs, x_.where());
    if (is_sum(x_)) return sum();
    if (is_product(x_)) return product();
    if (is_negative(x_)) return negative(operand(x_));
    if (is_elementwise(x_, "div")) return quotient();
    if (is_elementwise(x_, "pow")) return power();
    return x_;
  }

 private:
  Variable make(std::string_view op, std::vector<Variable> inputs) {
    const Variable made = interned_.apply(op_named(op), inputs, x_.where());
    return same(made, x_) ? interned_.respelled(*x_.owner(), std::move(inputs)) : made;
  }
  Variable constant(Value value) { return interned_.leaf(scalar_constant(value, x_.where())); }

  std::optional<Value> folded() {
    return elementwise_definition(*x_.owner()->op) && !is_pattern(x_) ? facts_.uniform(x_) : std::nullopt;
  }

  /// The operands without explicit broadcasts, which the operation makes itself where it still needs them, and arrays
  /// of one number as that number.
  std::optional<std::vector<Variable>> before_broadcasts() {
    const Apply& node = *x_.owner();
    if (!elementwise_definition(*node.op) || is_pattern(x_)) return std::nullopt;
    std::vector<Variable> inputs = node.input_list();
    bool is_changed = false;
    for (Variable& x : inputs) {
      const Variable plain = unrepeated(x);
      is_changed = is_changed || !same(plain, x);
      x = plain;
    }
    return is_changed ? std::optional(std::move(inputs)) : std::nullopt;
  }

  Variable unrepeated(const Variable& x) {
    if (const auto value = x.ndim() > 0 ? facts_.uniform(x) : std::nullopt) return constant(*value);
    return is_repetition(x) ? operand(x) : x;
  }

  Variable negative(const Variable& x) {
    if (is_negative(x)) return operand(x);
    if (const auto value = facts_.uniform(x)) return constant(negated(*value));
    return make("neg", {x});
  }

  Variable with_sign(const Variable& x, bool is_negative) { return is_negative ? negative(x) : x; }

  /// The operands of the sum or product `x_`, those of unshared operands of the same kind included.
  std::vector<Signed> flattened(bool (*is_kind)(const Variable&)) {
    std::vector<Signed> found, open{{x_}};
    while (!open.empty()) {
      const Signed next = std::move(open.back());
      open.pop_back();
      if (is_negative(next.value)) {
        const bool may_open = next.may_open && is_kind(operand(next.value)) && !facts_.is_shared(next.value);
        open.push_back({operand(next.value), !next.is_negative, may_open});
      } else if (is_kind(next.value) && may_be_opened(next)) {
        open_operands(next, open);
      } else {
        found.push_back(next);
      }
    }
    return found;
  }

  bool may_be_opened(const Signed& x) {
    return same(x.value, x_) || (x.may_open && same_dims(x.value, x_) && !facts_.is_shared(x.value));
  }

  static void open_operands(const Signed& x, std::vector<Signed>& open) {
    const std::span<const Variable> inputs = x.value.owner()->inputs;
    const bool is_difference = is_elementwise(x.value, "sub");
    for (std::size_t k = inputs.size(); k-- > 0;) {
      // The sign of a product belongs to one of its factors.
      const bool inherits = k == 0 || is_sum(x.value);
      open.push_back({inputs[k], (inherits && x.is_negative) != (is_difference && k == 1), x.may_open});
    }
  }

  /// Takes the numbers out of the operands: their combination, and those that cannot be combined.
  struct Numbers {
    std::optional<Value> value;
    std::vector<Value> apart;
  };
  Numbers take_numbers(std::vector<Signed>& operands, Opcode op) {
    Numbers numbers;
    std::erase_if(operands, [&](const Signed& x) {
      const auto uniform = facts_.uniform(x.value);
      if (uniform) combine(numbers, x.is_negative ? negated(*uniform) : *uniform, op);
      return uniform.has_value();
    });
    return numbers;
  }

  static void combine(Numbers& numbers, Value next, Opcode op) {
    if (!numbers.value) {
      numbers.value = next;
      return;
    }
    if (const auto both = combination(*numbers.value, next, op))
      numbers.value = both;
    else
      numbers.apart.push_back(next);
  }

  static std::optional<Value> combination(Value a, Value b, Opcode op) {
    if (a.dtype != b.dtype) return std::nullopt;  // the numbers of a pattern
    const Value both = ir::apply(op, a.dtype, std::array{a, b});
    return keeps_magnitude(a, b, both, op) ? std::optional(both) : std::nullopt;
  }

  /// Whether combining two numbers first cannot overflow or underflow where the rest of the operands would have
  /// prevented it.
  static bool keeps_magnitude(Value a, Value b, Value both, Opcode op) {
    if (!is_floating(both.dtype)) return true;
    const double x = as_double(a), y = as_double(b), z = as_double(both);
    if (!std::isfinite(x) || !std::isfinite(y)) return false;
    const double smallest = both.dtype == DType::float64   ? 0x1p-1022
                            : both.dtype == DType::float16 ? 0x1p-14
                                                           : 0x1p-126;
    return std::isfinite(z) && (op == Opcode::add || x == 0 || y == 0 || std::abs(z) >= smallest);
  }

  Variable sum() {
    std::vector<Signed> terms = flattened(is_sum);
    Numbers numbers = take_numbers(terms, Opcode::add);
    collect_like_terms(terms);
    const bool all_negative = !numbers.value && std::ranges::all_of(terms, &Signed::is_negative);
    std::vector<Variable> inputs;
    // A 0 of a pattern may turn out to be a 0.0, which is not neutral.
    const bool is_neutral = numbers.value && !is_pattern(x_) && is_neutral_term(*numbers.value);
    if (numbers.value && (terms.empty() || !is_neutral)) inputs.push_back(constant(*numbers.value));
    for (const Signed& term : terms) inputs.push_back(with_sign(term.value, term.is_negative && !all_negative));
    for (const Value& value : numbers.apart) inputs.push_back(constant(value));
    return with_sign(inputs.size() == 1 ? inputs[0] : make("add", std::move(inputs)), all_negative);
  }

  static constexpr std::size_t few = 8;

  /// x + x is 2 * x. Terms of opposite signs stay apart: their difference is no number where x is none.
  void collect_like_terms(std::vector<Signed>& terms) {
    if (terms.size() < 2) return;
    std::vector<Variable> bases;
    for (const Signed& term : terms) bases.push_back(base(term.value));
    if (bases.size() <= few && are_distinct(bases)) return;
    const std::vector<std::size_t> first = first_equal(bases);
    std::vector<Value> total;
    std::vector<bool> is_merged(terms.size()), is_multiple(terms.size());
    for (std::size_t i = 0; i < terms.size(); ++i) {
      total.push_back(coefficient(terms[i].value));
      const std::size_t to = first[i];
      if (to == i || terms[to].is_negative != terms[i].is_negative) continue;
      const auto both = combination(total[to], total[i], Opcode::add);
      if (!both) continue;
      total[to] = *both;
      is_merged[i] = is_multiple[to] = true;
    }
    std::vector<Signed> kept;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (is_multiple[i]) terms[i].value = make("mul", {constant(total[i]), bases[i]});
      if (!is_merged[i]) kept.push_back(terms[i]);
    }
    terms = std::move(kept);
  }

  /// x of 2 * x, where nothing else uses the product; otherwise all of it.
  Variable base(const Variable& term) { return has_coefficient(term) ? operand(term, 1) : term; }
  Value coefficient(const Variable& term) {
    if (has_coefficient(term)) return *facts_.uniform(operand(term));
    return number(is_pattern(term) ? DType::int64 : term.dtype(), 1);
  }
  bool has_coefficient(const Variable& term) {
    return is_product(term) && term.owner()->inputs.size() == 2 && facts_.uniform(operand(term)) &&
           !facts_.is_shared(term) && same_dims(operand(term, 1), term);
  }
  Variable product() {
    std::vector<Signed> factors = flattened(is_product);
    Numbers numbers = take_numbers(factors, Opcode::mul);
    bool is_negative = std::ranges::count(factors, true, &Signed::is_negative) % 2 != 0;
    if (numbers.value && has_sign(*numbers.value)) {
      numbers.value = negated(*numbers.value);
      is_negative = !is_negative;
    }
    std::vector<Variable> inputs;
    if (numbers.value && (factors.empty() || !is_number(*numbers.value, 1))) inputs.push_back(constant(*numbers.value));
    for (const Signed& factor : factors) inputs.push_back(factor.value);
    for (const Value& value : numbers.apart) inputs.push_back(constant(value));
    return with_sign(inputs.size() == 1 ? inputs[0] : make("mul", std::move(inputs)), is_negative);
  }

  Variable quotient() {
    const auto [x, x_negative] = unsigned_part(operand(x_, 0));
    const auto [y, y_negative] = unsigned_part(operand(x_, 1));
    if (same(x, operand(x_, 0)) && same(y, operand(x_, 1))) return x_;
    return with_sign(make("div", {x, y}), x_negative != y_negative);
  }

  std::pair<Variable, bool> unsigned_part(const Variable& x) {
    if (is_negative(x)) return {operand(x), true};
    if (const auto value = facts_.uniform(x); value && has_sign(*value)) return {constant(negated(*value)), true};
    return {x, false};
  }

  Variable power() {
    const auto exponent = facts_.uniform(operand(x_, 1));
    const Variable& x = operand(x_, 0);
    if (exponent && is_number(*exponent, 1)) return x;
    if (exponent && is_number(*exponent, 2)) return make("mul", {x, x});
    if (exponent && is_number(*exponent, 3)) return make("mul", {x, x, x});
    return x_;
  }

  const Variable x_;
  Facts& facts_;
  Interned& interned_;
};

}  // namespace

Variable canonical(const Variable& x, Facts& facts, Interned& interned) {
  const Variable form = x.owner() ? Canonical(x, facts, interned)() : x;
  return same(form, x) || is_pattern(x) ? form : fit(form, x.type(), x.where());
}

bool is_absorbed(const Apply& node, Facts& facts) {
  if (node.outputs() != 1) return false;
  const Variable x = node.output(0);
  const bool is_kind = is_sum(x) || is_product(x);
  const Apply* user = is_kind ? facts.only_user(x) : nullptr;
  if (user && is_negative(user->output(0))) user = facts.only_user(user->output(0));
  if (!user || user->outputs() != 1 || !same_dims(x, user->output(0))) return false;
  return is_sum(x) ? is_sum(user->output(0)) : is_product(user->output(0));
}

}  // namespace theon
