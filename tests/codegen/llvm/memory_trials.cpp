// Ways to reach elements: broadcast, strided, backward and gathered loads, scattered stores, in-place updates, scratch rows.
#include "tests/codegen/llvm/trial.h"

#include <fmt/format.h>

namespace theon::test {

using namespace ir;

namespace {

constexpr DType f32 = DType::float32;

std::function<std::int64_t(std::int64_t, std::int64_t)> times_n(std::int64_t factor) {
  return [factor](std::int64_t n, std::int64_t) { return factor * n; };
}
std::int64_t size_m(std::int64_t, std::int64_t m) { return m; }
std::int64_t size_nm(std::int64_t n, std::int64_t m) { return n * m; }
std::int64_t one(std::int64_t, std::int64_t) { return 1; }

For over_n(Trial& trial, Local variable, int lanes, int unroll, Block body) {
  return {variable, trial.local(0), trial.local(1), lanes, unroll, std::move(body)};
}

/// out[i] = x[stride * i] - x[0], for strides of either sign, stored with the same stride.
Trial strided(DType dtype, std::int64_t stride, int unroll) {
  Trial trial(fmt::format("stride {} of {} x {}", stride, name(dtype), unroll));
  const std::int64_t size = std::abs(stride);
  const std::int64_t x = trial.buffer(dtype, Access::read, [size](std::int64_t n, std::int64_t) { return size * n + 1; });
  const std::int64_t dense = trial.buffer(dtype, Access::write, times_n(1));
  const std::int64_t spread = trial.buffer(dtype, Access::read_write, [size](std::int64_t n, std::int64_t) { return size * n + 1; });
  const Local i = trial.new_local();
  const Expr index = trial.local(i);
  const Expr place = stride > 0 ? index * stride : (trial.n_value() - 1 - index) * -stride;
  const Expr value = trial.load(x, place);
  const Expr first = trial.load(x, trial.integer(0));
  const Expr result = is_boolean(dtype) ? value ^ first : max(value, first);
  trial.kernel.body = {{over_n(trial, i, 8, unroll, {{Store{dense, index, result}}, {Store{spread, place, result}}})}};
  return trial;
}

/// out[i] = x[k[i]], and out2[k[i]] = x[i] for a permutation k[i] = (5 i) mod n computed on the way.
Trial gathered(DType dtype, int unroll) {
  Trial trial(fmt::format("gather of {} x {}", name(dtype), unroll));
  const std::int64_t x = trial.buffer(dtype, Access::read, times_n(1));
  const std::int64_t k = trial.buffer(DType::int32, Access::read, times_n(1));
  const std::int64_t out = trial.buffer(dtype, Access::write, times_n(1));
  const std::int64_t turned = trial.buffer(dtype, Access::write, times_n(1));
  const Local i = trial.new_local();
  const Expr index = trial.local(i);
  const Expr wrapped = convert(trial.load(k, index), DType::int64) % trial.n_value();
  const Expr rotated = (index + trial.n_value() - 1) % trial.n_value();
  trial.kernel.body = {{over_n(trial, i, 16, unroll, {{Store{out, index, trial.load(x, wrapped)}}, {Store{turned, rotated, trial.load(x, index)}}})}};
  return trial;
}

/// out[i, j] = x[i, j] * row[j] + column[i] + scalar, with vectors along j.
Trial broadcast(int lanes, int unroll) {
  Trial trial(fmt::format("broadcast {} x {}", lanes, unroll));
  const std::int64_t x = trial.buffer(f32, Access::read, size_nm);
  const std::int64_t row = trial.buffer(f32, Access::read, size_m);
  const std::int64_t column = trial.buffer(f32, Access::read, times_n(1));
  const std::int64_t scalar = trial.buffer(f32, Access::read, one);
  const std::int64_t out = trial.buffer(f32, Access::write, size_nm);
  const Local i = trial.new_local(), j = trial.new_local();
  const Expr place = trial.local(i) * trial.m_value() + trial.local(j);
  const Expr value = trial.load(x, place) * trial.load(row, trial.local(j)) + (trial.load(column, trial.local(i)) / trial.load(scalar, trial.integer(0)));
  const For inner{j, trial.integer(0), trial.m_value(), lanes, unroll, {{Store{out, place, value}}}};
  trial.kernel.body = {{over_n(trial, i, 1, 1, {{inner}})}};
  return trial;
}

/// out[j, i] = x[i, j]
Trial transposed() {
  Trial trial("transpose");
  const std::int64_t x = trial.buffer(DType::int16, Access::read, size_nm);
  const std::int64_t out = trial.buffer(DType::int16, Access::write, size_nm);
  const Local i = trial.new_local(), j = trial.new_local();
  const Store store{out, trial.local(j) * trial.n_value() + trial.local(i), trial.load(x, trial.local(i) * trial.m_value() + trial.local(j))};
  const For inner{j, trial.integer(0), trial.m_value(), 8, 2, {{store}}};
  trial.kernel.body = {{over_n(trial, i, 1, 1, {{inner}})}};
  return trial;
}

/// Rows of x turned into columns of scratch memory and those into columns of out, with a gap behind each: a block of n rows and `columns` columns,
/// or half of m where that is fewer.
Trial turned(DType dtype, std::int64_t columns) {
  Trial trial(fmt::format("{} columns of {} turned", columns, name(dtype)));
  const std::int64_t x = trial.buffer(dtype, Access::read, size_nm);
  const std::int64_t out = trial.buffer(dtype, Access::read_write, [](std::int64_t n, std::int64_t m) { return n * (m + 2); });
  const std::int64_t across = trial.scratch(dtype, trial.m_value() * (trial.n_value() + 3));
  const Expr width = min(trial.integer(columns), trial.m_value() - floor_div(trial.m_value(), 2));
  const Expr first = floor_div(trial.m_value(), 2), scratch_stride = trial.n_value() + 3;
  trial.kernel.body = {{Transpose{across, x, trial.integer(1), scratch_stride, first, trial.m_value(), trial.n_value(), width}},
                       {Transpose{out, across, trial.integer(0), trial.m_value() + 2, trial.integer(1), scratch_stride, width, trial.n_value()}}};
  return trial;
}

/// x[i] = x[i] * x[i] - 1 through two buffers of one slot, then x[i] += y[i].
Trial in_place() {
  Trial trial("in place");
  const std::int64_t x = trial.buffer(f32, Access::read, times_n(1));
  const std::int64_t y = trial.buffer(f32, Access::read, times_n(1));
  trial.kernel.buffers.push_back({"", f32, Access::read_write, trial.kernel.buffers[x].slot});
  const std::int64_t target = 2;
  const Local i = trial.new_local(), j = trial.new_local();
  const Expr old = trial.load(x, trial.local(i));
  trial.kernel.body = {{over_n(trial, i, 16, 2, {{Store{target, trial.local(i), abs(old) - 1}}, {Store{target, trial.local(i), trial.load(target, trial.local(i)) - old}}})},
                       {over_n(trial, j, 16, 2, {{Store{target, trial.local(j), trial.load(y, trial.local(j)), Opcode::add}}})}};
  return trial;
}

/// Rows of which the next one, and at last what lies behind all, is asked for in a vector loop.
Trial prefetched() {
  Trial trial("prefetched");
  const std::int64_t x = trial.buffer(f32, Access::read, size_nm);
  const std::int64_t out = trial.buffer(f32, Access::write, size_nm);
  const Local i = trial.new_local(), j = trial.new_local();
  const Expr row = trial.local(i) * trial.m_value(), place = row + trial.local(j);
  const For inner{j, trial.integer(0), trial.m_value(), 8, 2, {{Prefetch{x, row + trial.m_value() + 16}}, {Prefetch{x, place + trial.m_value()}}, {Prefetch{x, place * 2}}, {Store{out, place, -trial.load(x, place)}}}};
  trial.kernel.body = {{over_n(trial, i, 1, 1, {{inner}})}};
  return trial;
}

/// A row of scratch memory: written by one loop and read backward by the next.
Trial scratch_rows() {
  Trial trial("scratch rows");
  const std::int64_t x = trial.buffer(f32, Access::read, size_nm);
  const std::int64_t out = trial.buffer(f32, Access::write, size_nm);
  const std::int64_t flags = trial.scratch(DType::boolean, trial.m_value());
  const std::int64_t row = trial.scratch(f32, trial.m_value() + 3);
  const Local i = trial.new_local(), j = trial.new_local(), k = trial.new_local();
  const auto place = [&](Local column) { return trial.local(i) * trial.m_value() + trial.local(column); };
  const Expr backward = trial.m_value() - 1 - trial.local(k);
  const Expr value = trial.load(x, place(j));
  const For fill{j, trial.integer(0), trial.m_value(), 16, 1, {{Store{row, trial.local(j) + 3, value - 2}}, {Store{flags, trial.local(j), value < 0}}}};
  const Expr read = select(trial.load(flags, backward), trial.load(row, backward + 3), 0);
  const For drain{k, trial.integer(0), trial.m_value(), 16, 2, {{Store{out, place(k), read}}}};
  trial.kernel.body = {{over_n(trial, i, 1, 1, {{fill}, {drain}})}};
  return trial;
}

/// Few elements of scratch memory, which registers may replace where all places are known: sums of rows of four so far,
/// stored backward; an element of them at `place` of the iteration.
Trial few_elements(DType dtype, const std::string& name, const std::function<Expr(Trial&, Expr)>& place) {
  Trial trial(fmt::format("{} of few elements of {}", name, theon::name(dtype)));
  const std::int64_t x = trial.buffer(dtype, Access::read, times_n(4)), out = trial.buffer(dtype, Access::write, times_n(4));
  const std::int64_t chosen = trial.buffer(dtype, Access::write, times_n(1));
  const std::int64_t sums = trial.scratch(dtype, trial.integer(4));
  const Local i = trial.new_local(), j = trial.new_local(), k = trial.new_local(), l = trial.new_local();
  const auto row = [&](Local lane, Store store) { return Statement{For{lane, trial.integer(0), trial.integer(4), 4, 1, {{store}}}}; };
  const Expr next = trial.load(sums, trial.local(k)) + trial.load(x, trial.local(i) * 4 + trial.local(k));
  const Block body{row(k, {sums, trial.local(k), next}),
                   row(l, {out, trial.local(i) * 4 + trial.local(l), trial.load(sums, 3 - trial.local(l))}),
                   {Store{sums, trial.integer(1), trial.load(sums, trial.integer(2))}},
                   {Store{chosen, trial.local(i), trial.load(sums, place(trial, trial.local(i)))}}};
  trial.kernel.body = Block{row(j, {sums, trial.local(j), trial.pool->literal(dtype, 0.0)}), {over_n(trial, i, 1, 1, body)}};
  return trial;
}

/// A histogram: offsets repeat, so the loop is serial.
Trial scatter_add() {
  Trial trial("scatter add");
  const std::int64_t k = trial.buffer(DType::int16, Access::read, times_n(1));
  const std::int64_t bins = trial.buffer(DType::int32, Access::read_write, [](std::int64_t, std::int64_t) { return 5; });
  const Local i = trial.new_local();
  const Expr bin = convert(trial.load(k, trial.local(i)), DType::int64) % 5;
  trial.kernel.body = {{over_n(trial, i, 1, 1, {{Store{bins, bin, trial.pool->literal(DType::int32, 1.0), Opcode::add}}})}};
  return trial;
}

/// The bounds are numbers: no tail where the sizes divide.
Trial known_sizes(std::int64_t begin, std::int64_t end) {
  Trial trial(fmt::format("from {} to {}", begin, end));
  const std::int64_t x = trial.buffer(f32, Access::read, [end](std::int64_t, std::int64_t) { return end; });
  const std::int64_t out = trial.buffer(f32, Access::read_write, [end](std::int64_t, std::int64_t) { return end; });
  const std::int64_t total = trial.buffer(f32, Access::read_write, one);
  const Local i = trial.new_local(), sum = trial.new_local();
  const Expr value = trial.load(x, trial.local(i)) + convert(trial.local(i), f32);
  const Block body{{Store{out, trial.local(i), value}}, {Accumulate{trial.pool->monoid(Opcode::add, f32), {sum}, {value}}}};
  trial.kernel.body = {{Var{sum, trial.load(total, trial.integer(0))}},
                       {For{i, trial.integer(begin), trial.integer(end), 16, 2, body}},
                       {Store{total, trial.integer(0), trial.local(sum, f32)}}};
  return trial;
}

}  // namespace

Trial known_places(DType dtype) {
  return few_elements(dtype, "known places", [](Trial& trial, Expr) { return trial.integer(3); });
}

Trial chosen_places(DType dtype) {
  return few_elements(dtype, "chosen places", [](Trial&, Expr i) { return i % 4; });
}

std::vector<Trial> memory_trials() {
  std::vector<Trial> trials;
  for (const DType dtype : {DType::int16, f32, DType::float64}) {
    trials.push_back(known_places(dtype));
    trials.push_back(chosen_places(dtype));
  }
  for (const DType dtype : {DType::boolean, DType::int8, DType::float16, f32, DType::float64}) {
    for (const std::int64_t stride : {-2, -1, 1, 2, 3, 4, 5}) trials.push_back(strided(dtype, stride, dtype == f32 ? 2 : 1));
    trials.push_back(gathered(dtype, dtype == f32 ? 2 : 1));
  }
  for (const auto& [lanes, unroll] : {std::pair{4, 1}, {16, 1}, {16, 4}, {8, 3}}) trials.push_back(broadcast(lanes, unroll));
  trials.push_back(transposed());
  for (const DType dtype : {DType::boolean, DType::float16, f32, DType::float64}) {
    for (const std::int64_t columns : {1, 16, 50}) trials.push_back(turned(dtype, columns));
  }
  trials.push_back(prefetched());
  trials.push_back(in_place());
  trials.push_back(scratch_rows());
  trials.push_back(scatter_add());
  for (const auto& [begin, end] : {std::pair{0, 32}, {0, 64}, {3, 19}, {0, 48}, {5, 58}, {2, 9}, {4, 4}}) trials.push_back(known_sizes(begin, end));
  return trials;
}

}  // namespace theon::test
