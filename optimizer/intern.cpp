#include "optimizer/intern.h"

#include "src/support/hash.h"

#include <algorithm>
#include <string>
#include <utility>

namespace theon {

namespace {

std::uint64_t bits_of(const Tensor& value) {
  const std::size_t bytes = static_cast<std::size_t>(value.size()) * size_of(value.dtype());
  return combine(static_cast<std::uint64_t>(value.dtype()), hash_bytes({value.raw(), bytes}));
}

/// The same Variables, in any order.
bool same_set(std::span<const Variable> a, std::span<const Variable> b) {
  std::vector<std::pair<const Node*, std::uint32_t>> left, right;
  for (const Variable& x : a) left.emplace_back(x.node().get(), x.index());
  for (const Variable& x : b) right.emplace_back(x.node().get(), x.index());
  std::ranges::sort(left);
  std::ranges::sort(right);
  return left == right;
}

void keep_names(const Apply& from, const Apply& to) {
  if (&from == &to) return;
  for (std::size_t i = 0; i < from.outputs(); ++i) to.name(i).set(from.name(i).get());
}

}  // namespace

std::size_t Interned::Hash::operator()(const Spelling& x) const {
  const bool ordered = !x.op->commutes();
  std::uint64_t operands = x.inputs.size();
  for (const Variable& input : x.inputs) {
    const std::uint64_t one = mix(VariableHash()(input));
    operands = ordered ? combine(operands, one) : operands + one;
  }
  return combine(x.op->hash(), operands);
}

bool Interned::Equal::operator()(const Spelling& a, const Spelling& b) const {
  if (a.inputs.size() != b.inputs.size() || (a.op != b.op && !a.op->equals(*b.op))) return false;
  return std::ranges::equal(a.inputs, b.inputs, VariableSame()) || (a.op->commutes() && same_set(a.inputs, b.inputs));
}

Variable Interned::leaf(const Variable& x) {
  if (const Constant* constant = as_constant(x)) {
    const std::uint64_t bits = bits_of(constant->value);
    const auto [first, last] = constants_.equal_range(bits);
    for (auto it = first; it != last; ++it)
      if (identical(as_constant(it->second)->value, constant->value)) return it->second;
    constants_.emplace(bits, x);
  } else if (x.node()->role == Node::Role::pattern) {
    for (const Variable& known : patterns_)
      if (known.name() == x.name()) return known;
    patterns_.push_back(x);
  }
  return x;
}

const Apply* Interned::keep(const Apply* node) {
  kept_.emplace_back(node);
  if (node->op->is_pure()) nodes_.insert(node);
  return node;
}

const Apply* Interned::rebuilt(const Apply& node, std::vector<Variable> inputs) {
  if (node.op->is_pure())
    if (const auto equal = nodes_.find(Spelling{node.op.get(), inputs}); equal != nodes_.end()) {
      keep_names(node, **equal);
      return *equal;
    }
  if (std::ranges::equal(inputs, node.inputs, VariableSame())) return keep(&node);
  return keep(theon::rebuild(node, std::move(inputs))[0].owner());
}

Variable Interned::apply(const OpRef& op, std::vector<Variable> inputs, Location where) {
  if (op->is_pure())
    for (const Set* set : {&nodes_, &drafts_})
      if (const auto equal = set->find(Spelling{op.get(), inputs}); equal != set->end()) return (*equal)->output(0);
  const Variable made = theon::apply(op, std::move(inputs), where);
  kept_.push_back(made.node());
  if (op->is_pure()) drafts_.insert(made.owner());
  return made;
}

Variable Interned::respelled(const Apply& node, std::vector<Variable> inputs) {
  if (std::ranges::equal(inputs, node.inputs, VariableSame())) return node.output(0);
  nodes_.erase(&node);
  return keep(theon::rebuild(node, std::move(inputs))[0].owner())->output(0);
}

}  // namespace theon
