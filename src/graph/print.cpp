#include "src/graph/print.h"

#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <algorithm>
#include <ostream>
#include <unordered_map>
#include <unordered_set>

namespace theon {

namespace {

/// From here on operators are written without spaces: x**2.
constexpr int tight = 9;
/// Few remember how comparisons, & and | bind: weaker than this, only a repetition of the same operator goes without
/// parentheses.
constexpr int arithmetic = 6;

std::string enclosed(const Phrase& part, bool needed) { return needed ? "(" + part.text + ")" : part.text; }

Phrase infix(const Notation& notation, std::span<const Phrase> operands) {
  // Powers group from the right, everything else from the left.
  const bool from_right = notation.precedence >= tight;
  std::string text;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const bool is_grouped = from_right ? i + 1 == operands.size() : i == 0;
    const bool is_same = is_grouped && operands[i].precedence == notation.precedence;
    if (i > 0) text += from_right ? std::string(notation.symbol) : fmt::format(" {} ", notation.symbol);
    text += enclosed(operands[i], !is_same && operands[i].precedence <= std::max(notation.precedence, arithmetic - 1));
  }
  return {std::move(text), notation.precedence};
}

/// Whether x stands among the operands only to keep the value of a symbol part of the graph.
bool is_value_of_symbol(const Variable& x) {
  const auto binds_value = [](const Op::Binding& binding) { return binding.axis < 0; };
  return x.owner() && std::ranges::any_of(x.owner()->op->binds(), binds_value);
}

Phrase call(const Apply& node, std::span<const Phrase> operands) {
  std::string text;
  const auto append = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (!is_value_of_symbol(node.inputs[i])) append(operands[i].text);
  if (const std::string attributes = node.op->attributes(); !attributes.empty()) append(attributes);
  return {fmt::format("{}({})", node.op->name(), text)};
}

/// Prints a graph as definitions of everything that is used twice, that the user has named or that would make a line
/// too long; then the expression itself.
class ExpressionPrinter {
 public:
  std::string operator()(const Variable& x) {
    const std::vector<const Apply*> order = toposort(std::span(&x, 1));
    count_uses(order);
    reserve_names(order, x);
    for (const Apply* node : order)
      if (node != x.owner()) print(*node);
    return definitions_ + reference(x, x.owner() ? whole(*x.owner()) : Phrase()).text;
  }

 private:
  static constexpr std::size_t longest_line = 72;

  void count_uses(std::span<const Apply* const> order) {
    for (const Apply* node : order)
      for (const Variable& x : node->inputs)
        if (x.owner()) ++uses_[x.owner()];
  }

  /// Leaves come first, in order of use: what has the name of another gets a prime.
  void reserve_names(std::span<const Apply* const> order, const Variable& x) {
    for (const Variable& leaf : leaves(std::span(&x, 1))) names_.emplace(leaf, unique(phrase(*as_leaf(leaf)).text));
    for (const Apply* node : order)
      for (std::size_t i = 0; i < node->outputs() && node != x.owner(); ++i)
        if (const std::string name = node->name(i).get(); !name.empty()) names_.emplace(node->output(i), unique(name));
  }

  std::string unique(std::string name) {
    while (!taken_.insert(name).second) name += '\'';
    return name;
  }

  std::string fresh() {
    std::string name;
    do name = fmt::format("t{}", next_++);
    while (!taken_.insert(name).second);
    return name;
  }

  Phrase operand(const Variable& x) const {
    if (const auto named = names_.find(x); named != names_.end()) return {named->second};
    const Apply* node = x.owner();
    return node ? reference(x, phrases_.at(node)) : phrase(*as_leaf(x));
  }

  /// One output of a node whose application is `applied`.
  static Phrase reference(const Variable& x, const Phrase& applied) {
    const Apply* node = x.owner();
    if (!node) return phrase(*as_leaf(x));
    return node->outputs() == 1
               ? applied
               : Phrase{fmt::format("{}[{}]", enclosed(applied, applied.precedence < Phrase::atom), x.index())};
  }

  Phrase whole(const Apply& node) const {
    std::vector<Phrase> operands;
    for (const Variable& x : node.inputs) operands.push_back(operand(x));
    return phrase(node, operands);
  }

  void print(const Apply& node) {
    Phrase applied = whole(node);
    const bool is_named = node.outputs() == 1 && names_.contains(node.output(0));
    if (is_named || uses_[&node] > 1 || applied.text.size() > longest_line)
      applied = define(is_named ? names_.at(node.output(0)) : fresh(), applied);
    phrases_.emplace(&node, applied);
    for (std::size_t i = 0; i < node.outputs() && !is_named; ++i)
      if (const auto named = names_.find(node.output(i)); named != names_.end())
        define(named->second, reference(node.output(i), applied));
  }

  Phrase define(const std::string& name, const Phrase& value) {
    definitions_ += fmt::format("{} = {}\n", name, value.text);
    return {name};
  }

  std::unordered_map<const Apply*, std::size_t> uses_;
  std::unordered_map<const Apply*, Phrase> phrases_;
  VariableMap<std::string> names_;
  std::unordered_set<std::string> taken_;
  std::string definitions_;
  std::size_t next_ = 0;
};

/// Recursive, but only as deep as `depth`.
Phrase brief_phrase(const Variable& x, int depth) {
  const Apply* node = x.owner();
  if (!node) return phrase(*as_leaf(x));
  if (std::string name = x.name(); !name.empty()) return {std::move(name)};
  if (depth == 0) return {"..."};
  constexpr std::size_t most_operands = 6;
  std::vector<Phrase> operands;
  for (std::size_t i = 0; i < std::min(node->inputs.size(), most_operands); ++i)
    operands.push_back(brief_phrase(node->inputs[i], depth - 1));
  if (node->inputs.size() > most_operands) operands.push_back({"..."});
  return phrase(*node, operands);
}

}  // namespace

Phrase phrase(const Apply& node, std::span<const Phrase> operands) {
  const Notation notation = node.op->notation();
  if (notation.symbol.empty() || operands.empty()) return call(node, operands);
  if (operands.size() > 1) return infix(notation, operands);
  return {std::string(notation.symbol) + enclosed(operands[0], operands[0].precedence < notation.precedence),
          notation.precedence};
}

Phrase phrase(const Leaf& leaf) {
  constexpr int negation = 8;
  constexpr std::int64_t most_elements = 8;
  if (std::string name = leaf.name.get(); !name.empty()) return {std::move(name)};
  if (leaf.role != Node::Role::constant) return {"input"};
  const Tensor& value = static_cast<const Constant&>(leaf).value;
  if (value.ndim() > 1 || value.size() > most_elements) return {fmt::format("constant({})", to_string(leaf.type))};
  std::string text = to_string(value);
  const bool is_negative = value.ndim() == 0 && text.starts_with('-');
  return {std::move(text), is_negative ? negation : Phrase::atom};
}

std::string to_string(const TensorType& type) { return fmt::format("{} {}", name(type.dtype), to_string(type.dims)); }

std::string brief(const Variable& x) { return brief_phrase(x, 4).text; }

std::string to_string(const Variable& x) {
  if (x.is_empty()) return "(empty)";
  return ExpressionPrinter()(x);
}

std::ostream& operator<<(std::ostream& out, const Variable& x) { return out << to_string(x); }

}  // namespace theon
