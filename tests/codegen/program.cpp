#include "codegen/program/arena.h"
#include "codegen/program/overwrite.h"
#include "codegen/program/verify.h"
#include "tests/codegen/program_fixture.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace theon;
using namespace theon::codegen;
using Home = Placement::Home;

namespace {

Home home_of(const Program& program, ValueId v) { return program.placements[v].home; }

const SharedUse& use_of(const Program& program, std::size_t k) { return program.shared.at(k); }

std::vector<ValueId> order_of(const Program& program) {
  std::vector<ValueId> order;
  for (std::size_t n = 0; n < program.steps.size(); ++n) order.push_back(written_at(program, n));
  return order;
}

}  // namespace

TEST_CASE("steps keep their order, and values their places") {
  Sketch s;
  const ValueId x = s.input("x");
  const ValueId a = s.kernel("a", {x}, Sketch::Reads::neighbour);
  const ValueId b = s.kernel("b", {a}, Sketch::Reads::neighbour);
  const Program program = s.assemble({b});
  verify(program);
  CHECK(order_of(program) == std::vector<ValueId>{a, b});
  CHECK(home_of(program, x) == Home::input);
  CHECK(home_of(program, a) == Home::arena);
  CHECK(home_of(program, b) == Home::output);
  CHECK(program.point_of_no_return == 2);
}

TEST_CASE("an input that nothing reads has no value") {
  Sketch s;
  const ValueId x = s.input("x");
  s.interface.inputs.push_back(theon::input<float>("unused", {8}));
  const Program program = s.assemble({s.kernel("a", {x})});
  CHECK(program.inputs == std::vector<ValueId>{x, -1});
}

TEST_CASE("an update that reads its own element is written in place") {
  Sketch s;
  const ValueId x = s.input("x"), w = s.shared("w");
  const ValueId next = s.kernel("next", {w, x});
  const Program program = s.assemble({}, {{w, next}});
  verify(program);
  CHECK(use_of(program, 0).in_place);
  CHECK(home_of(program, next) == Home::shared);
  CHECK(program.point_of_no_return == 0);
}

TEST_CASE("an update that reads neighbours goes to a spare buffer") {
  Sketch s;
  const ValueId w = s.shared("w");
  const ValueId next = s.kernel("next", {w}, Sketch::Reads::neighbour);
  const Program program = s.assemble({}, {{w, next}});
  verify(program);
  CHECK_FALSE(use_of(program, 0).in_place);
  CHECK(home_of(program, next) == Home::spare);
}

TEST_CASE("every reader of the old value runs before it is overwritten") {
  Sketch s;
  const ValueId w = s.shared("w");
  const ValueId next = s.kernel("next", {w});
  const ValueId y = s.kernel("y", {w}, Sketch::Reads::neighbour);
  const Program program = s.assemble({y}, {{w, next}});
  verify(program);
  CHECK(order_of(program) == std::vector<ValueId>{y, next});
  CHECK(use_of(program, 0).in_place);
}

namespace {

/// h is read to change w and, together with w, by g, which could take h's memory over.
struct Descent {
  explicit Descent(Shape of_h, Shape of_w = {8}) {
    const ValueId x = sketch.input("x", of_h);
    w = sketch.shared("w", of_w);
    h = sketch.kernel("h", {x});
    g = sketch.kernel("g", {h, w});
    y = sketch.computed("y", {8});
    sketch.kernel_into(y, {g}, Sketch::Reads::neighbour);
    next = sketch.computed("next", of_w);
    sketch.kernel_into(next, {w, h});
  }
  Program program() { return sketch.assemble({y}, {{w, next}}); }

  Sketch sketch;
  ValueId w, h, g, y, next;
};

constexpr std::int64_t much = 1 << 20;

}  // namespace

TEST_CASE("an update whose waiting would keep much alive gets a second buffer") {
  for (const Dim& size : {Dim(much), Dim(4096) * dim("n")}) {
    Descent descent({size});
    const Program program = descent.program();
    verify(program);
    CHECK_FALSE(use_of(program, 0).in_place);
    CHECK(order_of(program) == std::vector<ValueId>{descent.h, descent.next, descent.g, descent.y});
    CHECK(program.placements[descent.g].number == program.placements[descent.h].number);
  }
}

TEST_CASE("an update waits where a second buffer would take as much as that keeps alive, or where it is little") {
  for (const auto& [of_h, of_w] : {std::pair(much, much), std::pair<std::int64_t, std::int64_t>(1024, 8)}) {
    Descent descent({of_h}, {of_w});
    const Program program = descent.program();
    verify(program);
    CHECK(use_of(program, 0).in_place);
    CHECK(order_of(program) == std::vector<ValueId>{descent.h, descent.g, descent.y, descent.next});
  }
}

