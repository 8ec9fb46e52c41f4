#include "src/ir/content.h"

#include "src/ir/loop.h"

#include <catch2/catch.hpp>

#include <functional>
#include <set>
#include <string>
#include <vector>

using namespace theon;
using namespace theon::ir;

namespace {

/// A kernel with every kind of statement, in a pool of its own.
struct Example {
  Dim n = dim("n"), m = dim("m");
  Pool pool;
  Kernel kernel;

  Example() {
    const auto i = [&](Local local) { return pool.local(local, DType::int64); };
    const Expr x = pool.load(0, DType::float32, std::vector{i(2)});
    const Monoid* add = pool.monoid(Opcode::add, DType::float32);
    const If branch{i(2) < 3, {{Assign{4, x * 2.0}}}, {{Store{1, i(2), x, Opcode::max}}}};
    const For inner{3, pool.literal(0), pool.parameter(floor_div(n * 2, m) + 1), 8, 4, {{Accumulate{add, {4}, {exp(x)}}}}};
    kernel = {"example",
              {{"x", DType::float32, Access::read, 5},
               {"y", DType::float32, Access::read_write, 6},
               {"s", DType::float32, Access::scratch, 0, pool.parameter(n)}},
              {{For{2, i(0), i(1), 1, 1,
                    {{Var{4, x}}, {branch}, {inner}, {Let{5, i(2) + 1}}, {Report{i(2) < 0, 1, i(2), i(2)}},
                     {Store{1, i(2), pool.local(4, DType::float32)}},
                     {Transpose{1, 0, i(0), pool.parameter(n), i(1), pool.parameter(m), pool.literal(4), pool.literal(16)}},
                     {Prefetch{0, i(2)}}}}}},
              6};
  }

  For& outer() { return std::get<For>(kernel.body[0].node); }
  template <class Kind>
  Kind& inside(std::size_t place) {
    return std::get<Kind>(outer().body[place].node);
  }
  Expr number(std::int64_t value) { return pool.literal(value); }

  std::string content() const { return content({n, m}); }
  std::string content(const std::vector<Dim>& symbols) const {
    const Layout layout(symbols);
    Content content(layout);
    content.add(kernel);
    return content.bytes();
  }
};

}  // namespace

TEST_CASE("a kernel built again, with other symbols in the same places, is the same content") {
  CHECK(Example().content() == Example().content());
}

TEST_CASE("names and what the pool holds besides do not matter") {
  Example plain, named;
  for (int k = 0; k < 10; ++k) named.pool.local(100 + k, DType::int32);
  named.kernel.name = "another";
  for (Buffer& buffer : named.kernel.buffers) buffer.name += " renamed";
  CHECK(plain.content() == named.content());
}

TEST_CASE("the places of symbols matter") {
  const Example example;
  CHECK(example.content({example.n, example.m}) != example.content({example.m, example.n}));
}

