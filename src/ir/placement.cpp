#include "src/ir/placement.h"

#include "src/support/hash.h"

#include <algorithm>
#include <ranges>

namespace theon::ir {

std::size_t Placement::KeyHash::operator()(const Key& key) const {
  return combine(reinterpret_cast<std::uintptr_t>(key.first), reinterpret_cast<std::uintptr_t>(key.second));
}

Placement::Placement(std::span<const Expr> roots) {
  for (const Expr root : roots) roots_.push_back(collect(root));
  place();
}

InstanceId Placement::collect(Expr root) {
  if (const auto known = ids_.find(Key(root.get(), nullptr)); known != ids_.end()) return known->second;
  std::vector<Frame> path{enter(root, nullptr)};
  for (;;) {
    Frame& frame = path.back();
    const std::size_t next = frame.args.size();
    if (next == frame.node->args.size()) {
      const InstanceId id = leave(std::move(frame));
      path.pop_back();
      if (path.empty()) return id;
      path.back().args.push_back(id);
      continue;
    }
    const Expr arg = frame.node->args[next];
    const Scope* scope = scope_of(arg, frame.inner && next > 0 ? frame.inner : frame.scope);
    const auto known = ids_.find(Key(arg.get(), scope));
    if (known != ids_.end())
      frame.args.push_back(known->second);
    else
      path.push_back(enter(arg, scope));
  }
}

Placement::Frame Placement::enter(Expr node, const Scope* scope) {
  if (node->op != Opcode::reduce) return {node, scope, nullptr, {}};
  return {node, scope, &scopes_.emplace_back(Scope{scope, node->number, 0}), {}};
}

InstanceId Placement::leave(Frame frame) {
  const auto id = static_cast<InstanceId>(instances_.size());
  if (frame.inner) frame.inner->image = id;
  ids_.emplace(Key(frame.node.get(), frame.scope), id);
  instances_.push_back({.node = frame.node,
                        .scope = frame.scope,
                        .args = std::move(frame.args),
                        .inner = frame.inner,
                        .region = nowhere});
  return id;
}

void Placement::place() {
  regions_.emplace_back();
  for (const InstanceId root : roots_) use(root, 0);
  // Users come after what they use, so all uses of a value are known when its turn comes.
  for (Instance& instance : std::views::reverse(instances_)) {
    instance.region = hoisted(instance);
    place_arguments(instance);
  }
  for (InstanceId id = 0; id < instances_.size(); ++id) regions_[instances_[id].region].instances.push_back(id);
}

void Placement::place_arguments(Instance& instance) {
  const bool is_select = instance.node->op == Opcode::select;
  if (is_select || instance.inner) {
    instance.first = add_region(instance.region);
    instance.second = add_region(is_select ? instance.region : instance.first);
  }
  if (instance.inner) {
    regions_[instance.second].loop = instance.inner;
    regions_[instance.second].before_loop = instance.first;
  }
  for (std::size_t k = 0; k < instance.args.size(); ++k) {
    const bool is_inside = k > 0 && (is_select || instance.inner);
    const RegionId inside = is_select && k == 1 ? instance.first : instance.second;
    use(instance.args[k], is_inside ? inside : instance.region);
  }
}

void Placement::use(InstanceId id, RegionId region) {
  RegionId& place = instances_[id].region;
  place = place == nowhere ? region : common_ancestor(place, region);
}

RegionId Placement::add_region(RegionId parent) {
  const Region& above = regions_[parent];
  const Region& far = regions_[above.ancestor];
  const bool joins = above.depth - far.depth == far.depth - regions_[far.ancestor].depth;
  regions_.push_back({.parent = parent, .ancestor = joins ? far.ancestor : parent, .depth = above.depth + 1});
  return static_cast<RegionId>(regions_.size() - 1);
}

RegionId Placement::common_ancestor(RegionId a, RegionId b) const {
  if (regions_[a].depth < regions_[b].depth) std::swap(a, b);
  const std::uint32_t depth = regions_[b].depth;
  while (regions_[a].depth > depth)
    a = regions_[regions_[a].ancestor].depth >= depth ? regions_[a].ancestor : regions_[a].parent;
  while (a != b) {
    const bool is_far = regions_[a].ancestor != regions_[b].ancestor;
    a = is_far ? regions_[a].ancestor : regions_[a].parent;
    b = is_far ? regions_[b].ancestor : regions_[b].parent;
  }
  return a;
}

RegionId Placement::hoisted(const Instance& instance) const {
  const Region& region = regions_[instance.region];
  return region.loop && region.loop != instance.scope ? region.before_loop : instance.region;
}

}  // namespace theon::ir