TEST_CASE("steps run early that end the use of much memory") {
  Sketch s;
  const ValueId x = s.input("x", {much});
  const ValueId a = s.kernel("a", {x}, Sketch::Reads::neighbour), b = s.kernel("b", {x}, Sketch::Reads::neighbour);
  const ValueId from_a = s.computed("from_a"), from_b = s.computed("from_b");
  s.kernel_into(from_a, {a}, Sketch::Reads::neighbour);
  s.kernel_into(from_b, {b}, Sketch::Reads::neighbour);
  const Program program = s.assemble({from_a, from_b});
  verify(program);
  CHECK(order_of(program) == std::vector<ValueId>{a, from_a, b, from_b});
}

TEST_CASE("a reader of the old value that needs the new one forbids overwriting") {
  Sketch s;
  const ValueId w = s.shared("w");
  const ValueId next = s.kernel("next", {w});
  const ValueId change = s.kernel("change", {w, next});
  const Program program = s.assemble({change}, {{w, next}});
  verify(program);
  CHECK_FALSE(use_of(program, 0).in_place);
}

TEST_CASE("what can fail runs before a shared variable is overwritten") {
  Sketch s;
  const ValueId x = s.input("x"), w = s.shared("w");
  const ValueId next = s.kernel("next", {w, x});
  const ValueId y = s.kernel("y", {x}, Sketch::Reads::own_element, true);
  const Program program = s.assemble({y}, {{w, next}});
  verify(program);
  CHECK(order_of(program) == std::vector<ValueId>{y, next});
  CHECK(program.point_of_no_return == 1);
}

TEST_CASE("an update that a step behind it can fail for is not in place") {
  Sketch s;
  const ValueId w = s.shared("w");
  const ValueId next = s.kernel("next", {w});
  const ValueId y = s.kernel("y", {next}, Sketch::Reads::own_element, true);
  const Program program = s.assemble({y}, {{w, next}});
  verify(program);
  CHECK_FALSE(use_of(program, 0).in_place);
  CHECK(program.point_of_no_return == 2);
}

TEST_CASE("in place can be forbidden") {
  Sketch s;
  const ValueId w = s.shared("w");
  const ValueId next = s.kernel("next", {w});
  s.interface.in_place = false;
  CHECK_FALSE(use_of(s.assemble({}, {{w, next}}), 0).in_place);
}

TEST_CASE("two shared variables change places with one spare buffer") {
  Sketch s;
  const ValueId a = s.shared("a"), b = s.shared("b");
  const Program program = s.assemble({}, {{a, b}, {b, a}});
  verify(program);
  CHECK(program.steps.size() == 2);
  CHECK(use_of(program, 0).in_place != use_of(program, 1).in_place);
}

TEST_CASE("an update to the old value is none") {
  Sketch s;
  const ValueId w = s.shared("w");
  const Program program = s.assemble({}, {{w, w}});
  verify(program);
  CHECK(program.steps.empty());
  CHECK_FALSE(use_of(program, 0).update);
}

TEST_CASE("outputs share no memory with inputs, constants, state or each other") {
  Sketch s;
  const ValueId x = s.input("x"), w = s.shared("w"), c = s.constant();
  const ValueId y = s.kernel("y", {x});
  const Program program = s.assemble({x, w, c, y, y});
  verify(program);
  CHECK(program.steps.size() == 5);
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(home_of(program, program.outputs[k]) == Home::output);
    CHECK(program.placements[program.outputs[k]].number == k);
  }
}

TEST_CASE("an output that is an update too is copied, and the update stays in place") {
  Sketch s;
  const ValueId w = s.shared("w");
  const ValueId next = s.kernel("next", {w});
  const Program program = s.assemble({next}, {{w, next}});
  verify(program);
  CHECK(use_of(program, 0).in_place);
  CHECK(std::get<CopyStep>(program.steps[1].node).from == next);
}

TEST_CASE("a scatter into a shared variable copies nothing") {
  Sketch s;
  const ValueId x = s.input("x"), w = s.shared("w");
  const ValueId next = s.computed("next");
  s.step(CopyStep{w, next});
  s.kernel_into(next, {x});
  const Program program = s.assemble({}, {{w, next}});
  verify(program);
  CHECK(use_of(program, 0).in_place);
  CHECK(home_of(program, next) == Home::shared);
}

