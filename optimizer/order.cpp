#include "optimizer/order.h"

#include "optimizer/pattern.h"
#include "src/graph/traversal.h"
#include "src/ops/elementwise.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

namespace theon {

namespace {

/// Of one element; the rest of the ops weigh 1.
double weight(const std::string& op) {
  static const std::unordered_map<std::string_view, double> table{
      {"div", 4},      {"sqrt", 4},     {"floor_div", 4},  {"mod", 4},          {"exp", 10},      {"log", 10},
      {"log1p", 10},   {"expm1", 10},   {"sin", 10},       {"cos", 10},         {"tanh", 12},     {"erf", 12},
      {"sigmoid", 14}, {"softplus", 16}, {"pow", 20},      {"softmax", 16},     {"log_softmax", 16}, {"logsumexp", 13},
  };
  const auto found = table.find(op);
  return found == table.end() ? 1 : found->second;
}

enum class Rank { leaf, move, elementwise, reduction };

bool moves_only(const std::string& op) { return op == "dimshuffle" || op == "reshape" || op == "broadcast_to"; }

Rank rank(const Apply& node) {
  if (moves_only(node.op->name())) return Rank::move;
  return elementwise_definition(*node.op) ? Rank::elementwise : Rank::reduction;
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
      // Numbers weigh as little as a term may, so that a rule may bring one in.
      if (as_constant(next)) result.weight += 0.1;
      else ++result.leaves[leaf_key(next)], result.weight += 0.1;
      continue;
    }
    const double operations = elementwise_definition(*node->op) ? static_cast<double>(std::max<std::size_t>(node->inputs.size(), 2) - 1) : 1;
    result.weight += weight(node->op->name()) * operations;
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

double count(const Shape& dims) {
  double product = 1;
  for (const Dim& dim : dims) product *= static_cast<double>(dim.known().value_or(64));
  return product;
}

}  // namespace

bool precedes(const Variable& a, const Variable& b) {
  const Profile left = profile(a), right = profile(b);
  if (!occurs_no_more(left, right)) return false;
  if (std::abs(left.weight - right.weight) > 0.01) return left.weight < right.weight;
  const Apply *x = a.owner(), *y = b.owner();
  if (!x || !y) return !x && y;
  if (rank(*x) != rank(*y)) return rank(*x) < rank(*y);
  if (x->op->name() != y->op->name()) return x->op->name() < y->op->name();
  for (std::size_t i = 0; i < std::min(x->inputs.size(), y->inputs.size()); ++i)
    if (!same(x->inputs[i], y->inputs[i])) return precedes(x->inputs[i], y->inputs[i]);
  return x->inputs.size() < y->inputs.size();
}

double work(const Apply& node) {
  double elements = 1;
  for (const TensorType& type : node.types) elements = std::max(elements, count(type.dims));
  double operands = 0;
  for (const Variable& x : node.inputs) elements = std::max(elements, count(x.dims()));
  if (elementwise_definition(*node.op)) operands = std::max<double>(1, static_cast<double>(node.inputs.size()) - 1);
  return elements * weight(node.op->name()) * std::max(operands, 1.0);
}

}  // namespace theon
