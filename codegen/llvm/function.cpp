#include "codegen/llvm/function.h"

#include "codegen/llvm/exception.h"
#include "codegen/llvm/operation.h"
#include "codegen/math/expand.h"
#include "codegen/math/number.h"
#include "src/support/check.h"

#include <llvm/IR/Module.h>

#include <unordered_map>
#include <vector>

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
  // Before a return without vectors LLVM 19 clears the upper halves of all registers, of those that it has just
  // restored for the caller, too.
  if (target.vector_bytes > 16) function->addFnAttr("target-features", target.features + ",-vzeroupper");
  function->setDoesNotThrow();
  function->setWillReturn();
  function->setDoesNotAccessMemory();
  allow_wide_vectors(*function, target);
  return *function;
}

/// An expression of a function's operands.
class Body {
 public:
  Body(llvm::Function& function, unsigned lanes, const Target& target)
      : lanes_(lanes), code_(function), operations_(code_.builder(), target) {}

  void write(Expr result) {
    Known known;
    code_.finish(value(result, known));
  }

 private:
  using Known = std::unordered_map<const ir::Node*, llvm::Value*>;

  llvm::Value* value(Expr root, Known& known) {
    std::vector<Expr> pending{root};
    while (!pending.empty()) {
      const Expr e = pending.back();
      const std::size_t before = pending.size();
      for (const Expr operand : operations_.operands(*e))
        if (!known.contains(operand.get())) pending.push_back(operand);
      if (pending.size() > before) continue;
      pending.pop_back();
      if (!known.contains(e.get())) known[e.get()] = computed(e, known);
    }
    return known.at(root.get());
  }

  llvm::Value* computed(Expr e, const Known& known) {
    if (e->op == Opcode::argument) return code_.function().getArg(static_cast<unsigned>(e->number));
    if (e->op == Opcode::literal) return operations_.literal(e->dtype, e->bits, lanes_);
    if (const std::optional<math::Lookup> lookup = operations_.table(*e))
      return operations_.lookup(known.at(lookup->index.get()), e->dtype, lookup->table);
    if (math::has_exception(*e)) return with_exception(e, known);
    llvm::SmallVector<llvm::Value*, 3> args;
    for (const Expr arg : e->args) args.push_back(known.at(arg.get()));
    return operations_.emit(e->op, e->dtype, operand_dtype(*e), args);
  }

  llvm::Value* with_exception(Expr e, Known known) {
    const Values condition{known.at(e->args[0].get())}, rule{known.at(e->args[1].get())};
    return except(code_, condition, rule, [&] { return Values{value(e->args[2], known)}; })[0];
  }

  unsigned lanes_;
  Code code_;
  Operations operations_;
};

}  // namespace

llvm::Function& math_function(Opcode op, DType dtype, unsigned lanes, const Target& target, llvm::Module& module) {
  const std::string symbol = fmt::format("{}_{}_{}", ir::name(op), name(dtype), lanes);
  if (llvm::Function* known = module.getFunction(symbol)) return *known;
  llvm::Type* value = widened(register_type(module.getContext(), dtype), lanes);
  llvm::Function& function = declare(symbol, value, static_cast<unsigned>(ir::info(op).arity), target, module);
  ir::Pool pool;
  Body(function, lanes, target).write(math::definition(op, dtype, pool, target.masks));
  return function;
}

void allow_wide_vectors(llvm::Function& function, const Target& target) {
  const std::string width = std::to_string(8 * target.vector_bytes);
  function.addFnAttr("prefer-vector-width", width);
  function.addFnAttr("min-legal-vector-width", width);
}

}  // namespace theon::codegen
