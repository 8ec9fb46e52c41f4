#include "codegen/schedule/lower.h"

#include "codegen/math/expand.h"
#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"
#include "codegen/partition/elements.h"
#include "codegen/schedule/ahead.h"
#include "codegen/schedule/builder.h"
#include "codegen/schedule/passes.h"
#include "codegen/schedule/reductions.h"
#include "codegen/schedule/short_rows.h"
#include "codegen/schedule/work.h"
#include "src/ir/size.h"
#include "src/support/check.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// What index nodes stand for in the loops that are open.
struct Environment {
  std::vector<Expr> axes;                        // by axis
  std::unordered_map<std::int64_t, Expr> bound;  // by level
};

/// What the kernel's begin and end say: which iterations run.
struct Iterations {
  Dim trips;
  std::vector<Phase> phases = {};
};

class Lowering {
 public:
  /// Without a scope the group is a kernel of its own, and its outermost loop the one that is cut into chunks.
  Lowering(const Group& group, const LoweringInput& input, KernelBuilder& builder, Scope* scope)
      : group_(group),
        input_(input),
        values_(input.values),
        readers_of_(input.readers_of),
        pool_(input.pool),
        machine_(input.machine),
        builder_(builder),
        scope_(scope),
        work_{input.machine} {
    leave_vector_axis();
    if (scope) in_register_ = scope->scalars;
  }

  /// The iterations of the outermost loop.
  Iterations run() {
    parts_ = plan_passes(group_, pool_);
    const Iterations iterations = lower_parts();
    if (scope_) leave_scalars();
    return iterations;
  }

  /// Values that one phase leaves to the next.
  const std::vector<ValueId>& temporaries() const { return temporaries_; }
  /// Operands that results may overwrite, beside those that the kernel's statements say.
  const std::vector<ValueId>& own() const { return own_; }

 private:
  Iterations lower_parts() {
    if (group_.strips) return {in_passes()};
    if (is_one_loop()) return {flat()};
    if (lies_flat()) return {collapsed()};
    if (!scope_ && has_short_rows(group_, parts_, input_)) return {across_rows()};
    has_phases_ = has_blocks();
    return has_phases_ ? in_phases() : Iterations{in_passes()};
  }

  Dim in_passes() {
    note_passes();
    Dim trips = 1;
    int opened = 0;
    if (group_.strips) {
      trips = group_.strips->count;
      open_strip();
      opened = 1;
    } else if (group_.outer > 0) {
      trips = group_.domain[0];
      const auto [begin, end] = range(trips);
      env_.axes.push_back(builder_.open(begin, end));
      opened = 1;
    }
    for (; opened < group_.outer; ++opened)
      env_.axes.push_back(builder_.open(pool_.literal(0), pool_.parameter(group_.domain[opened])));
    lower_passes();
    for (; opened > 0; --opened) builder_.close();
    if (group_.strips) builder_.close();
    return trips;
  }

  // Strips. What reductions over all rows come to in a strip of them lies in memory.

  /// The loop over strips, and the one over the outermost axis within a strip.
  void open_strip() {
    const Strips& strips = *group_.strips;
    builder_.note("{} strips of {} of {} for reductions over all of them, combined afterwards", to_string(strips.count),
                  to_string(strips.height), to_string(group_.domain[0]));
    const auto [begin, end] = range(strips.count);
    strip_ = builder_.open(begin, end);
    for (const Nest& nest : group_.nests)
      if (const ir::Monoid* monoid = group_.combines(nest)) clear_strip(nest, monoid->identity[0]);
    const Expr height = pool_.parameter(strips.height), first = builder_.defined(strip_ * height);
    env_.axes.push_back(builder_.open(first, min(first + height, pool_.parameter(group_.domain[0]))));
  }

  void clear_strip(const Nest& nest, Expr identity) {
    Dim columns = 1;
    for (const Dim& extent : inner_dims(nest)) columns = columns * extent;
    const Expr column = builder_.open(pool_.literal(0), pool_.parameter(columns), {lanes_of({identity}, machine_), 4});
    builder_.store(builder_.write(nest.result), strip_ * pool_.parameter(columns) + column, identity);
    builder_.close();
  }

  void add_to_strip(const Nest& nest, const ir::Monoid& monoid, Expr value) {
    std::vector<Expr> indices(env_.axes.begin() + group_.outer, env_.axes.end());
    indices.insert(indices.begin(), strip_);
    const Expr place = row_major_offset(values_[nest.result].type.dims, indices, pool_);
    const Expr state = pool_.load(builder_.read(nest.result), value->dtype, {{place}});
    const Expr both = pool_.replace(monoid.combine[0], [&](Expr e) {
      return e->op != Opcode::argument ? Expr() : e->number == 0 ? state : value;
    });
    builder_.store(builder_.write(nest.result), place, builder_.computed(both));
  }

  void lower_passes() {
    for (std::size_t first = 0; first < parts_.size(); first = pass_end(first)) lower_pass(first, pass_end(first));
  }

