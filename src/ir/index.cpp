#include "src/ir/index.h"

#include "src/support/check.h"

#include <cstdlib>
#include <limits>

namespace theon::ir {

namespace {

// Larger sums and products stay as they are written.
constexpr std::size_t max_terms = 32;
constexpr std::size_t max_degree = 8;

IndexPolynomial combined(Opcode op, std::span<const IndexPolynomial* const> args) {
  if (op == Opcode::neg) return -*args[0];
  if (op == Opcode::add) return *args[0] + *args[1];
  if (op == Opcode::sub) return *args[0] - *args[1];
  THEON_CHECK(op == Opcode::mul);
  const bool is_large = args[0]->terms().size() * args[1]->terms().size() > 4 * max_terms;
  return is_large ? IndexPolynomial::invalid() : *args[0] * *args[1];
}

IndexPolynomial combined(NodeStore& store, Opcode op, std::span<const Expr> args) {
  const IndexPolynomial* polynomials[2] = {};
  for (std::size_t k = 0; k < args.size(); ++k) polynomials[k] = &polynomial_of(store, args[k]);
  return combined(op, std::span(polynomials, args.size()));
}

/// Writes polynomials as nodes: products with their coefficient last, first what is added, then what is subtracted,
/// then the constant.
class Writer {
 public:
  explicit Writer(NodeStore& store) : store_(store) {}

  Expr write(const IndexPolynomial& polynomial) {
    for (const auto& term : polynomial.terms()) {
      if (!is_subtracted(term.coefficient)) add(product(term.factors, term.coefficient));
    }
    if (!sum_ && polynomial.constant() > 0) return subtract_all(number(polynomial.constant()), polynomial);
    return add_constant(subtract_all(sum_, polynomial), polynomial.constant());
  }

 private:
  /// The most negative number has no absolute value.
  static bool is_subtracted(std::int64_t coefficient) {
    return coefficient < 0 && coefficient != std::numeric_limits<std::int64_t>::min();
  }

  Expr subtract_all(Expr sum, const IndexPolynomial& polynomial) {
    sum_ = sum;
    for (const auto& term : polynomial.terms()) {
      if (is_subtracted(term.coefficient)) subtract(term.factors, -term.coefficient);
    }
    return sum_;
  }

  Expr add_constant(Expr sum, std::int64_t constant) {
    if (!sum) return number(constant);
    if (constant == 0) return sum;
    return is_subtracted(constant) ? node(Opcode::sub, {sum, number(-constant)})
                                   : node(Opcode::add, {sum, number(constant)});
  }

  Expr product(const std::vector<Expr>& factors, std::int64_t coefficient) {
    Expr result = factors.front();
    for (std::size_t k = 1; k < factors.size(); ++k) result = node(Opcode::mul, {result, factors[k]});
    return coefficient == 1 ? result : node(Opcode::mul, {result, number(coefficient)});
  }

  void add(Expr term) { sum_ = sum_ ? node(Opcode::add, {sum_, term}) : term; }

  void subtract(const std::vector<Expr>& factors, std::int64_t coefficient) {
    const Expr term = product(factors, coefficient);
    sum_ = sum_ ? node(Opcode::sub, {sum_, term}) : node(Opcode::neg, {term});
  }

  Expr number(std::int64_t value) { return store_.literal(DType::int64, static_cast<std::uint64_t>(value)); }

  Expr node(Opcode op, std::initializer_list<Expr> args) {
    const Expr result = store_.intern({.op = op, .dtype = DType::int64, .args = std::span(args.begin(), args.size())});
    static_cast<const StoredNode&>(*result).is_polynomial = true;
    return result;
  }

  NodeStore& store_;
  Expr sum_;
};

}  // namespace

bool is_small(const IndexPolynomial& polynomial) {
  const auto& terms = polynomial.terms();
  return polynomial.valid() && terms.size() <= max_terms &&
         (terms.empty() || terms.front().factors.size() <= max_degree);
}

const IndexPolynomial& polynomial_of(NodeStore& store, Expr expr) {
  const auto& node = static_cast<const StoredNode&>(*expr);
  if (node.polynomial) return *node.polynomial;
  // The recursion ends soon: what is_polynomial marks has few terms of few factors.
  const auto computed = [&]() -> IndexPolynomial {
    if (node.op == Opcode::literal) return static_cast<std::int64_t>(node.bits);
    return node.is_polynomial ? combined(store, node.op, node.args) : IndexPolynomial::of(expr);
  };
  return *(node.polynomial = store.keep(computed()));
}

Expr expression_of(NodeStore& store, const IndexPolynomial& polynomial) { return Writer(store).write(polynomial); }

IndexPolynomial ring_polynomial(NodeStore& store, Opcode op, std::span<const Expr> args) {
  return combined(store, op, args);
}

}  // namespace theon::ir
