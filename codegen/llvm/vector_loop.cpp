// Loops over vectors: whole groups of lanes, several at once, and a tail.
#include "codegen/llvm/statement.h"
#include "src/ir/loop_walk.h"

#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/TargetParser/Triple.h>

#include <algorithm>

namespace theon::codegen {

void Statements::vector_loop(const ir::For& loop, llvm::Value* begin, llvm::Value* end) {
  if (target_.effort == Effort::quick) return one_copy(loop, begin, end);
  const Accumulations sums = accumulations_out_of(loop.body);
  const std::vector<Values> before = open(sums, loop.lanes);
  const bool merged = target_.masks && loop.tail == ir::Tail::merged;
  if (!merged)
    begin = loop.streams ? streamed_or_whole_groups(loop, begin, end) : whole_groups(loop, begin, end, loop.unroll);
  if (!target_.masks && loop.unroll > 1) begin = whole_groups(loop, begin, end, 1);
  if (merged && loop.unroll == 1)
    part_first(loop, begin, end);
  else if (target_.masks)
    masked_groups(loop, begin, end, merged ? loop.unroll : 1);
  close(sums, before);
  if (!target_.masks) scalar_tail(loop, begin, end);
}

/// Without a tail of its own, and one group at a time: nothing is translated twice.
void Statements::one_copy(const ir::For& loop, llvm::Value* begin, llvm::Value* end) {
  if (!target_.masks) return scalar_tail(loop, begin, end);
  const Accumulations sums = accumulations_out_of(loop.body);
  const std::vector<Values> before = open(sums, loop.lanes);
  part_first(loop, begin, end);
  close(sums, before);
}

/// The same, but loops that are long enough store past the caches: a group at a time, since they wait for memory
/// anyway. What lies in the place of an operand has been brought into the caches.
llvm::Value* Statements::streamed_or_whole_groups(const ir::For& loop, llvm::Value* begin, llvm::Value* end) {
  Builder& b = code_.builder();
  llvm::Value* streams = expressions_.scalar(loop.streams);
  enter(loop, {static_cast<unsigned>(loop.lanes), 1, begin});
  for (const ir::Statement& statement : loop.body) {
    const auto* store = std::get_if<ir::Store>(&statement.node);
    if (!store) continue;
    llvm::Value* first = begin;
    for (llvm::Value* term : expressions_.offset(store->offset).terms) first = b.CreateAdd(first, term);
    streams = b.CreateAnd(streams, memory_.is_aligned(store->buffer, first, static_cast<unsigned>(loop.lanes)));
    streams = b.CreateAnd(streams, memory_.is_apart(store->buffer));
  }
  lanes_.end();
  const auto past_the_caches = [&] {
    memory_.set_streaming(true);
    llvm::Value* rest = whole_groups(loop, begin, end, 1);
    memory_.set_streaming(false);
    return Values{rest};
  };
  return code_.branch(streams, Keeps::nothing, past_the_caches,
                      [&] { return Values{whole_groups(loop, begin, end, loop.unroll)}; })[0];
}

/// Stores past the caches may become visible later than the return from the kernel does.
void Statements::finish(const ir::Kernel& kernel) {
  std::vector<ir::Expr> conditions;
  ir::for_each_statement(kernel.body, [&](const ir::Statement& statement) {
    const auto* loop = std::get_if<ir::For>(&statement.node);
    if (!loop || !loop->streams) return;
    if (std::ranges::none_of(conditions, [&](ir::Expr known) { return same(known, loop->streams); }))
      conditions.push_back(loop->streams);
  });
  Builder& b = code_.builder();
  const auto fence = [&] {
    if (llvm::Triple(target_.triple).isX86())
      b.CreateIntrinsic(llvm::Intrinsic::x86_sse_sfence, {}, {});
    else
      b.CreateFence(llvm::AtomicOrdering::Release);
  };
  for (const ir::Expr streams : conditions) branch(expressions_.scalar(streams), Keeps::everything, {}, fence, [] {});
}

/// Runs as many lanes at once as `groups` hold, as often as they fill; returns where the rest begins.
llvm::Value* Statements::whole_groups(const ir::For& loop, llvm::Value* begin, llvm::Value* end, unsigned groups) {
  Builder& b = code_.builder();
  const Accumulations sums = accumulations_out_of(loop.body);
  const Locals carried = carried_through(loop.body);
  llvm::Value* step = b.getInt64(std::int64_t{loop.lanes} * groups);
  llvm::Value* count = b.CreateSub(end, begin);
  llvm::Value* rest = b.CreateAdd(begin, b.CreateSub(count, b.CreateURem(count, step)));
  const std::uint64_t writes = memory_written_by(loop.body, changes_);
  const auto run = [&] {
    split(sums, groups);
    expressions_.changed(writes);
    restore(carried,
            code_.loop(begin, rest, step, values_of(carried), writes, [&](llvm::Value* first, const Values& values) {
              restore(carried, values);
              run_copy(loop, {static_cast<unsigned>(loop.lanes), groups, first});
              return values_of(carried);
            }));
    join(sums);
  };
  branch(b.CreateICmpSLT(begin, rest), Keeps::nothing, carried, run, [] {});
  return rest;
}

/// The rest, so many groups at a time, and of the last ones as many lanes as are left.
void Statements::masked_groups(const ir::For& loop, llvm::Value* begin, llvm::Value* end, unsigned groups) {
  Builder& b = code_.builder();
  const Accumulations sums = accumulations_out_of(loop.body);
  const Locals carried = carried_through(loop.body);
  const std::uint64_t writes = memory_written_by(loop.body, changes_);
  const auto run = [&] {
    split(sums, groups);
    expressions_.changed(writes);
    const auto lanes = static_cast<unsigned>(loop.lanes);
    restore(carried, code_.loop(begin, end, b.getInt64(std::int64_t{lanes} * groups), values_of(carried), writes,
                                [&](llvm::Value* first, const Values& values) {
                                  restore(carried, values);
                                  Values active;
                                  for (unsigned group = 0; group < groups; ++group)
                                    active.push_back(lanes_up_to(
                                        b.CreateSub(end, b.CreateAdd(first, b.getInt64(group * lanes))), lanes));
                                  run_copy(loop, {lanes, groups, first, active});
                                  return values_of(carried);
                                }));
    join(sums);
  };
  branch(b.CreateICmpSLT(begin, end), Keeps::nothing, carried, run, [] {});
}

/// Groups that end where the loop does: of the first one only the lanes run that belong to the loop. Which ones is
/// known before, so an iteration pays for its mask as an operand alone.
void Statements::part_first(const ir::For& loop, llvm::Value* begin, llvm::Value* end) {
  Builder& b = code_.builder();
  const Accumulations sums = accumulations_out_of(loop.body);
  const Locals carried = carried_through(loop.body);
  const std::uint64_t writes = memory_written_by(loop.body, changes_);
  const auto lanes = static_cast<unsigned>(loop.lanes);
  llvm::Value* beyond = b.CreateURem(b.CreateSub(end, begin), b.getInt64(lanes));
  llvm::Value* missing = b.CreateSelect(b.CreateIsNull(beyond), b.getInt64(0), b.CreateSub(b.getInt64(lanes), beyond));
  llvm::Value* mask = b.CreateNot(lanes_up_to(missing, lanes));
  if (const auto* known = llvm::dyn_cast<llvm::Constant>(mask); known && known->isAllOnesValue()) {
    whole_groups(loop, begin, end, 1);
    return;
  }
  const auto run = [&] {
    split(sums, 1);
    expressions_.changed(writes);
    Values initial = values_of(carried);
    initial.push_back(mask);
    Values results = code_.loop(b.CreateSub(begin, missing), end, b.getInt64(lanes), initial, writes,
                                [&](llvm::Value* first, Values values) {
                                  llvm::Value* active = values.pop_back_val();
                                  restore(carried, values);
                                  run_copy(loop, {lanes, 1, first, {active}});
                                  Values next = values_of(carried);
                                  next.push_back(llvm::ConstantInt::getTrue(mask->getType()));
                                  return next;
                                });
    results.pop_back();
    restore(carried, results);
    join(sums);
  };
  branch(b.CreateICmpSLT(begin, end), Keeps::nothing, carried, run, [] {});
}

/// The first `count` of the lanes, all where there are fewer, none where it is negative. Compared, not shifted out of a
/// byte of ones: where LLVM 19 spills a mask of 8 lanes made so, it may take it for one of 16 with whatever lies above
/// the byte.
llvm::Value* Statements::lanes_up_to(llvm::Value* count, unsigned lanes) {
  Builder& b = code_.builder();
  const unsigned bits = std::clamp(8u * target_.vector_bytes / lanes, 8u, 64u);
  llvm::SmallVector<llvm::Constant*, 64> numbers;
  for (unsigned lane = 0; lane < lanes; ++lane) numbers.push_back(b.getIntN(bits, lane));
  llvm::Value* limited = b.CreateBinaryIntrinsic(
      llvm::Intrinsic::smin, b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, count, b.getInt64(0)), b.getInt64(lanes));
  llvm::Value* run = b.CreateZExtOrTrunc(limited, b.getIntNTy(bits));
  return b.CreateICmpULT(llvm::ConstantVector::get(numbers), b.CreateVectorSplat(lanes, run));
}

