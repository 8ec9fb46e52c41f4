#include "codegen/program/estimate.h"

#include "src/ir/dim_node.h"
#include "src/support/check.h"

#include <algorithm>

namespace theon::codegen {

Formula::Formula(double number) {
  if (number != 0) terms_.push_back({number, {}});
}

Formula::Formula(const Dim& size) {
  if (size.known())
    *this = Formula(static_cast<double>(*size.known()));
  else
    terms_.push_back({1, {size}});
}

Formula& Formula::operator+=(const Formula& other) {
  for (const Term& term : other.terms_) {
    const auto same = std::ranges::find(terms_, term.factors, &Term::factors);
    if (same == terms_.end())
      terms_.push_back(term);
    else
      same->coefficient += term.coefficient;
  }
  return *this;
}

Formula operator*(const Formula& a, const Formula& b) {
  Formula product;
  for (const Formula::Term& x : a.terms_)
    for (const Formula::Term& y : b.terms_) {
      Formula each;
      each.terms_.push_back({x.coefficient * y.coefficient, x.factors});
      std::vector<Dim>& factors = each.terms_[0].factors;
      factors.insert(factors.end(), y.factors.begin(), y.factors.end());
      std::ranges::stable_sort(factors, [](const Dim& s, const Dim& t) { return compare(s, t) < 0; });
      product += each;
    }
  return product;
}

double Formula::value(const std::function<double(const Dim&)>& value) const {
  double sum = 0;
  for (const Term& term : terms_) {
    double product = term.coefficient;
    for (const Dim& factor : term.factors) product *= value(factor);
    sum += product;
  }
  return sum;
}

bool Formula::is_number() const {
  return std::ranges::all_of(terms_, [](const Term& term) { return term.factors.empty(); });
}

std::string to_string(const Formula& formula) {
  SymbolNames names;
  std::string text;
  // The number comes last.
  std::vector<Formula::Term> terms = formula.terms_;
  std::ranges::stable_partition(terms, [](const Formula::Term& term) { return !term.factors.empty(); });
  for (const Formula::Term& term : terms) {
    std::string product;
    if (term.coefficient != 1 || term.factors.empty()) product = fmt::format("{:.6g}", term.coefficient);
    for (const Dim& factor : term.factors) {
      const std::string size = to_string(factor, names);
      product += (product.empty() ? "" : "*") + (is_symbol(factor) ? size : "(" + size + ")");
    }
    text += (text.empty() ? "" : " + ") + product;
  }
  return text.empty() ? "0" : text;
}

Estimate& Estimate::operator+=(const Estimate& other) {
  operations += other.operations;
  bytes += other.bytes;
  picoseconds += other.picoseconds;
  return *this;
}

Estimate Estimate::times(const Dim& runs) const {
  const Formula count(runs);
  return {operations * count, bytes * count, picoseconds * count};
}

}  // namespace theon::codegen
