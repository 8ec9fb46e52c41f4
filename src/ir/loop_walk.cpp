#include "src/ir/loop_walk.h"

namespace theon::ir {

namespace {

std::vector<const Block*> blocks(const Statement& statement) {
  using Blocks = std::vector<const Block*>;
  return std::visit(Overloaded{
                        [](const For& loop) { return Blocks{&loop.body}; },
                        [](const Let&) { return Blocks{}; },
                        [](const Var&) { return Blocks{}; },
                        [](const Assign&) { return Blocks{}; },
                        [](const Accumulate&) { return Blocks{}; },
                        [](const Store&) { return Blocks{}; },
                        [](const Transpose&) { return Blocks{}; },
                        [](const Prefetch&) { return Blocks{}; },
                        [](const If& branch) {
                          return Blocks{&branch.then, &branch.otherwise};
                        },
                        [](const Report&) { return Blocks{}; },
                    },
                    statement.node);
}

}  // namespace

void for_each_statement(const Block& block, const std::function<void(const Statement&)>& visit) {
  for (const Statement& statement : block) {
    visit(statement);
    for (const Block* inside : blocks(statement)) for_each_statement(*inside, visit);
  }
}

std::vector<Expr> expressions(const Statement& statement) {
  using Exprs = std::vector<Expr>;
  return std::visit(Overloaded{
                        [](const For& loop) {
                          return loop.streams ? Exprs{loop.begin, loop.end, loop.streams} : Exprs{loop.begin, loop.end};
                        },
                        [](const Let& let) { return Exprs{let.value}; },
                        [](const Var& var) { return Exprs{var.initial}; },
                        [](const Assign& assign) { return Exprs{assign.value}; },
                        [](const Accumulate& accumulate) { return accumulate.values; },
                        [](const Store& store) {
                          return Exprs{store.offset, store.value};
                        },
                        [](const Transpose& turn) {
                          return Exprs{turn.target_offset, turn.target_stride, turn.source_offset,
                                       turn.source_stride, turn.rows,          turn.columns};
                        },
                        [](const Prefetch& prefetch) { return Exprs{prefetch.offset}; },
                        [](const If& branch) { return Exprs{branch.condition}; },
                        [](const Report& report) {
                          return Exprs{report.condition, report.first, report.second};
                        },
                    },
                    statement.node);
}

}  // namespace theon::ir