  /// Lanes run over rows. The outer loop runs over blocks of these.
  Dim across_rows() {
    const int axis = group_.outer - 1;
    const Dim blocks = floor_div(group_.domain[axis] + (ShortRows::rows - 1), ShortRows::rows);
    Shape extents(group_.domain.begin(), group_.domain.begin() + axis);
    extents.push_back(blocks);
    for (const Dim& extent : extents)
      env_.axes.push_back(env_.axes.empty() ? builder_.open(builder_.begin(), builder_.end())
                                            : builder_.open(pool_.literal(0), pool_.parameter(extent)));
    const Expr first = env_.axes[axis] * ShortRows::rows;
    const Expr count = min(pool_.literal(ShortRows::rows), pool_.parameter(group_.domain[axis]) - first);
    env_.axes[axis] = first;
    short_rows_.emplace(group_, input_, builder_);
    builder_.note("rows are shorter than vectors: lanes run over {} of them, turned first", ShortRows::rows);
    short_rows_->turn_operands(env_.axes, count);
    row_ = builder_.open(pool_.literal(0), count, shape_of_loop(all_parts()));
    in_vector_loop_ = true;
    env_.axes[axis] = first + row_;
    lower_passes();
    in_vector_loop_ = false;
    builder_.close();
    env_.axes[axis] = first;
    short_rows_->turn_results(env_.axes, count);
    own_ = short_rows_->own();
    for (int open = 0; open <= axis; ++open) builder_.close();
    return extents[0];
  }

  void note_passes() {
    const std::size_t passes = parts_.empty() ? 0 : parts_.back().pass + 1;
    const Shape outer(group_.domain.begin(), group_.domain.begin() + group_.outer);
    if (!outer.empty())
      builder_.note("loops over {}{}", to_string(outer),
                    passes > 1 ? fmt::format(", inside of them {} passes", passes) : "");
    if (outer.empty() && passes > 1) builder_.note("{} passes, one after the other", passes);
  }

  /// Begin and end of an outermost loop of so many iterations.
  std::pair<Expr, Expr> range(const Dim& trips) {
    return scope_ ? std::pair(pool_.literal(0), pool_.parameter(trips)) : std::pair(builder_.begin(), builder_.end());
  }

  // Phases. A reduction over everything is cut into blocks, which depend on its size alone: so does the result. Their
  // results lie in memory until the next phase combines them; so does what one phase computes for the next.

  /// A loop of a phase: reductions run over blocks of iterations, the others over iterations.
  struct Range {
    std::vector<std::size_t> parts;
    bool reduces;
    Dim extent, block, trips, work;
  };

  bool has_blocks() const {
    if (scope_ || group_.outer != 0) return false;
    const auto is_simple = [&](const Part& part) {
      return part.extents.empty() || (part.extents.size() == 1 && ir::as_dim(part.extents[0]) && !is_running(part));
    };
    return std::ranges::all_of(parts_, is_simple) && std::ranges::any_of(parts_, [&](const Part& part) {
             return part.reduce && equal(range_of({position(part)}).trips, 1) != Answer::yes;
           });
  }

  std::size_t position(const Part& part) const { return static_cast<std::size_t>(&part - parts_.data()); }

  Range range_of(const std::vector<std::size_t>& together) const {
    Range range{together, false, *ir::as_dim(parts_[together[0]].extents[0]), 1, 0, 0};
    Dim each = 0;
    for (std::size_t p : together) {
      const Part& part = parts_[p];
      range.reduces = range.reduces || part.reduce;
      each = each + work_.of(computed_for_each(part));
    }
    range.work = range.extent * each;
    if (range.reduces) range.block = block_of(each);
    range.trips = floor_div(range.extent + range.block - 1, range.block);
    return range;
  }

  /// What an iteration of the part computes: reductions over everything are parts of their own.
  std::vector<Expr> computed_for_each(const Part& part) const {
    if (!part.reduce) return {group_.nests[part.nest].element};
    std::vector<Expr> bodies;
    for (Expr body : part.reduce->args.subspan(1))
      bodies.push_back(pool_.replace(body, [&](Expr e) -> Expr {
        const Expr reduce = e->op == Opcode::project ? e->args[0] : e;
        if (reduce->op != Opcode::reduce || !is_row_level(reduce, group_.outer)) return Expr();
        return pool_.literal_bits(e->dtype, 0);
      }));
    return bodies;
  }

  /// Each pass is a phase: the conditions of later ones enclose each other, since scalars live in registers. One more
  /// iteration, which there is for empty arrays too, stores them.
  Iterations in_phases() {
    const Dim all = end_of_phases();
    std::vector<Phase> phases;
    Dim begin = 0;
    int conditions = 0;
    for (std::size_t first = 0, last; first < parts_.size(); first = last) {
      last = pass_end(first);
      if (first > 0) {
        builder_.open_if(builder_.end() > pool_.parameter(begin));
        ++conditions;
        combine_blocks();
      }
      const std::vector<Range> ranges = ranges_of(first, last);
      const bool is_alone = ranges.empty() && last == parts_.size();
      lower_scalars(first, last, is_alone ? Expr() : builder_.end() == pool_.parameter(all));
      Phase phase{0, 0};
      for (const Range& range : ranges) {
        lower_range(range, begin + phase.trips);
        phase = {phase.trips + range.trips, phase.work + range.work};
      }
      if (phase.trips != Dim(0)) phases.push_back(phase);
      begin = begin + phase.trips;
    }
    for (; conditions > 0; --conditions) builder_.close();
    phases.push_back({1, 0});
    builder_.note("{} phases, each needs what the one before it left", phases.size());
    return {all, phases};
  }

