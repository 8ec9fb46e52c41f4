#include "src/ir/dim_node.h"

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <string_view>

namespace theon {

using detail::DimAtom;
using detail::DimAtomRef;
using detail::DimPolynomial;

const std::string& SymbolNames::operator()(const DimAtom& symbol) {
  const auto known = names_.find(symbol.id);
  if (known != names_.end()) return known->second;
  std::string name = symbol.name;
  while (!taken_.insert(name).second) name += '\'';
  return names_.emplace(symbol.id, std::move(name)).first->second;
}

namespace {

std::string_view spelling(DimAtom::Kind kind) {
  switch (kind) {
    case DimAtom::Kind::symbol:
      return "symbol";
    case DimAtom::Kind::floor_div:
      return "floor_div";
    case DimAtom::Kind::mod:
      return "mod";
    case DimAtom::Kind::min:
      return "min";
    case DimAtom::Kind::max:
      return "max";
  }
  return "";
}

std::string print(const DimAtom& atom, SymbolNames& names) {
  if (atom.kind == DimAtom::Kind::symbol) return names(atom);
  std::string args;
  for (const Dim& arg : atom.args) args += (args.empty() ? "" : ", ") + to_string(arg, names);
  return fmt::format("{}({})", spelling(atom.kind), args);
}

std::string print(const DimPolynomial::Term& term, SymbolNames& names) {
  std::string text = term.coefficient == 1 ? "" : term.coefficient == -1 ? "-" : fmt::format("{}*", term.coefficient);
  for (const DimAtomRef& atom : term.factors) {
    if (&atom != &term.factors.front()) text += '*';
    text += print(*atom, names);
  }
  return text;
}

/// " + x" or, for a negative x, " - " and its absolute value.
std::string signed_text(const std::string& text) { return text.front() == '-' ? " - " + text.substr(1) : " + " + text; }

}  // namespace

std::string to_string(const Dim& dim, SymbolNames& names) {
  if (dim.is_known()) return fmt::format("{}", *dim.known());
  const DimPolynomial& polynomial = dim.node()->polynomial;
  std::string text;
  for (const DimPolynomial::Term& term : polynomial.terms()) {
    const std::string part = print(term, names);
    text += text.empty() ? part : signed_text(part);
  }
  if (polynomial.constant() != 0) text += signed_text(fmt::format("{}", polynomial.constant()));
  return text;
}

std::string to_string(const Dim& dim) {
  SymbolNames names;
  return to_string(dim, names);
}

std::string to_string(const Shape& shape) {
  SymbolNames names;
  std::string text;
  for (const Dim& dim : shape) text += (text.empty() ? "" : ", ") + to_string(dim, names);
  return "[" + text + "]";
}

std::ostream& operator<<(std::ostream& out, const Dim& dim) { return out << to_string(dim); }

}  // namespace theon
