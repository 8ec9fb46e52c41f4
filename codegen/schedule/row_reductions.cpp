#include "codegen/schedule/row_reductions.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"
#include "codegen/schedule/ahead.h"
#include "codegen/schedule/reductions.h"
#include "src/ir/size.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// As many as hide the time of one addition, and fit the registers beside what they meet.
constexpr std::size_t sums_at_once = 8;
constexpr int longest_body = 24;
/// What rows share stays in the first-level cache, up to a quarter of it, while a matrix streams through.
constexpr std::int64_t resident_bytes = 8 << 10;

std::vector<Expr> elements_of(const Group& group) {
  std::vector<Expr> elements;
  for (const Nest& nest : group.nests) elements.push_back(nest.element);
  return elements;
}

std::vector<Expr> all(Opcode op, std::span<const Expr> roots) {
  std::vector<Expr> found = ir::postorder(roots);
  std::erase_if(found, [&](Expr e) { return e->op != op; });
  return found;
}

/// Along an extent that is the same for all rows, with nothing to carry but one value.
bool is_plain(Expr reduce) {
  return reduce->monoid->size() == 1 && !reduce->args[0]->free_axes && !reduce->args[0]->free_levels &&
         !reduce->free_levels && !has_reduction(reduce->args.subspan(1));
}

/// Whether what moves along the reduction is contiguous, or evenly spaced, along it.
bool runs_along(Expr load) {
  return std::ranges::none_of(load->args.first(load->args.size() - 1), [](Expr index) { return index->free_levels; });
}

class RowLowering {
 public:
  RowLowering(const Group& group, const LoweringInput& input)
      : group_(group),
        elements_(elements_of(group)),
        reductions_(all(Opcode::reduce, elements_)),
        values_(input.values),
        pool_(input.pool),
        input_(input),
        lanes_(lanes_of(elements_, input.machine)),
        builder_(kernel_name(group, input.values), input.values, input.pool,
                 math::best_for(elements_, input.machine.math)) {}

  std::optional<LoweredKernel> run() {
    if (!is_suitable()) return std::nullopt;
    const std::size_t last = group_.domain.size() - 1;
    const Dim blocks = floor_div(rows() + (together() - 1), together());
    note();
    for (std::size_t axis = 0; axis <= last; ++axis)
      axes_.push_back(axis == 0 ? builder_.open(builder_.begin(), builder_.end())
                                : builder_.open(number(0), number(axis == last ? blocks : group_.domain[axis])));
    lower_block(builder_.defined(axes_[last] * number(together())));
    for (std::size_t axis = 0; axis <= last; ++axis) builder_.close();
    return LoweredKernel{builder_.finish(), last == 0 ? blocks : group_.domain[0], {}, {}, own()};
  }

 private:
  bool is_suitable() {
    const auto has_a_row = [&](const Nest& nest) { return nest.domain == group_.domain && nest.prefix.empty(); };
    if (group_.outer == 0 || group_.outer != static_cast<int>(group_.domain.size()) || reductions_.empty() ||
        reductions_.size() > sums_at_once / 2 || !std::ranges::all_of(group_.nests, has_a_row) || reads_results())
      return false;
    const auto is_like_the_first = [&](Expr e) { return is_plain(e) && same(e->args[0], reductions_[0]->args[0]); };
    if (!std::ranges::all_of(reductions_, is_like_the_first) || element_cost(elements_) > longest_body) return false;
    for (Expr load : all(Opcode::load, elements_)) {
      if (!load->free_levels) continue;
      if (!runs_along(load)) return false;
      (is_of_row(load) ? of_row_ : shared_).push_back(load);
    }
    const auto is_below = [](const Dim& size, std::int64_t least) { return size.known() && *size.known() < least; };
    return !of_row_.empty() && !shared_.empty() && !is_below(rows(), together()) && !is_below(length(), 2 * lanes_);
  }

  bool reads_results() const {
    const std::vector<ValueId> made = writes(Task(group_)), read = reads(Task(group_));
    return std::ranges::any_of(read, [&](ValueId v) { return std::ranges::count(made, v) > 0; });
  }

  bool is_of_row(Expr e) const { return (e->free_axes >> (group_.domain.size() - 1) & 1) != 0; }

  const Dim& rows() const { return group_.domain.back(); }
  Dim length() const { return ir::as_dim(reductions_[0]->args[0]).value_or(reductions_[0]->dim->known().value_or(0)); }
  std::int64_t together() const { return static_cast<std::int64_t>(sums_at_once / std::bit_ceil(reductions_.size())); }

  void note() {
    builder_.note("{} rows at once, which meet the same operand", together());
    builder_.note(
        "from beyond the caches one row at a time where that operand is short, otherwise the next rows are "
        "asked for ahead");
  }