  std::size_t pass_end(std::size_t first) const {
    std::size_t last = first;
    while (last < parts_.size() && parts_[last].pass == parts_[first].pass) ++last;
    return last;
  }

  std::vector<Range> ranges_of(std::size_t first, std::size_t last) const {
    std::vector<Range> ranges;
    for (const std::vector<std::size_t>& together : loops_of(first, last)) ranges.push_back(range_of(together));
    return ranges;
  }

  /// The iterations of all phases.
  Dim end_of_phases() const {
    Dim end = 1;
    for (std::size_t first = 0; first < parts_.size(); first = pass_end(first))
      for (const Range& range : ranges_of(first, pass_end(first))) end = end + range.trips;
    return end;
  }

  /// Several threads may compute them; the one with the last iteration stores them.
  void lower_scalars(std::size_t first, std::size_t last, Expr is_last) {
    for (std::size_t p = first; p < last; ++p) {
      if (!parts_[p].extents.empty()) continue;
      const Nest& nest = group_.nests[parts_[p].nest];
      define_scalar(nest);
      if (!is_kept(nest.result)) continue;
      if (is_last) builder_.open_if(is_last);
      store_result(nest, in_register_[nest.result]);
      if (is_last) builder_.close();
    }
  }

  /// The iterations from `start` on.
  void lower_range(const Range& range, const Dim& start) {
    const Expr from = pool_.parameter(start);
    const Expr begin = max(builder_.begin(), from), end = min(builder_.end(), pool_.parameter(start + range.trips));
    if (!range.reduces) return lower_loop(range.parts, begin - from, end - from);
    builder_.note("a reduction over {} in blocks of {}, combined in order", to_string(range.extent),
                  to_string(range.block));
    const Expr block = pool_.parameter(range.block);
    const Expr which = builder_.open(begin, end) - from;
    lower_loop(range.parts, which * block, min(which * block + block, pool_.parameter(range.extent)));
    for (std::size_t p : range.parts)
      if (parts_[p].reduce) leave_block(parts_[p].reduce, range, which);
    builder_.close();
  }

  void lower_loop(const std::vector<std::size_t>& together, Expr begin, Expr end) {
    const bool vector =
        !in_vector_loop_ && std::ranges::none_of(together, [&](std::size_t p) { return needs_order(parts_[p]); });
    LoopShape shape = vector ? shape_of_loop(together) : LoopShape{};
    shape.streams = streams(together, shape);
    if (shape.streams && group_.outer > 0) shape.streams = shape.streams & rows_fill_lines(parts_[together[0]]);
    if (shape.streams && shape.streams->op == Opcode::literal && shape.streams->bits == 0) shape.streams = Expr();
    lower_vector_loop(together, begin, end, shape);
  }

  /// Whether no cache line belongs to two rows: a line that is stored partly past the caches and partly into them is
  /// moved several times.
  Expr rows_fill_lines(const Part& part) const {
    constexpr std::int64_t line_bytes = 64;
    const Nest& nest = group_.nests[part.nest];
    const auto elements = line_bytes / static_cast<std::int64_t>(size_of(nest.element->dtype));
    return pool_.parameter(nest.domain.back()) % elements == pool_.literal(0);
  }

  /// What a reduction over blocks has left in memory.
  struct Blocks {
    Expr reduce;
    std::vector<ValueId> values;  // by component
    Dim count;
  };

  void leave_block(Expr reduce, const Range& range, Expr which) {
    Blocks blocks{reduce, {}, range.trips};
    for (std::size_t c = 0; c < reduce->monoid->size(); ++c) {
      const DType dtype = reduce->monoid->identity[c]->dtype;
      blocks.values.push_back(temporary(TensorType{dtype, {range.trips}}));
      builder_.store(builder_.write(blocks.values[c]), which, reduced_.at(reduce.get())[c]);
    }
    reduced_.erase(reduce.get());
    left_.push_back(std::move(blocks));
  }

  void combine_blocks() {
    for (const Blocks& blocks : left_) {
      const ir::Monoid& monoid = *blocks.reduce->monoid;
      const std::vector<ir::Local> locals = builder_.accumulators(monoid);
      const Expr which = builder_.open(pool_.literal(0), pool_.parameter(blocks.count));
      ir::Accumulate statement{&monoid, locals, {}};
      for (std::size_t c = 0; c < monoid.size(); ++c)
        statement.values.push_back(pool_.load(builder_.read(blocks.values[c]), monoid.identity[c]->dtype, {{which}}));
      builder_.add({std::move(statement)});
      builder_.close();
      remember(blocks.reduce, locals);
    }
    left_.clear();
  }

  ValueId temporary(TensorType type) {
    const Variable name = theon::input(type.dtype, "", type.dims, group_.nests[0].where);
    values_.push_back({Value::Origin::computed, std::move(type), name, {.reason = Stored::handed_on}});
    temporaries_.push_back(static_cast<ValueId>(values_.size()) - 1);
    return temporaries_.back();
  }

  bool is_kept(ValueId value) const {
    return readers_of_(value) != Readers::kernel || (has_phases_ && !is_scalar(value) && is_read_later(value));
  }

  bool is_scalar(ValueId value) const { return values_[value].type.dims.empty(); }

  void leave_scalars() {
    for (const Nest& nest : group_.nests)
      if (group_.outer == 0 && nest.domain.empty()) scope_->scalars[nest.result] = in_register_.at(nest.result);
  }