/// One lane at a time, for targets where a masked load is slow.
void Statements::scalar_tail(const ir::For& loop, llvm::Value* begin, llvm::Value* end) {
  const auto run = [&] {
    lanes_.begin_copy();
    serial_loop(loop, begin, end);
  };
  branch(code_.builder().CreateICmpSLT(begin, end), Keeps::nothing, carried_through(loop.body), run, [] {});
}

void Statements::enter(const ir::For& loop, VectorLoop copy) {
  expressions_.define(loop.variable, Operand::linear(code_.builder().getInt64(0), code_.builder().getInt64(1)));
  lanes_.begin(std::move(copy));
}

void Statements::run_copy(const ir::For& loop, VectorLoop copy) {
  enter(loop, std::move(copy));
  emit(loop.body);
  lanes_.end();
}

Values Statements::state(const ir::Accumulate& sum, unsigned group) const {
  Values values;
  for (const ir::Local local : sum.locals) values.push_back(expressions_.local(local).parts[group]);
  return values;
}

/// One state for each group; scalar states make the Vars uniform.
void Statements::set_states(const ir::Accumulate& sum, const std::vector<Values>& states) {
  for (std::size_t k = 0; k < sum.locals.size(); ++k) {
    Operand value{lanes_of(states[0][k]) > 1 ? Operand::Form::vector : Operand::Form::uniform, {}};
    for (const Values& state : states) value.parts.push_back(state[k]);
    expressions_.change(sum.locals[k], std::move(value));
  }
}

