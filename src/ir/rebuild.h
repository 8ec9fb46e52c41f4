// Building an expression anew, arguments first, with bound indices renamed where that is needed.
#pragma once

#include "src/ir/pool.h"

#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace theon::ir {

/// Inside the body of a reduction: the level of its index, and the level that this index has in the new body.
struct Scope {
  const Scope* parent;
  std::int64_t level;
  std::int64_t image;
};

/// The innermost scope whose index `node` mentions; null where it mentions none.
const Scope* scope_of(Expr node, const Scope* scope);

/// The traversal that renaming and substitution share. Iterative; each node is built once for each scope it depends on.
class Rebuilder {
 public:
  explicit Rebuilder(Pool::Impl& pool) : pool_(pool) {}
  virtual ~Rebuilder() = default;

  Expr operator()(Expr root, const Scope* scope);

 protected:
  /// Whether the result is known to be the node itself.
  virtual bool keeps(Expr node, const Scope* scope) const = 0;
  /// What stands for a leaf or a rebuilt load.
  virtual Expr replaced(Expr node) = 0;
  /// The level for the index of a reduction in its new body.
  virtual std::int64_t begin_reduction(Expr reduction, const Scope* scope) = 0;
  virtual Expr end_reduction(Expr reduction, std::int64_t level, Expr extent, std::span<const Expr> body) = 0;

  Pool::Impl& pool_;

 private:
  struct Frame {
    Expr node;
    const Scope* scope;
    const Scope* inner;  // of a reduction's body
    std::size_t next = 0;
  };
  using Key = std::pair<const Node*, const Scope*>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };

  static const Scope* scope_of_argument(const Frame& frame, std::size_t k);
  Frame enter(Expr node, const Scope* scope);
  /// The result, where no frame is needed for it.
  std::optional<Expr> known(Expr node, const Scope* scope);
  Expr leave(const Frame& frame);
  Expr built(const Frame& frame, std::span<const Expr> args);

  std::deque<Scope> scopes_;
  std::vector<Frame> path_;
  std::unordered_map<Key, Expr, KeyHash> done_;
};

}  // namespace theon::ir
