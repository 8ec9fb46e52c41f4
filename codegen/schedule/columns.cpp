#include "codegen/schedule/columns.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"
#include "codegen/schedule/ahead.h"
#include "codegen/schedule/extremes.h"
#include "codegen/schedule/reductions.h"
#include "codegen/schedule/work.h"
#include "src/ir/size.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <unordered_set>
#include <utility>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Rows of several pages are read from begin to end, in memory order; a level 2 cache holds what they add to.
constexpr std::int64_t accumulator_bytes = 64 << 10;
/// Results of longer rows leave the first-level cache while memory streams through it, and are best met by several rows
/// at once.
constexpr std::int64_t resident_bytes = 8 << 10;
/// Columns that a loop over rows covers at once without memory for its accumulators.
constexpr std::int64_t groups_in_registers = 4;

/// A nest with one reduction, down its columns.
struct Column {
  Nest nest;
  Expr reduce;
};

std::optional<Column> as_column(Nest nest, const Group& group) {
  nest.element = with_places_in_order(nest.element);
  if (nest.domain != group.domain || !nest.prefix.empty()) return std::nullopt;
  const int rank = static_cast<int>(nest.domain.size());
  Expr reduce;
  for (Expr e : ir::postorder(std::span(&nest.element, 1))) {
    if (e->op != Opcode::reduce) continue;
    if (reduce) return std::nullopt;
    reduce = e;
  }
  if (!reduce || reduce->args[0]->free_axes || running_along(reduce) || !reduces_columns(reduce, rank))
    return std::nullopt;
  return Column{std::move(nest), reduce};
}

bool are_independent(const Group& group) {
  const std::vector<ValueId> made = writes(Task(group)), read = reads(Task(group));
  return std::ranges::none_of(read, [&](ValueId v) { return std::ranges::count(made, v) > 0; });
}

/// The columns of the group; none where it is of another kind.
std::vector<Column> as_columns(const Group& group) {
  std::vector<Column> columns;
  if (!are_independent(group)) return {};
  for (const Nest& nest : group.nests) {
    const std::optional<Column> column = as_column(nest, group);
    if (!column || (!columns.empty() && !same(column->reduce->args[0], columns[0].reduce->args[0]))) return {};
    columns.push_back(*column);
  }
  return columns;
}

/// Of the domain's last axes, how many run as one: what depends on them lies in memory as they run. At least one.
class FlatAxes {
 public:
  FlatAxes(const Group& group, const std::vector<Value>& values) : group_(group), values_(values) {}

  int count() const {
    int count = rank_;
    while (count > 1 && !std::ranges::all_of(group_.nests, [&](const Nest& nest) { return run(nest.element, count); }))
      --count;
    return count;
  }

 private:
  bool run(Expr element, int count) const {
    std::vector<Expr> stack{element};
    std::unordered_set<const ir::Node*> seen;
    while (!stack.empty()) {
      const Expr e = stack.back();
      stack.pop_back();
      if (!depends(e, count) || !seen.insert(e.get()).second) continue;
      if (e->op == Opcode::index) return false;
      if (e->op != Opcode::load)
        stack.insert(stack.end(), e->args.begin(), e->args.end());
      else if (!lies_flat(e, count))
        return false;
    }
    return true;
  }

  bool depends(Expr e, int count) const { return e->free_axes >> (rank_ - count) != 0; }

  bool lies_flat(Expr load, int count) const {
    const Shape& dims = values_[load->number].type.dims;
    const int first = static_cast<int>(dims.size()) - count, axis = rank_ - count;
    if (first < 0 || !std::equal(dims.begin() + first, dims.end(), group_.domain.begin() + axis)) return false;
    for (int n = 0; n < first; ++n)
      if (depends(load->args[n], count)) return false;
    for (int n = 0; n < count; ++n)
      if (load->args[first + n]->op != Opcode::index || load->args[first + n]->number != axis + n) return false;
    return true;
  }

  const Group& group_;
  const std::vector<Value>& values_;
  const int rank_ = static_cast<int>(group_.domain.size());
};

class ColumnLowering {
 public:
  ColumnLowering(const Group& group, std::vector<Column> columns, const LoweringInput& input)
      : group_(group),
        columns_(std::move(columns)),
        looped_(group.domain.size() - FlatAxes(group, input.values).count()),
        width_(std::accumulate(group.domain.begin() + static_cast<std::ptrdiff_t>(looped_), group.domain.end(), Dim(1),
                               std::multiplies<>())),
        values_(input.values),
        pool_(input.pool),
        machine_(input.machine),
        input_(input),
        work_{input.machine},
        lanes_(lanes_of(elements(), input.machine)),
        builder_(kernel_name(group, input.values), input.values, input.pool,
                 math::best_for(elements(), input.machine.math, input.machine.tables)) {}

