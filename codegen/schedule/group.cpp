#include "codegen/schedule/group.h"

#include "codegen/partition/cost.h"
#include "codegen/schedule/reductions.h"
#include "codegen/schedule/strips.h"

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

int common_prefix(const Shape& a, const Shape& b) {
  int axis = 0;
  while (axis < static_cast<int>(std::min(a.size(), b.size())) && a[axis] == b[axis]) ++axis;
  return axis;
}

/// A nest and what merging asks about it, looked up once: it is held against many groups.
struct Candidate {
  explicit Candidate(const Nest& nest)
      : nest(nest),
        loads(loads_of(nest.element)),
        reads(codegen::reads(Work(nest))),
        cost(element_cost(std::span(&nest.element, 1))),
        outer(static_cast<int>(nest.domain.size())),
        is_running(running_reduction(nest.element)),
        reduces(has_reduction(std::span(&nest.element, 1))) {
    if (reduces_columns(nest.element, outer)) --outer;
  }

  const Nest& nest;
  std::vector<Expr> loads;
  std::vector<ValueId> reads;
  int cost;
  int outer;  // axes that a group of it alone has in common
  bool is_running, reduces;
};

/// What merging asks about a group.
struct Members {
  std::unordered_set<ValueId> results, streams;
  bool are_running = false, reduce = false;

  void add(const Candidate& member) {
    results.insert(member.nest.result);
    streams.insert(member.nest.result);
    streams.insert(member.reads.begin(), member.reads.end());
    are_running |= member.is_running;
    reduce |= member.reduces;
  }
};

