#include "codegen/schedule/columns.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"
#include "codegen/schedule/reductions.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Half of a level 1 cache: the rest is for the operands.
constexpr std::int64_t accumulator_bytes = 16 << 10;
/// Columns that a loop over rows covers at once without memory for its accumulators.
constexpr std::int64_t groups_in_registers = 4;

/// A nest with one reduction, down its columns.
struct Column {
  const Nest* nest;
  Expr reduce;
};

std::optional<Column> as_column(const Nest& nest, const Group& group) {
  if (nest.domain != group.domain || !nest.prefix.empty()) return std::nullopt;
  const int rank = static_cast<int>(nest.domain.size());
  Expr reduce;
  for (Expr e : ir::postorder(std::span(&nest.element, 1))) {
    if (e->op != Opcode::reduce) continue;
    if (reduce) return std::nullopt;
    reduce = e;
  }
  if (!reduce || reduce->args[0]->free_axes || running_axis(reduce) || !reduces_columns(reduce, rank))
    return std::nullopt;
  return Column{&nest, reduce};
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

class ColumnLowering {
 public:
  ColumnLowering(const Group& group, std::vector<Column> columns, const LoweringInput& input)
      : group_(group),
        columns_(std::move(columns)),
        values_(input.values),
        pool_(input.pool),
        machine_(input.machine),
        lanes_(lanes_of(elements(), input.machine)),
        builder_(kernel_name(group, input.values), input.values, input.pool, math::best_for(elements())) {}

  LoweredKernel run() {
    const std::size_t last = group_.domain.size() - 1;
    const Expr width = pool_.parameter(group_.domain[last]);
    const std::int64_t block = block_size();
    for (std::size_t axis = 0; axis < last; ++axis)
      axes_.push_back(axis == 0 ? builder_.open(builder_.begin(), builder_.end())
                                : builder_.open(number(0), pool_.parameter(group_.domain[axis])));
    const Dim blocks = floor_div(group_.domain[last] + (block - 1), block);
    const Expr which =
        last == 0 ? builder_.open(builder_.begin(), builder_.end()) : builder_.open(number(0), pool_.parameter(blocks));
    first_ = defined(which * number(block));
    end_ = defined(min(first_ + number(block), width));
    lower_block(block);
    for (std::size_t axis = 0; axis <= last; ++axis) builder_.close();
    return {builder_.finish(), last == 0 ? blocks : group_.domain[0]};
  }

 private:
  std::vector<Expr> elements() const {
    std::vector<Expr> list;
    for (const Column& column : columns_) list.push_back(column.nest->element);
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

  void lower_block(std::int64_t block) {
    for (const Column& column : columns_)
      for (Expr identity : column.reduce->monoid->identity)
        scratch_[column.reduce.get()].push_back(builder_.scratch(identity->dtype, number(block)));
    for_each_column([&] {
      for (const Column& column : columns_) store_state(column, column.reduce->monoid->identity);
    });
    const Expr rows = defined(lowered(columns_[0].reduce->args[0]));
    const std::int64_t together = rows_at_once();
    const Expr groups = floor_div(rows, number(together)), far = reads_far_rows();
    const Expr whole = defined(far && together > 1 ? select(far, number(0), groups) : groups);
    accumulate(number(0), whole, together);
    if (together > 1) accumulate(defined(whole * number(together)), rows, 1);
    for_each_column([&] {
      for (const Column& column : columns_) store_result(*column.nest);
    });
  }

  /// Short bodies wait for the accumulators: a few rows at once read them once.
  std::int64_t rows_at_once() const { return element_cost(elements()) <= 24 ? 4 : 1; }

  /// Whether rows that lie one behind the other come from beyond the caches: memory delivers these fastest one by one.
  /// Null where it is known that they do not.
  Expr reads_far_rows() const {
    Expr far;
    for (Expr e : ir::postorder(elements())) {
      if (e->op != Opcode::load || !e->free_levels || e->args.size() < 2) continue;
      if (e->args[e->args.size() - 2]->op != Opcode::bound) return Expr();
      Dim bytes = static_cast<std::int64_t>(size_of(e->dtype));
      for (const Dim& extent : values_[e->number].type.dims) bytes = bytes * extent;
      const Expr is_far = number(machine_.cached_bytes) < pool_.parameter(bytes);
      far = far ? far | is_far : is_far;
    }
    return far;
  }

  /// The rows from begin * together to end * together.
  void accumulate(Expr begin, Expr end, std::int64_t together) {
    const Expr group = builder_.open(begin, end);
    for_each_column([&] {
      for (const Column& column : columns_) {
        const ir::Monoid& monoid = *column.reduce->monoid;
        std::vector<std::vector<Expr>> rows;
        for (std::int64_t k = 0; k < together; ++k)
          rows.push_back(met(column.reduce, group * number(together) + number(k)));
        // In pairs first: fewer roundings, and fewer steps that wait for each other.
        for (std::size_t step = 1; step < rows.size(); step *= 2)
          for (std::size_t k = 0; k + step < rows.size(); k += 2 * step)
            rows[k] = combined(monoid, rows[k], rows[k + step]);
        store_state(column, combined(monoid, state_of(column.reduce), rows[0]));
      }
    });
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
    for (Expr body : reduce->args.subspan(1)) values.push_back(defined(lowered(body)));
    row_ = Expr();
    return values;
  }

  std::vector<Expr> combined(const ir::Monoid& monoid, std::vector<Expr> a, const std::vector<Expr>& b) {
    a.insert(a.end(), b.begin(), b.end());
    std::vector<Expr> both;
    for (Expr combine : monoid.combine)
      both.push_back(defined(pool_.replace(
          combine, [&](Expr e) -> Expr { return e->op == Opcode::argument ? a.at(e->number) : Expr(); })));
    return both;
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

  Expr defined(Expr value) {
    const ir::Local local = builder_.fresh();
    builder_.add({ir::Let{local, builder_.computed(value)}});
    return builder_.local(local, value->dtype);
  }

  Expr number(std::int64_t value) const { return pool_.literal(value); }

  const Group& group_;
  const std::vector<Column> columns_;
  const std::vector<Value>& values_;
  ir::Pool& pool_;
  const Machine& machine_;
  const int lanes_;
  KernelBuilder builder_;
  std::vector<Expr> axes_;
  Expr first_, end_;  // of the block of columns
  Expr column_, row_;
  std::unordered_map<const ir::Node*, std::vector<std::int64_t>> scratch_;  // for each component of a reduction
};

}  // namespace

std::optional<LoweredKernel> lower_columns(const Group& group, const LoweringInput& input) {
  std::vector<Column> columns = as_columns(group);
  if (columns.empty()) return std::nullopt;
  const std::vector<Expr> elements{columns[0].nest->element};
  const std::optional<std::int64_t> width = group.domain.back().known();
  if (width && *width <= groups_in_registers * lanes_of(elements, input.machine)) return std::nullopt;
  return ColumnLowering(group, std::move(columns), input).run();
}

}  // namespace theon::codegen
