// Integer scalars as sizes.
#include "src/graph/binding.h"
#include "src/ops/creation.h"
#include "src/ops/elementwise.h"
#include "src/ops/shape.h"
#include "src/support/check.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>

namespace theon {

namespace {

/// The origin of the symbol that stands for an integer scalar.
struct ScalarSize final : SizeOrigin {
  explicit ScalarSize(Variable scalar) : scalar(std::move(scalar)) {}

  Variable binder(const Dim& symbol) const override {
    const Location where = scalar.where();
    return apply(std::make_shared<const BindSize>(symbol), {cast_to(scalar, DType::int64, where)}, where);
  }

  Variable scalar;
};

/// The identity of a variable's symbol is spelled by the identity of the variable, so that no table is needed to give
/// one variable one symbol.
SymbolId id_of_size(const Variable& x) {
  constexpr int bits_of_index = 16;
  const std::uint64_t serial = x.node()->serial;
  THEON_CHECK(x.index() < (1u << bits_of_index) && serial < (std::uint64_t{1} << (63 - bits_of_index)));
  return std::uint64_t{1} << 63 | serial << bits_of_index | x.index();
}

Dim symbol_for(const Variable& scalar) {
  const std::string name = scalar.name().empty() ? "size" : scalar.name();
  return symbol(name, std::make_shared<const ScalarSize>(scalar), id_of_size(scalar));
}

/// The elementwise ops that sizes can be computed by, as functions of sizes.
struct Arithmetic {
  std::string_view name;
  std::function<Dim(const Dim&, const Dim&)> combine;
};

const std::array<Arithmetic, 7>& arithmetic() {
  static const std::array<Arithmetic, 7> table{{
      {"add", [](const Dim& a, const Dim& b) { return a + b; }},
      {"sub", [](const Dim& a, const Dim& b) { return a - b; }},
      {"mul", [](const Dim& a, const Dim& b) { return a * b; }},
      {"floor_div", [](const Dim& a, const Dim& b) { return floor_div(a, b); }},
      {"mod", [](const Dim& a, const Dim& b) { return mod(a, b); }},
      {"maximum", [](const Dim& a, const Dim& b) { return max(a, b); }},
      {"minimum", [](const Dim& a, const Dim& b) { return min(a, b); }},
  }};
  return table;
}

/// Small integers wrap early and unsigned ones wrap at 0, where a polynomial would go on.
bool is_size_dtype(DType dtype) { return dtype == DType::int32 || dtype == DType::int64; }

/// The size that an arithmetic node computes from those of its inputs.
Dim computed(const Apply& node, std::span<const Dim> inputs) {
  const ElementwiseDefinition* definition = elementwise_definition(*node.op);
  if (definition->name == "neg") return 0 - inputs[0];
  if (definition->name == "cast") return inputs[0];
  const auto rule = std::ranges::find(arithmetic(), definition->name, &Arithmetic::name);
  Dim total = inputs[0];
  for (const Dim& input : inputs.subspan(1)) total = rule->combine(total, input);
  return total;
}

bool is_arithmetic(const Apply& node) {
  const ElementwiseDefinition* definition = elementwise_definition(*node.op);
  if (!definition || !is_size_dtype(node.types[0].dtype)) return false;
  const bool known = definition->name == "neg" || definition->name == "cast" ||
                     std::ranges::count(arithmetic(), definition->name, &Arithmetic::name) > 0;
  return known &&
         std::ranges::all_of(node.inputs, [](const Variable& x) { return x.ndim() == 0 && is_size_dtype(x.dtype()); });
}

/// The size of a scalar that is not computed from others.
Dim atomic_size(const Variable& x) {
  if (const Constant* constant = as_constant(x)) return constant->value.item<std::int64_t>();
  if (const auto* value = op_of<DimValue>(x)) return value->dim();
  if (const auto* bound = op_of<BindSize>(x)) return bound->size();
  return symbol_for(x);
}

/// Iterative: a counter that a thousand additions made is a chain.
Dim size_of_scalar(const Variable& x) {
  VariableMap<Dim> done;
  std::vector<Variable> waiting{x};
  while (!waiting.empty()) {
    const Variable next = waiting.back();
    const Apply* node = next.owner();
    if (!node || !is_arithmetic(*node)) {
      done.emplace(next, atomic_size(next));
      waiting.pop_back();
      continue;
    }
    std::vector<Dim> inputs;
    for (const Variable& input : node->inputs) {
      const auto known = done.find(input);
      if (known == done.end())
        waiting.push_back(input);
      else
        inputs.push_back(known->second);
    }
    if (inputs.size() < node->inputs.size()) continue;
    done.emplace(next, computed(*node, inputs));
    waiting.pop_back();
  }
  return done.at(x);
}

}  // namespace

Dim size(const Variable& n, Location where) {
  if (n.is_empty()) fail<ArgumentError>(where, "size: an empty Variable");
  if (!is_integer(n.dtype()))
    fail<DTypeError>(where, "size: {} is {}; a size is an integer", to_string(n), name(n.dtype()));
  if (n.ndim() != 0)
    fail<ShapeError>(where, "size: {} has shape {}; a size is a scalar", to_string(n), to_string(n.dims()));
  return size_of_scalar(n);
}

Signature BindSize::infer(std::span<const Variable> inputs, Location where) const {
  THEON_CHECK(inputs[0].dtype() == DType::int64 && inputs[0].ndim() == 0);
  Signature signature{{inputs[0].type()}};
  require_sizes("size", {size_}, signature, where);
  return signature;
}

std::vector<ir::Expr> BindSize::element(const ElementContext& context, std::span<const ir::Expr>) const {
  return {context.load(0, {})};
}
std::vector<Variable> BindSize::pullback(const Apply& node, std::span<const Variable>) const {
  return for_inputs(node, {});
}
std::vector<Variable> BindSize::pushforward(const Apply&, std::span<const Variable>) const { return {Variable()}; }

std::vector<Op::Binding> BindSize::binds() const {
  if (!is_symbol(size_)) return {};
  return {{size_, 0, -1}};
}

std::vector<Variable> BindSize::rebind(std::span<const Variable> inputs, DimMap& map, Location where) const {
  const Dim replacement = theon::size(inputs[0], where);
  map.set(size_, replacement);
  if (is_symbol(replacement)) return binders(std::span(&replacement, 1));
  return {apply(std::make_shared<const BindSize>(replacement), {value(replacement, where)}, where)};
}

}  // namespace theon