/// The tasks so far, and where each value is made.
class Merger {
 public:
  explicit Merger(std::vector<Value>& values) : values_(values) {}

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
    const Candidate candidate(nest);
    const std::size_t first = tasks_.size() - std::min(window, tasks_.size());
    if (candidate.reduces)
      for (std::size_t position = tasks_.size(); position-- > first;)
        if (const std::optional<Nest> rest = join_rows(position, candidate)) return place(*rest);
    std::vector<std::pair<std::size_t, Apart>> refusals;
    for (std::size_t position = tasks_.size(); position-- > first;) {
      const std::optional<Apart> refusal = join(position, candidate);
      if (!refusal) return;
      refusals.emplace_back(position, *refusal);
    }
    account_for(candidate, first, refusals);
    append(Group{{nest}, nest.domain, candidate.outer, candidate.cost});
    members_.back().add(candidate);
  }

  void append(Task task) {
    for (ValueId v : writes(task)) made_in_[v] = tasks_.size();
    tasks_.push_back(std::move(task));
    members_.emplace_back();
  }

  /// Notes why the candidate runs apart from the groups that compute what it reads.
  void account_for(const Candidate& candidate, std::size_t first,
                   const std::vector<std::pair<std::size_t, Apart>>& refusals) {
    for (ValueId v : candidate.reads) {
      const auto made = made_in_.find(v);
      if (made == made_in_.end() || !std::holds_alternative<Group>(tasks_[made->second])) continue;
      const auto refusal = std::ranges::find(refusals, made->second, &std::pair<std::size_t, Apart>::first);
      values_[candidate.nest.result].account.add({v, made->second < first ? Apart::distance : refusal->second});
    }
  }

  /// Nothing where the candidate has joined the task; otherwise why not.
  std::optional<Apart> join(std::size_t position, const Candidate& candidate) {
    Group* group = std::get_if<Group>(&tasks_[position]);
    if (!group) return Apart::no_loop;
    // A running value needs a loop order of its own.
    if (candidate.is_running || members_[position].are_running) return Apart::running_value;
    if (reads_strips(*group, candidate)) return Apart::all_rows;
    const std::variant<int, Apart> outer = common_outer(*group, members_[position], candidate);
    if (const auto* reason = std::get_if<Apart>(&outer)) return *reason;
    if (!is_reachable(position, candidate)) return Apart::later_operand;
    const int cost = cost_together(*group, candidate);
    if (cost > kernel_budget) return Apart::budget;
    group->nests.push_back(candidate.nest);
    group->outer = std::get<int>(outer);
    group->cost = cost;
    made_in_[candidate.nest.result] = position;
    members_[position].add(candidate);
    return std::nullopt;
  }

  static bool reads_strips(const Group& group, const Candidate& candidate) {
    return group.strips &&
           std::ranges::any_of(candidate.reads, [&](ValueId v) { return group.strips->combined.contains(v); });
  }

  /// Where the task goes through the rows that the candidate reduces, it does so for the candidate, too. Then what is
  /// left to do afterwards.
  std::optional<Nest> join_rows(std::size_t position, const Candidate& candidate) {
    Group* group = std::get_if<Group>(&tasks_[position]);
    if (!group || candidate.is_running || members_[position].are_running || !is_reachable(position, candidate))
      return std::nullopt;
    const std::optional<RowTerm> row = term_in_rows(candidate.nest, *group, values_);
    if (!row || cost_together(*group, candidate) > kernel_budget) return std::nullopt;
    if (streams_together(members_[position], candidate) > most_streams) return std::nullopt;
    return add_row_term(position, candidate, *row);
  }

  Nest add_row_term(std::size_t position, const Candidate& candidate, const RowTerm& row) {
    Group& group = std::get<Group>(tasks_[position]);
    if (!group.strips) group.strips = strips_of(group);
    const Nest& nest = candidate.nest;
    const ValueId partial = add_partial(nest, row.reduce->dtype, group.strips->count);
    Shape domain(group.domain.begin(), group.domain.begin() + group.outer);
    domain.insert(domain.end(), nest.domain.begin(), nest.domain.end());
    group.nests.push_back({partial, std::move(domain), row.term, nest.where});
    group.strips->combined.emplace(partial, row.reduce->monoid);
    group.cost = cost_together(group, candidate);
    made_in_[partial] = position;
    members_[position].add(Candidate(group.nests.back()));
    return after_strips(nest, row.reduce, partial, group.strips->count);
  }

  /// What the reduction comes to in each strip.
  ValueId add_partial(const Nest& nest, DType dtype, const Dim& strips) {
    Shape dims{strips};
    dims.insert(dims.end(), nest.domain.begin(), nest.domain.end());
    const Variable name = theon::input(dtype, "", dims, nest.where);
    values_.push_back({Value::Origin::computed, {dtype, std::move(dims)}, name, {.reason = Stored::strips}});
    values_.back().account.fused = values_[nest.result].account.fused;
    return static_cast<ValueId>(values_.size()) - 1;
  }

  static std::size_t streams_together(const Members& members, const Candidate& candidate) {
    return members.streams.size() + 1 + static_cast<std::size_t>(std::ranges::count_if(candidate.reads, [&](ValueId v) {
             return !members.streams.contains(v);
           }));
  }

  /// At most: what they have in common is only counted once where it matters.
  static int cost_together(const Group& group, const Candidate& candidate) {
    if (group.cost + candidate.cost <= kernel_budget) return group.cost + candidate.cost;
    std::vector<Expr> elements{candidate.nest.element};
    for (const Nest& member : group.nests) elements.push_back(member.element);
    return element_cost(elements);
  }

  /// All that the nest reads is made at or before the position, so it may run there.
  bool is_reachable(std::size_t position, const Candidate& candidate) const {
    for (ValueId v : candidate.reads)
      if (const auto it = made_in_.find(v); it != made_in_.end() && it->second > position) return false;
    return true;
  }

  /// How many outer axes the group and the nest can share, where it is worth it; otherwise why not.
  static std::variant<int, Apart> common_outer(const Group& group, const Members& members, const Candidate& candidate) {
    const Shape& domain = candidate.nest.domain;
    int outer = std::min({group.outer, candidate.outer, common_prefix(group.domain, domain)});
    bool depends = false, shares = false;
    std::unordered_set<ValueId> new_streams;
    for (Expr load : candidate.loads) {
      const bool member = members.results.contains(load->number);
      const bool known = members.streams.contains(load->number) || new_streams.contains(load->number);
      depends = depends || member;
      shares = shares || (known && !load->args.empty());
      if (member) outer = std::min(outer, canonical_prefix(load));
      if (!known) new_streams.insert(load->number);
    }
    const bool same_domain = group.domain == domain;
    if (!depends && !(shares && same_domain)) return Apart::no_loop;
    if (members.streams.size() + new_streams.size() + 1 > most_streams) return Apart::streams;
    // Without a shared outer axis the parts only run one after the other; that is one kernel less, but no memory saved,
    // unless all is a vector or a scalar.
    const bool is_flat = group.domain.size() <= 1 && domain.size() <= 1;
    if (outer == 0 && !is_flat) return Apart::no_loop;
    // A reduction along rows stays one: inside a loop over the rows' index it would step through memory by whole rows.
    if ((outer < group.outer && members.reduce) || (outer < candidate.outer && candidate.reduces))
      return Apart::row_reduction;
    return outer;
  }

  std::vector<Value>& values_;
  std::vector<Task> tasks_;
  std::vector<Members> members_;  // of each task that is a group
  std::unordered_map<ValueId, std::size_t> made_in_;
};

}  // namespace

std::vector<Task> merge_nests(std::span<const Work> works, std::vector<Value>& values) {
  return Merger(values).run(works);
}

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
