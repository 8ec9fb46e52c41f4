#include "src/graph/node.h"

#include "src/graph/glance.h"
#include "src/graph/limits.h"
#include "src/graph/op.h"
#include "src/support/check.h"

#include <algorithm>
#include <cstring>
#include <ext/atomicity.h>
#include <memory>
#include <utility>

namespace theon {

namespace {

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> count = 0;
  return count.fetch_add(1, std::memory_order_relaxed);
}

Shape known_dims(const Tensor& value) { return Shape(value.sizes().begin(), value.sizes().end()); }

/// The line of the innermost Attribution of this thread.
Location& current_attribution() {
  [[gnu::tls_model("initial-exec")]] static constinit thread_local Location where;
  return where;
}

}  // namespace

namespace detail {

Location attributed(Location where) noexcept {
  const Location& current = current_attribution();
  return current ? current : where;
}

// A process that never had a second thread does without locked instructions, as shared_ptr does.
void retain(const Node* node) noexcept {
  if (__gnu_cxx::__is_single_threaded())
    node->references_.store(node->references_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  else
    node->references_.fetch_add(1, std::memory_order_relaxed);
}

void release(const Node* node) noexcept {
  if (__gnu_cxx::__is_single_threaded()) {
    const std::int64_t left = node->references_.load(std::memory_order_relaxed) - 1;
    node->references_.store(left, std::memory_order_relaxed);
    if (left != 0) return;
  } else if (node->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) {
    return;
  }
  // Deleting a node releases its inputs: they queue up, linked through themselves, instead of recursing, so a long
  // chain needs no stack. The queue is a plain pointer because nodes held by static objects die after the thread's
  // other objects.
  [[gnu::tls_model("initial-exec")]] static constinit thread_local const Node* dying = nullptr;
  [[gnu::tls_model("initial-exec")]] static constinit thread_local bool draining = false;
  node->next_dying_ = std::exchange(dying, node);
  if (draining) return;
  draining = true;
  while (dying) {
    const Node* next = std::exchange(dying, dying->next_dying_);
    delete next;
  }
  draining = false;
}

}  // namespace detail

void Name::set(std::string text) const {
  if (text.empty() || text_.load()) return;
  const std::string* fresh = new std::string(std::move(text));
  const std::string* none = nullptr;
  if (!text_.compare_exchange_strong(none, fresh)) delete fresh;
}

Attribution::Attribution(Location where) noexcept : outer_(current_attribution()) {
  if (where) current_attribution() = where;
}

Attribution::~Attribution() { current_attribution() = outer_; }

Node::Node(Role role, Location where) : role(role), where(detail::attributed(where)), serial(next_serial()) {}

Leaf::Leaf(Role role, TensorType type, std::string name, Location where) : Node(role, where), type(std::move(type)) {
  this->name.set(std::move(name));
}

Constant::Constant(Tensor value, Location where)
    : Leaf(Role::constant, {value.dtype(), known_dims(value)}, "", where), value(std::move(value)) {}

std::optional<Tensor> Constant::uniform() const {
  const std::int64_t count = value.size();
  const std::size_t width = size_of(value.dtype());
  if (count == 0) return std::nullopt;
  for (std::int64_t i = 1; i < count; ++i)
    if (std::memcmp(value.raw(), value.raw() + i * width, width) != 0) return std::nullopt;
  return Tensor::on(value.storage(), 0, value.dtype(), {}, {});
}

SharedLeaf::SharedLeaf(std::string name, Tensor value, Location where)
    : Leaf(Role::shared, {value.dtype(), known_dims(value)}, std::move(name), where),
      state(std::make_unique<SharedState>()) {
  state->value = value.copy();
}

NodeRef Apply::make(OpRef op, std::span<Variable> inputs, Signature signature, Location where) {
  auto common = shared(std::move(signature), inputs);
  return NodeRef(new (Room{inputs.size()}) Apply(std::move(op), inputs, std::move(common), where));
}

NodeRef Apply::make_like(std::size_t like, OpRef op, std::span<Variable> inputs, Location where) {
  auto common = signature_like(inputs[like]);
  return NodeRef(new (Room{inputs.size()}) Apply(std::move(op), inputs, std::move(common), where));
}

Apply::Apply(OpRef op, std::span<Variable> inputs, std::shared_ptr<const Signature> signature, Location where)
    : Node(Role::apply, where),
      op(std::move(op)),
      inputs(reinterpret_cast<const Variable*>(this + 1), inputs.size()),
      signature_(std::move(signature)),
      types(signature_->outputs),
      obligations(signature_->obligations),
      count_(types.empty() ? this->op->outputs() : types.size()),
      more_names_(count_ > 1 ? new Name[count_ - 1] : nullptr) {
  static_assert(sizeof(Apply) % alignof(Variable) == 0);
  std::ranges::uninitialized_move(inputs, std::span(reinterpret_cast<Variable*>(this + 1), inputs.size()));
}

Apply::~Apply() { std::ranges::destroy(inputs); }

std::vector<Variable> Apply::output_list() const {
  std::vector<Variable> list;
  list.reserve(count_);
  for (std::size_t i = 0; i < count_; ++i) list.push_back(output(i));
  return list;
}

std::shared_ptr<const Signature> Apply::shared(Signature signature, std::span<const Variable> inputs) {
  for (const Variable& x : inputs) {
    const Apply* owner = owner_of(x);
    if (owner && owner->types == signature.outputs && owner->obligations.empty() && signature.obligations.empty())
      return owner->signature_;
  }
  return std::make_shared<const Signature>(std::move(signature));
}

std::shared_ptr<const Signature> Apply::signature_like(const Variable& x) {
  const Apply* owner = owner_of(x);
  if (owner && owner->types.size() == 1 && owner->obligations.empty()) return owner->signature_;
  return std::make_shared<const Signature>(Signature{{x.type()}});
}

const Leaf* as_leaf(const Variable& x) { return x.owner() ? nullptr : static_cast<const Leaf*>(x.node().get()); }

const Constant* as_constant(const Variable& x) {
  return x.node()->role == Node::Role::constant ? static_cast<const Constant*>(x.node().get()) : nullptr;
}

const SharedLeaf* as_shared(const Variable& x) {
  return x.node()->role == Node::Role::shared ? static_cast<const SharedLeaf*>(x.node().get()) : nullptr;
}

bool is_pattern(const Variable& x) { return !type_unless_pattern(x); }

namespace {

/// Arithmetic on sizes knows neither the op nor the line.
[[noreturn]] void rethrow_from(const Op& op, const ShapeError& error, Location where) {
  if (error.where()) throw;
  fail<ShapeError>(where, "{}: {}", op.name(), error.what());
}

Signature checked_signature(const Op& op, std::span<const Variable> inputs, Location where) {
  try {
    Signature signature = op.infer(inputs, where);
    for (const TensorType& type : signature.outputs) check_limits(op.name(), type.dims, where);
    return signature;
  } catch (const ShapeError& error) {
    rethrow_from(op, error, where);
  }
}

NodeRef applied(OpRef op, std::span<Variable> inputs, Location where) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].is_empty()) fail<ArgumentError>(where, "{}: operand {} is an empty Variable", op->name(), i);
  if (!std::ranges::all_of(inputs, type_unless_pattern)) return Apply::make(std::move(op), inputs, {}, where);
  if (const std::optional<std::size_t> like = op->typed_like(inputs))
    return Apply::make_like(*like, std::move(op), inputs, where);
  Signature signature = checked_signature(*op, inputs, where);
  return Apply::make(std::move(op), inputs, std::move(signature), where);
}

}  // namespace

std::vector<Variable> apply_all(OpRef op, std::vector<Variable> inputs, Location where) {
  const NodeRef node = applied(std::move(op), inputs, where);
  return static_cast<const Apply&>(*node).output_list();
}

Variable apply(OpRef op, std::vector<Variable> inputs, Location where) {
  return Variable(applied(std::move(op), inputs, where), 0);
}

}  // namespace theon
