#include "codegen/llvm/entry.h"

#include "codegen/abi.h"
#include "codegen/llvm/sizes.h"
#include "codegen/program/steps.h"
#include "src/ir/dim_node.h"

#include <llvm/IR/Module.h>

#include <cstddef>
#include <unordered_map>

namespace theon::codegen {

namespace {

/// Counters of loops live in memory, as symbols do; so there is nothing to carry between blocks.
class EntryWriter {
 public:
  EntryWriter(const Program& program, const ir::Layout& layout, const Target& target, llvm::Function& function)
      : program_(program),
        layout_(layout),
        function_(function),
        b_(function.getContext(), llvm::InstSimplifyFolder(function.getParent()->getDataLayout())),
        operations_(b_, target) {
    b_.SetInsertPoint(llvm::BasicBlock::Create(function.getContext(), "", &function));
    buffers_ = field(offsetof(TheonFrame, buffers));
    symbols_ = field(offsetof(TheonFrame, symbols));
    cancel_ = field(offsetof(TheonFrame, cancel));
    kernels_ = field(offsetof(TheonFrame, kernels));
    step_ = field(offsetof(TheonFrame, step));
    shares_from_ = load(b_.getInt64Ty(), field_address(offsetof(TheonFrame, shares_from)));
  }

  void write() {
    for (std::size_t n = 0; n < program_.steps.size(); ++n) {
      if (n < program_.point_of_no_return) poll();
      emit(program_.steps[n]);
    }
    b_.CreateRet(b_.getInt32(0));
  }

 private:
  using Value = llvm::Value*;

  // Steps.

  void emit(const std::vector<Step>& steps) {
    for (const Step& step : steps) emit(step);
  }

  void emit(const Step& step) {
    const std::int64_t number = next_++;
    std::visit([&](const auto& node) { this->emit(node, number); }, step.node);
  }

  void emit(const HostStep&, std::int64_t number) { leave_to_runtime(number); }
  void emit(const BindStep&, std::int64_t number) { leave_to_runtime(number); }
  void emit(const CheckStep&, std::int64_t number) { leave_to_runtime(number); }
  void emit(const IndexStep&, std::int64_t number) { leave_to_runtime(number); }

  void emit(const KernelStep& step, std::int64_t number) {
    if (can_fail(Step{step}, program_)) return leave_to_runtime(number);
    if (step.phases.empty() || program_.kernels[step.kernel].trips) return call(step);
    Dim work = 0;
    for (const Phase& phase : step.phases) work = work + phase.work;
    llvm::BasicBlock *shared = block(), *alone = block(), *after = block();
    b_.CreateCondBr(b_.CreateICmpSGE(size(work), shares_from_), shared, alone);
    b_.SetInsertPoint(shared);
    leave_to_runtime(number);
    b_.CreateBr(after);
    b_.SetInsertPoint(alone);
    call(step);
    continue_at(after);
  }

  void call(const KernelStep& step) {
    Value kernel = load(b_.getPtrTy(), b_.CreateConstGEP1_64(b_.getPtrTy(), kernels_, step.kernel));
    auto* type = llvm::FunctionType::get(b_.getInt32Ty(), {b_.getPtrTy(), b_.getInt64Ty(), b_.getInt64Ty()}, false);
    b_.CreateCall(type, kernel, {function_.getArg(0), b_.getInt64(0), size(step.trips)});
  }

  void emit(const CopyStep& step, std::int64_t number) {
    if (is_late(program_, step.to)) return leave_to_runtime(number);
    copy(step.to, step.from);
  }

  void emit(const LoopStep& step, std::int64_t number) {
    leave_to_runtime(number);
    Value counter = b_.CreateConstGEP1_64(b_.getInt64Ty(), symbols_, layout_.place(*symbol_of(step.counter)));
    Value trips = size(step.trips);
    store(b_.getInt64(0), counter);
    llvm::BasicBlock *head = block(), *body = block(), *done = block();
    continue_at(head);
    b_.CreateCondBr(b_.CreateICmpSLT(load(b_.getInt64Ty(), counter), trips), body, done);
    b_.SetInsertPoint(body);
    poll();
    if (step.test) {
      emit(step.test->steps);
      llvm::BasicBlock* passed = block();
      b_.CreateCondBr(is_true(step.test->condition), passed, done);
      b_.SetInsertPoint(passed);
    }
    emit(step.body);
    for (const Carried& state : step.carried) exchange(state);
    store(b_.CreateAdd(load(b_.getInt64Ty(), counter), b_.getInt64(1)), counter);
    b_.CreateBr(head);
    b_.SetInsertPoint(done);
    bring_home(step.carried, load(b_.getInt64Ty(), counter));
  }

