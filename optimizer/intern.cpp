#include "optimizer/intern.h"

#include "src/support/hash.h"

#include <algorithm>
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

std::uint64_t Interned::Spelling::hash() const {
  const bool ordered = !op->commutes();
  std::uint64_t operands = inputs.size();
  for (const Variable& input : inputs) {
    const std::uint64_t one = mix(VariableHash()(input));
    operands = ordered ? combine(operands, one) : operands + one;
  }
  return combine(op->hash(), operands);
}

bool Interned::Spelling::operator==(const Spelling& other) const {
  if (inputs.size() != other.inputs.size() || (op != other.op && !op->equals(*other.op))) return false;
  return std::ranges::equal(inputs, other.inputs, VariableSame()) || (op->commutes() && same_set(inputs, other.inputs));
}

std::size_t Interned::Table::slot(const Spelling& x, std::uint64_t hash) const {
  const std::size_t last = slots_.size() - 1;
  std::size_t at = hash & last;
  while (slots_[at].node && (slots_[at].hash != hash || !(spelling(*slots_[at].node) == x))) at = (at + 1) & last;
  return at;
}

const Apply* Interned::Table::find(const Spelling& x, std::uint64_t hash) const {
  return slots_.empty() ? nullptr : slots_[slot(x, hash)].node;
}

void Interned::Table::put(const Apply* node, std::uint64_t hash) {
  if (2 * (size_ + 1) > slots_.size()) grow();
  Slot& place = slots_[slot(spelling(*node), hash)];
  if (!place.node) ++size_;
  place = {hash, node};
}

void Interned::Table::grow() {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(64, 2 * slots_.size())));
  const std::size_t last = slots_.size() - 1;
  for (const Slot& entry : old) {
    if (!entry.node) continue;
    std::size_t at = entry.hash & last;
    while (slots_[at].node) at = (at + 1) & last;
    slots_[at] = entry;
  }
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

const Apply* Interned::keep(const Apply* node, std::uint64_t hash) {
  kept_.emplace_back(node);
  if (node->op->is_pure()) nodes_.put(node, hash);
  return node;
}

const Apply* Interned::rebuilt(const Apply& node, std::vector<Variable> inputs) {
  const Spelling wanted{node.op.get(), inputs};
  const std::uint64_t hash = wanted.hash();
  if (const Apply* equal = node.op->is_pure() ? nodes_.find(wanted, hash) : nullptr) {
    keep_names(node, *equal);
    return equal;
  }
  if (std::ranges::equal(inputs, node.inputs, VariableSame())) return keep(&node, hash);
  return keep(theon::rebuild(node, std::move(inputs))[0].owner(), hash);
}

Variable Interned::apply(const OpRef& op, std::vector<Variable> inputs, Location where) {
  const Spelling wanted{op.get(), inputs};
  const std::uint64_t hash = wanted.hash();
  if (op->is_pure())
    for (const Table* table : {&nodes_, &drafts_})
      if (const Apply* equal = table->find(wanted, hash)) return equal->output(0);
  const Variable made = theon::apply(op, std::move(inputs), where);
  kept_.push_back(made.node());
  if (op->is_pure()) drafts_.put(made.owner(), hash);
  return made;
}

Variable Interned::respelled(const Apply& node, std::vector<Variable> inputs) {
  if (std::ranges::equal(inputs, node.inputs, VariableSame())) return node.output(0);
  const std::uint64_t hash = Spelling{node.op.get(), inputs}.hash();
  return keep(theon::rebuild(node, std::move(inputs))[0].owner(), hash)->output(0);
}

}  // namespace theon
