// One node for each fact: hash-consing.
#pragma once

#include "src/graph/op.h"
#include "src/graph/traversal.h"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace theon {

/// The nodes of a graph under construction. Equal nodes are one: the same op on the same operands, in any order where
/// the op commutes; constants of the same bits; patterns of the same name. Random draws and effects stay apart.
class Interned {
 public:
  /// The leaf that stands for `x`: the first one that was equal to it.
  Variable leaf(const Variable& x);

  /// The node that stands for `node` with other operands: an equal one that is known, else `node` itself where the
  /// operands are its own, else a new one. A known node without a name takes that of `node`.
  const Apply* rebuilt(const Apply& node, std::vector<Variable> inputs);

  /// The first output of `op` applied to `inputs`. A new node is a draft: it does not stand for equal nodes of the
  /// graph until it has been rebuilt itself.
  Variable apply(const OpRef& op, std::vector<Variable> inputs, Location where);

  /// `node` with its operands in the given order; from now on it stands for `node`.
  Variable respelled(const Apply& node, std::vector<Variable> inputs);

 private:
  /// What a node is: equal spellings are equal nodes.
  struct Spelling {
    const Op* op;
    std::span<const Variable> inputs;

    std::uint64_t hash() const;
    bool operator==(const Spelling& other) const;
  };
  static Spelling spelling(const Apply& node) { return {node.op.get(), node.inputs}; }

  /// Nodes by spelling, in one allocation.
  class Table {
   public:
    /// Null where there is none.
    const Apply* find(const Spelling& x, std::uint64_t hash) const;
    /// The node takes the place of an equal one.
    void put(const Apply* node, std::uint64_t hash);

   private:
    struct Slot {
      std::uint64_t hash = 0;
      const Apply* node = nullptr;
    };
    /// Where a node of the spelling is, or the free slot where it belongs.
    std::size_t slot(const Spelling& x, std::uint64_t hash) const;
    void grow();

    std::vector<Slot> slots_;
    std::size_t size_ = 0;
  };

  const Apply* keep(const Apply* node, std::uint64_t hash);

  Table nodes_, drafts_;
  std::unordered_multimap<std::uint64_t, Variable> constants_;  // by hash of their bits
  std::vector<Variable> patterns_;
  std::vector<NodeRef> kept_;
};

}  // namespace theon
