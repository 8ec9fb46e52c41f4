#include "codegen/llvm/changes.h"

#include "src/ir/loop_walk.h"

#include <algorithm>

namespace theon::codegen {

Changes::Changes(const ir::Kernel& kernel) : kernel_(kernel), buffers_(kernel.buffers.size(), 0) {
  collect(kernel.body, In::serial);
}

void Changes::collect(const ir::Block& block, In where) {
  for (const ir::Statement& statement : block) {
    std::visit(ir::Overloaded{
                   [&](const ir::For& loop) {
                     const In inside = loop.lanes > 1 ? In::vector : where;
                     define(loop.variable, inside);
                     collect(loop.body, inside);
                   },
                   [&](const ir::Let& let) { define(let.local, where); },
                   [&](const ir::Var& var) {
                     define(var.local, where);
                     locals_[var.local] = next_bit();
                   },
                   [&](const ir::Assign&) {},
                   [&](const ir::Accumulate&) {},
                   [&](const ir::Store& store) { mark_written(store.buffer); },
                   [&](const ir::Transpose& turn) { mark_written(turn.target); },
                   [&](const ir::Prefetch&) {},
                   [&](const ir::If& branch) {
                     collect(branch.then, where);
                     collect(branch.otherwise, where);
                   },
                   [&](const ir::Report&) {},
               },
               statement.node);
  }
}

void Changes::define(ir::Local local, In where) {
  if (where == In::vector) in_vector_loop_.insert(local);
}

void Changes::mark_written(std::int64_t buffer) {
  if (buffers_[buffer] != 0) return;
  const std::uint64_t bit = next_bit();
  const ir::Buffer& written = kernel_.buffers[buffer];
  for (std::size_t k = 0; k < buffers_.size(); ++k) {
    const ir::Buffer& other = kernel_.buffers[k];
    const bool same_memory =
        written.access != ir::Access::scratch && other.access != ir::Access::scratch && other.slot == written.slot;
    if (same_memory || static_cast<std::int64_t>(k) == buffer) buffers_[k] = bit;
  }
}

std::uint64_t Changes::local(ir::Local local) const {
  const auto found = locals_.find(local);
  return found == locals_.end() ? 0 : found->second;
}

Dependence Changes::direct(const ir::Node& node) const {
  if (node.op == ir::Opcode::local)
    return {.changes = local(node.number), .varies = in_vector_loop_.contains(node.number)};
  if (node.op == ir::Opcode::load) return {.changes = buffer(node.number), .memory = buffer(node.number)};
  return {};
}

Dependence Changes::of(ir::Expr expr) {
  if (const auto known = known_.find(expr.get()); known != known_.end()) return known->second;
  std::vector<ir::Expr> pending{expr};
  while (!pending.empty()) {
    const ir::Expr node = pending.back();
    const std::size_t before = pending.size();
    for (const ir::Expr arg : node->args) {
      if (!known_.contains(arg.get())) pending.push_back(arg);
    }
    if (pending.size() > before) continue;
    pending.pop_back();
    Dependence all = direct(*node);
    for (const ir::Expr arg : node->args) {
      const Dependence& part = known_.at(arg.get());
      all.changes |= part.changes;
      all.memory |= part.memory;
      all.varies |= part.varies;
    }
    known_.emplace(node.get(), all);
  }
  return known_.at(expr.get());
}

namespace {

struct Carried {
  std::vector<ir::Local> changed;
  std::vector<const ir::Accumulate*> accumulations;
  std::unordered_set<ir::Local> declared;

  void change(ir::Local local) {
    if (!declared.contains(local) && std::ranges::find(changed, local) == changed.end()) changed.push_back(local);
  }
  void accumulate(const ir::Accumulate& accumulate) {
    const auto same_state = [&](const ir::Accumulate* other) { return other->locals == accumulate.locals; };
    if (!declared.contains(accumulate.locals[0]) && std::ranges::none_of(accumulations, same_state))
      accumulations.push_back(&accumulate);
  }
};

void collect(const ir::Block& block, Carried& carried) {
  ir::for_each_statement(block, [&](const ir::Statement& statement) {
    if (const auto* var = std::get_if<ir::Var>(&statement.node)) carried.declared.insert(var->local);
    if (const auto* assign = std::get_if<ir::Assign>(&statement.node)) carried.change(assign->local);
    if (const auto* accumulate = std::get_if<ir::Accumulate>(&statement.node)) {
      for (const ir::Local local : accumulate->locals) carried.change(local);
      carried.accumulate(*accumulate);
    }
  });
}

}  // namespace

std::vector<ir::Local> carried_through(const ir::Block& block) {
  Carried carried;
  collect(block, carried);
  return carried.changed;
}

std::vector<const ir::Accumulate*> accumulations_out_of(const ir::Block& block) {
  Carried carried;
  collect(block, carried);
  return carried.accumulations;
}

std::uint64_t memory_written_by(const ir::Block& block, const Changes& changes) {
  std::uint64_t written = 0;
  ir::for_each_statement(block, [&](const ir::Statement& statement) {
    if (const auto* store = std::get_if<ir::Store>(&statement.node)) written |= changes.buffer(store->buffer);
    if (const auto* turn = std::get_if<ir::Transpose>(&statement.node)) written |= changes.buffer(turn->target);
  });
  return written;
}

}  // namespace theon::codegen
