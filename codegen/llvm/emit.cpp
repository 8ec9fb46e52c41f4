#include "codegen/llvm/emit.h"

#include "codegen/abi.h"
#include "codegen/llvm/function.h"
#include "codegen/llvm/statement.h"
#include "src/ir/loop_walk.h"

#include <llvm/IR/Module.h>

#include <cstddef>

namespace theon::codegen {

namespace {

llvm::Function& declare(const std::string& symbol, const Target& target, llvm::Module& module) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* word = llvm::Type::getInt64Ty(context);
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context),
                                       {llvm::PointerType::getUnqual(context), word, word}, false);
  auto* function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, symbol, module);
  function->setDoesNotThrow();
  allow_wide_vectors(*function, target);
  return *function;
}

/// Writes one kernel.
class Writer {
 public:
  Writer(const ir::Kernel& kernel, const ir::Layout& layout, const Target& target, llvm::Function& function)
      : kernel_(kernel),
        code_(function, kernel.contracts),
        lanes_(code_),
        changes_(kernel),
        memory_(kernel, code_, lanes_),
        expressions_(layout, target, frame(offsetof(TheonFrame, symbols)), code_, lanes_, memory_, changes_),
        statements_(target, frame(offsetof(TheonFrame, failure)), code_, lanes_, memory_, changes_, expressions_) {}

  void write() {
    bind_buffers();
    bind_scratch();
    const auto bound = [&](unsigned argument, std::int64_t whole) -> llvm::Value* {
      if (kernel_.trips) return b().getInt64(whole);
      return code_.function().getArg(argument);
    };
    expressions_.define(0, Operand::uniform(bound(1, 0)));
    expressions_.define(1, Operand::uniform(bound(2, kernel_.trips.value_or(0))));
    statements_.emit(kernel_.body);
    statements_.finish(kernel_);
    code_.finish(status());
  }

 private:
  Builder& b() { return code_.builder(); }

  /// A pointer that the frame holds.
  llvm::Value* frame(std::size_t field) { return pointer_at(code_.function().getArg(0), field); }

  llvm::Value* pointer_at(llvm::Value* base, std::size_t bytes) {
    return code_.at(0, [&] {
      llvm::Value* address = b().CreateConstGEP1_64(b().getInt8Ty(), base, bytes);
      return b().CreateAlignedLoad(b().getPtrTy(), address, llvm::Align(alignof(void*)));
    });
  }

  void bind_buffers() {
    llvm::Value* pointers = frame(offsetof(TheonFrame, buffers));
    for (std::size_t k = 0; k < kernel_.buffers.size(); ++k) {
      const ir::Buffer& buffer = kernel_.buffers[k];
      if (buffer.access == ir::Access::scratch) continue;
      llvm::Value* pointer = pointer_at(pointers, buffer.slot * sizeof(void*));
      pointer->setName(buffer.name);
      memory_.bind(k, pointer);
    }
  }

  /// One after the other, each on a cache line of its own; a few elements in memory that registers may replace.
  void bind_scratch() {
    llvm::Value* next = nullptr;
    for (std::size_t k = 0; k < kernel_.buffers.size(); ++k) {
      const ir::Buffer& buffer = kernel_.buffers[k];
      if (buffer.access != ir::Access::scratch) continue;
      if (is_small(buffer)) {
        memory_.bind(k, small_memory(buffer));
        continue;
      }
      if (!next) next = frame(offsetof(TheonFrame, scratch));
      memory_.bind(k, next);
      llvm::Value* bytes = b().CreateMul(expressions_.scalar(buffer.size), b().getInt64(size_of(buffer.dtype)));
      llvm::Value* lines = b().CreateAnd(b().CreateAdd(bytes, b().getInt64(63)), b().getInt64(-64));
      next = b().CreateGEP(b().getInt8Ty(), next, lines);
    }
  }

  static bool is_small(const ir::Buffer& buffer) {
    constexpr std::uint64_t most_elements = 64;
    return buffer.size->op == ir::Opcode::literal && buffer.size->bits <= most_elements;
  }

  llvm::Value* small_memory(const ir::Buffer& buffer) {
    return code_.at(0, [&] {
      llvm::Type* element = memory_type(code_.function().getContext(), buffer.dtype);
      llvm::AllocaInst* memory = b().CreateAlloca(llvm::ArrayType::get(element, buffer.size->bits));
      memory->setAlignment(llvm::Align(64));
      return memory;
    });
  }

  llvm::Value* status() {
    bool reports = false;
    ir::for_each_statement(kernel_.body, [&](const ir::Statement& statement) {
      reports |= std::holds_alternative<ir::Report>(statement.node);
    });
    if (!reports) return b().getInt32(0);
    llvm::Value* failure = frame(offsetof(TheonFrame, failure));
    return b().CreateLoad(b().getInt32Ty(),
                          b().CreateConstGEP1_64(b().getInt8Ty(), failure, offsetof(TheonFailure, code)));
  }

  const ir::Kernel& kernel_;
  Code code_;
  Lanes lanes_;
  Changes changes_;
  Memory memory_;
  Expressions expressions_;
  Statements statements_;
};

}  // namespace

void emit(const ir::Kernel& kernel, const std::string& symbol, const ir::Layout& layout, const Target& target,
          llvm::Module& module) {
  Writer(kernel, layout, target, declare(symbol, target, module)).write();
}

}  // namespace theon::codegen