  /// Nothing where one iteration over a few vectors covers a row anyway.
  std::optional<LoweredKernel> run() {
    if (width_.known() && *width_.known() <= groups_in_registers * lanes_) return std::nullopt;
    const std::size_t last = group_.domain.size() - 1;
    if (looped_ < last) builder_.note("the last {} axes as one: operands lie as they run", last + 1 - looped_);
    axes_.assign(last, number(0));
    if (looped_ == 0 && strips().is_cut()) return in_strips();
    for (std::size_t axis = 0; axis < looped_; ++axis)
      axes_[axis] = axis == 0 ? builder_.open(builder_.begin(), builder_.end())
                              : builder_.open(number(0), pool_.parameter(group_.domain[axis]));
    const std::int64_t block = block_size();
    const Dim blocks = floor_div(width_ + (block - 1), block);
    const Expr which = looped_ == 0 ? builder_.open(builder_.begin(), builder_.end())
                                    : builder_.open(number(0), pool_.parameter(blocks));
    open_block(which, block);
    lower_block(block);
    for (std::size_t loop = 0; loop <= looped_; ++loop) builder_.close();
    return LoweredKernel{builder_.finish(), looped_ == 0 ? blocks : group_.domain[0]};
  }

 private:
  std::vector<Expr> elements() const {
    std::vector<Expr> list;
    for (const Column& column : columns_) list.push_back(column.nest.element);
    return list;
  }

  /// Columns whose accumulators fit the cache.
  std::int64_t block_size() const {
    std::int64_t bytes = 0;
    for (const Column& column : columns_)
      for (Expr identity : column.reduce->monoid->identity)
        bytes += static_cast<std::int64_t>(size_of(identity->dtype));
    return std::max<std::int64_t>(accumulator_bytes / bytes / lanes_, 1) * lanes_;
  }

  // Few rows at once are a strip: strips may run at once, and what they leave is combined afterwards. How many there
  // are depends on the sizes alone: so does the result.

  struct Strips {
    Dim rows, height, count, blocks;  // blocks of columns

    bool is_cut() const { return equal(count, 1) != Answer::yes; }
    Dim trips() const { return count * blocks; }
    /// Of the combining: none where there is one strip, which stores its results itself.
    Dim combining() const { return min(count - 1, 1) * blocks; }
  };

  /// One strip where the number of rows is not the same for all columns.
  Strips strips() const {
    constexpr std::int64_t least_rows = 128, most_pieces = 64;
    const Dim blocks = floor_div(width_ + (block_size() - 1), block_size());
    const std::optional<Dim> rows = ir::as_dim(columns_[0].reduce->args[0]);
    if (!rows) return {0, 0, 1, blocks};
    Dim each = 0;
    for (const Column& column : columns_) each = each + work_.of(column.reduce->args.subspan(1));
    const Dim least = max(least_rows, floor_div(block_of(each), max(1, width_)));
    const Dim count = max(1, min(floor_div(*rows, least), floor_div(most_pieces, max(1, blocks))));
    return {*rows, floor_div(*rows + count - 1, count), count, blocks};
  }

  LoweredKernel in_strips() {
    const Strips strips = this->strips();
    builder_.note("{} strips of {} rows, combined in order", to_string(strips.count), to_string(strips.height));
    const Expr trips = pool_.parameter(strips.trips()), blocks = pool_.parameter(strips.blocks);
    const std::int64_t block = block_size();
    make_accumulators(block);
    for (const Column& column : columns_)
      for (Expr identity : column.reduce->monoid->identity)
        partial_[column.reduce.get()].push_back(
            temporary({identity->dtype, {min(strips.count - 1, 1) * strips.count * width_}}));
    const Expr which = builder_.open(builder_.begin(), min(builder_.end(), trips));
    const Expr strip = builder_.defined(floor_div(which, blocks));
    open_block(which - strip * blocks, block);
    lower_strip(strip, strips);
    builder_.close();
    builder_.open_if(builder_.end() > trips);
    open_block(builder_.open(max(builder_.begin(), trips), builder_.end()) - trips, block);
    combine(strips);
    builder_.close();
    builder_.close();
    return {builder_.finish(),
            strips.trips() + strips.combining(),
            {{strips.trips(), work_.of(group_, values_)},
             {strips.combining(), strips.count * width_ * work_.of(elements_of_combining())}},
            temporaries_};
  }

  void open_block(Expr which, std::int64_t block) {
    first_ = builder_.defined(which * number(block));
    end_ = builder_.defined(min(first_ + number(block), pool_.parameter(width_)));
  }

