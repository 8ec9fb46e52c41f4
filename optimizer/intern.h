// One node for each fact: hash-consing.
#pragma once

#include "src/graph/op.h"
#include "src/graph/traversal.h"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace theon {

/// The nodes of a graph under construction. Equal nodes are one: the same op on the same operands, in any order where the
/// op commutes; constants of the same bits; patterns of the same name. Random draws and effects stay apart.
class Interned {
 public:
  /// The leaf that stands for `x`: the first one that was equal to it.
  Variable leaf(const Variable& x);

  /// The node that stands for `node` with other operands: an equal one that is known, else `node` itself where the operands are
  /// its own, else a new one. A known node without a name takes that of `node`.
  const Apply* rebuilt(const Apply& node, std::vector<Variable> inputs);

  /// The first output of `op` applied to `inputs`. A new node is a draft: it does not stand for equal nodes of the graph until it
  /// has been rebuilt itself.
  Variable apply(const OpRef& op, std::vector<Variable> inputs, Location where);

  /// `node` with its operands in the given order; from now on it stands for `node`.
  Variable respelled(const Apply& node, std::vector<Variable> inputs);

 private:
  struct Spelling {
    const Op* op;
    std::span<const Variable> inputs;
  };
  static Spelling spelling(const Apply* node) { return {node->op.get(), node->inputs}; }
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Spelling& x) const;
    std::size_t operator()(const Apply* x) const { return (*this)(spelling(x)); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Spelling& a, const Spelling& b) const;
    bool operator()(const Apply* a, const Apply* b) const { return a == b || (*this)(spelling(a), spelling(b)); }
    bool operator()(const Spelling& a, const Apply* b) const { return (*this)(a, spelling(b)); }
    bool operator()(const Apply* a, const Spelling& b) const { return (*this)(spelling(a), b); }
  };

  using Set = std::unordered_set<const Apply*, Hash, Equal>;
  const Apply* keep(const Apply* node);

  Set nodes_, drafts_;
  std::unordered_multimap<std::uint64_t, Variable> constants_;  // by hash of their bits
  std::vector<Variable> patterns_;
  std::vector<NodeRef> kept_;
};

}  // namespace theon
