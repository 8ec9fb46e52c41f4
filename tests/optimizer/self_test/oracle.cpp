#include "tests/optimizer/self_test/oracle.h"

#include "optimizer/passes/passes.h"
#include "src/graph/traversal.h"
#include "src/ir/element.h"
#include "src/ir/semantics.h"

#include <map>
#include <stdexcept>
#include <utility>

namespace theon::test {

namespace {

namespace mp = boost::multiprecision;
using ir::Expr;
using ir::Opcode;

/// A floating element is a Real, any other an integer.
struct Number {
  Real real = 0;
  std::int64_t integer = 0;
};

struct Array {
  std::vector<std::int64_t> sizes;
  std::vector<Number> elements;
};

Number literal(DType dtype, std::uint64_t bits) {
  Tensor scalar(dtype, {});
  std::memcpy(scalar.raw(), &bits, size_of(dtype));
  if (is_floating(dtype)) return {Real(scalar.item<double>()), 0};
  return {0, scalar.item<std::int64_t>()};
}

Array from_tensor(const Tensor& value) {
  Array array{value.sizes(), {}};
  if (is_floating(value.dtype()))
    for (const double x : value.to_vector<double>()) array.elements.push_back({Real(x), 0});
  else
    for (const std::int64_t x : value.to_vector<std::int64_t>()) array.elements.push_back({0, x});
  return array;
}

const Real infinity = std::numeric_limits<Real>::infinity(), not_a_number = std::numeric_limits<Real>::quiet_NaN();

Real quotient(const Real& x, const Real& y) {
  if (y != 0 || mp::isnan(x)) return x / y;
  if (x == 0) return not_a_number;
  return (x > 0) == !mp::signbit(y) ? infinity : -infinity;
}

Real power(const Real& x, const Real& y) {
  if (y == 0) return 1;
  if (x == 0) return y > 0 ? Real(0) : infinity;
  if (x < 0) return y == mp::floor(y) ? (mp::fmod(y, Real(2)) == 0 ? Real(1) : Real(-1)) * mp::pow(mp::abs(x), y) : not_a_number;
  return mp::pow(x, y);
}

Real rounded_to_even(const Real& x) {
  const Real low = mp::floor(x);
  const Real rest = x - low;
  const bool is_up = rest > 0.5 || (rest == 0.5 && mp::fmod(low, Real(2)) != 0);
  return is_up ? low + 1 : low;
}

Real error_function(const Real& x) {
  Real result;
  mpfr_erf(result.backend().data(), x.backend().data(), MPFR_RNDN);
  return result;
}

Real logarithm(const Real& x) { return x == 0 ? Real(-infinity) : x < 0 ? not_a_number : mp::log(x); }

/// One element of one node.
class Element {
 public:
  explicit Element(const std::vector<Array>& operands) : operands_(operands) {}

  Number value(Expr e) {
    switch (e->op) {
      case Opcode::literal: return literal(e->dtype, e->bits);
      case Opcode::index: return {0, indices.at(static_cast<std::size_t>(e->number))};
      case Opcode::bound: return {0, bound_.at(e->number)};
      case Opcode::argument: return arguments_.at(static_cast<std::size_t>(e->number));
      case Opcode::load: return load(e);
      case Opcode::select: return value(e->args[0]).integer ? value(e->args[1]) : value(e->args[2]);
      case Opcode::convert: return converted(value(e->args[0]), e->args[0]->dtype, e->dtype);
      case Opcode::project: return reduction(e->args[0]).at(static_cast<std::size_t>(e->number));
      case Opcode::reduce: return reduction(e).at(0);
      default: return is_floating(e->args[0]->dtype) ? floating(e) : integral(e);
    }
  }

  std::vector<std::int64_t> indices;

 private:
  Number load(Expr e) {
    const Array& array = operands_.at(static_cast<std::size_t>(e->number));
    std::int64_t at = 0;
    for (std::size_t axis = 0; axis < array.sizes.size(); ++axis) at = at * array.sizes[axis] + value(e->args[axis]).integer;
    return array.elements.at(static_cast<std::size_t>(at));
  }

  static Number converted(const Number& x, DType from, DType to) {
    if (is_floating(from) == is_floating(to)) return is_boolean(to) ? Number{0, x.integer != 0} : x;
    if (is_floating(to)) return {Real(x.integer), 0};
    const double number = x.real.convert_to<double>();  // that underflows as the machine's does
    return {0, is_boolean(to) ? number != 0 : static_cast<std::int64_t>(number)};
  }

  /// The components of a reduction.
  std::vector<Number> reduction(Expr e) {
    const ir::Monoid& monoid = *e->monoid;
    const std::int64_t extent = value(e->args[0]).integer;
    std::vector<Number> state;
    for (const Expr& identity : monoid.identity) state.push_back(value(identity));
    for (std::int64_t k = 0; k < extent; ++k) {
      bound_[e->number] = k;
      std::vector<Number> both = state;
      for (std::size_t c = 0; c < monoid.size(); ++c) both.push_back(value(e->args[c + 1]));
      std::swap(arguments_, both);
      for (std::size_t c = 0; c < monoid.size(); ++c) state[c] = value(monoid.combine[c]);
      std::swap(arguments_, both);
    }
    return state;
  }

