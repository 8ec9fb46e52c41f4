#include "codegen/llvm/code.h"

#include "src/support/check.h"

#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace theon::codegen {

namespace {

constexpr std::uint64_t any_memory = ~std::uint64_t{0};

/// Whether a loop known to run runs only once.
bool runs_once(llvm::Value* begin, llvm::Value* end, llvm::Value* step) {
  const auto* first = llvm::dyn_cast<llvm::ConstantInt>(begin);
  const auto* last = llvm::dyn_cast<llvm::ConstantInt>(end);
  const auto* by = llvm::dyn_cast<llvm::ConstantInt>(step);
  return first && last && by && first->getSExtValue() + by->getSExtValue() >= last->getSExtValue();
}

/// A value carried around a loop. Until the loop is closed, what comes back is a stand-in about which nothing can be
/// concluded: a load, in a block of its own that is complete, because the folder looks at where incoming values come
/// from.
class Carried {
 public:
  Carried(Builder& builder, llvm::Value* initial, llvm::BasicBlock* before, llvm::BasicBlock* loop)
      : unknown_(llvm::BasicBlock::Create(builder.getContext(), "unknown", loop->getParent())),
        phi_(builder.CreatePHI(initial->getType(), 2)) {
    llvm::Value* nowhere = llvm::PoisonValue::get(builder.getPtrTy());
    phi_->addIncoming(initial, before);
    phi_->addIncoming(new llvm::LoadInst(initial->getType(), nowhere, "", true, llvm::Align(1), unknown_), unknown_);
    llvm::BranchInst::Create(loop, unknown_);
  }
  llvm::Value* value() const { return phi_; }
  void close(llvm::Value* next, llvm::BasicBlock* latch) const {
    phi_->setIncomingValue(1, next);
    phi_->setIncomingBlock(1, latch);
    unknown_->eraseFromParent();
  }

 private:
  llvm::BasicBlock* unknown_;
  llvm::PHINode* phi_;
};

}  // namespace

Code::Code(llvm::Function& function, bool contracts)
    : function_(function), b_(function.getContext(), llvm::InstSimplifyFolder(function.getParent()->getDataLayout())) {
  if (contracts) b_.setFastMathFlags(contraction());
  llvm::BasicBlock* entry = create_block("entry", 0);
  enter(entry, entry, Keeps::nothing, 0);
  llvm::BasicBlock* body = create_block("body", 1);
  end_block(b_.CreateBr(body));
  enter(entry, body, Keeps::nothing, any_memory);
}

int Code::level(llvm::Value* value) const {
  const auto* instruction = llvm::dyn_cast<llvm::Instruction>(value);
  return instruction ? levels_.at(instruction->getParent()) : 0;
}

int Code::level(llvm::ArrayRef<llvm::Value*> values) const {
  int result = 0;
  for (llvm::Value* value : values) result = std::max(result, level(value));
  return result;
}

int Code::arithmetic_floor() const {
  for (int level = this->level(); level > 0; --level) {
    if (scopes_[level].keeps == Keeps::everything) return level;
  }
  return 0;
}

int Code::load_floor(std::uint64_t reads) const {
  for (int level = this->level(); level > 0; --level) {
    if (scopes_[level].keeps != Keeps::nothing || (scopes_[level].writes & reads) != 0) return level;
  }
  return 0;
}

Values Code::branch(llvm::Value* condition, Keeps keeps, Body then, Body otherwise) {
  if (const auto* known = llvm::dyn_cast<llvm::ConstantInt>(condition)) return known->isOne() ? then() : otherwise();
  llvm::BasicBlock* then_block = create_block("then", level() + 1);
  llvm::BasicBlock* otherwise_block = create_block("else", level() + 1);
  llvm::BasicBlock* next = create_block("next", level());
  end_block(b_.CreateCondBr(condition, then_block, otherwise_block));

  llvm::BasicBlock* before = b_.GetInsertBlock();
  const auto run = [&](llvm::BasicBlock* block, Body body) {
    enter(before, block, keeps, any_memory);
    Values values = body();
    llvm::BasicBlock* end = b_.GetInsertBlock();
    end_block(b_.CreateBr(next));
    leave(next);
    return std::pair(values, end);
  };
  const auto [then_values, then_end] = run(then_block, then);
  const auto [otherwise_values, otherwise_end] = run(otherwise_block, otherwise);
  return merge(then_values, then_end, otherwise_values, otherwise_end);
}