TEST_CASE("every change of a kernel changes its content") {
  using Change = std::function<void(Example&)>;
  const std::vector<Change> changes{
      [](Example&) {},
      [](Example& e) { e.kernel.buffers[0].dtype = DType::int32; },
      [](Example& e) { e.kernel.buffers[0].access = Access::read_write; },
      [](Example& e) { e.kernel.buffers[0].slot = 7; },
      [](Example& e) { e.kernel.buffers[2].size = e.pool.parameter(e.m); },
      [](Example& e) { e.kernel.buffers[2].size = {}; },
      [](Example& e) { e.kernel.buffers.pop_back(); },
      [](Example& e) { e.kernel.locals = 9; },
      [](Example& e) { e.kernel.body.push_back(e.kernel.body[0]); },
      [](Example& e) { e.kernel.body.clear(); },
      [](Example& e) { e.outer().variable = 9; },
      [](Example& e) { e.outer().begin = e.number(1); },
      [](Example& e) { e.outer().end = e.number(1); },
      [](Example& e) { e.outer().lanes = 2; },
      [](Example& e) { e.outer().unroll = 2; },
      [](Example& e) { e.outer().tail = Tail::merged; },
      [](Example& e) { e.outer().streams = e.number(1) < e.number(2); },
      [](Example& e) { e.outer().body.pop_back(); },
      [](Example& e) { std::swap(e.outer().body[1], e.outer().body[2]); },
      [](Example& e) { e.inside<Var>(0).local = 3; },
      [](Example& e) { e.inside<Var>(0).initial = e.pool.literal(DType::float32, 0.0); },
      [](Example& e) { e.inside<Var>(0).initial = e.pool.literal(DType::float32, -0.0); },
      [](Example& e) { e.inside<Var>(0).initial = e.pool.literal(DType::float64, 0.0); },
      [](Example& e) { e.inside<If>(1).condition = e.number(1) < e.pool.local(2, DType::int64); },
      [](Example& e) { e.inside<If>(1).condition = e.pool.local(2, DType::int64) <= 3; },
      [](Example& e) { std::swap(e.inside<If>(1).then, e.inside<If>(1).otherwise); },
      [](Example& e) { e.inside<If>(1).otherwise.clear(); },
      [](Example& e) { std::get<Store>(e.inside<If>(1).otherwise[0].node).combine = Opcode::min; },
      [](Example& e) { std::get<Store>(e.inside<If>(1).otherwise[0].node).combine.reset(); },
      [](Example& e) { std::get<Assign>(e.inside<If>(1).then[0].node).local = 5; },
      [](Example& e) { std::get<Assign>(e.inside<If>(1).then[0].node).value = e.pool.literal(DType::float32, 1.0); },
      [](Example& e) { e.inside<For>(2).end = e.pool.parameter(floor_div(e.n * 2, e.m) + 2); },
      [](Example& e) { e.inside<For>(2).end = e.pool.parameter(mod(e.n * 2, e.m) + 1); },
      [](Example& e) { e.inside<For>(2).end = e.pool.parameter(floor_div(e.m * 2, e.n) + 1); },
      [](Example& e) { std::get<Accumulate>(e.inside<For>(2).body[0].node).monoid = e.pool.monoid(Opcode::max, DType::float32); },
      [](Example& e) { std::get<Accumulate>(e.inside<For>(2).body[0].node).locals = {5}; },
      [](Example& e) { std::get<Accumulate>(e.inside<For>(2).body[0].node).values = {e.pool.literal(DType::float32, 1.0)}; },
      [](Example& e) { e.inside<Let>(3).local = 4; },
      [](Example& e) { e.inside<Let>(3).value = e.pool.local(2, DType::int64) + 2; },
      [](Example& e) { e.inside<Report>(4).condition = e.pool.local(2, DType::int64) < 1; },
      [](Example& e) { e.inside<Report>(4).code = 2; },
      [](Example& e) { e.inside<Report>(4).first = e.number(1); },
      [](Example& e) { e.inside<Report>(4).second = e.number(1); },
      [](Example& e) { e.inside<Store>(5).buffer = 2; },
      [](Example& e) { e.inside<Store>(5).offset = e.number(1); },
      [](Example& e) { e.inside<Store>(5).value = e.pool.load(0, DType::float32, std::vector{e.pool.local(2, DType::int64)}); },
      [](Example& e) { e.inside<Store>(5).value = e.pool.load(1, DType::float32, std::vector{e.pool.local(2, DType::int64)}); },
      [](Example& e) { e.inside<Transpose>(6).target = 2; },
      [](Example& e) { e.inside<Transpose>(6).source = 2; },
      [](Example& e) { e.inside<Transpose>(6).target_offset = e.number(5); },
      [](Example& e) { e.inside<Transpose>(6).target_stride = e.number(5); },
      [](Example& e) { e.inside<Transpose>(6).source_offset = e.number(5); },
      [](Example& e) { e.inside<Transpose>(6).source_stride = e.number(5); },
      [](Example& e) { e.inside<Transpose>(6).rows = e.number(5); },
      [](Example& e) { e.inside<Transpose>(6).columns = e.number(5); },
      [](Example& e) { e.inside<Prefetch>(7).buffer = 1; },
      [](Example& e) { e.inside<Prefetch>(7).offset = e.number(5); },
  };
  std::set<std::string> contents;
  for (const Change& change : changes) {
    Example example;
    change(example);
    contents.insert(example.content());
  }
  CHECK(contents.size() == changes.size());
}
