#include "optimizer/facts.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace theon {

namespace {

ir::Value bits_of(const Tensor& scalar) {
  ir::Value value{scalar.dtype(), 0};
  std::memcpy(&value.bits, scalar.raw(), size_of(scalar.dtype()));
  return value;
}

/// A node of operands that are one number each.
class UniformContext final : public ElementContext {
 public:
  UniformContext(ir::Pool& pool, const Apply& node, std::span<const std::optional<ir::Value>> operands)
      : pool_(pool), node_(node), operands_(operands) {}
  ir::Pool& pool() const override { return pool_; }
  const Apply& node() const override { return node_; }
  ir::Expr load(std::size_t input, std::span<const ir::Expr> indices) const override {
    const auto& number = operands_[input];
    if (!number) return pool_.load(static_cast<std::int64_t>(input), node_.inputs[input].dtype(), indices);
    return pool_.literal_bits(number->dtype, number->bits);
  }

 private:
  ir::Pool& pool_;
  const Apply& node_;
  std::span<const std::optional<ir::Value>> operands_;
};

/// Whether operand number `count` may be one whose value does not matter: operands after the first may only bind
/// symbols of sizes.
bool may_be_binder(const Variable& x, std::size_t count) {
  return count > 1 && x.ndim() == 0 && x.dtype() == DType::int64;
}

/// The result, where the op's own definition folds to a literal.
std::optional<ir::Value> folded(const Apply& node, std::size_t output,
                                std::span<const std::optional<ir::Value>> operands) {
  if (node.op->op_class() != Op::Class::element) return std::nullopt;
  ir::Pool pool;
  std::vector<ir::Expr> indices;
  for (const Dim& dim : node.types[output].dims) indices.push_back(pool.index(static_cast<int>(indices.size()), dim));
  const UniformContext context(pool, node, operands);
  const ir::Expr element = static_cast<const ElementOp&>(*node.op).element(context, indices)[output];
  if (element->op != ir::Opcode::literal) return std::nullopt;
  return ir::Value{element->dtype, element->bits};
}

}  // namespace

Variable scalar_constant(ir::Value value, Location where) {
  Tensor scalar(value.dtype, {});
  std::memcpy(scalar.raw(), &value.bits, size_of(value.dtype));
  return own_constant(std::move(scalar), where);
}

Facts::Facts(std::span<const Variable> outputs) {
  for (const Apply* node : toposort(outputs)) {
    known(node->output(0)).is_user = true;
    for (const Variable& x : node->inputs)
      if (Known& operand = known(x); ++operand.uses == 1) operand.first_user = node;
  }
  for (const Variable& x : outputs) ++known(x).uses;
}

std::uint32_t Facts::place(const Variable& x) {
  const Node* node = x.node().get();
  if (const std::uint32_t first = places_.find(node); first != PointerNumbers::none) return first + x.index();
  const auto values = static_cast<std::uint32_t>(x.owner() ? x.owner()->outputs() : 1);
  for (std::uint32_t i = 0; i < values; ++i) known_.emplace_back().value = Variable(x.node(), i);
  return places_.add(node, values).first + x.index();
}

Facts::Known& Facts::known(const Variable& x) { return known_[place(x)]; }

Facts::Known& Facts::current(const Variable& x) {
  Known* entry = &known(x);
  while (entry->successor != none) entry = &known_[entry->successor];
  return *entry;
}

bool Facts::is_shared(const Variable& x) {
  const Known& entry = current(x);
  if (entry.uses > 1) shared_.push_back(entry.value);
  return entry.uses > 1;
}

bool Facts::is_settled() {
  return std::ranges::none_of(shared_, [&](const Variable& x) { return known(x).uses == 1; });
}

const Apply* Facts::only_user(const Variable& x) {
  const Known& operand = known(x);
  return operand.uses == 1 ? operand.first_user : nullptr;
}

const Variable* Facts::final_form(const Variable& x) {
  const Known& entry = current(x);
  return entry.is_final ? &entry.value : nullptr;
}

void Facts::finish(const Variable& x) {
  known(x).is_final = true;
  uniform(x);
}

std::optional<ir::Value> Facts::uniform(const Variable& x) {
  const std::uint32_t at = place(x);
  if (!std::exchange(known_[at].is_examined, true)) {
    if (const auto number = examined(x)) {
      known_[at].uniform = static_cast<std::uint32_t>(numbers_.size());
      numbers_.push_back(*number);
    }
  }
  const std::uint32_t number = known_[at].uniform;
  return number == none ? std::nullopt : std::optional(numbers_[number]);
}

std::optional<ir::Value> Facts::examined(const Variable& x) {
  if (const Constant* constant = as_constant(x)) {
    const auto scalar = constant->uniform();
    return scalar ? std::optional(bits_of(*scalar)) : std::nullopt;
  }
  const Apply* node = x.owner();
  if (!node || node->is_pattern()) return std::nullopt;
  const auto operands = uniform_operands(*node);
  return operands.empty() ? std::nullopt : folded(*node, x.index(), operands);
}

std::vector<std::optional<ir::Value>> Facts::uniform_operands(const Apply& node) {
  std::vector<std::optional<ir::Value>> operands;
  for (const Variable& x : node.inputs) {
    const std::optional<ir::Value> number = uniform(x);
    if (!number && !may_be_binder(x, operands.size() + 1)) return {};
    operands.push_back(number);
  }
  return operands;
}

void Facts::replace(const Variable& x, const Variable& by) {
  if (by.owner()) count(by.owner());
  const std::uint32_t successor = place(by);
  Known& gone = known(x);
  gone.successor = successor;
  const std::int32_t uses = std::exchange(gone.uses, 0);
  current(by).uses += uses;
  if (x.owner() && x.owner()->outputs() == 1) discount(x.owner());
}

/// Makes the node a user of its operands, and them of theirs, unless they are already.
void Facts::count(const Apply* node) {
  std::vector<const Apply*> open{node};
  while (!open.empty()) {
    const Apply* user = open.back();
    open.pop_back();
    if (std::exchange(known(user->output(0)).is_user, true)) continue;
    for (const Variable& x : user->inputs) {
      Known& operand = current(x);
      ++operand.uses;
      if (operand.value.owner()) open.push_back(operand.value.owner());
    }
  }
}

void Facts::discount(const Apply* node) {
  std::vector<const Apply*> open{node};
  while (!open.empty()) {
    const Apply* user = open.back();
    open.pop_back();
    if (!std::exchange(known(user->output(0)).is_user, false)) continue;
    for (const Variable& x : user->inputs) {
      Known& operand = current(x);
      const Apply* owner = operand.value.owner();
      if (--operand.uses == 0 && owner && owner->outputs() == 1) open.push_back(owner);
    }
  }
}

}  // namespace theon
