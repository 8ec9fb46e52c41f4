#include "tests/codegen/math/blocks.h"

#include "src/ir/semantics.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace theon::test {

namespace {

using ir::Expr;
using ir::Opcode;

constexpr std::size_t block = 256;
using Block = std::array<std::uint64_t, block>;

class Steps {
 public:
  explicit Steps(Expr expr) : nodes_(ir::postorder(std::span(&expr, 1))), values_(nodes_.size()) {
    for (std::size_t k = 0; k < nodes_.size(); ++k) place_[nodes_[k].get()] = k;
  }

  const Block& operator()(std::span<const Bits> arguments, std::size_t begin, std::size_t count) {
    for (std::size_t k = 0; k < nodes_.size(); ++k) run(nodes_[k], values_[k], arguments, begin, count);
    return values_.back();
  }

 private:
  void run(Expr e, Block& result, std::span<const Bits> arguments, std::size_t begin, std::size_t count) {
    if (e->op == Opcode::literal) return result.fill(e->bits);
    if (e->op == Opcode::argument) {
      std::copy_n(arguments[static_cast<std::size_t>(e->number)].begin() + static_cast<std::ptrdiff_t>(begin), count, result.begin());
      return;
    }
    const ir::Operation operation = ir::operation(e->op, e->args[e->op == Opcode::select ? 1 : 0]->dtype, e->dtype);
    std::array<const Block*, 3> operands{};
    for (std::size_t a = 0; a < e->args.size(); ++a) operands[a] = &values_[place_.at(e->args[a].get())];
    for (std::size_t i = 0; i < count; ++i) {
      std::array<std::uint64_t, 3> bits{};
      for (std::size_t a = 0; a < e->args.size(); ++a) bits[a] = (*operands[a])[i];
      result[i] = operation(bits.data());
    }
  }

  std::vector<Expr> nodes_;
  std::vector<Block> values_;
  std::unordered_map<const ir::Node*, std::size_t> place_;
};

bool is_product(Expr e) { return e->op == Opcode::mul && is_floating(e->dtype); }

}  // namespace

Bits evaluated(Expr expr, std::span<const Bits> arguments) {
  Steps steps(expr);
  Bits results(arguments[0].size());
  for (std::size_t begin = 0; begin < results.size(); begin += block) {
    const std::size_t count = std::min(block, results.size() - begin);
    std::copy_n(steps(arguments, begin, count).begin(), count, results.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  return results;
}

Expr contracted(Expr expr) {
  const std::vector<Expr> nodes = ir::postorder(std::span(&expr, 1));
  std::unordered_map<const ir::Node*, int> uses;
  for (const Expr e : nodes) {
    for (const Expr arg : e->args) ++uses[arg.get()];
  }
  const auto fuses = [&](Expr e) { return is_product(e) && uses[e.get()] == 1; };
  std::unordered_map<const ir::Node*, Expr> done;
  const auto now = [&](Expr e) { return done.at(e.get()); };
  for (const Expr e : nodes) {
    std::vector<Expr> args;
    for (const Expr arg : e->args) args.push_back(now(arg));
    const bool is_sum = (e->op == Opcode::add || e->op == Opcode::sub) && is_floating(e->dtype);
    if (is_sum && fuses(e->args[0])) {
      const Expr product = e->args[0];
      done[e.get()] = fma(now(product->args[0]), now(product->args[1]), e->op == Opcode::add ? args[1] : -args[1]);
    } else if (is_sum && fuses(e->args[1])) {
      const Expr product = e->args[1], factor = now(product->args[0]);
      done[e.get()] = fma(e->op == Opcode::add ? factor : -factor, now(product->args[1]), args[0]);
    } else {
      done[e.get()] = e->args.empty() ? e : e->pool->make(e->op, args, e->dtype);
    }
  }
  return done.at(expr.get());
}

double units_off(DType dtype, double actual, long double exact) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double nearest = dtype == DType::float32 ? static_cast<double>(static_cast<float>(exact)) : static_cast<double>(exact);
  if (std::isnan(exact) || std::isnan(actual)) return std::isnan(exact) && std::isnan(actual) ? 0 : infinity;
  if (std::isinf(exact) || (exact == 0)) return actual == nearest && std::signbit(actual) == std::signbit(nearest) ? 0 : infinity;
  if (std::isinf(actual)) return std::isinf(nearest) && actual == nearest ? 0 : infinity;
  if (actual == 0 && std::signbit(actual) != std::signbit(nearest)) return infinity;
  const int digits = dtype == DType::float32 ? 24 : 53, lowest = dtype == DType::float32 ? -149 : -1074;
  int exponent;
  std::frexp(exact, &exponent);
  return static_cast<double>(std::abs(static_cast<long double>(actual) - exact) / std::ldexp(1.0L, std::max(exponent - digits, lowest)));
}

}  // namespace theon::test
