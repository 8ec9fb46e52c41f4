// What becomes one kernel, what is stored, and what is left to matrix products.
#include "codegen/schedule/schedule.h"

#include "codegen/partition/cost.h"
#include "codegen/partition/partition.h"
#include "optimizer/pipeline.h"

#include <theon/control.h>
#include <theon/gradient.h>
#include <theon/ops.h>

#include "src/ir/loop_walk.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace theon;
using namespace theon::codegen;

namespace {

struct Planned {
  std::unique_ptr<ir::Pool> pool = std::make_unique<ir::Pool>();
  Schedule schedule;

  template <class Kind>
  std::size_t count() const {
    return std::count_if(schedule.steps.begin(), schedule.steps.end(), [](const codegen::Step& step) { return std::holds_alternative<Kind>(step.node); });
  }
  std::string kernels() const {
    std::string text;
    for (const ir::Kernel& kernel : schedule.kernels) text += to_string(kernel);
    return text;
  }
  bool notes(const std::string& words) const {
    const auto has_words = [&](const std::string& note) { return note.find(words) != std::string::npos; };
    return std::ranges::any_of(schedule.kernels, [&](const ir::Kernel& kernel) { return std::ranges::any_of(kernel.notes, has_words); });
  }
  bool says(const std::string& words) const { return kernels().find(words) != std::string::npos; }
};

constexpr Machine wide{.vector_bytes = 64, .stored_bytes = 64, .registers = 32};

Planned plan(std::vector<Variable> inputs, std::vector<Variable> outputs, const Machine& machine = wide) {
  Planned planned;
  const Graph graph = optimize(Graph{std::move(inputs), std::move(outputs)}).graph;
  planned.schedule = schedule(partition(graph, *planned.pool), *planned.pool, machine);
  for (const ir::Kernel& kernel : planned.schedule.kernels) ir::check(kernel);
  return planned;
}

/// A graph of `nodes` operations, each on two of the last twelve results.
Variable random_graph(const Variable& x, const Variable& y, int nodes) {
  std::vector<Variable> made{x, y};
  std::uint64_t state = 7;
  const auto draw = [&](std::uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  for (int i = 0; i < nodes; ++i) {
    const std::size_t recent = std::min<std::size_t>(12, made.size());
    const Variable a = made[made.size() - 1 - draw(recent)], b = made[made.size() - 1 - draw(recent)];
    switch (draw(4)) {
      case 0: made.push_back(a + b); break;
      case 1: made.push_back(a * b); break;
      case 2: made.push_back(a - b); break;
      case 3: made.push_back(maximum(a, b)); break;
    }
  }
  return made.back();
}

}  // namespace

TEST_CASE("an elementwise chain is one kernel with one flat vector loop") {
  const Variable x = matrix<float>("x"), y = input<float>("y", x.dims());
  const Planned planned = plan({x, y}, {tanh(x) * y + exp(-x * x)});
  CHECK(planned.schedule.kernels.size() == 1);
  CHECK(planned.says("for v2 in v0 .. v1 lanes 16"));
}

TEST_CASE("a result asked for twice is written twice by one kernel") {
  const Variable x = vector<float>("x"), y = exp(x) + 1;
  const Planned planned = plan({x}, {y, y, y});
  CHECK(planned.schedule.kernels.size() == 1);
  CHECK(planned.count<CopyStep>() == 0);
  const Results twice = function({x}, {y, y})(std::vector<float>{0, 1});
  CHECK(twice[0].to_vector<float>() == twice[1].to_vector<float>());
  CHECK(twice[0].raw() != twice[1].raw());
}

TEST_CASE("loops over far memory fetch ahead: what only reads a kilobyte, the last of several passes the next row") {
  const Variable x = vector<float>("x"), y = vector<float>("y"), m = matrix<float>("m");
  CHECK(plan({x, y}, {sum(x * y)}).says("prefetch b0["));
  CHECK(plan({m}, {sum(m, {1})}).says("prefetch b0[v2 * m_1 + v4 + 256]"));
  const auto normalized = [](const Variable& x) { return x / sqrt(mean(x * x, 1, true)); };
  CHECK(plan({m}, {normalized(m)}).says("prefetch b0[v2 * m_1 + v6 + m_1]"));
  CHECK_FALSE(plan({m}, {softmax(m)}).says("prefetch"));
  CHECK_FALSE(plan({x}, {x * 2}).says("prefetch"));
  // The next row's place may be looked up behind the end of the indices.
  const Variable i = vector<std::int64_t>("i");
  CHECK_FALSE(plan({m, i}, {normalized(take(m, i, 0))}).says("prefetch"));
  CHECK_FALSE(plan({m, i, x}, {sum(take(m, i, 0) * x, {1}), sum(take(m, i, 0) * expand_dims(x, 1), {0})}).says("prefetch"));
  const auto sized = [&](std::int64_t rows, std::int64_t columns) {
    const Variable x = input<float>("x", {rows, columns});
    return plan({x}, {normalized(x)}).says("prefetch");
  };
  CHECK(sized(4096, 1024));
  CHECK_FALSE(sized(64, 1024));
  CHECK_FALSE(sized(64, 65536));
}

TEST_CASE("what only the caller reads may go past the caches, from 16 MiB on with its operands; what the next step reads may not") {
  Variable x = vector<double>("x");
  CHECK(plan({x}, {x * x + 1}).says("streams if 1048576 <= "));
  CHECK(plan({x}, {x * x + 1, x - 1}).says("streams if 699050 <= "));
  Variable m = matrix<float>("m");
  CHECK(plan({m}, {m * 2}).says("streams if 2097152 <= "));
  const Variable y = x * x + 1;
  const Variable row = input<float>("row", {m.dims()[1]});
  // Rows that end within a cache line would have it moved twice.
  const auto by_rows = [&](std::int64_t columns) {
    const Variable known = input<float>("known", {1 << 20, columns}), once = input<float>("once", {columns});
    return plan({known, once}, {known * once}).says("streams");
  };
  CHECK(plan({m, row}, {m * row}).says("streams if (2097152 <= m_0 * m_1) & (m_1 % 16 == 0)"));
  CHECK(by_rows(48));
  CHECK_FALSE(by_rows(44));
  CHECK(plan({m}, {transpose(m)}).says("streams if 2097152 <= "));
  CHECK_FALSE(plan({x}, {y, sum(y)}).says("streams"));
  CHECK_FALSE(plan({m}, {sum(m, {0})}).says("streams"));
}

TEST_CASE("a long body is compiled once, a short one has a tail of its own") {
  Variable x = vector<float>("x");
  Variable y = x;
  for (int k = 0; k < 10; ++k) y = exp(y) + tanh(y);
  CHECK(plan({x}, {y}).says("tail merged"));
  CHECK_FALSE(plan({x}, {exp(x) + tanh(x)}).says("tail merged"));
}

TEST_CASE("a row softmax is one kernel, and its exponentials stay in a row of scratch memory") {
  const Variable x = matrix<float>("x");
  const Planned planned = plan({x}, {softmax(x)});
  CHECK(planned.schedule.kernels.size() == 1);
  CHECK(planned.says("scratch [x_1]"));
}

TEST_CASE("a reduction down columns reads row by row, its sums in a block of scratch memory") {
  const Variable x = matrix<float>("x");
  const Planned planned = plan({x}, {sum(x, 0), max(x, 0)});
  REQUIRE(planned.schedule.kernels.size() == 1);
  CHECK(planned.says("lanes 16"));
  CHECK(planned.says("scratch [4096]"));
}

TEST_CASE("a reduction of the first axis of a cube runs over the other two as one") {
  const Variable x = tensor3<float>("x"), y = input<float>("y", {x.dim(2), x.dim(1)});
  CHECK(plan({x}, {sum(x, 0)}).notes("the last 2 axes as one"));
  CHECK_FALSE(plan({x}, {sum(x, 1)}).notes("axes as one"));
  CHECK_FALSE(plan({x, y}, {sum(x, 0) + y.T()}).notes("axes as one"));
}

TEST_CASE("rows that meet a vector are reduced several at once, the next ones asked for; others are not") {
  const Variable a = matrix<float>("a"), x = vector<float>("x");
  CHECK(plan({a, x}, {dot(a, x)}).notes("8 rows at once"));
  CHECK(plan({a, x}, {dot(a, x)}).says("prefetch"));
  CHECK_FALSE(plan({a}, {sum(a, 1)}).notes("rows at once"));
  const Variable small = input<float>("small", {100, 100}), v = input<float>("v", {100});
  CHECK_FALSE(plan({small, v}, {dot(small, v)}).says("prefetch"));
}

TEST_CASE("a reduction down few columns keeps its sums in registers") {
  const Variable x = input<float>("x", {dim("n"), 20});
  const Planned planned = plan({x}, {sum(x, 0)});
  REQUIRE(planned.schedule.kernels.size() == 1);
  CHECK(planned.says("lanes 16"));
  CHECK_FALSE(planned.says("scratch"));
}

TEST_CASE("a cumulative sum is a running value: a loop over blocks, and one over what is left") {
  const Variable x = vector<double>("x");
  const Planned planned = plan({x}, {cumsum(x)});
  const auto count = [text = planned.kernels()](const std::string& words) {
    int found = 0;
    for (std::size_t at = text.find(words); at != text.npos; at = text.find(words, at + 1)) ++found;
    return found;
  };
  CHECK(count("for ") == 2);
  CHECK(count("load b0[") == 9);
  CHECK(planned.notes("8 iterations at a time"));
}

TEST_CASE("a product reads slices and transposes of a stored matrix where they lie") {
  const Variable x = input<float>("x", {1000, 784}), g = input<float>("g", {600, 100}), i = scalar<std::int64_t>("i");
  const Variable batch = x[slice(i * 600, i * 600 + 600)];
  const Planned planned = plan({x, g, i}, {dot(batch.T(), index(g, {slice(Bound(0), batch.dim(0))}))});
  REQUIRE(planned.schedule.kernels.size() == 1);
  CHECK(planned.says("# x\n"));
}

TEST_CASE("a product, and what follows each of its elements, is a kernel") {
  const Variable x = input<float>("x", {600, 784}), b = input<float>("b", {100});
  for (const int columns : {10, 100}) {
    const Variable w = input<float>("w", {784, columns});
    for (const Variable& product : {dot(x, w), dot(w.T(), x.T())}) {
      const Planned planned = plan({x, w}, {product});
      CHECK(planned.schedule.kernels.size() == 1);
      CHECK(planned.says("lanes 16"));
    }
    if (columns == 100) CHECK(plan({x, w, b}, {tanh(dot(x, w) + b)}).schedule.kernels.size() == 1);
  }
}

TEST_CASE("adding a scaled product happens in the product's kernel") {
  const Variable w = input<float>("w", {784, 100}), x = input<float>("x", {60, 784}), g = input<float>("g", {60, 100});
  const Planned planned = plan({w, x, g}, {w - 0.1f * dot(x.T(), g)});
  REQUIRE(planned.schedule.kernels.size() == 1);
  CHECK(std::get<KernelStep>(planned.schedule.steps[0].node).own == std::vector<ValueId>{0});
}

TEST_CASE("a scatter to one element of each row is a comparison in what reads it, not a loop of stores") {
  const Variable p = input<float>("p", {60, 10}), t = input<std::int32_t>("t", {60});
  const Planned planned = plan({p, t}, {p - 0.1f * grad(sum(index(p, {Index(arange(Dim(60))), Index(t)})), p)});
  CHECK(planned.says("select"));
  INFO(planned.kernels());
  CHECK_FALSE(planned.says("] add= "));
}

TEST_CASE("a stencil is a loop for its inside, and one for each part of its border, without a select") {
  const Variable u = input<double>("u", {64, 128});
  const Variable moved = index(u, {slice(1, -1), slice(0, -2)}) + index(u, {slice(0, -2), slice(1, -1)});
  const Planned p = plan({u}, {inc_subtensor(u, {slice(1, -1), slice(1, -1)}, moved)});
  CHECK(p.schedule.steps.size() == 1);
  CHECK(p.says("in 1 .. 127 lanes 8"));
  CHECK_FALSE(p.says("select"));
}

TEST_CASE("what does little but store fills vectors as wide as stores, what computes or sums fills registers") {
  const Machine narrow_stores{.vector_bytes = 64, .stored_bytes = 32, .registers = 32};
  const Variable x = vector<float>("x");
  CHECK(plan({x}, {2 * x + 1}, narrow_stores).says("lanes 8 x 4"));
  CHECK(plan({x}, {tanh(x) * exp(x)}, narrow_stores).says("lanes 16"));
  CHECK(plan({x}, {sum(x)}, narrow_stores).says("lanes 16"));
  CHECK(plan({x}, {cast(x, DType::float64) + 1}, narrow_stores).says("lanes 8 x 4"));
  CHECK(plan({x}, {2 * x + 1}).says("lanes 16 x 4"));
}

TEST_CASE("a kernel that nobody shares knows how often it runs") {
  const Variable x = input<float>("x", {100}), large = input<float>("large", {10'000'000}), any = vector<float>("any");
  CHECK(plan({x}, {x + 1}).schedule.kernels[0].trips == 100);
  CHECK(plan({x}, {sum(x)}).schedule.kernels[0].trips == 1);
  CHECK_FALSE(plan({large}, {large + 1}).schedule.kernels[0].trips);
  CHECK_FALSE(plan({any}, {any + 1}).schedule.kernels[0].trips);
}

TEST_CASE("what joins others has a loop for each") {
  const Variable x = input<float>("x", {100}), y = input<float>("y", {50});
  const Planned p = plan({x, y}, {exp(concatenate({x, y}))});
  CHECK(p.schedule.kernels.size() == 1);
  CHECK(p.says("min(v1, 100) lanes 16"));
  CHECK(p.says("max(v0, 100) .. v1 lanes 16"));
}

TEST_CASE("what is read at two different places is stored when computing it twice costs more") {
  const Variable x = input<double>("x", {100});
  const Variable costly = exp(sin(x)), cheap = x + 1;
  CHECK(plan({x}, {index(costly, {slice(Bound(), Bound(50))}) + index(costly, {slice(Bound(50))})}).schedule.kernels.size() >= 1);
  const Planned twice = plan({x}, {index(cheap, {slice(Bound(), Bound(50))}) * index(cheap, {slice(Bound(50))})});
  CHECK(twice.schedule.kernels.size() == 1);
  CHECK(twice.schedule.kernels[0].buffers.size() == 2);
}

TEST_CASE("a large graph is cut into kernels of bounded size where few values are live") {
  const Variable x = vector<float>("x"), y = input<float>("y", x.dims());
  const Planned planned = plan({x, y}, {random_graph(x, y, 3000)});
  CHECK(planned.schedule.kernels.size() > 2);
  CHECK(planned.schedule.kernels.size() < 60);
  for (const ir::Kernel& kernel : planned.schedule.kernels) CHECK(kernel.buffers.size() <= 40);
}

Planned powers_of_matrix(std::int64_t n) {
  const Variable a = input<double>("a", {n, n}), x = input<double>("x", {n});
  return plan({a, x}, {scan({.from = {x}, .n_steps = 100}, [&](Variable v) { return dot(a, v) + v; }).states[0]});
}

TEST_CASE("a loop over small matrices runs in registers: its iterations store into a few elements of scratch memory at known places") {
  const Planned p = powers_of_matrix(3);
  REQUIRE(p.schedule.kernels.size() == 1);
  const ir::Kernel& kernel = p.schedule.kernels[0];
  int stores = 0;
  for (const ir::Statement& statement : kernel.body)
    if (const auto* loop = std::get_if<ir::For>(&statement.node))
      ir::for_each_statement(loop->body, [&](const ir::Statement& inner) {
        const auto* store = std::get_if<ir::Store>(&inner.node);
        if (!store) return;
        ++stores;
        CHECK(kernel.buffers[store->buffer].access == ir::Access::scratch);
        CHECK(kernel.buffers[store->buffer].size->bits <= 9);
        CHECK(store->offset->op == ir::Opcode::literal);
      });
  CHECK(stores > 0);
}

TEST_CASE("rows of four or eight numbers in a loop are vectors") {
  CHECK(powers_of_matrix(4).says("lanes"));
  CHECK(powers_of_matrix(8).says("lanes"));
  CHECK_FALSE(powers_of_matrix(3).says("lanes"));
}

/// Of the only loop of the only kernel.
int groups_of(const Variable& x, const Variable& result) {
  const Planned p = plan({x}, {result});
  REQUIRE(p.schedule.kernels.size() == 1);
  return std::get<ir::For>(p.schedule.kernels[0].body.at(0).node).unroll;
}

TEST_CASE("a long chain of operations, each of which waits for the one before, runs in several groups; functions fill the machine alone") {
  const Variable x = vector<float>("x");
  Variable chain = x, wide = x;
  for (int k = 0; k < 50; ++k) chain = x - abs(chain * 0.625);
  for (int k = 0; k < 6; ++k) wide = wide + exp(x * (k + 0.3));
  CHECK(groups_of(x, chain) >= 3);
  CHECK(groups_of(x, wide) == 1);
}

TEST_CASE("sums over pairs that differ in sign alone are summed once") {
  const Variable x = vector<double>("x");
  const Variable difference = x - expand_dims(x, 1);
  const Planned p = plan({x}, {grad(sum(1 / sqrt(sqr(difference) + 0.01)), x)});
  int sums = 0;
  for (const ir::Kernel& kernel : p.schedule.kernels)
    ir::for_each_statement(kernel.body, [&](const ir::Statement& statement) { sums += std::holds_alternative<ir::Accumulate>(statement.node); });
  CHECK(sums == 1);
}

TEST_CASE("the body of a scan becomes the body of a loop") {
  const Variable x = matrix<double>("x"), h = vector<double>("h");
  const auto [states, outputs] = scan({.over = {x}, .from = {h}}, [](Variable x_t, Variable state) { return theon::Step{.next = {tanh(x_t + state)}, .emit = {state * 2.0}}; });
  const Planned planned = plan({x, h}, {states[0], outputs[0]});
  REQUIRE(planned.count<LoopStep>() == 1);
  for (const codegen::Step& step : planned.schedule.steps)
    if (const auto* loop = std::get_if<LoopStep>(&step.node)) CHECK(loop->body.size() == 1);
}