  void lower_strip(Expr strip, const Strips& strips) {
    const Expr height = pool_.parameter(strips.height), count = pool_.parameter(strips.count);
    const Expr first = builder_.defined(strip * height);
    clear_accumulators();
    accumulate_rows(first, builder_.defined(max(first, min(first + height, pool_.parameter(strips.rows)))));
    builder_.open_if(count == number(1));
    store_results();
    builder_.close();
    builder_.open_if(count > number(1));
    for_each_column([&] {
      for (const Column& column : columns_) {
        const std::vector<Expr> state = state_of(column.reduce);
        for (std::size_t c = 0; c < state.size(); ++c)
          builder_.store(builder_.write(partial_.at(column.reduce.get())[c]), place_in(strip), state[c]);
      }
    });
    builder_.close();
  }

  void combine(const Strips& strips) {
    clear_accumulators();
    const Expr strip = builder_.open(number(0), pool_.parameter(strips.count));
    for_each_column([&] {
      for (const Column& column : columns_) {
        const ir::Monoid& monoid = *column.reduce->monoid;
        std::vector<Expr> left;
        for (std::size_t c = 0; c < monoid.size(); ++c)
          left.push_back(builder_.defined(pool_.load(builder_.read(partial_.at(column.reduce.get())[c]),
                                                     monoid.identity[c]->dtype, {{place_in(strip)}})));
        store_state(column, builder_.combined(monoid, state_of(column.reduce), left));
      }
    });
    builder_.close();
    store_results();
  }

  Expr place_in(Expr strip) { return strip * pool_.parameter(width_) + column_; }

  std::vector<Expr> elements_of_combining() const {
    std::vector<Expr> all;
    for (const Column& column : columns_)
      all.insert(all.end(), column.reduce->monoid->combine.begin(), column.reduce->monoid->combine.end());
    return all;
  }

  ValueId temporary(TensorType type) {
    const Variable name = theon::input(type.dtype, "", type.dims, group_.nests[0].where);
    values_.push_back({Value::Origin::computed, std::move(type), name, {.reason = Stored::handed_on}});
    temporaries_.push_back(static_cast<ValueId>(values_.size()) - 1);
    return temporaries_.back();
  }

  void make_accumulators(std::int64_t block) {
    for (const Column& column : columns_)
      for (Expr identity : column.reduce->monoid->identity)
        scratch_[column.reduce.get()].push_back(builder_.scratch(identity->dtype, number(block)));
  }

  void clear_accumulators() {
    for_each_column([&] {
      for (const Column& column : columns_) store_state(column, column.reduce->monoid->identity);
    });
  }

  void lower_block(std::int64_t block) {
    make_accumulators(block);
    clear_accumulators();
    accumulate_rows(number(0), builder_.defined(lowered(columns_[0].reduce->args[0])));
    store_results();
  }

  void store_results() {
    for_each_column([&] {
      for (const Column& column : columns_) store_result(column.nest);
    });
  }

  void accumulate_rows(Expr first, Expr end) {
    const std::int64_t together = rows_at_once();
    builder_.note("down blocks of {} columns, whose running results stay in cache; {} rows at once", block_size(),
                  together);
    const Expr rows = builder_.defined(end - first), groups = floor_div(rows, number(together)),
               one_by_one = reads_one_stream();
    const Expr whole = builder_.defined(one_by_one && together > 1 ? select(one_by_one, number(0), groups) : groups);
    accumulate(first, number(0), whole, together);
    if (together > 1) accumulate(first, builder_.defined(whole * number(together)), rows, 1);
  }

  /// Short bodies wait for the accumulators: a few rows at once read them once.
  std::int64_t rows_at_once() const { return element_cost(elements()) <= 24 ? machine_.registers / 4 : 1; }

  /// Whether short rows that lie one behind the other come from beyond the second-level cache: as one stream they come
  /// fastest. Null where it is known that they do not.
  Expr reads_one_stream() {
    for (Expr load : rows_read())
      if (load->args.size() < 2 || load->args[load->args.size() - 2]->op != Opcode::bound) return Expr();
    std::int64_t each = 0;
    for (const Column& column : columns_)
      for (Expr identity : column.reduce->monoid->identity) each += static_cast<std::int64_t>(size_of(identity->dtype));
    return exceed(machine_.second_level_bytes, rows_read(), input_) &
           (pool_.parameter(width_) <= number(resident_bytes / each));
  }

  /// What each row reads of its own.
  std::vector<Expr> rows_read() const {
    std::vector<Expr> loads = ir::postorder(elements());
    const std::uint64_t last = std::uint64_t{1} << (group_.domain.size() - 1);
    std::erase_if(loads, [&](Expr e) { return e->op != Opcode::load || !e->free_levels || !(e->free_axes & last); });
    return loads;
  }