/// Gives every lane a state of its own; returns what the Vars held.
std::vector<Values> Statements::open(const Accumulations& sums, unsigned lanes) {
  std::vector<Values> before;
  for (const ir::Accumulate* sum : sums) {
    before.push_back(state(*sum, 0));
    set_states(*sum, {expressions_.identity(*sum->monoid, lanes)});
  }
  return before;
}

/// Gives every group a state of its own; the first keeps what it has.
void Statements::split(const Accumulations& sums, unsigned groups) {
  for (const ir::Accumulate* sum : sums) {
    std::vector<Values> states{state(*sum, 0)};
    states.resize(groups, expressions_.identity(*sum->monoid, lanes_of(states[0][0])));
    set_states(*sum, states);
  }
}

/// Combines the groups, in pairs, to one.
void Statements::join(const Accumulations& sums) {
  for (const ir::Accumulate* sum : sums) {
    std::vector<Values> states;
    for (unsigned group = 0; group < expressions_.local(sum->locals[0]).parts.size(); ++group)
      states.push_back(state(*sum, group));
    while (states.size() > 1) {
      const std::size_t half = (states.size() + 1) / 2;
      for (std::size_t k = half; k < states.size(); ++k)
        states[k - half] = expressions_.combine(*sum->monoid, states[k - half], states[k]);
      states.resize(half);
    }
    set_states(*sum, states);
  }
}

/// Combines the lanes, by halves, and the result with what the Vars held before the loop.
void Statements::close(const Accumulations& sums, const std::vector<Values>& before) {
  for (std::size_t k = 0; k < sums.size(); ++k) {
    const ir::Monoid& monoid = *sums[k]->monoid;
    Values total = state(*sums[k], 0);
    for (unsigned lanes = lanes_of(total[0]); lanes > 1; lanes /= 2)
      total = expressions_.combine(monoid, slice(total, 0, lanes / 2), slice(total, lanes / 2, lanes / 2));
    set_states(*sums[k], {expressions_.combine(monoid, before[k], total)});
  }
}

/// `count` lanes from `first` on; one is a scalar.
Values Statements::slice(const Values& vectors, unsigned first, unsigned count) {
  Builder& b = code_.builder();
  llvm::SmallVector<int, 32> taken;
  for (unsigned lane = 0; lane < count; ++lane) taken.push_back(static_cast<int>(first + lane));
  Values result;
  for (llvm::Value* vector : vectors)
    result.push_back(count == 1 ? b.CreateExtractElement(vector, first) : b.CreateShuffleVector(vector, taken));
  return result;
}

}  // namespace theon::codegen
