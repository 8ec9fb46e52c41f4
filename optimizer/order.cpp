#include "optimizer/order.h"

#include "optimizer/pattern.h"
#include "src/graph/traversal.h"
#include "src/ops/elementwise.h"
#include "src/ops/reduce.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace theon {

namespace {

/// Of one element; the rest of the ops cost 1.
double cost(const std::string& op) {
  static const std::unordered_map<std::string_view, double> table{
      {"dimshuffle", 0}, {"neg", 0.5}, {"div", 4},      {"sqrt", 4},         {"floor_div", 4},
      {"mod", 4},        {"exp", 10},  {"log", 10},     {"log1p", 10},       {"expm1", 10},
      {"sin", 10},       {"cos", 10},  {"tanh", 12},    {"erf", 12},         {"sigmoid", 12},
      {"softplus", 16},  {"pow", 20},  {"softmax", 16}, {"log_softmax", 16}, {"logsumexp", 5},
  };
  const auto found = table.find(op);
  return found == table.end() ? 1 : found->second;
}

/// What one element costs; a reduction weighs more than what takes the place of one of its axes.
double weight(const Op& op) {
  const auto* reduce = dynamic_cast<const Reduce*>(&op);
  return reduce ? 2 * static_cast<double>(reduce->axes().size()) : cost(op.name());
}

enum class Rank { number, repetition, elementwise, contraction, shuffle, reduction };

Rank rank(const Variable& x) {
  if (!x.owner()) return Rank::number;
  const std::string op = x.owner()->op->name();
  if (op == "broadcast_to" || op == "reshape" || op == "where" || op == "gather") return Rank::repetition;
  if (op == "dot") return Rank::contraction;
  if (op == "dimshuffle") return Rank::shuffle;
  return elementwise_definition(*x.owner()->op) ? Rank::elementwise : Rank::reduction;
}

struct Profile {
  double weight = 0;
  std::unordered_map<std::string, int> leaves;  // occurrences, by name
};

std::string leaf_key(const Variable& x) {
  const bool is_pattern_leaf = x.node()->role == Node::Role::pattern;
  return is_pattern_leaf ? x.name() : std::to_string(reinterpret_cast<std::uintptr_t>(x.node().get()));
}

/// Of the term, that is, of the tree that the graph under `x` stands for.
Profile profile(const Variable& x) {
  Profile result;
  std::vector<Variable> open{x};
  while (!open.empty()) {
    const Variable next = std::move(open.back());
    open.pop_back();
    const Apply* node = next.owner();
    if (!node) {
      if (!as_constant(next)) ++result.leaves[leaf_key(next)];
      continue;
    }
    const double operations =
        elementwise_definition(*node->op) ? static_cast<double>(std::max<std::size_t>(node->inputs.size(), 2) - 1) : 1;
    result.weight += weight(*node->op) * operations;
    open.insert(open.end(), node->inputs.begin(), node->inputs.end());
  }
  return result;
}

bool occurs_no_more(const Profile& a, const Profile& b) {
  return std::ranges::all_of(a.leaves, [&](const auto& leaf) {
    const auto found = b.leaves.find(leaf.first);
    return found != b.leaves.end() && leaf.second <= found->second;
  });
}

std::span<const Variable> operands(const Variable& x) {
  return x.owner() ? std::span<const Variable>(x.owner()->inputs) : std::span<const Variable>();
}

bool equal_terms(const Variable& a, const Variable& b) {
  if (same(a, b)) return true;
  if (!a.owner() || !b.owner())
    return !a.owner() && !b.owner() && !as_constant(a) && !as_constant(b) && leaf_key(a) == leaf_key(b);
  return a.owner()->op->equals(*b.owner()->op) && std::ranges::equal(operands(a), operands(b), equal_terms);
}

/// In precedence: negative where op a is smaller than op b, 0 where they are equals.
int compare_ops(const Variable& a, const Variable& b) {
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  const bool are_named = a.owner() && b.owner() && rank(a) != Rank::reduction;
  return are_named ? b.owner()->op->name().compare(a.owner()->op->name()) : 0;
}

bool is_path_greater(const Variable& a, const Variable& b);

bool first_difference_is_greater(const Variable& a, const Variable& b) {
  const auto left = operands(a), right = operands(b);
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i)
    if (!equal_terms(left[i], right[i])) return is_path_greater(left[i], right[i]);
  return left.size() > right.size();
}

/// The lexicographic path order.
bool is_path_greater(const Variable& a, const Variable& b) {
  if (!a.owner()) return false;
  if (as_constant(b)) return true;
  const auto left = operands(a), right = operands(b);
  if (std::ranges::any_of(left, [&](const Variable& x) { return equal_terms(x, b) || is_path_greater(x, b); }))
    return true;
  if (!b.owner()) return false;
  const int difference = compare_ops(a, b);
  if (difference < 0 || !std::ranges::all_of(right, [&](const Variable& y) { return is_path_greater(a, y); }))
    return false;
  return difference > 0 || first_difference_is_greater(a, b);
}

double count(const Shape& dims) {
  double product = 1;
  for (const Dim& dim : dims) product *= static_cast<double>(dim.known().value_or(64));
  return product;
}

}  // namespace

bool precedes(const Variable& a, const Variable& b) {
  const Profile left = profile(a), right = profile(b);
  if (!occurs_no_more(left, right)) return false;
  const double difference = right.weight - left.weight;
  return std::abs(difference) > 0.01 ? difference > 0 : is_path_greater(b, a);
}

double work(const Apply& node) {
  double elements = 1;
  for (const TensorType& type : node.types) elements = std::max(elements, count(type.dims));
  double operands = 0;
  for (const Variable& x : node.inputs) elements = std::max(elements, count(x.dims()));
  if (elementwise_definition(*node.op)) operands = std::max<double>(1, static_cast<double>(node.inputs.size()) - 1);
  return elements * cost(node.op->name()) * std::max(operands, 1.0);
}

}  // namespace theon