  Number floating(Expr e) {
    const Real x = value(e->args[0]).real, y = e->args.size() > 1 ? value(e->args[1]).real : Real(0);
    const bool is_nan = mp::isnan(x) || (e->args.size() > 1 && mp::isnan(y));
    switch (e->op) {
      case Opcode::add: return {x + y, 0};
      case Opcode::sub: return {x - y, 0};
      case Opcode::mul: return {x * y, 0};
      case Opcode::div: return {quotient(x, y), 0};
      case Opcode::pow: return {power(x, y), 0};
      case Opcode::min: return {is_nan ? not_a_number : x < y ? x : y, 0};
      case Opcode::max: return {is_nan ? not_a_number : x > y ? x : y, 0};
      case Opcode::neg: return {-x, 0};
      case Opcode::abs: return {mp::abs(x), 0};
      case Opcode::sqrt: return {x < 0 ? not_a_number : Real(mp::sqrt(x)), 0};
      case Opcode::floor: return {mp::floor(x), 0};
      case Opcode::ceil: return {mp::ceil(x), 0};
      case Opcode::trunc: return {mp::trunc(x), 0};
      case Opcode::round: return {rounded_to_even(x), 0};
      case Opcode::exp: return {mp::exp(x), 0};
      case Opcode::log: return {logarithm(x), 0};
      case Opcode::log1p: return {logarithm(1 + x), 0};
      case Opcode::expm1: return {mp::exp(x) - 1, 0};
      case Opcode::sin: return {mp::sin(x), 0};
      case Opcode::cos: return {mp::cos(x), 0};
      case Opcode::tanh: return {mp::tanh(x), 0};
      case Opcode::erf: return {error_function(x), 0};
      case Opcode::lt: return {0, x < y};
      case Opcode::le: return {0, x <= y};
      case Opcode::eq: return {0, x == y};
      case Opcode::ne: return {0, x != y};
      default: throw std::logic_error("the oracle does not know " + std::string(ir::name(e->op)));
    }
  }

  Number integral(Expr e) {
    std::vector<ir::Value> args;
    for (const Expr& arg : e->args) args.push_back(as_value(value(arg).integer, arg->dtype));
    return literal(e->dtype, ir::apply(e->op, e->dtype, args).bits);
  }

  static ir::Value as_value(std::int64_t number, DType dtype) {
    const Tensor scalar = Tensor(number).astype(dtype);
    ir::Value value{dtype, 0};
    std::memcpy(&value.bits, scalar.raw(), size_of(dtype));
    return value;
  }

  const std::vector<Array>& operands_;
  std::map<std::int64_t, std::int64_t> bound_;
  std::vector<Number> arguments_;
};

class Loads final : public ElementContext {
 public:
  Loads(ir::Pool& pool, const Apply& node) : pool_(pool), node_(node) {}
  ir::Pool& pool() const override { return pool_; }
  const Apply& node() const override { return node_; }
  Expr load(std::size_t input, std::span<const Expr> indices) const override {
    return pool_.load(static_cast<std::int64_t>(input), node_.inputs[input].dtype(), indices);
  }

 private:
  ir::Pool& pool_;
  const Apply& node_;
};

std::vector<std::int64_t> known_sizes(const Shape& dims) {
  std::vector<std::int64_t> sizes;
  for (const Dim& dim : dims) sizes.push_back(dim.known().value());
  return sizes;
}

/// The next index in row-major order; false after the last.
bool advance(std::vector<std::int64_t>& indices, const std::vector<std::int64_t>& sizes) {
  for (std::size_t axis = sizes.size(); axis-- > 0;) {
    if (++indices[axis] < sizes[axis]) return true;
    indices[axis] = 0;
  }
  return false;
}

Array run(const Apply& node, std::size_t output, const std::vector<Array>& operands) {
  ir::Pool pool;
  std::vector<Expr> indices;
  for (const Dim& dim : node.types[output].dims) indices.push_back(pool.index(static_cast<int>(indices.size()), dim));
  const Expr expression = dynamic_cast<const ElementOp&>(*node.op).element(Loads(pool, node), indices)[output];
  Array result{known_sizes(node.types[output].dims), {}};
  Element element(operands);
  element.indices.assign(result.sizes.size(), 0);
  do result.elements.push_back(element.value(expression));
  while (advance(element.indices, result.sizes));
  return result;
}

}  // namespace

std::vector<Real> exact(const Variable& x, const Arguments& arguments) {
  const Variable plain = inline_composites({{}, {x}}, {}).outputs[0];
  VariableMap<Array> values;
  for (const auto& [input, value] : arguments) values.emplace(input, from_tensor(value));
  const auto array = [&](const Variable& v) { return as_constant(v) ? from_tensor(as_constant(v)->value) : values.at(v); };
  for (const Apply* node : toposort(std::span(&plain, 1))) {
    std::vector<Array> operands;
    for (const Variable& input : node->inputs) operands.push_back(array(input));
    for (std::size_t i = 0; i < node->outputs(); ++i) values.emplace(node->output(i), run(*node, i, operands));
  }
  std::vector<Real> result;
  for (const Number& number : array(plain).elements) result.push_back(number.real);
  return result;
}

}  // namespace theon::test