Values Code::loop(llvm::Value* begin, llvm::Value* end, llvm::Value* step, const Values& initial, std::uint64_t writes,
                  LoopBody body) {
  if (runs_once(begin, end, step)) return body(begin, initial);
  llvm::BasicBlock* before = b_.GetInsertBlock();
  llvm::BasicBlock* block = create_block("loop", level() + 1);
  llvm::BasicBlock* next = create_block("next", level());
  end_block(b_.CreateBr(block));
  enter(before, block, Keeps::nothing, writes);

  const Carried variable(b_, begin, before, block);
  std::vector<Carried> carried;
  for (llvm::Value* value : initial) carried.emplace_back(b_, value, before, block);
  Values current;
  for (const Carried& each : carried) current.push_back(each.value());
  const Values results = body(variable.value(), current);
  THEON_CHECK(results.size() == carried.size());

  llvm::BasicBlock* latch = b_.GetInsertBlock();
  llvm::Value* advanced = b_.CreateNSWAdd(variable.value(), step);
  variable.close(advanced, latch);
  for (std::size_t k = 0; k < carried.size(); ++k) carried[k].close(results[k], latch);
  end_block(b_.CreateCondBr(b_.CreateICmpSLT(advanced, end), block, next));
  leave(next);
  return brought_out(results, latch);
}

/// The results of a loop as values of the scope around it.
Values Code::brought_out(const Values& results, llvm::BasicBlock* latch) {
  Values outside;
  for (llvm::Value* result : results) {
    if (level(result) <= level()) {
      outside.push_back(result);
      continue;
    }
    llvm::PHINode* node = b_.CreatePHI(result->getType(), 1);
    node->addIncoming(result, latch);
    outside.push_back(node);
  }
  return outside;
}

llvm::BasicBlock* Code::create_block(const char* name, int level) {
  llvm::BasicBlock* block = llvm::BasicBlock::Create(function_.getContext(), name, &function_);
  levels_[block] = level;
  // The folder looks ahead into the blocks that must follow and takes each to hold an instruction: until a block ends,
  // a stand-in stands at its end.
  new llvm::UnreachableInst(function_.getContext(), block);
  return block;
}

void Code::end_block(llvm::Instruction* terminator) { terminator->getNextNode()->eraseFromParent(); }

void Code::enter(llvm::BasicBlock* from, llvm::BasicBlock* block, Keeps keeps, std::uint64_t writes) {
  if (!scopes_.empty()) scopes_.back().leave = from;
  scopes_.push_back({++serials_, keeps, writes, nullptr});
  b_.SetInsertPoint(block->getTerminator());
}

void Code::leave(llvm::BasicBlock* next) {
  scopes_.pop_back();
  b_.SetInsertPoint(next->getTerminator());
}

Values Code::merge(const Values& then, llvm::BasicBlock* then_end, const Values& otherwise,
                   llvm::BasicBlock* otherwise_end) {
  THEON_CHECK(then.size() == otherwise.size());
  Values merged;
  for (std::size_t k = 0; k < then.size(); ++k) {
    if (then[k] == otherwise[k]) {
      merged.push_back(then[k]);
      continue;
    }
    llvm::PHINode* node = b_.CreatePHI(then[k]->getType(), 2);
    node->addIncoming(then[k], then_end);
    node->addIncoming(otherwise[k], otherwise_end);
    merged.push_back(node);
  }
  return merged;
}

}  // namespace theon::codegen
