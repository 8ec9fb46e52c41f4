#include "src/reference/sizes.h"

#include "src/support/check.h"

#include <algorithm>

namespace theon::reference {

namespace {

std::string title(const Leaf& input) {
  return input.name.get().empty() ? "an input without a name" : "input " + input.name.get();
}

void check_kind(const Binding& binding, Location where) {
  const auto& [input, value] = binding;
  if (value.dtype() != input.type.dtype)
    fail<DTypeError>(where, "{} is {}, its value {}", title(input), name(input.type.dtype), name(value.dtype()));
  if (value.ndim() != input.type.ndim())
    fail<ShapeError>(where, "{} has rank {}, its value {}", title(input), input.type.ndim(), to_string(value.sizes()));
}

void learn_symbols(const Binding& binding, SymbolValues& symbols) {
  for (int axis = 0; axis < binding.value.ndim(); ++axis)
    if (const Dim& dim = binding.input.type.dims[axis]; is_symbol(dim) && !symbols.knows(dim))
      symbols.set(dim, binding.value.size(axis));
}

void check_sizes(const Binding& binding, const SymbolValues& symbols, Location where) {
  const auto& [input, value] = binding;
  for (int axis = 0; axis < value.ndim(); ++axis) {
    const Dim& dim = input.type.dims[axis];
    if (!symbols.knows(dim))
      fail<ArgumentError>(where, "{}: axis {} has size {}, and no input has the size of its symbols alone",
                          title(input), axis, to_string(dim));
    if (symbols(dim) != value.size(axis))
      fail<ShapeError>(where, "{}: axis {} has size {}, which is {} here, but its value is {}", title(input), axis,
                       to_string(dim), symbols(dim), to_string(value.sizes()));
  }
}

/// " (n is 3, m is 4)"
std::string sizes_of_symbols(const Obligation& obligation, const SymbolValues& values) {
  std::string text;
  for (const Dim& symbol : symbols(std::vector{obligation.left, obligation.right}))
    text += fmt::format("{}{} is {}", text.empty() ? " (" : ", ", to_string(symbol), values(symbol));
  return text.empty() ? text : text + ")";
}

bool holds(Obligation::Relation relation, std::int64_t left, std::int64_t right) {
  switch (relation) {
    case Obligation::Relation::equal:
      return left == right;
    case Obligation::Relation::less_equal:
      return left <= right;
  }
  __builtin_unreachable();
}

}  // namespace

bool SymbolValues::knows(const Dim& dim) const {
  return std::ranges::all_of(symbols(dim), [&](const Dim& symbol) { return values_.contains(*symbol_of(symbol)); });
}

std::int64_t SymbolValues::operator()(SymbolId symbol) const {
  const auto found = values_.find(symbol);
  THEON_CHECK(found != values_.end());
  return found->second;
}

std::int64_t SymbolValues::operator()(const Dim& dim) const {
  return theon::evaluate(dim, [&](SymbolId symbol) { return (*this)(symbol); });
}

Sizes SymbolValues::operator()(const Shape& dims) const {
  Sizes sizes;
  for (const Dim& dim : dims) sizes.push_back((*this)(dim));
  return sizes;
}

void bind_sizes(const std::vector<Binding>& bindings, SymbolValues& symbols, Location where) {
  for (const Binding& binding : bindings) check_kind(binding, where);
  for (const Binding& binding : bindings) learn_symbols(binding, symbols);
  for (const Binding& binding : bindings) check_sizes(binding, symbols, where);
}

void check_obligation(const Obligation& obligation, const SymbolValues& symbols) {
  if (!symbols.knows(obligation.left) || !symbols.knows(obligation.right)) return;
  const std::int64_t left = symbols(obligation.left), right = symbols(obligation.right);
  if (!holds(obligation.relation, left, right))
    throw ShapeError(obligation.where, obligation.message + sizes_of_symbols(obligation, symbols));
}

}  // namespace theon::reference
