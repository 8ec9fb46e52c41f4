#include "codegen/schedule/passes.h"

#include "codegen/schedule/reductions.h"

#include <algorithm>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

class Planner {
 public:
  Planner(const Group& group, ir::Pool& pool) : group_(group), pool_(pool) {}

  std::vector<Part> run() {
    for (const bool is_combined : {false, true})
      for (std::size_t n = 0; n < group_.nests.size(); ++n)
        if ((group_.combines(group_.nests[n]) != nullptr) == is_combined) plan(n);
    std::stable_sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.pass < b.pass; });
    return std::move(parts_);
  }

 private:
  void plan(std::size_t n) {
    const Nest& nest = group_.nests[n];
    const Shape& domain = nest.domain;
    Part part{Expr(), n, {}, 0};
    for (std::size_t axis = group_.outer; axis < domain.size(); ++axis)
      part.extents.push_back(pool_.parameter(domain[axis]));
    part.pass = earliest_pass(nest.element, part.extents, Expr());
    if (group_.combines(nest)) part.pass = best_pass(part);
    pass_of_[nest.result] = part.pass;
    extents_of_[nest.result] = part.extents;
    parts_.push_back(std::move(part));
  }

  /// The pass from the part's on whose loop reads most of what the part does. Nobody in the group waits for it.
  int best_pass(const Part& part) const {
    const std::vector<ValueId> wanted = read_along(group_.nests[part.nest].element);
    std::map<int, std::ptrdiff_t> shared;
    for (const Part& other : parts_) {
      if (other.pass < part.pass || !have_same_extents(part.extents, other.extents)) continue;
      const std::vector<ValueId> read = read_along(other.reduce ? other.reduce : group_.nests[other.nest].element);
      const auto is_read = [&](ValueId v) { return std::ranges::count(read, v) > 0; };
      shared[other.pass] = std::max(shared[other.pass], std::ranges::count_if(wanted, is_read));
    }
    const auto best = std::ranges::max_element(shared, {}, &std::pair<const int, std::ptrdiff_t>::second);
    return best == shared.end() || best->second == 0 ? part.pass : best->first;
  }

  /// What the element reads of more than the row's index.
  std::vector<ValueId> read_along(Expr element) const {
    std::vector<ValueId> values;
    for (Expr e : ir::postorder(std::span(&element, 1)))
      if (e->op == Opcode::load && e->args.size() > static_cast<std::size_t>(group_.outer)) values.push_back(e->number);
    return values;
  }

  static bool have_same_extents(const std::vector<Expr>& a, const std::vector<Expr>& b) {
    return std::ranges::equal(a, b, [](Expr x, Expr y) { return same(x, y); });
  }

  /// The first pass in which everything that `root` reads is there. `self`: the reduction whose body is asked about, if
  /// any.
  int earliest_pass(Expr root, const std::vector<Expr>& extents, Expr self) {
    int pass = 0;
    for (Expr e : outside_of_row_reductions(root, self)) {
      if (e->op == Opcode::reduce) pass = std::max(pass, reduction_pass(e) + 1);
      if (e->op == Opcode::load) pass = std::max(pass, load_pass(e, extents, self));
    }
    return pass;
  }

  /// Nodes under root, not entering row-level reductions; these are listed themselves.
  std::vector<Expr> outside_of_row_reductions(Expr root, Expr self) {
    std::vector<Expr> found, stack{root};
    std::unordered_map<const ir::Node*, bool> seen;
    while (!stack.empty()) {
      const Expr e = stack.back();
      stack.pop_back();
      if (!seen.emplace(e.get(), true).second) continue;
      found.push_back(e);
      if (e->op == Opcode::reduce && !(self && same(e, self)) && is_row_level(e, group_.outer)) continue;
      for (Expr arg : e->args) stack.push_back(arg);
    }
    std::sort(found.begin(), found.end(), [](Expr a, Expr b) { return a->id < b->id; });
    std::erase_if(found, [&](Expr e) {
      return e->op == Opcode::reduce && ((self && same(e, self)) || !is_row_level(e, group_.outer));
    });
    return found;
  }

  int reduction_pass(Expr reduce) {
    if (const auto it = reduction_pass_.find(reduce.get()); it != reduction_pass_.end()) return it->second;
    Part part{reduce, 0, {reduce->args[0]}, 0};
    part.pass = earliest_pass(reduce, part.extents, reduce);
    reduction_pass_[reduce.get()] = part.pass;
    parts_.push_back(part);
    return part.pass;
  }

  int load_pass(Expr load, const std::vector<Expr>& extents, Expr self) {
    const auto made = pass_of_.find(load->number);
    if (made == pass_of_.end()) return 0;
    const std::vector<Expr>& made_extents = extents_of_[load->number];
    if (made_extents.empty()) return made->second;
    const bool same_loop = have_same_extents(extents, made_extents) && reads_own_index(load, self);
    return same_loop ? made->second : made->second + 1;
  }

  /// Whether the inner indices are those of the loop the reader stands in: the axes beyond the outer ones, or the
  /// reduced index.
  bool reads_own_index(Expr load, Expr self) const {
    for (std::size_t axis = group_.outer; axis < load->args.size(); ++axis) {
      const Expr index = load->args[axis];
      const bool own = self ? index->op == Opcode::bound && index->number == self->number
                            : index->op == Opcode::index && index->number == static_cast<std::int64_t>(axis);
      if (!own) return false;
    }
    return !self || load->args.size() == static_cast<std::size_t>(group_.outer) + 1;
  }

  const Group& group_;
  ir::Pool& pool_;
  std::vector<Part> parts_;
  std::unordered_map<ValueId, int> pass_of_;
  std::unordered_map<ValueId, std::vector<Expr>> extents_of_;
  std::unordered_map<const ir::Node*, int> reduction_pass_;
};

}  // namespace

std::vector<Part> plan_passes(const Group& group, ir::Pool& pool) { return Planner(group, pool).run(); }

}  // namespace theon::codegen
