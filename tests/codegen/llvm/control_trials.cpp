// Branches, reports, mutable locals and nests of loops.
#include "codegen/math/number.h"
#include "tests/codegen/llvm/trial.h"

#include <fmt/format.h>

namespace theon::test {

using namespace ir;

namespace {

constexpr DType f32 = DType::float32;

std::int64_t size_n(std::int64_t n, std::int64_t) { return n; }
std::int64_t size_nm(std::int64_t n, std::int64_t m) { return n * m; }

For over_n(Trial& trial, Local variable, int lanes, int unroll, Block body) {
  return {variable, trial.local(0), trial.local(1), lanes, unroll, std::move(body)};
}

/// if (x[i] < 0) out[i] = -x[i], sum += x[i] else if (x[i] < 3) out[i] = table[i % 4], with vectors or without.
Trial branches(int lanes, int unroll) {
  Trial trial(fmt::format("branches {} x {}", lanes, unroll));
  Pool& pool = *trial.pool;
  const std::int64_t x = trial.buffer(f32, Access::read, size_n), out = trial.buffer(f32, Access::read_write, size_n);
  const std::int64_t total = trial.buffer(f32, Access::write, [](std::int64_t, std::int64_t) { return 1; });
  const Local i = trial.new_local(), sum = trial.new_local(), y = trial.new_local();
  const Expr value = trial.load(x, trial.local(i));
  const If inner{value < 3, {{Store{out, trial.local(i), trial.load(x, trial.local(i) % 4 % trial.n_value())}}}, {}};
  const If outer{value < 0,
                 {{Assign{y, value * value}}, {Accumulate{pool.monoid(Opcode::add, f32), {sum}, {value}}}, {Store{out, trial.local(i), -value}}},
                 {{Assign{y, trial.local(y, f32) - 1}}, {inner}}};
  trial.kernel.body = {{Var{sum, pool.literal(f32, 0.0)}},
                       {over_n(trial, i, lanes, unroll, {{Var{y, value}}, {outer}, {Store{out, trial.local(i), trial.local(y, f32), Opcode::max}}})},
                       {Store{total, trial.integer(0), trial.local(sum, f32)}}};
  return trial;
}

/// A branch on what is the same for all lanes, inside a vector loop and around one.
Trial uniform_branches() {
  Trial trial("uniform branches");
  const std::int64_t x = trial.buffer(f32, Access::read, size_nm), out = trial.buffer(f32, Access::read_write, size_nm);
  const Local i = trial.new_local(), j = trial.new_local(), y = trial.new_local();
  const Expr place = trial.local(i) * trial.m_value() + trial.local(j);
  const Block body{{Var{y, trial.load(x, place)}},
                   {If{trial.local(i) % 2 == 0, {{Assign{y, trial.local(y, f32) - 1}}}, {{Assign{y, -trial.local(y, f32)}}}}},
                   {Store{out, place, trial.local(y, f32)}}};
  const For inner{j, trial.integer(0), trial.m_value(), 8, 2, body};
  trial.kernel.body = {{over_n(trial, i, 1, 1, {{If{trial.local(i) % 3 != 1, {{inner}}, {}}}})}};
  return trial;
}

/// What a few lanes need, one such exception within another, and one for all lanes alike.
Trial exceptions(int lanes, int unroll) {
  using codegen::math::usually;
  Trial trial(fmt::format("exceptions {} x {}", lanes, unroll));
  const std::int64_t x = trial.buffer(f32, Access::read, size_n), out = trial.buffer(f32, Access::write, size_n);
  const Local i = trial.new_local();
  const Expr value = trial.load(x, trial.local(i)), root = sqrt(abs(value));
  const Expr inner = usually(value < 6, root + 1, round(value) - root);
  const Expr outer = usually(value < 3, -value, max(inner, root));
  const Expr uniform = usually(trial.m_value() < 4, trial.m_value(), trial.m_value() - 9);
  trial.kernel.body = {{over_n(trial, i, lanes, unroll, {{Store{out, trial.local(i), max(outer, inner) - convert(uniform, f32)}}})}};
  return trial;
}

/// Reports the first negative element, by index and rounded value.
Trial reports(int lanes, int unroll) {
  Trial trial(fmt::format("reports {} x {}", lanes, unroll));
  const std::int64_t x = trial.buffer(f32, Access::read, size_n), out = trial.buffer(f32, Access::write, size_n);
  const Local i = trial.new_local();
  const Expr value = trial.load(x, trial.local(i));
  const Report report{value < -4, 7, trial.local(i) * 2 + 1, convert(value, DType::int64)};
  trial.kernel.body = {{over_n(trial, i, lanes, unroll, {{report}, {Store{out, trial.local(i), sqrt(abs(value))}}})}};
  return trial;
}

/// How many times each number can be halved before it is below one: a serial loop in a vector loop, some lanes done before others.
Trial serial_in_vector() {
  Trial trial("serial loop in a vector loop");
  const std::int64_t x = trial.buffer(f32, Access::read, size_n), out = trial.buffer(DType::int32, Access::write, size_n);
  const Local i = trial.new_local(), k = trial.new_local(), value = trial.new_local(), count = trial.new_local();
  const Expr rest = trial.local(value, f32), halvings = trial.local(count, DType::int32);
  const If step{1 <= rest, {{Assign{value, rest / 2}}, {Assign{count, halvings + 1}}}, {}};
  trial.kernel.body = {{over_n(trial, i, 16, 2,
                               {{Var{value, abs(trial.load(x, trial.local(i)))}},
                                {Var{count, trial.pool->literal(DType::int32, 0.0)}},
                                {For{k, trial.integer(0), trial.m_value(), 1, 1, {{step}}}},
                                {Store{out, trial.local(i), halvings}}})}};
  return trial;
}

/// Values that change while loops run are read anew: before, inside and after.
Trial changing_values() {
  Trial trial("changing values");
  const std::int64_t x = trial.buffer(f32, Access::read_write, size_n), out = trial.buffer(f32, Access::read_write, [](std::int64_t, std::int64_t) { return 8; });
  const Local i = trial.new_local(), j = trial.new_local(), y = trial.new_local(), z = trial.new_local();
  const Expr first = trial.load(out, trial.integer(0)), changing = trial.local(y, f32) * 3;
  trial.kernel.body = {{Var{y, first}},
                       {Let{z, changing}},
                       {Store{out, trial.integer(1), changing}},
                       {over_n(trial, i, 1, 1,
                               {{Assign{y, changing - trial.local(y, f32) * 2}},
                                {Store{out, trial.integer(0), first - 1}},
                                {For{j, trial.integer(0), trial.integer(3), 1, 1,
                                     {{Store{x, trial.local(i), first - trial.local(z, f32)}}, {Store{out, trial.integer(2), changing}}}}}})},
                       {Store{out, trial.integer(3), changing}},
                       {Store{out, trial.integer(4), first}}};
  return trial;
}

/// A triangle: the inner bound depends on the outer variable; sizes in floor_div, min and max.
Trial triangle() {
  Trial trial("triangle");
  const Dim half = min(floor_div(trial.n, 2) + 1, max(trial.m, trial.n)) * 1 + mod(trial.n, 3);
  const std::int64_t x = trial.buffer(DType::int32, Access::read, [](std::int64_t n, std::int64_t) { return n + 4; });
  const std::int64_t out = trial.buffer(DType::int32, Access::write, size_n);
  const Local i = trial.new_local(), j = trial.new_local(), sum = trial.new_local();
  const For inner{j, trial.integer(0), min(trial.local(i) + 1, trial.pool->parameter(half)), 16, 1,
                  {{Accumulate{trial.pool->monoid(Opcode::add, DType::int32), {sum}, {trial.load(x, trial.local(j)) * convert(trial.local(i) - trial.local(j), DType::int32)}}}}};
  trial.kernel.body = {{over_n(trial, i, 1, 1,
                               {{Var{sum, trial.pool->literal(DType::int32, 0.0)}}, {inner}, {Store{out, trial.local(i), trial.local(sum, DType::int32)}}})}};
  return trial;
}

}  // namespace

std::vector<Trial> control_trials() {
  std::vector<Trial> trials;
  for (const auto& [lanes, unroll] : {std::pair{1, 1}, {8, 1}, {16, 1}, {16, 3}}) {
    trials.push_back(branches(lanes, unroll));
    trials.push_back(exceptions(lanes, unroll));
    trials.push_back(reports(lanes, unroll));
  }
  trials.push_back(uniform_branches());
  trials.push_back(serial_in_vector());
  trials.push_back(changing_values());
  trials.push_back(triangle());
  return trials;
}

}  // namespace theon::test
