#include "codegen/llvm/statement.h"

#include "codegen/abi.h"

#include <algorithm>
#include <cstddef>

namespace theon::codegen {

void Statements::emit(const ir::Block& block) {
  for (const ir::Statement& statement : block) std::visit([&](const auto& each) { emit(each); }, statement.node);
}

Values Statements::values_of(const Locals& locals) const {
  Values values;
  for (const ir::Local local : locals) {
    const Values& parts = expressions_.local(local).parts;
    values.append(parts.begin(), parts.end());
  }
  return values;
}

void Statements::restore(const Locals& locals, const Values& values) {
  const auto* next = values.begin();
  for (const ir::Local local : locals) {
    const Operand& value = expressions_.local(local);
    const Values parts(next, next + value.parts.size());
    next += parts.size();
    if (parts != value.parts) expressions_.change(local, {value.form, parts});
  }
}

void Statements::branch(llvm::Value* condition, Keeps keeps, const Locals& carried, Run then, Run otherwise) {
  const Values before = values_of(carried);
  const auto run = [&](Run body) {
    restore(carried, before);
    body();
    return values_of(carried);
  };
  restore(carried, code_.branch(
                       condition, keeps, [&] { return run(then); }, [&] { return run(otherwise); }));
}

void Statements::emit(const ir::For& loop) {
  llvm::Value* begin = expressions_.scalar(loop.begin);
  llvm::Value* end = expressions_.scalar(loop.end);
  const auto run = [&] { loop.lanes > 1 ? vector_loop(loop, begin, end) : serial_loop(loop, begin, end); };
  branch(code_.builder().CreateICmpSLT(begin, end), Keeps::loads, carried_through(loop.body), run, [] {});
}

void Statements::serial_loop(const ir::For& loop, llvm::Value* begin, llvm::Value* end) {
  const Locals carried = carried_through(loop.body);
  const std::uint64_t writes = memory_written_by(loop.body, changes_);
  expressions_.changed(writes);
  restore(carried, code_.loop(begin, end, code_.builder().getInt64(1), values_of(carried), writes,
                              [&](llvm::Value* variable, const Values& values) {
                                restore(carried, values);
                                expressions_.define(loop.variable, Operand::uniform(variable));
                                emit(loop.body);
                                return values_of(carried);
                              }));
}

void Statements::emit(const ir::Let& let) { expressions_.define(let.local, expressions_.evaluate(let.value)); }

void Statements::emit(const ir::Var& var) {
  const Operand initial = expressions_.evaluate(var.initial);
  expressions_.change(var.local, lanes_.loop() ? Operand::vector(lanes_.spread(initial)) : initial);
  if (lanes_.loop()) declared_active_[var.local] = lanes_.loop()->active;
}

void Statements::emit(const ir::Assign& assignment) { assign(assignment.local, expressions_.spread(assignment.value)); }

/// Lanes that do not run keep their value. Where they did not run at the declaration either, they have none worth
/// keeping.
void Statements::assign(ir::Local local, Values values) {
  const Operand& before = expressions_.local(local);
  const auto declared = declared_active_.find(local);
  const bool all = !lanes_.loop() || (declared != declared_active_.end() && declared->second == lanes_.loop()->active);
  for (unsigned group = 0; group < values.size(); ++group) {
    if (llvm::Value* active = all ? nullptr : lanes_.active(group))
      values[group] = code_.builder().CreateSelect(active, values[group], before.parts[group]);
  }
  expressions_.change(local, {before.form, std::move(values)});
}

void Statements::emit(const ir::Accumulate& accumulate) {
  std::vector<Values> added, combined(accumulate.locals.size());
  for (const ir::Expr value : accumulate.values) added.push_back(expressions_.spread(value));
  for (unsigned group = 0; group < lanes_.groups(); ++group) {
    Values state, values;
    for (std::size_t k = 0; k < added.size(); ++k) {
      state.push_back(expressions_.local(accumulate.locals[k]).parts[group]);
      values.push_back(added[k][group]);
    }
    const Values result = expressions_.combine(*accumulate.monoid, state, values);
    for (std::size_t k = 0; k < result.size(); ++k) combined[k].push_back(result[k]);
  }
  for (std::size_t k = 0; k < combined.size(); ++k) assign(accumulate.locals[k], combined[k]);
}

void Statements::emit(const ir::Store& store) {
  const Offset offset = expressions_.offset(store.offset);
  Values values = expressions_.spread(store.value);
  if (store.combine) {
    const Values before = lanes_.spread(memory_.load(store.buffer, offset, changes_.buffer(store.buffer)));
    for (std::size_t group = 0; group < values.size(); ++group)
      values[group] = expressions_.apply(*store.combine, store.value->dtype, before[group], values[group]);
  }
  memory_.store(store.buffer, offset, values);
  expressions_.changed(changes_.buffer(store.buffer));
}

void Statements::emit(const ir::Prefetch& prefetch) {
  memory_.prefetch(prefetch.buffer, expressions_.offset(prefetch.offset));
}

void Statements::emit(const ir::If& statement) {
  const Operand condition = expressions_.evaluate(statement.condition);
  if (condition.form != Operand::Form::uniform) return masked_branch(statement, condition.parts);
  Locals carried = carried_through(statement.then);
  for (const ir::Local local : carried_through(statement.otherwise)) {
    if (std::ranges::find(carried, local) == carried.end()) carried.push_back(local);
  }
  branch(
      condition.scalar(), Keeps::everything, carried, [&] { emit(statement.then); },
      [&] { emit(statement.otherwise); });
}

/// Both blocks run, each for the lanes that want it, unless there are none.
void Statements::masked_branch(const ir::If& statement, const Values& condition) {
  Values otherwise;
  for (llvm::Value* lanes : condition) otherwise.push_back(code_.builder().CreateNot(lanes));
  run_lanes(statement.then, condition);
  run_lanes(statement.otherwise, otherwise);
}

void Statements::run_lanes(const ir::Block& block, const Values& condition) {
  if (block.empty()) return;
  const Values before = lanes_.loop()->active;
  const Values wanted = among_active(condition);
  llvm::Value* needed = any(wanted[0]);
  for (std::size_t group = 1; group < wanted.size(); ++group)
    needed = code_.builder().CreateOr(needed, any(wanted[group]));
  const auto run = [&] {
    lanes_.restrict_to(wanted);
    emit(block);
    lanes_.restrict_to(before);
  };
  branch(needed, Keeps::everything, carried_through(block), run, [] {});
}

Values Statements::among_active(const Values& condition) {
  Values result;
  for (unsigned group = 0; group < condition.size(); ++group) {
    llvm::Value* active = lanes_.active(group);
    result.push_back(active ? code_.builder().CreateAnd(active, condition[group]) : condition[group]);
  }
  return result;
}

/// Whether any lane holds true.
llvm::Value* Statements::any(llvm::Value* lanes) { return code_.builder().CreateIsNotNull(packed(lanes)); }

/// A bit for each lane.
llvm::Value* Statements::packed(llvm::Value* lanes) {
  Builder& b = code_.builder();
  return b.CreateBitCast(lanes, b.getIntNTy(lanes_of(lanes)));
}

void Statements::emit(const ir::Report& report) {
  Builder& b = code_.builder();
  const Operand condition = expressions_.evaluate(report.condition);
  if (condition.form == Operand::Form::uniform) {
    branch(
        condition.scalar(), Keeps::everything, {}, [&] { record(report, 0, nullptr); }, [] {});
    return;
  }
  const Values failing = among_active(condition.parts);
  for (unsigned group = 0; group < failing.size(); ++group) {
    llvm::Value* bits = packed(failing[group]);
    const auto run = [&] { record(report, group, b.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, bits, b.getTrue())); };
    branch(b.CreateIsNotNull(bits), Keeps::everything, {}, run, [] {});
  }
}

/// Of the values that belong to the lane, where there are lanes.
void Statements::record(const ir::Report& report, unsigned group, llvm::Value* lane) {
  Builder& b = code_.builder();
  const auto value = [&](ir::Expr expr) {
    const Operand operand = expressions_.evaluate(expr);
    if (operand.form == Operand::Form::uniform) return operand.scalar();
    return b.CreateExtractElement(lanes_.spread(operand)[group], b.CreateZExtOrTrunc(lane, b.getInt32Ty()));
  };
  const auto field = [&](std::size_t bytes) { return b.CreateConstGEP1_64(b.getInt8Ty(), failure_, bytes); };
  llvm::Value* code = field(offsetof(TheonFailure, code));
  const auto run = [&] {
    b.CreateStore(value(report.first), field(offsetof(TheonFailure, first)));
    b.CreateStore(value(report.second), field(offsetof(TheonFailure, second)));
    b.CreateStore(b.getInt32(report.code), code);
  };
  branch(b.CreateIsNull(b.CreateLoad(b.getInt32Ty(), code)), Keeps::everything, {}, run, [] {});
}

}  // namespace theon::codegen
