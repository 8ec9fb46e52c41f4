#include "codegen/llvm/exception.h"

#include <llvm/IR/Instructions.h>
#include <llvm/IR/MDBuilder.h>

namespace theon::codegen {

namespace {

/// Whether all hold in all lanes.
llvm::Value* all(Builder& b, const Values& conditions) {
  llvm::Value* every = conditions[0];
  for (llvm::Value* condition : llvm::ArrayRef(conditions).drop_front()) every = b.CreateAnd(every, condition);
  llvm::Value* bits = b.CreateBitCast(every, b.getIntNTy(lanes_of(every)));
  return b.CreateICmpEQ(bits, llvm::Constant::getAllOnesValue(bits->getType()));
}

/// What is spilled around a jump is spilled where it is rare.
void mark_as_usual(llvm::BasicBlock& block) {
  auto* jump = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
  if (jump && jump->isConditional())
    jump->setMetadata(llvm::LLVMContext::MD_prof, llvm::MDBuilder(block.getContext()).createLikelyBranchWeights());
}

}  // namespace

Values except(Code& code, const Values& conditions, const Values& rule, Code::Body exception) {
  llvm::Value* condition = all(code.builder(), conditions);
  llvm::BasicBlock& before = *code.builder().GetInsertBlock();
  Values result = code.branch(
      condition, Keeps::everything, [&] { return rule; }, exception);
  mark_as_usual(before);
  return result;
}

}  // namespace theon::codegen
