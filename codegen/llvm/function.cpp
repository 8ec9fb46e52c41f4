#include "codegen/llvm/function.h"

#include "codegen/llvm/operation.h"
#include "codegen/math/expand.h"
#include "src/support/check.h"

#include <llvm/IR/Module.h>

#include <unordered_map>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

llvm::Function& declare(const std::string& symbol, llvm::Type* value, unsigned operands, const Target& target,
                        llvm::Module& module) {
  auto* type = llvm::FunctionType::get(value, llvm::SmallVector<llvm::Type*>(operands, value), false);
  auto* function = llvm::Function::Create(type, llvm::Function::InternalLinkage, symbol, module);
  // Of the calling conventions with operands in vector registers the one that keeps half of these registers for the
  // caller.
  function->setCallingConv(llvm::CallingConv::Intel_OCL_BI);
  function->setDoesNotThrow();
  function->setWillReturn();
  function->setDoesNotAccessMemory();
  allow_wide_vectors(*function, target);
  return *function;
}

void write(llvm::Function& function, Expr result, unsigned lanes, const Target& target) {
  Builder builder(function.getContext(), llvm::InstSimplifyFolder(function.getParent()->getDataLayout()));
  builder.setFastMathFlags(contraction());
  builder.SetInsertPoint(llvm::BasicBlock::Create(function.getContext(), "entry", &function));
  Operations operations(builder, target);
  std::unordered_map<const ir::Node*, llvm::Value*> values;
  for (const Expr e : ir::postorder(std::span(&result, 1))) {
    llvm::SmallVector<llvm::Value*, 3> args;
    for (const Expr arg : e->args) args.push_back(values.at(arg.get()));
    llvm::Value*& value = values[e.get()];
    if (e->op == Opcode::argument)
      value = function.getArg(static_cast<unsigned>(e->number));
    else if (e->op == Opcode::literal)
      value = operations.literal(e->dtype, e->bits, lanes);
    else
      value = operations.emit(e->op, e->dtype, operand_dtype(*e), args);
  }
  builder.CreateRet(values.at(result.get()));
}

}  // namespace

llvm::Function& math_function(Opcode op, DType dtype, unsigned lanes, const Target& target, llvm::Module& module) {
  const std::string symbol = fmt::format("{}_{}_{}", ir::name(op), name(dtype), lanes);
  if (llvm::Function* known = module.getFunction(symbol)) return *known;
  llvm::Type* value = widened(register_type(module.getContext(), dtype), lanes);
  llvm::Function& function = declare(symbol, value, static_cast<unsigned>(ir::info(op).arity), target, module);
  ir::Pool pool;
  write(function, math::definition(op, dtype, pool), lanes, target);
  return function;
}

void allow_wide_vectors(llvm::Function& function, const Target& target) {
  const std::string width = std::to_string(8 * target.vector_bytes);
  function.addFnAttr("prefer-vector-width", width);
  function.addFnAttr("min-legal-vector-width", width);
}

}  // namespace theon::codegen