  void emit(const BranchStep& step, std::int64_t number) {
    leave_to_runtime(number);
    llvm::BasicBlock *then = block(), *otherwise = block(), *after = block();
    b_.CreateCondBr(is_true(step.condition), then, otherwise);
    b_.SetInsertPoint(then);
    emit(step.then);
    b_.CreateBr(after);
    b_.SetInsertPoint(otherwise);
    emit(step.otherwise);
    b_.CreateBr(after);
    b_.SetInsertPoint(after);
  }

  /// After an odd number of exchanges the final states lie in each other's memory.
  void bring_home(const std::vector<Carried>& carried, Value trips) {
    if (carried.empty()) return;
    llvm::BasicBlock *odd = block(), *after = block();
    b_.CreateCondBr(b_.CreateTrunc(trips, b_.getInt1Ty()), odd, after);
    b_.SetInsertPoint(odd);
    for (const Carried& state : carried) {
      copy(state.next, state.current);
      exchange(state);
    }
    continue_at(after);
  }

  /// Ends the call where the flag is set.
  void poll() {
    llvm::LoadInst* flag = b_.CreateAlignedLoad(b_.getInt32Ty(), cancel_, llvm::Align(4));
    flag->setVolatile(true);
    return_where(b_.CreateIsNotNull(flag), b_.getInt32(static_cast<std::uint32_t>(THEON_CANCELLED)));
  }

  void leave_to_runtime(std::int64_t number) {
    auto* type = llvm::FunctionType::get(b_.getInt32Ty(), {b_.getPtrTy(), b_.getInt64Ty()}, false);
    Value status = b_.CreateCall(type, step_, {function_.getArg(0), b_.getInt64(static_cast<std::uint64_t>(number))});
    return_where(b_.CreateIsNotNull(status), status);
  }

  void return_where(Value condition, Value status) {
    llvm::BasicBlock *over = block(), *after = block();
    b_.CreateCondBr(condition, over, after);
    b_.SetInsertPoint(over);
    b_.CreateRet(status);
    b_.SetInsertPoint(after);
  }

  // Values.

  Value pointer(ValueId v) { return load(b_.getPtrTy(), slot(v)); }
  Value slot(ValueId v) { return b_.CreateConstGEP1_64(b_.getPtrTy(), buffers_, static_cast<std::uint64_t>(v)); }

  Value is_true(ValueId scalar) { return b_.CreateIsNotNull(load(b_.getInt8Ty(), pointer(scalar))); }

  void copy(ValueId to, ValueId from) {
    Dim count = 1;
    for (const Dim& dim : program_.values[from].type.dims) count = count * dim;
    const std::size_t bytes = size_of(program_.values[from].type.dtype);
    b_.CreateMemMove(pointer(to), llvm::Align(1), pointer(from), llvm::Align(1),
                     b_.CreateMul(size(count), b_.getInt64(bytes)));
  }

  void exchange(const Carried& state) {
    Value current = pointer(state.current), next = pointer(state.next);
    store(next, slot(state.current));
    store(current, slot(state.next));
  }

  Value size(const Dim& dim) {
    std::unordered_map<std::size_t, Value> here;  // symbols may be bound between two uses
    SizeArithmetic arithmetic{b_, operations_, symbols_, here};
    return ir::lower(dim, layout_, arithmetic);
  }

  // Instructions.

  Value field(std::size_t offset) { return load(b_.getPtrTy(), field_address(offset)); }
  Value field_address(std::size_t offset) { return b_.CreateConstGEP1_64(b_.getInt8Ty(), function_.getArg(0), offset); }
  Value load(llvm::Type* type, Value address) { return b_.CreateLoad(type, address); }
  void store(Value value, Value address) { b_.CreateStore(value, address); }

  llvm::BasicBlock* block() { return llvm::BasicBlock::Create(function_.getContext(), "", &function_); }
  void continue_at(llvm::BasicBlock* next) {
    b_.CreateBr(next);
    b_.SetInsertPoint(next);
  }

  const Program& program_;
  const ir::Layout& layout_;
  llvm::Function& function_;
  Builder b_;
  Operations operations_;
  Value buffers_, symbols_, cancel_, kernels_, step_, shares_from_;
  std::int64_t next_ = 0;
};

}  // namespace

void emit_entry(const Program& program, const ir::Layout& layout, const Target& target, llvm::Module& module) {
  llvm::LLVMContext& context = module.getContext();
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context), {llvm::PointerType::getUnqual(context)}, false);
  auto* function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, entry_symbol, module);
  EntryWriter(program, layout, target, *function).write();
}

}  // namespace theon::codegen