  /// Elementwise nests that agree on all axes keep the last one as the vector loop.
  void leave_vector_axis() {
    const bool reduces = std::any_of(group_.nests.begin(), group_.nests.end(),
                                     [](const Nest& nest) { return has_reduction(std::span(&nest.element, 1)); });
    const bool same_rank = std::all_of(group_.nests.begin(), group_.nests.end(),
                                       [&](const Nest& nest) { return nest.domain.size() == group_.domain.size(); });
    const int rank = static_cast<int>(group_.domain.size());
    if (group_.outer == rank && rank > 0 && same_rank && !reduces) group_.outer = rank - 1;
    if (const Expr running = running_reduction(group_.nests[0].element))
      group_.outer = std::min(group_.outer, running_along(running)->axis);
  }

  /// A single vector loop, which the kernel's begin and end cut into chunks.
  bool is_one_loop() const {
    return group_.outer == 0 && std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) {
             return !part.reduce && part.pass == 0 && part.extents.size() == 1 &&
                    same(part.extents[0], parts_[0].extents[0]) && !is_running(part);
           });
  }

  Dim flat() {
    lower_whole_loop(group_.domain[0]);
    return group_.domain[0];
  }

  /// Where a loop of these parts stores past the caches. Inside a loop of its own, results are soon read again.
  Expr streams(const std::vector<std::size_t>& together, const LoopShape& shape) const {
    if (scope_) return Expr();
    std::vector<Nest> stored;
    for (std::size_t p : together) {
      const Nest& nest = group_.nests[parts_[p].nest];
      if (parts_[p].reduce || is_read_later(nest.result)) return Expr();
      stored.push_back(nest);
    }
    return codegen::streams(stored, group_, shape, input_);
  }

  /// Every operand lies in memory as the domain does, or does not depend on it: then all axes run as one.
  bool lies_flat() const {
    if (group_.outer + 1 != static_cast<int>(group_.domain.size())) return false;
    return std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) {
      return !part.reduce && part.pass == 0 && group_.nests[part.nest].domain == group_.domain &&
             uses_flat_loads(group_.nests[part.nest].element);
    });
  }

  bool uses_flat_loads(Expr element) const {
    std::vector<Expr> stack{element};
    std::unordered_set<const ir::Node*> seen;
    while (!stack.empty()) {
      const Expr e = stack.back();
      stack.pop_back();
      if (!seen.insert(e.get()).second || e->free_axes == 0) continue;
      if (e->op == Opcode::index || e->op == Opcode::reduce) return false;
      if (e->op == Opcode::load) {
        if (values_[e->number].type.dims != group_.domain || !same_tuple(e->args, index_tuple(group_.domain, pool_)))
          return false;
      } else {
        stack.insert(stack.end(), e->args.begin(), e->args.end());
      }
    }
    return true;
  }

  /// The outer indices are 0 and the last one runs over everything: row-major offsets come out the same.
  Dim collapsed() {
    Dim extent = 1;
    for (const Dim& dim : group_.domain) extent = extent * dim;
    builder_.note("all axes as one loop: operands lie as the result does");
    env_.axes.assign(group_.outer, pool_.literal(0));
    lower_whole_loop(extent);
    return extent;
  }

  /// One loop of all parts.
  void lower_whole_loop(const Dim& trips) {
    LoopShape shape = shape_of_loop(all_parts());
    shape.streams = streams(all_parts(), shape);
    const auto [begin, end] = range(trips);
    lower_vector_loop(all_parts(), begin, end, shape);
  }

  std::vector<std::size_t> all_parts() const {
    std::vector<std::size_t> parts(parts_.size());
    std::iota(parts.begin(), parts.end(), std::size_t{0});
    return parts;
  }

  bool is_running(const Part& part) const { return !part.reduce && running_reduction(group_.nests[part.nest].element); }

  void lower_pass(std::size_t first, std::size_t last) {
    lower_scalars(first, last, Expr());
    for (const std::vector<std::size_t>& together : loops_of(first, last)) lower_loops(together);
  }

  /// The parts that share a loop, for each loop of a pass.
  std::vector<std::vector<std::size_t>> loops_of(std::size_t first, std::size_t last) const {
    std::vector<std::vector<std::size_t>> loops;
    std::vector<bool> done(last, false);
    for (std::size_t p = first; p < last; ++p) {
      if (done[p] || parts_[p].extents.empty()) continue;
      std::vector<std::size_t>& together = loops.emplace_back();
      for (std::size_t q = p; q < last; ++q)
        if (!done[q] && share_loop(parts_[p], parts_[q])) {
          together.push_back(q);
          done[q] = true;
        }
    }
    return loops;
  }

  bool share_loop(const Part& a, const Part& b) const {
    if (&a == &b) return true;
    return a.extents.size() == b.extents.size() &&
           std::equal(a.extents.begin(), a.extents.end(), b.extents.begin(),
                      [](Expr x, Expr y) { return same(x, y); }) &&
           !is_running(a) && !is_running(b);
  }

  void define_scalar(const Nest& nest) { in_register_[nest.result] = builder_.defined(lower_value(nest.element)); }

  void lower_loops(const std::vector<std::size_t>& together) {
    const Part& part = parts_[together[0]];
    if (is_running(part)) return lower_running(part);
    const std::size_t rank = part.extents.size();
    const std::size_t depth = env_.axes.size();
    for (std::size_t axis = 0; axis + 1 < rank; ++axis)
      env_.axes.push_back(builder_.open(pool_.literal(0), part.extents[axis]));
    lower_loop(together, pool_.literal(0), lower_value(part.extents[rank - 1]));
    for (std::size_t axis = 0; axis + 1 < rank; ++axis) builder_.close();
    env_.axes.resize(depth);
  }

  /// The innermost loop that the parts share.
  void lower_vector_loop(const std::vector<std::size_t>& together, Expr begin, Expr end, const LoopShape& shape) {
    std::vector<std::pair<std::size_t, std::vector<ir::Local>>> reductions;
    for (std::size_t p : together)
      if (parts_[p].reduce) reductions.emplace_back(p, builder_.accumulators(*parts_[p].reduce->monoid));
    const Expr index = builder_.open(begin, end, shape);
    const bool was_in_vector_loop = in_vector_loop_;
    in_vector_loop_ = in_vector_loop_ || shape.lanes > 1;
    const auto reductions_outside = reduced_;
    env_.axes.push_back(index);
    if (shape.lanes > 1 && looks_ahead())
      ask_ahead(plan_ahead(group_, parts_, together, std::bind_front(&Lowering::is_in_memory, this), input_), index);
    auto next_reduction = reductions.begin();
    std::vector<const Nest*> stored;
    for (std::size_t p : together)
      if (!parts_[p].reduce) stored.push_back(&group_.nests[parts_[p].nest]);
    for (std::size_t p : together) {
      const Part& part = parts_[p];
      if (part.reduce)
        accumulate(part.reduce, (next_reduction++)->second, index);
      else
        define_element(group_.nests[part.nest], stored.size() > 1);
    }
    for (const Nest* nest : stored) lower_store(*nest);
    env_.axes.pop_back();
    builder_.close();
    in_vector_loop_ = was_in_vector_loop;
    reduced_ = reductions_outside;
    for (const Nest* nest : stored) in_register_.erase(nest->result);
    for (const auto& [p, locals] : reductions) remember(parts_[p].reduce, locals);
  }

  bool looks_ahead() const { return !scope_ && !short_rows_; }
  bool is_in_memory(ValueId v) const { return !in_register_.contains(v) && !rows_.contains(v); }

  /// Of loops over far memory: asks for what they read next.
  void ask_ahead(const Ahead& ahead, Expr index) {
    if (!ahead.condition) return;
    if (ahead.by_rows)
      builder_.note("while a row is worked on, the next one is fetched");
    else
      builder_.note("operands are fetched {} bytes ahead", Ahead::bytes);
    const bool always = ahead.condition->op == Opcode::literal;
    if (!always) builder_.open_if(ahead.condition);
    for (const auto& [reduce, load] : ahead.loads) {
      if (reduce) env_.bound[reduce->number] = index;
      builder_.add({ahead.by_rows ? next_row(load) : soon(load)});
      if (reduce) env_.bound.erase(reduce->number);
    }
    if (!always) builder_.close();
  }

  ir::Prefetch soon(Expr load) {
    const Expr now = lower_load(load);
    return {now->number, now->args[0] + Ahead::bytes / static_cast<std::int64_t>(size_of(load->dtype))};
  }

  ir::Prefetch next_row(Expr load) {
    Expr& row = env_.axes[group_.outer - 1];
    const Expr current = std::exchange(row, row + 1);
    const Expr next = lower_load(load);
    row = current;
    return {next->number, next->args[0]};
  }

  /// A loop whose body holds a loop that depends on it cannot be the vector loop: that inner one is.
  bool needs_order(const Part& part) const {
    if (part.reduce) return has_dependent_reduction(part.reduce);
    const std::uint64_t last = std::uint64_t{1} << (group_.nests[part.nest].domain.size() - 1);
    const Nest& nest = group_.nests[part.nest];
    for (Expr e : ir::postorder(std::span(&nest.element, 1)))
      if (e->op == Opcode::reduce && (e->args[0]->free_axes & last)) return true;
    return false;
  }

  void accumulate(Expr reduce, const std::vector<ir::Local>& locals, Expr index) {
    env_.bound[reduce->number] = index;
    ir::Accumulate statement{reduce->monoid, locals, {}};
    for (Expr body : reduce->args.subspan(1)) statement.values.push_back(builder_.computed(lower_value(body)));
    env_.bound.erase(reduce->number);
    builder_.add({std::move(statement)});
  }

  void remember(Expr reduce, const std::vector<ir::Local>& locals) {
    std::vector<Expr>& values = reduced_[reduce.get()];
    values.clear();
    for (std::size_t c = 0; c < locals.size(); ++c)
      values.push_back(builder_.local(locals[c], reduce->monoid->identity[c]->dtype));
  }

  /// Of several results all elements are computed before the first is stored, which may lie where others are read.
  void define_element(const Nest& nest, bool is_one_of_several) {
    const Expr value = lower_value(nest.element);
    in_register_[nest.result] = is_one_of_several ? builder_.defined(value) : value;
  }

  void lower_store(const Nest& nest) {
    const Expr value = in_register_.at(nest.result);
    if (const ir::Monoid* monoid = group_.combines(nest)) return add_to_strip(nest, *monoid, value);
    if (is_kept(nest.result))
      store_result(nest, value);
    else if (is_read_later(nest.result))
      builder_.store(row_of(nest), place_in_row(inner_offset(nest)), value);
  }

  void store_result(const Nest& nest, Expr value) {
    if (const std::int64_t turned = short_rows_ ? short_rows_->result(nest.result) : -1; turned >= 0)
      return builder_.store(turned, place_in_row(inner_offset(nest)), value);
    std::vector<Expr> indices;
    for (Expr index : nest.prefix) indices.push_back(lower_value(index));
    indices.insert(indices.end(), env_.axes.begin(),
                   env_.axes.begin() + static_cast<std::ptrdiff_t>(nest.domain.size()));
    builder_.store(builder_.write(nest.result), row_major_offset(values_[nest.result].type.dims, indices, pool_),
                   value);
  }

  /// Whether some part of a later pass, or at another index, loads it.
  bool is_read_later(ValueId value) const {
    const auto pass_of = [&](std::size_t nest) {
      return std::find_if(parts_.begin(), parts_.end(), [&](const Part& p) { return !p.reduce && p.nest == nest; })
          ->pass;
    };
    std::size_t maker = 0;
    while (group_.nests[maker].result != value) ++maker;
    for (const Part& part : parts_) {
      if (part.pass <= pass_of(maker)) continue;
      const Expr root = part.reduce ? part.reduce : group_.nests[part.nest].element;
      for (Expr e : ir::postorder(std::span(&root, 1)))
        if (e->op == Opcode::load && e->number == value) return true;
    }
    return false;
  }

  std::int64_t row_of(const Nest& nest) {
    const auto it = rows_.find(nest.result);
    if (it != rows_.end()) return it->second;
    builder_.note("{} in a row of scratch memory", title(values_[nest.result].variable));
    Expr elements = pool_.literal(short_rows_ ? ShortRows::rows : 1);
    for (std::size_t axis = group_.outer; axis < nest.domain.size(); ++axis)
      elements = elements * pool_.parameter(nest.domain[axis]);
    return rows_[nest.result] = builder_.scratch(values_[nest.result].type.dtype, elements);
  }

  /// In scratch memory of rows: one, or a block of them that lie side by side.
  Expr place_in_row(Expr inner) const { return short_rows_ ? ShortRows::place(inner, row_) : inner; }

  Expr inner_offset(const Nest& nest) {
    return row_major_offset(inner_dims(nest), std::span<const Expr>(env_.axes).subspan(group_.outer), pool_);
  }

  Shape inner_dims(const Nest& nest) const { return Shape(nest.domain.begin() + group_.outer, nest.domain.end()); }

  Shape inner_dims(ValueId value) const {
    const Shape& dims = values_[value].type.dims;
    return Shape(dims.begin() + group_.outer, dims.end());
  }

  /// A running value: the axis it runs along is the innermost loop, and one accumulator lives through it.
  void lower_running(const Part& part) {
    const Nest& nest = group_.nests[part.nest];
    const int rank = static_cast<int>(nest.domain.size());
    const Expr reduce = running_reduction(nest.element);
    const Running running = *running_along(reduce);
    builder_.note("a running value along axis {}: its iterations in order{}", running.axis,
                  running.descends ? ", the last one first" : "");
    const std::size_t depth = env_.axes.size();
    env_.axes.resize(rank);
    const bool is_down = running.axis < rank - 1;
    int opened = 0;
    for (int other = group_.outer; other < rank - is_down; ++other) {
      if (other == running.axis) continue;
      env_.axes[other] = builder_.open(pool_.literal(0), pool_.parameter(nest.domain[other]));
      ++opened;
    }
    const auto reductions_outside = reduced_;
    is_down ? run_down(nest, reduce, running) : run_along(nest, reduce, running);
    reduced_ = reductions_outside;
    in_register_.erase(nest.result);
    for (; opened > 0; --opened) builder_.close();
    env_.axes.resize(depth);
  }

  /// The index at which a running value is met in an iteration.
  Expr place_of(Expr iteration, const Nest& nest, const Running& running) {
    return running.descends ? pool_.parameter(nest.domain[running.axis]) - 1 - iteration : iteration;
  }

  /// Along rows each combination would wait for the one before, so iterations that do little else are taken in blocks,
  /// and what is left one by one.
  void run_along(const Nest& nest, Expr reduce, const Running& running) {
    constexpr std::int64_t block = 8;
    constexpr int few_operations = 16;
    const std::vector<ir::Local> state = builder_.accumulators(*reduce->monoid);
    if (element_cost(std::span(&nest.element, 1)) > few_operations)
      return run_singly(nest, reduce, running, state, pool_.literal(0));
    const Expr extent = pool_.parameter(nest.domain[running.axis]), blocks = floor_div(extent, pool_.literal(block));
    builder_.note("{} iterations at a time are combined before they meet the value so far", block);
    const Expr first = builder_.open(pool_.literal(0), blocks) * block;
    run_block(nest, reduce, running, state, first, block);
    builder_.close();
    run_singly(nest, reduce, running, state, blocks * block);
  }

  /// Iterations from `begin` on, one by one.
  void run_singly(const Nest& nest, Expr reduce, const Running& running, const std::vector<ir::Local>& state,
                  Expr begin) {
    const Expr iteration = builder_.open(begin, pool_.parameter(nest.domain[running.axis]));
    env_.axes[running.axis] = place_of(iteration, nest, running);
    accumulate(reduce, state, iteration);
    remember(reduce, state);
    define_element(nest, false);
    lower_store(nest);
    builder_.close();
  }

  /// Down columns: row by row of a block of columns, whose values so far stay in the first-level cache; those of a
  /// vector of columns stay in a register.
  void run_down(const Nest& nest, Expr reduce, const Running& running) {
    constexpr std::int64_t block = 1024;
    const ir::Monoid& monoid = *reduce->monoid;
    const Expr columns = pool_.parameter(nest.domain.back()), none = pool_.literal(0);
    const int lanes = lanes_of({nest.element}, machine_);
    if (less_equal(nest.domain.back(), lanes) == Answer::yes) {
      env_.axes.back() = builder_.open(none, columns, {.lanes = lanes});
      in_vector_loop_ = true;
      run_singly(nest, reduce, running, builder_.accumulators(monoid), none);
      in_vector_loop_ = false;
      return builder_.close();
    }
    const Expr first = builder_.open(none, floor_div(columns + (block - 1), pool_.literal(block))) * block;
    const Expr width = min(pool_.literal(block), columns - first);
    const LoopShape shape{.lanes = lanes, .unroll = 2};
    std::vector<std::int64_t> state;
    for (Expr identity : monoid.identity)
      state.push_back(builder_.scratch(identity->dtype, min(pool_.literal(block), columns)));
    const Expr begun = builder_.open(none, width, shape);
    for (std::size_t c = 0; c < state.size(); ++c) builder_.store(state[c], begun, monoid.identity[c]);
    builder_.close();
    const Expr iteration = builder_.open(none, pool_.parameter(nest.domain[running.axis]));
    env_.axes[running.axis] = place_of(iteration, nest, running);
    const Expr column = builder_.open(none, width, shape);
    in_vector_loop_ = true;
    env_.axes.back() = first + column;
    std::vector<Expr> before;
    for (std::size_t c = 0; c < state.size(); ++c)
      before.push_back(builder_.defined(pool_.load(state[c], monoid.identity[c]->dtype, {{column}})));
    const std::vector<Expr> after = builder_.combined(monoid, before, met_at(reduce, iteration));
    reduced_[reduce.get()] = after;
    define_element(nest, true);
    for (std::size_t c = 0; c < state.size(); ++c) builder_.store(state[c], column, after[c]);
    lower_store(nest);
    in_vector_loop_ = false;
    for (int loop = 0; loop < 3; ++loop) builder_.close();
  }

  /// What the iterations of a block meet is combined among themselves, so that from block to block only one combination
  /// waits for another. The elements are stored side by side.
  void run_block(const Nest& nest, Expr reduce, const Running& running, const std::vector<ir::Local>& state, Expr first,
                 std::int64_t count) {
    const ir::Monoid& monoid = *reduce->monoid;
    const auto reductions_outside = reduced_;
    remember(reduce, state);
    const std::vector<Expr> before = reduced_.at(reduce.get());
    std::vector<Expr> met, elements;
    for (std::int64_t k = 0; k < count; ++k) {
      reduced_ = reductions_outside;
      env_.axes[running.axis] = place_of(first + k, nest, running);
      std::vector<Expr> values = met_at(reduce, first + k);
      met = k == 0 ? std::move(values) : builder_.combined(monoid, std::move(met), values);
      reduced_[reduce.get()] = builder_.combined(monoid, before, met);
      elements.push_back(builder_.defined(lower_value(nest.element)));
    }
    const std::vector<Expr> after = reduced_.at(reduce.get());
    for (std::size_t c = 0; c < state.size(); ++c) builder_.add({ir::Assign{state[c], after[c]}});
    for (std::int64_t k = 0; k < count; ++k) {
      env_.axes[running.axis] = place_of(first + k, nest, running);
      in_register_[nest.result] = elements[k];
      lower_store(nest);
    }
    reduced_ = reductions_outside;
  }

  /// What the reduction meets at the index.
  std::vector<Expr> met_at(Expr reduce, Expr index) {
    env_.bound[reduce->number] = index;
    std::vector<Expr> values;
    for (Expr body : reduce->args.subspan(1)) values.push_back(builder_.defined(lower_value(body)));
    env_.bound.erase(reduce->number);
    return values;
  }

  // Expressions.

  /// The expression over locals; loops of reductions inside are emitted before it.
  Expr lower_value(Expr root) {
    return pool_.replace(root, [this](Expr e) -> Expr {
      switch (e->op) {
        case Opcode::index:
          return env_.axes.at(e->number);
        case Opcode::bound:
          return env_.bound.at(e->number);
        case Opcode::load:
          return lower_load(e);
        case Opcode::project:
          return lower_reduction(e->args[0])[e->number];
        case Opcode::reduce:
          return lower_reduction(e)[0];
        case Opcode::parameter:
          return parameter(e);
        default:
          return Expr();
      }
    });
  }

  Expr parameter(Expr e) const {
    if (!scope_) return e;
    const auto it = scope_->parameters.find(e.get());
    return it == scope_->parameters.end() ? e : it->second;
  }

  Expr lower_load(Expr load) {
    if (const auto it = in_register_.find(load->number); it != in_register_.end()) return it->second;
    std::vector<Expr> indices;
    for (Expr index : load->args) indices.push_back(lower_value(index));
    const auto row = rows_.find(load->number);
    const std::int64_t scratch = row != rows_.end() ? row->second : short_rows_ ? short_rows_->operand(load) : -1;
    if (scratch >= 0) {
      const std::span<const Expr> inner = std::span<const Expr>(indices).subspan(group_.outer);
      return pool_.load(scratch, load->dtype,
                        {{place_in_row(row_major_offset(inner_dims(load->number), inner, pool_))}});
    }
    return pool_.load(builder_.read(load->number), load->dtype,
                      {{row_major_offset(values_[load->number].type.dims, indices, pool_)}});
  }

  std::vector<Expr> lower_reduction(Expr reduce) {
    if (const auto it = reduced_.find(reduce.get()); it != reduced_.end()) return it->second;
    const Expr extent = lower_value(reduce->args[0]);
    const std::vector<ir::Local> locals = builder_.accumulators(*reduce->monoid);
    const bool vector = !in_vector_loop_ && !has_dependent_reduction(reduce);
    const bool was_in_vector_loop = in_vector_loop_;
    const auto reductions_outside = reduced_;
    const auto shadowed = env_.bound;
    const Expr index = builder_.open(
        pool_.literal(0), extent,
        vector ? LoopShape{lanes_of({reduce->args.begin() + 1, reduce->args.end()}, machine_), 4} : LoopShape{});
    in_vector_loop_ = in_vector_loop_ || vector;
    if (vector && looks_ahead())
      ask_ahead(plan_ahead(reduce, std::bind_front(&Lowering::is_in_memory, this), input_), index);
    accumulate(reduce, locals, index);
    builder_.close();
    in_vector_loop_ = was_in_vector_loop;
    env_.bound = shadowed;
    reduced_ = reductions_outside;
    // Valid as long as the loops it depends on stay open: who closes one restores the table.
    remember(reduce, locals);
    std::vector<Expr> values;
    for (std::size_t c = 0; c < locals.size(); ++c)
      values.push_back(builder_.local(locals[c], reduce->monoid->identity[c]->dtype));
    return values;
  }

  /// Only what depends on the index is looked at: elsewhere the same number may stand for another one.
  static bool has_dependent_reduction(Expr reduce) {
    std::vector<Expr> stack(reduce->args.begin() + 1, reduce->args.end());
    std::unordered_set<const ir::Node*> seen;
    while (!stack.empty()) {
      const Expr e = stack.back();
      stack.pop_back();
      if (!((e->free_levels >> reduce->number) & 1) || !seen.insert(e.get()).second) continue;
      if (e->op == Opcode::reduce) return true;
      stack.insert(stack.end(), e->args.begin(), e->args.end());
    }
    return false;
  }

  // Loop shapes.

  LoopShape shape_of_loop(const std::vector<std::size_t>& together) const {
    std::vector<Expr> roots;
    for (std::size_t p : together)
      roots.push_back(parts_[p].reduce ? parts_[p].reduce : group_.nests[parts_[p].nest].element);
    return loop_shape(roots, machine_);
  }

  Group group_;
  const LoweringInput& input_;
  std::vector<Value>& values_;
  const std::function<Readers(ValueId)>& readers_of_;
  ir::Pool& pool_;
  const Machine& machine_;
  KernelBuilder& builder_;
  Scope* scope_;
  const WorkModel work_;
  std::vector<Part> parts_;
  bool has_phases_ = false;
  std::vector<Blocks> left_;  // by the phase before
  std::vector<ValueId> temporaries_, own_;
  Environment env_;
  bool in_vector_loop_ = false;
  Expr strip_;
  std::optional<ShortRows> short_rows_;
  Expr row_;                                                        // of the block of short rows
  std::unordered_map<ValueId, Expr> in_register_;                   // results at the open loops' own index
  std::unordered_map<ValueId, std::int64_t> rows_;                  // results in scratch memory
  std::unordered_map<const ir::Node*, std::vector<Expr>> reduced_;  // reductions whose value is known here
};

}  // namespace

