// Expressions as text.
#include "src/ir/dim_node.h"
#include "src/ir/element.h"
#include "src/ir/opcode.h"
#include "src/ir/semantics.h"
#include "src/tensor/convert.h"
#include "src/tensor/dispatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace theon::ir {

namespace {

constexpr int loosest = 0;
constexpr int tightest = 7;

int binding(Expr expr) { return info(expr->op).binding; }

std::string literal_text(const Node& node) {
  return dispatch(node.dtype, [&]<Scalar T>() {
    return fmt::format("{}", arithmetic(Value{node.dtype, node.bits}.as<T>()));
  });
}

/// Writes one expression and the definitions it needs. Iterative: what is still to be written waits on a stack.
class Printer {
 public:
  std::string print(Expr root) {
    const std::vector<Expr> order = postorder(std::span(&root, 1));
    name_shared(order, root);
    for (const Expr node : order) {
      if (!names_.contains(node.get())) continue;
      text_ += names_[node.get()] + " = ";
      write(node);
      text_ += "; ";
    }
    write(root);
    return std::move(text_);
  }

 private:
  struct Operand {
    Expr expr;
    int place;  // how tightly it must bind
  };
  using Part = std::variant<std::string, Operand>;

  void name_shared(const std::vector<Expr>& order, Expr root) {
    std::unordered_map<const Node*, int> uses;
    for (const Expr node : order) {
      for (const Expr arg : node->args) ++uses[arg.get()];
    }
    for (const Expr node : order) {
      if (uses[node.get()] < 2 || node->args.empty() || same(node, root)) continue;
      names_.emplace(node.get(), fmt::format("t{}", names_.size()));
    }
  }

  void write(Expr node) {
    push(definition(node));
    while (!pending_.empty()) {
      const Part part = std::move(pending_.back());
      pending_.pop_back();
      if (const auto* text = std::get_if<std::string>(&part))
        text_ += *text;
      else
        write(std::get<Operand>(part));
    }
  }

  void write(const Operand& operand) {
    const auto name = names_.find(operand.expr.get());
    if (name != names_.end()) {
      text_ += name->second;
      return;
    }
    std::vector<Part> parts = definition(operand.expr);
    if (binding(operand.expr) < operand.place) {
      parts.insert(parts.begin(), "(");
      parts.emplace_back(")");
    }
    push(std::move(parts));
  }

  void push(std::vector<Part> parts) {
    std::ranges::reverse(parts);
    std::ranges::move(parts, std::back_inserter(pending_));
  }

  std::vector<Part> definition(Expr expr) {
    const Node& node = *expr;
    switch (info(node.op).form) {
      case Form::leaf:
        return {leaf(node)};
      case Form::memory:
        return list(fmt::format("load b{}[", node.number), node.args, "]");
      case Form::conversion:
        return list(fmt::format("{}<{}>(", name(node.op), theon::name(node.dtype)), node.args, ")");
      case Form::iteration:
        return node.op == Opcode::reduce ? reduction(node) : projection(node);
      case Form::arithmetic:
      case Form::comparison:
      case Form::selection:
      case Form::call:
        return operation(node);
    }
    return {};
  }

  std::string leaf(const Node& node) {
    if (node.op == Opcode::literal) return literal_text(node);
    if (node.op == Opcode::parameter) return to_string(*node.dim, symbols_);
    const char letter = node.op == Opcode::index      ? 'i'
                        : node.op == Opcode::bound    ? 'k'
                        : node.op == Opcode::argument ? 'a'
                                                      : 'v';
    return fmt::format("{}{}", letter, node.number);
  }

  static std::vector<Part> list(std::string before, std::span<const Expr> items, std::string after) {
    std::vector<Part> parts{std::move(before)};
    for (std::size_t k = 0; k < items.size(); ++k) {
      if (k > 0) parts.emplace_back(", ");
      parts.emplace_back(Operand{items[k], loosest});
    }
    parts.emplace_back(std::move(after));
    return parts;
  }

  static std::vector<Part> reduction(const Node& node) {
    std::vector<Part> parts = list(", ", node.args.subspan(1), ")");
    parts.insert(parts.begin(), Operand{node.args[0], loosest});
    parts.insert(parts.begin(), fmt::format("reduce({}, k{} < ", node.monoid->name, node.number));
    return parts;
  }

  static std::vector<Part> projection(const Node& node) {
    return {Operand{node.args[0], tightest}, fmt::format(".{}", node.number)};
  }

  static std::vector<Part> operation(const Node& node) {
    const auto& [op, name, form, arity, commutes, symbol, place] = info(node.op);
    if (symbol.empty()) return list(fmt::format("{}(", name), node.args, ")");
    if (arity == 1) return {std::string(symbol), Operand{node.args[0], place}};
    // Nobody should have to know how comparisons, shifts and bits bind: they take no operand of their own kind without
    // parentheses.
    const int left = place <= 3 ? 4 : place;
    return {Operand{node.args[0], left}, fmt::format(" {} ", symbol), Operand{node.args[1], std::max(left, place + 1)}};
  }

  std::unordered_map<const Node*, std::string> names_;
  SymbolNames symbols_;
  std::vector<Part> pending_;
  std::string text_;
};

}  // namespace

std::string to_string(Expr expr) { return Printer().print(expr); }

}  // namespace theon::ir