  /// What is left beyond the last whole block is reduced row by row.
  void lower_block(Expr first) {
    const Expr end = first + number(together());
    const Expr at_once = (end <= number(rows())) & (~is_far() | is_long());
    builder_.branch(
        at_once,
        [&] {
          lower_rows(first, together(), {lanes_, 1});
        },
        [&] {
          const Expr row = builder_.open(first, min(end, number(rows())));
          lower_rows(row, 1, {lanes_, 4});
          builder_.close();
        });
  }

  /// Everything is read before anything is written: what the results are computed from may lie where they will.
  void lower_rows(Expr first, std::int64_t count, const LoopShape& shape) {
    const bool is_block = count > 1;
    std::vector<std::vector<ir::Local>> sums(count);
    for (std::vector<ir::Local>& of_row : sums)
      for (Expr reduce : reductions_) of_row.push_back(builder_.accumulators(*reduce->monoid)[0]);
    place_ = builder_.open(number(0), lowered(reductions_[0]->args[0]), shape);
    if (is_block) ask_for_rows(first + number(count), count);
    for (std::int64_t row = 0; row < count; ++row) {
      axes_.back() = first + number(row);
      for (std::size_t r = 0; r < reductions_.size(); ++r)
        builder_.add({ir::Accumulate{
            reductions_[r]->monoid, {sums[row][r]}, {builder_.computed(lowered(reductions_[r]->args[1]))}}});
    }
    builder_.close();
    std::vector<Expr> results;
    for (std::int64_t row = 0; row < count; ++row) {
      axes_.back() = first + number(row);
      sums_ = sums[row];
      for (Expr element : elements_) results.push_back(builder_.defined(lowered(element)));
    }
    auto result = results.begin();
    for (std::int64_t row = 0; row < count; ++row) {
      axes_.back() = first + number(row);
      for (const Nest& nest : group_.nests)
        builder_.store(builder_.write(nest.result), row_major_offset(values_[nest.result].type.dims, axes_, pool_),
                       *result++);
    }
    sums_.clear();
  }

  void ask_for_rows(Expr first, std::int64_t count) {
    const Expr far = is_far();
    if (far->op == Opcode::literal && far->bits == 0) return;
    builder_.open_if(far);
    for (std::int64_t row = 0; row < count; ++row) {
      axes_.back() = first + number(row);
      for (Expr load : of_row_) {
        if (!is_found_without_loads(load)) continue;
        const Expr next = lowered(load);
        builder_.add({ir::Prefetch{next->number, next->args[0]}});
      }
    }
    builder_.close();
  }

  Expr is_far() { return are_far(of_row_, input_); }

  /// Whether what the rows share leaves the first-level cache while they stream through it.
  Expr is_long() {
    std::int64_t each = 0;
    for (Expr load : shared_) each += static_cast<std::int64_t>(size_of(load->dtype));
    return number(resident_bytes / each) < lowered(reductions_[0]->args[0]);
  }

  /// Operands that are read at the place of the result alone.
  std::vector<ValueId> own() const {
    std::vector<ValueId> own, others;
    for (Expr load : all(Opcode::load, elements_)) (is_own(load) ? own : others).push_back(load->number);
    std::erase_if(own, [&](ValueId v) { return std::ranges::count(others, v) > 0; });
    return own;
  }

  bool is_own(Expr load) const {
    for (std::size_t axis = 0; axis < load->args.size(); ++axis)
      if (load->args[axis]->op != Opcode::index || load->args[axis]->number != static_cast<std::int64_t>(axis))
        return false;
    return load->args.size() == group_.domain.size();
  }

  Expr lowered(Expr root) {
    return pool_.replace(root, [this](Expr e) -> Expr {
      switch (e->op) {
        case Opcode::index:
          return axes_.at(e->number);
        case Opcode::bound:
          return place_;
        case Opcode::reduce:
          return builder_.local(
              sums_.at(std::ranges::find_if(reductions_, [&](Expr r) { return same(r, e); }) - reductions_.begin()),
              e->dtype);
        case Opcode::load: {
          std::vector<Expr> indices;
          for (Expr index : e->args) indices.push_back(lowered(index));
          return pool_.load(builder_.read(e->number), e->dtype,
                            {{row_major_offset(values_[e->number].type.dims, indices, pool_)}});
        }
        default:
          return Expr();
      }
    });
  }

  Expr number(std::int64_t value) const { return pool_.literal(value); }
  Expr number(const Dim& dim) const { return pool_.parameter(dim); }

  const Group& group_;
  const std::vector<Expr> elements_, reductions_;
  const std::vector<Value>& values_;
  ir::Pool& pool_;
  const LoweringInput& input_;
  const int lanes_;
  KernelBuilder builder_;
  std::vector<Expr> of_row_, shared_;  // loads along the reductions
  std::vector<Expr> axes_;
  Expr place_;                   // along the reductions
  std::vector<ir::Local> sums_;  // of the row that axes_ names
};

}  // namespace

std::optional<LoweredKernel> lower_rows(const Group& group, const LoweringInput& input) {
  return RowLowering(group, input).run();
}

}  // namespace theon::codegen
