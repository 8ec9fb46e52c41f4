#include "src/ir/store.h"

#include "src/ir/index_range.h"
#include "src/support/check.h"
#include "src/support/hash.h"

#include <algorithm>
#include <limits>
#include <new>

namespace theon::ir {

namespace {

int rank(Opcode op) {
  if (op == Opcode::index) return 0;
  if (op == Opcode::bound) return 1;
  return op == Opcode::parameter ? 3 : 2;
}

std::uint64_t bit(std::int64_t position) {
  THEON_CHECK(position >= 0 && position < 64);
  return std::uint64_t{1} << position;
}

std::uint64_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

void add_dependences(Node& node) {
  for (const Expr arg : node.args) {
    node.free_axes |= arg->free_axes;
    node.free_levels |= arg->free_levels;
    node.loads |= arg->loads;
  }
  if (node.op == Opcode::index) node.free_axes |= bit(node.number);
  if (node.op == Opcode::bound) node.free_levels |= bit(node.number);
  if (node.op == Opcode::load) node.loads = true;
  // The extent of a reduction stands outside the scope of its index.
  if (node.op == Opcode::reduce) node.free_levels = (node.free_levels & ~bit(node.number)) | node.args[0]->free_levels;
}

std::uint32_t height_of(const Node& node) {
  if (node.op == Opcode::index || node.op == Opcode::bound)
    return node.dim->is_known() ? 1 : node.dim->node()->depth + 1;
  std::uint32_t height = 0;
  for (const Expr arg : node.args) height = std::max(height, static_cast<const StoredNode&>(*arg).height + 1);
  return height;
}

}  // namespace

std::strong_ordering compare(Expr a, Expr b) {
  if (same(a, b)) return std::strong_ordering::equal;
  if (const auto by = rank(a->op) <=> rank(b->op); by != 0) return by;
  if (rank(a->op) < 2) {
    if (const auto by = a->number <=> b->number; by != 0) return by;
  }
  return a->id <=> b->id;
}

std::size_t NodeStore::Hash::operator()(const Node* node) const {
  std::uint64_t hash = combine(static_cast<std::uint64_t>(node->op), static_cast<std::uint64_t>(node->dtype));
  hash = combine(hash, static_cast<std::uint64_t>(node->number) ^ node->bits);
  hash = combine(hash, address(node->dim) ^ address(node->monoid));
  for (const Expr arg : node->args) hash = combine(hash, address(arg.get()));
  return hash;
}

bool NodeStore::Equal::operator()(const Node* a, const Node* b) const {
  return a->op == b->op && a->dtype == b->dtype && a->number == b->number && a->bits == b->bits && a->dim == b->dim &&
         a->monoid == b->monoid && std::ranges::equal(a->args, b->args, [](Expr x, Expr y) { return same(x, y); });
}

Expr NodeStore::intern(const Key& key) {
  const Node node{.op = key.op,
                  .dtype = key.dtype,
                  .id = 0,
                  .number = key.number,
                  .bits = key.bits,
                  .dim = key.dim,
                  .monoid = key.monoid,
                  .pool = pool_,
                  .free_axes = 0,
                  .free_levels = 0,
                  .loads = false,
                  .args = key.args};
  const auto known = nodes_.find(&node);
  return known != nodes_.end() ? *known : store(node);
}

const Node* NodeStore::store(Node node) {
  THEON_CHECK(nodes_.size() < std::numeric_limits<std::uint32_t>::max());
  node.id = static_cast<std::uint32_t>(nodes_.size());
  add_dependences(node);
  if (!node.args.empty()) {
    auto* args = static_cast<Expr*>(arena_.allocate(node.args.size_bytes(), alignof(Expr)));
    std::ranges::uninitialized_copy(node.args, std::span(args, node.args.size()));
    node.args = std::span<const Expr>(args, node.args.size());
  }
  void* memory = arena_.allocate(sizeof(StoredNode), alignof(StoredNode));
  const Node* stored = new (memory) StoredNode{node, false, nullptr, range_of_node(node), height_of(node)};
  nodes_.insert(stored);
  return stored;
}

}  // namespace theon::ir
