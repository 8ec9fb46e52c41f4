#include "src/ir/pool.h"

#include "src/ir/opcode.h"
#include "src/ir/semantics.h"
#include "src/ir/simplify.h"
#include "src/support/check.h"

#include <algorithm>
#include <limits>

namespace theon::ir {

namespace {

bool has_dtype(Expr x, DType dtype) { return x->dtype == dtype; }

bool dtypes_fit(Opcode op, std::span<const Expr> args, DType dtype) {
  const auto all = [&](DType expected) {
    return std::ranges::all_of(args, [&](Expr x) { return has_dtype(x, expected); });
  };
  switch (info(op).form) {
    case Form::arithmetic:
    case Form::call:
      return all(dtype);
    case Form::comparison:
      return all(args[0]->dtype) && is_boolean(dtype);
    case Form::selection:
      return has_dtype(args[0], DType::boolean) && has_dtype(args[1], dtype) && has_dtype(args[2], dtype);
    case Form::conversion:
      return true;
    case Form::leaf:
    case Form::memory:
    case Form::iteration:
      return false;
  }
  return false;
}

}  // namespace

Pool::Pool() : impl_(std::make_unique<Impl>(this)) {}
Pool::~Pool() = default;

Expr Pool::literal(DType dtype, double value) {
  const Value bits = convert(Value::of(value), dtype);
  THEON_CHECK(is_floating(dtype) || convert(bits, DType::float64).as<double>() == value);
  return literal_bits(dtype, bits.bits);
}

Expr Pool::literal(DType dtype, std::int64_t value) {
  const Value bits = convert(Value::of(value), dtype);
  THEON_CHECK(is_floating(dtype) || convert(bits, DType::int64).as<std::int64_t>() == value);
  return literal_bits(dtype, bits.bits);
}

Expr Pool::literal_bits(DType dtype, std::uint64_t bits) {
  THEON_CHECK(size_of(dtype) == 8 || bits >> (8 * size_of(dtype)) == 0);
  THEON_CHECK(!is_boolean(dtype) || bits <= 1);
  return impl_->store.literal(dtype, bits);
}

Expr Pool::index(int axis, const Dim& extent) {
  return impl_->store.intern(
      {.op = Opcode::index, .dtype = DType::int64, .number = axis, .dim = impl_->store.keep(extent)});
}

namespace {

/// The value of a Dim as an expression.
class ParameterWriter {
 public:
  explicit ParameterWriter(NodeStore& store) : store_(store) {}

  Expr operator()(const Dim& dim) {
    if (dim.is_known()) return store_.pool().literal(*dim.known());
    const detail::DimPolynomial& polynomial = dim.node()->polynomial;
    Expr sum = store_.pool().literal(polynomial.constant());
    for (const auto& term : polynomial.terms()) {
      Expr product = store_.pool().literal(term.coefficient);
      for (const detail::DimAtomRef& atom : term.factors) product = product * atom_value(atom);
      sum = sum + product;
    }
    return sum;
  }

 private:
  Expr atom_value(const detail::DimAtomRef& atom) {
    using Kind = detail::DimAtom::Kind;
    switch (atom->kind) {
      case Kind::symbol:
        return symbol(detail::dim_of(detail::DimPolynomial::of(atom)));
      case Kind::floor_div:
        return chain(Opcode::floor_div, atom->args);
      case Kind::mod:
        return chain(Opcode::mod, atom->args);
      case Kind::min:
        return chain(Opcode::min, atom->args);
      case Kind::max:
        return chain(Opcode::max, atom->args);
    }
    return {};
  }

  Expr symbol(const Dim& dim) {
    return store_.intern({.op = Opcode::parameter, .dtype = DType::int64, .dim = store_.keep(dim)});
  }

  Expr chain(Opcode op, const std::vector<Dim>& args) {
    Expr result = (*this)(args.front());
    for (std::size_t k = 1; k < args.size(); ++k)
      result = store_.pool().make(op, {result, (*this)(args[k])}, DType::int64);
    return result;
  }

  NodeStore& store_;
};

}  // namespace

Expr Pool::parameter(const Dim& dim) {
  if (dim.is_known()) return literal(*dim.known());
  Expr& known = impl_->store.parameter(impl_->store.keep(dim));
  if (!known) known = ParameterWriter(impl_->store)(dim);
  return known;
}

Expr Pool::argument(int number, DType dtype) {
  return impl_->store.intern({.op = Opcode::argument, .dtype = dtype, .number = number});
}

Expr Pool::local(std::int64_t number, DType dtype) {
  return impl_->store.intern({.op = Opcode::local, .dtype = dtype, .number = number});
}

Expr Pool::load(std::int64_t buffer, DType dtype, std::span<const Expr> indices) {
  THEON_CHECK(std::ranges::all_of(indices, [](Expr x) { return has_dtype(x, DType::int64); }));
  return impl_->store.intern({.op = Opcode::load, .dtype = dtype, .args = indices, .number = buffer});
}

Expr Pool::make(Opcode op, std::span<const Expr> args, DType dtype) {
  THEON_CHECK(info(op).arity != 0 && args.size() == info(op).arity);
  THEON_CHECK(std::ranges::all_of(args, [&](Expr x) { return x->pool == this; }));
  THEON_CHECK(dtypes_fit(op, args, dtype));
  THEON_CHECK(operation(op, args.back()->dtype, dtype) != nullptr);
  return simplified(impl_->store, op, args, dtype);
}

std::size_t Pool::size() const { return impl_->store.size(); }

}  // namespace theon::ir
