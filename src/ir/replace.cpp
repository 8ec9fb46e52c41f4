#include "src/ir/opcode.h"
#include "src/ir/pool.h"
#include "src/support/check.h"

#include <unordered_map>
#include <utility>
#include <vector>

namespace theon::ir {

namespace {

class Replacement {
 public:
  Replacement(Pool& pool, Pool::Impl& impl, const std::function<Expr(Expr)>& replacement)
      : pool_(pool), impl_(impl), replacement_(replacement) {}

  Expr operator()(Expr root) {
    enter(root);
    while (!path_.empty()) {
      auto& [node, next] = path_.back();
      if (next < node->args.size()) {
        enter(node->args[next++]);
      } else {
        const Expr done = node;
        path_.pop_back();
        done_[done.get()] = rebuilt(done);
      }
    }
    return done_.at(root.get());
  }

 private:
  void enter(Expr node) {
    if (done_.contains(node.get())) return;
    if (const Expr result = replacement_(node))
      done_[node.get()] = result;
    else if (node->args.empty() && node->op != Opcode::load)
      done_[node.get()] = node;
    else
      path_.emplace_back(node, 0);
  }

  Expr rebuilt(Expr node) {
    std::vector<Expr> args;
    bool changed = false;
    for (const Expr arg : node->args) {
      args.push_back(done_.at(arg.get()));
      changed = changed || !same(arg, args.back());
    }
    if (!changed) return node;
    switch (info(node->op).form) {
      case Form::leaf:
        return node;
      case Form::memory:
        return pool_.load(node->number, node->dtype, args);
      case Form::iteration:
        if (node->op == Opcode::project) return impl_.component(args[0], static_cast<std::size_t>(node->number));
        return impl_.reduction(node->monoid, args[0], *node->dim, node->number, std::span<const Expr>(args).subspan(1));
      case Form::arithmetic:
      case Form::comparison:
      case Form::selection:
      case Form::conversion:
      case Form::call:
        return pool_.make(node->op, args, node->dtype);
    }
    THEON_CHECK(false);
  }

  Pool& pool_;
  Pool::Impl& impl_;
  const std::function<Expr(Expr)>& replacement_;
  std::vector<std::pair<Expr, std::size_t>> path_;  // a node and how many of its arguments are done
  std::unordered_map<const Node*, Expr> done_;
};

}  // namespace

Expr Pool::replace(Expr root, const std::function<Expr(Expr)>& replacement) {
  return Replacement(*this, *impl_, replacement)(root);
}

}  // namespace theon::ir
