// The memory of a Pool: nodes, each once, never moved.
#pragma once

#include "src/ir/dim_node.h"
#include "src/ir/element.h"
#include "src/ir/interval.h"
#include "src/ir/polynomial.h"

#include <compare>
#include <deque>
#include <memory_resource>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>

namespace theon::ir {

/// The order of atoms in index arithmetic: indices, bound indices, anything else, parameters; the oldest first.
std::strong_ordering compare(Expr a, Expr b);

using IndexPolynomial = Polynomial<Expr>;

/// A node and what only the pool knows about it.
struct StoredNode : Node {
  /// Whether index arithmetic looks into this node: it is a sum, difference or product of the canonical form.
  mutable bool is_polynomial = false;
  mutable const IndexPolynomial* polynomial = nullptr;  // computed when first asked for
  Interval range = {};                                  // see range_of_node
  std::uint32_t height = 0;  // above every operand, and above what the extent of an index is made of
};

class NodeStore {
 public:
  explicit NodeStore(Pool* pool) : pool_(pool) {}

  /// What makes a node the node it is.
  struct Key {
    Opcode op;
    DType dtype;
    std::span<const Expr> args = {};
    std::int64_t number = 0;
    std::uint64_t bits = 0;
    const Dim* dim = nullptr;  // from `keep`
    const Monoid* monoid = nullptr;
  };

  /// The node of this key as it stands, without simplification.
  Expr intern(const Key& key);
  Expr literal(DType dtype, std::uint64_t bits) {
    return intern({.op = Opcode::literal, .dtype = dtype, .bits = bits});
  }
  const Dim* keep(const Dim& dim) { return &*dims_.insert(dim).first; }
  const IndexPolynomial* keep(IndexPolynomial polynomial) { return &polynomials_.emplace_back(std::move(polynomial)); }

  /// The expression of a Dim, once `Pool::parameter` has built it.
  Expr& parameter(const Dim* kept) { return parameters_[kept]; }

  Pool& pool() const { return *pool_; }
  std::size_t size() const { return nodes_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const Node* node) const;
  };
  struct Equal {
    bool operator()(const Node* a, const Node* b) const;
  };

  const Node* store(Node node);

  Pool* pool_;
  std::pmr::monotonic_buffer_resource arena_;
  std::unordered_set<const Node*, Hash, Equal> nodes_;
  std::unordered_set<Dim, DimHash> dims_;
  std::unordered_map<const Dim*, Expr> parameters_;
  std::deque<IndexPolynomial> polynomials_;
};

}  // namespace theon::ir
