// Where the values of an expression are computed.
#pragma once

#include "src/ir/element.h"
#include "src/ir/rebuild.h"

#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace theon::ir {

using InstanceId = std::uint32_t;
using RegionId = std::uint32_t;

/// A node in the scope of the reductions whose indices it mentions: a node below two reductions of one level has two
/// instances.
struct Instance {
  Expr node;
  const Scope* scope;
  std::vector<InstanceId> args = {};
  const Scope* inner = nullptr;  // of a reduction's body
  RegionId region = 0;
  // Regions inside: the arms of a select; of a reduction what is done before the loop, where it runs at all, and its
  // body.
  RegionId first = 0, second = 0;
};

/// A piece of code that runs or does not run as a whole.
struct Region {
  RegionId parent = 0;
  RegionId ancestor = 0;  // far up, so that common ancestors are found in logarithmic time (Myers 1983)
  std::uint32_t depth = 0;
  const Scope* loop = nullptr;  // the body of this reduction
  RegionId before_loop = 0;
  std::vector<InstanceId> instances = {};  // arguments first
};

/// Puts every value into the innermost region that all its uses share, and what a loop does not change before the loop.
class Placement {
 public:
  explicit Placement(std::span<const Expr> roots);

  const Instance& instance(InstanceId id) const { return instances_[id]; }
  const Region& region(RegionId id) const { return regions_[id]; }
  std::size_t size() const { return instances_.size(); }
  std::span<const InstanceId> roots() const { return roots_; }
  /// The reduction around a scope's body.
  InstanceId reduction(const Scope* scope) const { return static_cast<InstanceId>(scope->image); }

 private:
  using Key = std::pair<const Node*, const Scope*>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Frame {
    Expr node;
    const Scope* scope;
    Scope* inner;
    std::vector<InstanceId> args;
  };
  static constexpr RegionId nowhere = std::numeric_limits<RegionId>::max();

  InstanceId collect(Expr root);
  Frame enter(Expr node, const Scope* scope);
  InstanceId leave(Frame frame);
  void place();
  void place_arguments(Instance& instance);
  void use(InstanceId id, RegionId region);
  RegionId add_region(RegionId parent);
  RegionId common_ancestor(RegionId a, RegionId b) const;
  RegionId hoisted(const Instance& instance) const;

  std::deque<Scope> scopes_;
  std::unordered_map<Key, InstanceId, KeyHash> ids_;
  std::vector<Instance> instances_;
  std::vector<Region> regions_;
  std::vector<InstanceId> roots_;
};

}  // namespace theon::ir
