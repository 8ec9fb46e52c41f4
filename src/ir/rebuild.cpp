#include "src/ir/rebuild.h"

#include "src/ir/opcode.h"
#include "src/support/check.h"
#include "src/support/hash.h"

#include <algorithm>

namespace theon::ir {

const Scope* scope_of(Expr node, const Scope* scope) {
  while (scope && !(node->free_levels >> scope->level & 1)) scope = scope->parent;
  return scope;
}

std::size_t Rebuilder::KeyHash::operator()(const Key& key) const {
  return combine(reinterpret_cast<std::uintptr_t>(key.first), reinterpret_cast<std::uintptr_t>(key.second));
}

Expr Rebuilder::operator()(Expr root, const Scope* scope) {
  const std::size_t bottom = path_.size();
  const Scope* root_scope = scope_of(root, scope);
  if (const auto result = known(root, root_scope)) return *result;
  path_.push_back(enter(root, root_scope));
  while (path_.size() > bottom) {
    Frame& frame = path_.back();
    if (frame.next == frame.node->args.size()) {
      const Expr result = leave(frame);
      done_.emplace(Key(frame.node.get(), frame.scope), result);
      path_.pop_back();
      continue;
    }
    const Expr arg = frame.node->args[frame.next];
    const Scope* arg_scope = scope_of_argument(frame, frame.next++);
    if (!known(arg, arg_scope)) path_.push_back(enter(arg, arg_scope));
  }
  return done_.at(Key(root.get(), root_scope));
}

const Scope* Rebuilder::scope_of_argument(const Frame& frame, std::size_t k) {
  return scope_of(frame.node->args[k], k == 0 || !frame.inner ? frame.scope : frame.inner);
}

Rebuilder::Frame Rebuilder::enter(Expr node, const Scope* scope) {
  if (node->op != Opcode::reduce) return {node, scope, nullptr};
  const Scope* inner = &scopes_.emplace_back(Scope{scope, node->number, begin_reduction(node, scope)});
  return {node, scope, inner};
}

std::optional<Expr> Rebuilder::known(Expr node, const Scope* scope) {
  if (keeps(node, scope)) return node;
  const auto result = done_.find(Key(node.get(), scope));
  return result == done_.end() ? std::nullopt : std::optional(result->second);
}

Expr Rebuilder::leave(const Frame& frame) {
  std::vector<Expr> args;
  bool is_same = !frame.inner;
  for (std::size_t k = 0; k < frame.node->args.size(); ++k) {
    args.push_back(*known(frame.node->args[k], scope_of_argument(frame, k)));
    is_same = is_same && same(args.back(), frame.node->args[k]);
  }
  return is_same && !args.empty() && frame.node->op != Opcode::load ? frame.node : built(frame, args);
}

Expr Rebuilder::built(const Frame& frame, std::span<const Expr> args) {
  const Node& node = *frame.node;
  switch (info(node.op).form) {
    case Form::leaf:
      return node.op == Opcode::bound && frame.scope ? pool_.bound(frame.scope->image, *node.dim)
                                                     : replaced(frame.node);
    case Form::memory:
      return replaced(node.pool->load(node.number, node.dtype, args));
    case Form::iteration:
      return frame.inner ? end_reduction(frame.node, frame.inner->image, args[0], args.subspan(1))
                         : pool_.component(args[0], static_cast<std::size_t>(node.number));
    case Form::arithmetic:
    case Form::comparison:
    case Form::selection:
    case Form::conversion:
    case Form::call:
      return node.pool->make(node.op, args, node.dtype);
  }
  THEON_CHECK(false);
}

}  // namespace theon::ir
