// Asking nodes for their elements.
#pragma once

#include "src/graph/op.h"

#include <functional>
#include <optional>
#include <vector>

namespace theon::codegen {

using Tuple = std::vector<ir::Expr>;

/// Numbers variables for the loads of elements that are not composed yet.
using Numbering = std::function<std::int64_t(const Variable&)>;

/// Constants with one value everywhere become literals; other inputs become loads of the number that `number` gives
/// them.
class NodeContext final : public ElementContext {
 public:
  NodeContext(const Apply& node, ir::Pool& pool, Numbering number)
      : node_(node), pool_(pool), number_(std::move(number)) {}
  ir::Pool& pool() const override { return pool_; }
  const Apply& node() const override { return node_; }
  ir::Expr load(std::size_t input, std::span<const ir::Expr> indices) const override;

 private:
  const Apply& node_;
  ir::Pool& pool_;
  Numbering number_;
};

/// i0, i1, ... over the dims.
Tuple index_tuple(const Shape& dims, ir::Pool& pool);

/// The outputs' elements at the indices, where the node has elements: an ElementOp, or a ScatterOp whose targets are
/// plain indices on all axes but one, so that at most one value goes to each element and the one that does can be told
/// by comparing the remaining axis. Nothing for other nodes.
std::optional<std::vector<ir::Expr>> elements(const NodeContext& context, std::span<const ir::Expr> indices);

/// The elements at i0, i1, ...; loads carry the position of the input.
std::optional<std::vector<ir::Expr>> canonical_elements(const Apply& node, ir::Pool& pool);

bool same_tuple(std::span<const ir::Expr> a, std::span<const ir::Expr> b);

}  // namespace theon::codegen
