#include "codegen/schedule/group.h"

#include "codegen/partition/cost.h"
#include "codegen/schedule/reductions.h"

#include <algorithm>
#include <unordered_set>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// More memory streams than this in one loop and the prefetchers lose track.
constexpr std::size_t most_streams = 16;

std::vector<Expr> loads_of(Expr element) {
  std::vector<Expr> loads = ir::postorder(std::span(&element, 1));
  std::erase_if(loads, [](Expr e) { return e->op != Opcode::load; });
  return loads;
}

/// How many leading indices of the load are i0, i1, ... themselves.
int canonical_prefix(Expr load) {
  int axis = 0;
  for (Expr index : load->args) {
    if (index->op != Opcode::index || index->number != axis) break;
    ++axis;
  }
  return axis;
}

int common_prefix(const Shape& a, const Shape& b) {
  int axis = 0;
  while (axis < static_cast<int>(std::min(a.size(), b.size())) && a[axis] == b[axis]) ++axis;
  return axis;
}

/// The tasks so far, and where each value is made.
class Merger {
 public:
  std::vector<Task> run(std::span<const Work> works) {
    for (const Work& work : works) std::visit([this](const auto& each) { place(each); }, work);
    return std::move(tasks_);
  }

 private:
  template <class Whole>
  void place(const Whole& work) {
    append(work);
  }

  void place(const Nest& nest) {
    // The latest tasks are the likeliest partners; looking back further than this found nothing in practice and costs
    // quadratic time.
    constexpr std::size_t window = 16;
    for (std::size_t back = 1; back <= std::min(window, tasks_.size()); ++back)
      if (join(tasks_.size() - back, nest)) return;
    append(alone(nest));
  }

  void append(Task task) {
    for (ValueId v : writes(task)) made_in_[v] = tasks_.size();
    tasks_.push_back(std::move(task));
  }

  Group alone(const Nest& nest) const {
    const Shape& domain = nest.domain;
    const int rank = static_cast<int>(domain.size());
    return {{nest},
            domain,
            reduces_columns(nest.element, rank) ? rank - 1 : rank,
            element_cost(std::span(&nest.element, 1))};
  }

  bool join(std::size_t position, const Nest& nest) {
    Group* group = std::get_if<Group>(&tasks_[position]);
    if (!group) return false;
    // A running value needs a loop order of its own.
    if (running_reduction(nest.element) || running_reduction(group->nests[0].element)) return false;
    const Group single = alone(nest);
    if (group->cost + single.cost > kernel_budget) return false;
    const std::optional<int> outer = common_outer(*group, single);
    if (!outer || !is_reachable(position, nest)) return false;
    group->nests.push_back(nest);
    group->outer = *outer;
    group->cost += single.cost;
    made_in_[nest.result] = position;
    return true;
  }

  /// All that the nest reads is made at or before the position, so it may run there.
  bool is_reachable(std::size_t position, const Nest& nest) const {
    for (ValueId v : reads(Work(nest)))
      if (const auto it = made_in_.find(v); it != made_in_.end() && it->second > position) return false;
    return true;
  }

  static bool reduces(const Group& group) {
    return std::any_of(group.nests.begin(), group.nests.end(),
                       [](const Nest& nest) { return has_reduction(std::span(&nest.element, 1)); });
  }

  /// How many outer axes the group and the nest can share, where it is worth it.
  std::optional<int> common_outer(const Group& group, const Group& single) const {
    const Nest& nest = single.nests[0];
    int outer = std::min({group.outer, single.outer, common_prefix(group.domain, single.domain)});
    bool depends = false, shares = false;
    std::unordered_set<ValueId> streams;
    for (const Nest& member : group.nests) {
      streams.insert(member.result);
      for (ValueId v : reads(Work(member))) streams.insert(v);
    }
    for (Expr load : loads_of(nest.element)) {
      const bool member =
          std::any_of(group.nests.begin(), group.nests.end(), [&](const Nest& m) { return m.result == load->number; });
      depends = depends || member;
      shares = shares || (streams.contains(load->number) && !load->args.empty());
      if (member) outer = std::min(outer, canonical_prefix(load));
      streams.insert(load->number);
    }
    const bool same_domain = group.domain == single.domain;
    if (!depends && !(shares && same_domain)) return std::nullopt;
    if (streams.size() + 1 > most_streams) return std::nullopt;
    // Without a shared outer axis the parts only run one after the other; that is one kernel less, but no memory saved,
    // unless all is a vector or a scalar.
    const bool is_flat = group.domain.size() <= 1 && single.domain.size() <= 1;
    if (outer == 0 && !is_flat) return std::nullopt;
    // A reduction along rows stays one: inside a loop over the rows' index it would step through memory by whole rows.
    if ((outer < group.outer && reduces(group)) || (outer < single.outer && reduces(single))) return std::nullopt;
    return outer;
  }

  std::vector<Task> tasks_;
  std::unordered_map<ValueId, std::size_t> made_in_;
};

}  // namespace

std::vector<Task> merge_nests(std::span<const Work> works) { return Merger().run(works); }

namespace {

struct TaskReads {
  std::vector<ValueId> operator()(const Group& group) const {
    std::vector<ValueId> values;
    for (const Nest& nest : group.nests)
      for (ValueId v : reads(Work(nest)))
        if (std::find(values.begin(), values.end(), v) == values.end()) values.push_back(v);
    return values;
  }
  template <class Whole>
  std::vector<ValueId> operator()(const Whole& work) const {
    return reads(Work(work));
  }
};

struct TaskWrites {
  std::vector<ValueId> operator()(const Group& group) const {
    std::vector<ValueId> values;
    for (const Nest& nest : group.nests) values.push_back(nest.result);
    return values;
  }
  template <class Whole>
  std::vector<ValueId> operator()(const Whole& work) const {
    return writes(Work(work));
  }
};

}  // namespace

std::vector<ValueId> reads(const Task& task) { return std::visit(TaskReads(), task); }
std::vector<ValueId> writes(const Task& task) { return std::visit(TaskWrites(), task); }

}  // namespace theon::codegen