TEST_CASE("a scatter of values read from the same variable is not in place") {
  Sketch s;
  const ValueId w = s.shared("w");
  const ValueId next = s.computed("next");
  s.step(CopyStep{w, next});
  s.kernel_into(next, {w});
  const Program program = s.assemble({}, {{w, next}});
  verify(program);
  CHECK_FALSE(use_of(program, 0).in_place);
}

TEST_CASE("what a kernel reads just before it writes the same element may be overwritten") {
  Sketch s;
  const ValueId w = s.shared("w"), v = s.shared("v");
  const ValueId next_w = s.kernel("next_w", {w}, Sketch::Reads::neighbour);
  const ValueId next_v = s.kernel("next_v", {v}, Sketch::Reads::neighbour);
  std::get<KernelStep>(s.schedule.steps[0].node).own = {w};
  const Program program = s.assemble({}, {{w, next_w}, {v, next_v}});
  verify(program);
  CHECK(use_of(program, 0).in_place);
  CHECK_FALSE(use_of(program, 1).in_place);
}

TEST_CASE("a result moves into the memory of an operand that dies") {
  Sketch s;
  const ValueId x = s.input("x");
  const ValueId a = s.kernel("a", {x}), b = s.kernel("b", {a}), y = s.kernel("y", {b});
  const Program program = s.assemble({y});
  verify(program);
  for (ValueId v : {a, b, y}) CHECK(home_of(program, v) == Home::output);
}

TEST_CASE("an operand that lives on keeps its memory") {
  Sketch s;
  const ValueId x = s.input("x");
  const ValueId a = s.kernel("a", {x}), b = s.kernel("b", {a}), y = s.kernel("y", {b, a});
  const Program program = s.assemble({y});
  verify(program);
  CHECK(program.placements[a].number != program.placements[b].number);
}

TEST_CASE("a kernel that reads neighbours overwrites nothing") {
  Sketch s;
  const ValueId x = s.input("x");
  const ValueId a = s.kernel("a", {x}), y = s.kernel("y", {a}, Sketch::Reads::neighbour);
  const Program program = s.assemble({y});
  verify(program);
  CHECK(home_of(program, a) == Home::arena);
}

TEST_CASE("memory of another size is not taken over") {
  Sketch s;
  const Dim n = dim("n");
  const ValueId x = s.input("x", {n});
  const ValueId a = s.kernel("a", {x});
  const ValueId y = s.computed("y", {8});
  s.kernel_into(y, {a});
  const Program program = s.assemble({y});
  verify(program);
  CHECK(home_of(program, a) == Home::arena);
}

TEST_CASE("sizes that a step binds make values late, and their users wait for them") {
  Sketch s;
  const Dim n = dim("n");
  const ValueId x = s.input("x"), count = s.computed("count", {});
  const ValueId made = s.computed("made", {n});
  s.kernel_into(made, {x});
  s.kernel_into(count, {x});
  s.step(BindStep{n, count});
  const Program program = s.assemble({s.kernel("y", {made})});
  verify(program);
  CHECK(program.entry_symbols == 0);
  CHECK(home_of(program, made) == Home::late);
  CHECK(written_at(program, 0) == count);
  CHECK(std::holds_alternative<BindStep>(program.steps[1].node));
}

TEST_CASE("a loop keeps the memory of its states to itself") {
  Sketch s;
  const Dim t = dim("t");
  const ValueId x = s.input("x");
  const ValueId current = s.computed("current"), next = s.computed("next");
  s.step(CopyStep{x, current});
  LoopStep loop{t, 5, {{current, next}}, {}, {}, {}};
  s.kernel_into(next, {current});
  loop.body.push_back(std::move(s.schedule.steps.back()));
  s.schedule.steps.pop_back();
  s.step(std::move(loop));
  const Program program = s.assemble({s.kernel("y", {current}, Sketch::Reads::neighbour)});
  verify(program);
  CHECK(home_of(program, current) == Home::arena);
  CHECK(home_of(program, next) == Home::arena);
  CHECK(program.placements[current].number != program.placements[next].number);
}

TEST_CASE("indices are checked before anything is overwritten") {
  Sketch s;
  const ValueId i = s.input("i"), w = s.shared("w");
  const ValueId next = s.kernel("next", {w, i});
  s.interface.duties = {Indices{"take", 0, 8, Location::here()}};
  s.schedule.outputs = {next, i};
  s.interface.updated = {s.schedule.values[w].variable};
  const Program program = codegen::assemble(s.schedule, s.interface);
  verify(program);
  CHECK(std::get<IndexStep>(program.steps[0].node).indices == i);
  CHECK(program.point_of_no_return == 1);
}

