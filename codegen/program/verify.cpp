#include "codegen/program/verify.h"

#include "codegen/program/steps.h"
#include "src/ir/dim_node.h"
#include "src/support/check.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace theon::codegen {

namespace {

using Home = Placement::Home;

/// One piece of memory: its home and its number there. Leaves without a number, and what does not share memory, are
/// told apart by value.
using Cell = std::tuple<Home, std::size_t>;

class Simulation {
 public:
  explicit Simulation(const Program& program) : program_(program) {
    for (std::size_t v = 0; v < program.values.size(); ++v)
      if (program.values[v].origin != Value::Origin::computed && program.placements[v].home != Home::nowhere)
        holder_[cell(v)] = static_cast<ValueId>(v);
    for (std::size_t s = 0; s < program.entry_symbols; ++s) bound_.insert(program.symbols[s]);
  }

  void run() {
    THEON_CHECK(program_.placements.size() == program_.values.size());
    for (std::size_t n = 0; n < program_.steps.size(); ++n) {
      if (n >= program_.point_of_no_return) THEON_CHECK(!can_fail(program_.steps[n], program_));
      step(program_.steps[n], n);
    }
    check_results();
  }

 private:
  Cell cell(ValueId v) const {
    const Placement& placement = program_.placements[v];
    return {placement.home, placement.home == Home::constant ? static_cast<std::size_t>(v) : placement.number};
  }

  /// Nobody writes arrays without elements.
  bool holds(ValueId v) const {
    if (std::ranges::any_of(program_.values[v].type.dims, [](const Dim& dim) { return dim.known() == 0; })) return true;
    const auto it = holder_.find(cell(v));
    return it != holder_.end() && it->second == v;
  }

  void step(const Step& step, std::size_t n) {
    if (const auto* loop = std::get_if<LoopStep>(&step.node)) return this->loop(*loop, n);
    if (const auto* branch = std::get_if<BranchStep>(&step.node)) return this->branch(*branch, n);
    for (const Dim& symbol : needs(step, program_.values, program_.kernels)) THEON_CHECK(bound_.contains(symbol));
    for (ValueId v : reads(step)) {
      THEON_CHECK(holds(v));
      check_lifetime(v, n);
    }
    for (ValueId v : writes(step)) write(v, n);
    for (const Dim& symbol : binds(step)) bound_.insert(symbol);
  }

  void loop(const LoopStep& loop, std::size_t n) {
    bound_.insert(loop.counter);
    for (const Carried& state : loop.carried) {
      THEON_CHECK(holds(state.current));
      write(state.next, n);
    }
    // Twice: what an iteration overwrites, the next one may need.
    for (int iteration = 0; iteration < 2; ++iteration) {
      if (loop.test) {
        for (const Step& inner : loop.test->steps) step(inner, n);
        THEON_CHECK(holds(loop.test->condition));
      }
      for (const Step& inner : loop.body) step(inner, n);
      for (const Carried& state : loop.carried) {
        THEON_CHECK(holds(state.next));
        write(state.current, n);
      }
    }
  }

  /// Afterwards memory holds what both branches leave in it.
  void branch(const BranchStep& branch, std::size_t n) {
    THEON_CHECK(holds(branch.condition));
    const auto before = holder_;
    for (const Step& inner : branch.then) step(inner, n);
    const auto after = std::exchange(holder_, before);
    for (const Step& inner : branch.otherwise) step(inner, n);
    std::erase_if(holder_, [&](const auto& held) {
      const auto it = after.find(held.first);
      return it == after.end() || it->second != held.second;
    });
  }

  void write(ValueId v, std::size_t n) {
    const Placement& placement = program_.placements[v];
    THEON_CHECK(program_.values[v].origin == Value::Origin::computed);
    THEON_CHECK(placement.home != Home::input && placement.home != Home::constant && placement.home != Home::nowhere);
    if (placement.home == Home::shared) THEON_CHECK(n >= program_.point_of_no_return);
    check_lifetime(v, n);
    holder_[cell(v)] = v;
  }

  void check_lifetime(ValueId v, std::size_t n) const {
    const Placement& placement = program_.placements[v];
    if (placement.home == Home::arena) THEON_CHECK(placement.first <= n && n <= placement.last);
  }

  void check_results() const {
    for (std::size_t k = 0; k < program_.outputs.size(); ++k) {
      const Placement& placement = program_.placements[program_.outputs[k]];
      THEON_CHECK(placement.home == Home::output && placement.number == k && holds(program_.outputs[k]));
    }
    for (const SharedUse& use : program_.shared) {
      if (!use.update) continue;
      THEON_CHECK(program_.placements[*use.update].home == (use.in_place ? Home::shared : Home::spare));
      THEON_CHECK(holds(*use.update));
    }
  }

  const Program& program_;
  std::map<Cell, ValueId> holder_;
  std::unordered_set<Dim, DimHash> bound_;
};

}  // namespace

void verify(const Program& program) { Simulation(program).run(); }

void verify(const Program& program, const ArenaLayout& layout, const BytesOf& bytes_of) {
  std::vector<std::size_t> roots;
  for (std::size_t v = 0; v < program.placements.size(); ++v)
    if (program.placements[v].home == Home::arena && program.placements[v].number == v) roots.push_back(v);
  for (std::size_t i = 0; i < roots.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const Placement &a = program.placements[roots[i]], &b = program.placements[roots[j]];
      if (a.first > b.last || b.first > a.last) continue;
      const std::size_t a_begin = layout.offsets[roots[i]], b_begin = layout.offsets[roots[j]];
      THEON_CHECK(a_begin + bytes_of(static_cast<ValueId>(roots[i])) <= b_begin ||
                  b_begin + bytes_of(static_cast<ValueId>(roots[j])) <= a_begin);
    }
}

}  // namespace theon::codegen