  /// The rows from first + begin * together to first + end * together.
  void accumulate(Expr first, Expr begin, Expr end, std::int64_t together) {
    const Expr group = builder_.open(begin, end);
    std::vector<Expr> places;
    for (std::int64_t k = 0; k < together; ++k)
      places.push_back(builder_.defined(first + group * number(together) + number(k)));
    for_each_column([&] {
      // One row at a time, they are one stream.
      together > 1 ? ask_for(builder_.defined(places.back() + number(1)), together, 0)
                   : ask_for(places[0], 1, Ahead::bytes);
      for (const Column& column : columns_) {
        const ir::Monoid& monoid = *column.reduce->monoid;
        std::vector<std::vector<Expr>> rows;
        for (Expr place : places) rows.push_back(met(column.reduce, place));
        // In pairs first: fewer roundings, and fewer steps that wait for each other.
        for (std::size_t step = 1; step < rows.size(); step *= 2)
          for (std::size_t k = 0; k + step < rows.size(); k += 2 * step)
            rows[k] = builder_.combined(monoid, rows[k], rows[k + step]);
        store_state(column, builder_.combined(monoid, state_of(column.reduce), rows[0]));
      }
    });
    builder_.close();
  }

  /// So many rows, or what lies behind their places.
  void ask_for(Expr first, std::int64_t count, std::int64_t bytes_behind) {
    const Expr far = are_far(rows_read(), input_);
    if (far->op == Opcode::literal && far->bits == 0) return;
    builder_.open_if(far);
    for (std::int64_t k = 0; k < count; ++k) {
      row_ = first + number(k);
      for (Expr load : rows_read()) {
        if (!is_found_without_loads(load)) continue;
        const Expr next = lowered(load);
        const std::int64_t behind = bytes_behind / static_cast<std::int64_t>(size_of(load->dtype));
        builder_.add({ir::Prefetch{next->number, next->args[0] + behind}});
      }
    }
    row_ = Expr();
    builder_.close();
  }

  void for_each_column(const std::function<void()>& body) {
    column_ = builder_.open(first_, end_, {lanes_, 2});
    axes_.push_back(column_);
    body();
    axes_.pop_back();
    builder_.close();
  }

  std::vector<Expr> state_of(Expr reduce) {
    std::vector<Expr> state;
    for (std::size_t c = 0; c < reduce->monoid->size(); ++c)
      state.push_back(
          pool_.load(scratch_.at(reduce.get())[c], reduce->monoid->identity[c]->dtype, {{column_ - first_}}));
    return state;
  }

  void store_state(const Column& column, const std::vector<Expr>& state) {
    for (std::size_t c = 0; c < state.size(); ++c)
      builder_.store(scratch_.at(column.reduce.get())[c], column_ - first_, state[c]);
  }

  /// What the reduction meets in one row.
  std::vector<Expr> met(Expr reduce, Expr row) {
    row_ = row;
    std::vector<Expr> values;
    for (Expr body : reduce->args.subspan(1)) values.push_back(builder_.defined(lowered(body)));
    row_ = Expr();
    return values;
  }

  void store_result(const Nest& nest) {
    builder_.store(builder_.write(nest.result), row_major_offset(values_[nest.result].type.dims, axes_, pool_),
                   lowered(nest.element));
  }

  Expr lowered(Expr root) {
    return pool_.replace(root, [this](Expr e) -> Expr {
      switch (e->op) {
        case Opcode::index:
          return axes_.at(e->number);
        case Opcode::bound:
          return row_;
        case Opcode::project:
          return state_of(e->args[0])[e->number];
        case Opcode::reduce:
          return state_of(e)[0];
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

  const Group& group_;
  const std::vector<Column> columns_;
  const std::size_t looped_;  // of the domain's axes; the others run as one
  const Dim width_;           // of all that run as one
  std::vector<Value>& values_;
  ir::Pool& pool_;
  const Machine& machine_;
  const LoweringInput& input_;
  const WorkModel work_;
  const int lanes_;
  KernelBuilder builder_;
  std::vector<Expr> axes_;
  Expr first_, end_;  // of the block of columns
  Expr column_, row_;
  std::unordered_map<const ir::Node*, std::vector<std::int64_t>> scratch_;  // for each component of a reduction
  std::unordered_map<const ir::Node*, std::vector<ValueId>> partial_;       // the same: what strips leave
  std::vector<ValueId> temporaries_;
};

}  // namespace

std::optional<LoweredKernel> lower_columns(const Group& group, const LoweringInput& input) {
  std::vector<Column> columns = as_columns(group);
  if (columns.empty()) return std::nullopt;
  return ColumnLowering(group, std::move(columns), input).run();
}

}  // namespace theon::codegen