std::string kernel_name(const std::vector<ValueId>& results, const std::vector<Value>& values) {
  std::string name;
  for (const ValueId result : results)
    if (const std::string part = title(values[result].variable); !part.empty() && name.size() < 40)
      name += (name.empty() ? "" : "_") + part;
  const auto is_plain = [](unsigned char c) { return c < 128 && (std::isalnum(c) != 0 || c == '_'); };
  std::ranges::replace_if(name, std::not_fn(is_plain), '_');
  return name;
}

std::string kernel_name(const Group& group, const std::vector<Value>& values) {
  return kernel_name(writes(Task(group)), values);
}

LoweredKernel lower(const Group& group, const LoweringInput& input) {
  std::vector<Expr> elements;
  for (const Nest& nest : group.nests) elements.push_back(nest.element);
  KernelBuilder builder(kernel_name(group, input.values), input.values, input.pool,
                        math::best_for(elements, input.machine.math, input.machine.tables));
  Lowering lowering(group, input, builder, nullptr);
  Iterations iterations = lowering.run();
  return {builder.finish(), iterations.trips, std::move(iterations.phases), lowering.temporaries(), lowering.own()};
}

void append(const Group& group, const LoweringInput& input, KernelBuilder& builder, Scope& scope) {
  Lowering(group, input, builder, &scope).run();
}

}  // namespace theon::codegen
