// Reductions over rows and columns, several at once, with monoids of several components.
#include "tests/codegen/llvm/trial.h"

#include <fmt/format.h>

#include <limits>

namespace theon::test {

using namespace ir;

namespace {

constexpr DType f32 = DType::float32;

std::int64_t size_n(std::int64_t n, std::int64_t) { return n; }
std::int64_t size_m(std::int64_t, std::int64_t m) { return m; }
std::int64_t size_nm(std::int64_t n, std::int64_t m) { return n * m; }
std::int64_t one(std::int64_t, std::int64_t) { return 1; }

Expr place(Trial& trial, Local i, Local j) { return trial.local(i) * trial.m_value() + trial.local(j); }

Expr identity(Pool& pool, Opcode op, DType dtype) { return pool.monoid(op, dtype)->identity[0]; }

/// The value and the place of the largest element; the first of equal ones.
const Monoid* argmax(Pool& pool) {
  const Expr a = pool.argument(0, f32), i = pool.argument(1, DType::int64), b = pool.argument(2, f32), j = pool.argument(3, DType::int64);
  const Expr first = (b < a) | ((a == b) & (i <= j));
  return pool.monoid(Monoid{"argmax",
                            {pool.literal(f32, -std::numeric_limits<double>::infinity()), pool.literal(std::numeric_limits<std::int64_t>::max())},
                            {select(first, a, b), select(first, i, j)}});
}

/// out[0] = the reduction of x[0..n)
Trial total(Opcode op, DType dtype, int lanes, int unroll) {
  Trial trial(fmt::format("{} of all {} {} x {}", name(op), name(dtype), lanes, unroll));
  const std::int64_t x = trial.buffer(dtype, Access::read, size_n);
  const std::int64_t out = trial.buffer(dtype, Access::read_write, one);
  const Local i = trial.new_local(), state = trial.new_local();
  const Accumulate accumulate{trial.pool->monoid(op, dtype), {state}, {trial.load(x, trial.local(i))}};
  trial.kernel.body = {{Var{state, trial.load(out, trial.integer(0))}},
                       {For{i, trial.local(0), trial.local(1), lanes, unroll, {{accumulate}}}},
                       {Store{out, trial.integer(0), trial.local(state, dtype)}}};
  return trial;
}

/// Each row less its largest element, divided by what that sums to: three passes over a row.
Trial normalized_rows(int lanes, int unroll) {
  Trial trial(fmt::format("normalized rows {} x {}", lanes, unroll));
  Pool& pool = *trial.pool;
  const std::int64_t x = trial.buffer(f32, Access::read, size_nm);
  const std::int64_t out = trial.buffer(f32, Access::write, size_nm);
  const Local i = trial.new_local(), j = trial.new_local(), k = trial.new_local(), l = trial.new_local(), most = trial.new_local(), sum = trial.new_local();
  const Expr largest = trial.local(most, f32);
  const auto below = [&](Local column) { return largest - trial.load(x, place(trial, i, column)); };
  const auto pass = [&](Local column, Statement statement) { return For{column, trial.integer(0), trial.m_value(), lanes, unroll, {std::move(statement)}}; };
  trial.kernel.body = {{For{i, trial.local(0), trial.local(1), 1, 1,
                            {{Var{most, identity(pool, Opcode::max, f32)}},
                             {pass(j, {Accumulate{pool.monoid(Opcode::max, f32), {most}, {trial.load(x, place(trial, i, j))}}})},
                             {Var{sum, pool.literal(f32, 1.0)}},
                             {pass(k, {Accumulate{pool.monoid(Opcode::add, f32), {sum}, {below(k)}}})},
                             {pass(l, {Store{out, place(trial, i, l), below(l) * (1 / trial.local(sum, f32))}})}}}}};
  return trial;
}

/// The largest element of a row and its place, and the sum of the row, in one pass.
Trial argmax_rows(int lanes, int unroll) {
  Trial trial(fmt::format("argmax of rows {} x {}", lanes, unroll));
  Pool& pool = *trial.pool;
  const std::int64_t x = trial.buffer(f32, Access::read, size_nm);
  const std::int64_t value = trial.buffer(f32, Access::write, size_n), where = trial.buffer(DType::int64, Access::write, size_n);
  const std::int64_t sums = trial.buffer(DType::int32, Access::write, size_n);
  const Local i = trial.new_local(), j = trial.new_local(), best = trial.new_local(), best_at = trial.new_local(), sum = trial.new_local();
  const Monoid* monoid = argmax(pool);
  // Rounded, so that equal elements meet.
  const Expr element = floor(trial.load(x, place(trial, i, j)));
  const Block body{{Accumulate{monoid, {best, best_at}, {element, trial.local(j)}}},
                   {Accumulate{pool.monoid(Opcode::add, DType::int32), {sum}, {convert(element, DType::int32)}}}};
  trial.kernel.body = {{For{i, trial.local(0), trial.local(1), 1, 1,
                            {{Var{best, monoid->identity[0]}},
                             {Var{best_at, monoid->identity[1]}},
                             {Var{sum, pool.literal(DType::int32, 0.0)}},
                             {For{j, trial.integer(0), trial.m_value(), lanes, unroll, body}},
                             {Store{value, trial.local(i), trial.local(best, f32)}},
                             {Store{where, trial.local(i), trial.local(best_at)}},
                             {Store{sums, trial.local(i), trial.local(sum, DType::int32)}}}}}};
  return trial;
}

/// out[j] = sum over i of x[i, j] * y[i]: vectors along j, a serial loop over the rows inside.
Trial column_sums(int lanes, int unroll) {
  Trial trial(fmt::format("column sums {} x {}", lanes, unroll));
  Pool& pool = *trial.pool;
  const std::int64_t x = trial.buffer(f32, Access::read, size_nm);
  const std::int64_t y = trial.buffer(f32, Access::read, size_n);
  const std::int64_t out = trial.buffer(f32, Access::write, size_m);
  const std::int64_t counts = trial.buffer(DType::int64, Access::write, size_m);
  const Local i = trial.new_local(), j = trial.new_local(), sum = trial.new_local(), count = trial.new_local();
  const Expr element = trial.load(x, place(trial, i, j));
  const Block rows{{Accumulate{pool.monoid(Opcode::add, f32), {sum}, {element * trial.load(y, trial.local(i))}}},
                   {Accumulate{pool.monoid(Opcode::add, DType::int64), {count}, {select(element < 0, trial.local(j), 1)}}}};
  trial.kernel.body = {{For{j, trial.integer(0), trial.m_value(), lanes, unroll,
                            {{Var{sum, pool.literal(f32, 0.0)}},
                             {Var{count, trial.integer(0)}},
                             {For{i, trial.local(0), trial.local(1), 1, 1, rows}},
                             {Store{out, trial.local(j), trial.local(sum, f32)}},
                             {Store{counts, trial.local(j), trial.local(count)}}}}}};
  return trial;
}

/// A tile of a matrix product: y[i, j] = sum over k of a[i, k] * b[k, j], 3 rows and 2 vectors at once, the inner size m, 40 columns.
Trial product_tile() {
  Trial trial("product tile");
  Pool& pool = *trial.pool;
  const auto times = [](std::int64_t factor) { return [factor](std::int64_t, std::int64_t m) { return factor * m; }; };
  const std::int64_t a = trial.buffer(f32, Access::read, times(3)), b = trial.buffer(f32, Access::read, times(40));
  const std::int64_t out = trial.buffer(f32, Access::read_write, [](std::int64_t, std::int64_t) { return 120; });
  const Local j = trial.new_local(), k = trial.new_local(), right = trial.new_local();
  Block columns, inner{{Let{right, trial.load(b, trial.local(k) * 40 + trial.local(j))}}}, stores;
  for (std::int64_t row = 0; row < 3; ++row) {
    const Local sum = trial.new_local();
    columns.push_back({Var{sum, pool.literal(f32, 0.0)}});
    const Expr left = trial.load(a, trial.m_value() * row + trial.local(k));
    inner.push_back({Accumulate{pool.monoid(Opcode::add, f32), {sum}, {left * trial.local(right, f32)}}});
    stores.push_back({Store{out, trial.local(j) + row * 40, trial.local(sum, f32), Opcode::add}});
  }
  columns.push_back({For{k, trial.integer(0), trial.m_value(), 1, 1, inner}});
  for (Statement& store : stores) columns.push_back(std::move(store));
  trial.kernel.body = {{For{j, trial.integer(0), trial.integer(40), 16, 2, columns}}};
  return trial;
}

/// out[i] = x[0] + ... + x[i]
Trial running_sum() {
  Trial trial("running sum");
  const std::int64_t x = trial.buffer(f32, Access::read, size_n), out = trial.buffer(f32, Access::write, size_n);
  const Local i = trial.new_local(), sum = trial.new_local();
  const Expr so_far = trial.local(sum, f32);
  trial.kernel.body = {{Var{sum, trial.pool->literal(f32, 0.0)}},
                       {For{i, trial.local(0), trial.local(1), 1, 1,
                            {{Assign{sum, so_far + trial.load(x, trial.local(i))}}, {Store{out, trial.local(i), so_far}}}}}};
  return trial;
}

/// A sum over both axes in nested loops, and what it is before and after.
Trial nested_sum() {
  Trial trial("nested sum");
  const std::int64_t x = trial.buffer(f32, Access::read, size_nm), out = trial.buffer(f32, Access::write, [](std::int64_t, std::int64_t) { return 2; });
  const Local i = trial.new_local(), j = trial.new_local(), sum = trial.new_local();
  const Expr so_far = trial.local(sum, f32);
  const For inner{j, trial.integer(0), trial.m_value(), 8, 2, {{Accumulate{trial.pool->monoid(Opcode::add, f32), {sum}, {trial.load(x, place(trial, i, j))}}}}};
  trial.kernel.body = {{Var{sum, trial.pool->literal(f32, 5.0)}},
                       {Store{out, trial.integer(0), so_far * 2}},
                       {For{i, trial.local(0), trial.local(1), 1, 1, {{inner}}}},
                       {Store{out, trial.integer(1), so_far * 2}}};
  return trial;
}

}  // namespace

std::vector<Trial> reduction_trials() {
  std::vector<Trial> trials;
  for (const DType dtype : {DType::int8, DType::uint32, DType::int64, DType::float16, f32, DType::float64}) {
    for (const Opcode op : {Opcode::min, Opcode::max}) trials.push_back(total(op, dtype, 8, 2));
    if (dtype != DType::float16) trials.push_back(total(Opcode::add, dtype, 8, 2));
  }
  for (const Opcode op : {Opcode::bit_and, Opcode::bit_or}) trials.push_back(total(op, DType::boolean, 16, 1));
  trials.push_back(total(Opcode::add, f32, 16, 4));
  for (const auto& [lanes, unroll] : {std::pair{4, 1}, {16, 1}, {16, 4}, {8, 3}}) {
    trials.push_back(normalized_rows(lanes, unroll));
    trials.push_back(argmax_rows(lanes, unroll));
    trials.push_back(column_sums(lanes, unroll));
  }
  trials.push_back(product_tile());
  trials.push_back(running_sum());
  trials.push_back(nested_sum());
  return trials;
}

}  // namespace theon::test