TEST_CASE("live regions of the arena do not overlap, and dead ones are used again") {
  Sketch s;
  const ValueId x = s.input("x");
  ValueId chain = s.kernel("a0", {x}, Sketch::Reads::neighbour);
  for (int k = 1; k < 10; ++k) chain = s.kernel("a" + std::to_string(k), {chain}, Sketch::Reads::neighbour);
  const Program program = s.assemble({chain});
  const BytesOf bytes_of = [](ValueId v) { return static_cast<std::size_t>(100 + v); };
  const ArenaLayout layout = plan(program, bytes_of);
  verify(program, layout, bytes_of);
  CHECK(layout.bytes == 2 * 128);
}

TEST_CASE("a program prints its values, their places and its steps") {
  Sketch s;
  const ValueId x = s.input("x"), w = s.shared("w");
  const std::string text = to_string(s.assemble({}, {{w, s.kernel("next", {w, x})}}));
  CHECK(text ==
        "values\n"
        "  v0 x: float32 [8], argument 0\n"
        "  v1 w: float32 [8], shared 0\n"
        "  v2 next: float32 [8], shared 0\n"
        "steps\n"
        "  from here on nothing fails\n"
        "  0: v2 = k0(v1, v0) for 8, on one thread: in order    mlp.cpp:7\n"
        "results \n");
}

// The verifier.

TEST_CASE("the verifier finds what a wrong placement breaks") {
  Sketch s;
  const ValueId x = s.input("x"), w = s.shared("w");
  const ValueId a = s.kernel("a", {x}, Sketch::Reads::neighbour), b = s.kernel("b", {a}, Sketch::Reads::neighbour),
                y = s.kernel("y", {a, b});
  const ValueId next = s.kernel("next", {w, y});
  const Program good = s.assemble({y}, {{w, next}});
  REQUIRE_NOTHROW(verify(good));
  const auto broken = [&](auto change) {
    Program program = good;
    change(program);
    CHECK_THROWS_AS(verify(program), InternalError);
  };
  broken([](Program& p) { std::swap(p.steps[0], p.steps[1]); });    // a read before the write
  broken([&](Program& p) { p.placements[b] = p.placements[a]; });   // b over a, which y reads
  broken([&](Program& p) { p.placements[a] = {Home::input, 0}; });  // a write to an input
  broken([&](Program& p) { p.placements[b].last = 1; });            // a read after its life
  broken([](Program& p) { p.point_of_no_return = 4; });             // an overwrite too early
  broken([](Program& p) { p.steps.pop_back(); });                   // an update never written
  broken([&](Program& p) {
    p.placements[y] = {Home::arena, static_cast<std::size_t>(y), 2, 3};
  });  // an output elsewhere
}

TEST_CASE("overlapping regions are found") {
  Sketch s;
  const ValueId x = s.input("x");
  const ValueId a = s.kernel("a", {x}), b = s.kernel("b", {x});
  const Program program = s.assemble({s.kernel("y", {a, b}, Sketch::Reads::neighbour)});
  ArenaLayout layout{std::vector<std::size_t>(program.values.size(), 0), 64};
  CHECK_THROWS_AS(verify(program, layout, [](ValueId) { return std::size_t{32}; }), InternalError);
  layout.offsets[b] = 32;
  CHECK_NOTHROW(verify(program, layout, [](ValueId) { return std::size_t{32}; }));
}

TEST_CASE("random programs assemble to programs that hold") {
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int round = 0; round < 200; ++round) {
    Sketch s;
    std::vector<ValueId> values{s.input("x"), s.input("y"), s.shared("v"), s.shared("w"), s.constant()};
    for (std::size_t k = below(20) + 1; k > 0; --k) {
      std::vector<ValueId> operands;
      for (std::size_t j = below(3) + 1; j > 0; --j)
        if (const ValueId v = values[below(values.size())];
            std::find(operands.begin(), operands.end(), v) == operands.end())
          operands.push_back(v);
      values.push_back(
          s.kernel("k", operands, below(3) ? Sketch::Reads::own_element : Sketch::Reads::neighbour, below(8) == 0));
    }
    const auto pick = [&] { return values[below(values.size())]; };
    const Program program = s.assemble({pick(), pick()}, {{values[2], pick()}, {values[3], pick()}});
    const BytesOf bytes_of = [](ValueId v) { return static_cast<std::size_t>(v % 5 * 70 + 1); };
    REQUIRE_NOTHROW(verify(program));
    REQUIRE_NOTHROW(verify(program, plan(program, bytes_of), bytes_of));
  }
}
