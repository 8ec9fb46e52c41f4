// From kernels to an object file.
#include "codegen/llvm/emit.h"
#include "codegen/llvm/jit.h"
#include "src/support/check.h"

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>

#include <memory>
#include <mutex>
#include <unordered_map>

namespace theon::codegen {

namespace {

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
}

std::unique_ptr<llvm::TargetMachine> create_machine(const Target& target) {
  initialize_llvm();
  const std::string triple = llvm::sys::getProcessTriple();
  std::string error;
  const llvm::Target* found = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!found) fail<InternalError>({}, "compile: {}", error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(found->createTargetMachine(
      triple, target.cpu, target.features, options, llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default, true));
}

/// Making a machine takes as long as a tenth of a small kernel, and two threads may not use one: each thread keeps its own.
llvm::TargetMachine& machine_for(const Target& target) {
  thread_local std::unordered_map<std::string, std::unique_ptr<llvm::TargetMachine>> machines;
  std::unique_ptr<llvm::TargetMachine>& machine = machines[target.key()];
  if (!machine) machine = create_machine(target);
  return *machine;
}

std::unique_ptr<llvm::Module> translate(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target,
                                        const llvm::TargetMachine& machine, llvm::LLVMContext& context) {
  auto module = std::make_unique<llvm::Module>("kernels", context);
  module->setTargetTriple(machine.getTargetTriple().str());
  module->setDataLayout(machine.createDataLayout());
  for (std::size_t k = 0; k < kernels.size(); ++k) emit(kernels[k], kernel_symbol(k), layout, target, *module);
  return module;
}

std::string written(llvm::Module& module, llvm::TargetMachine& machine, llvm::CodeGenFileType type) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, out, nullptr, type)) fail<InternalError>({}, "compile: no code generator for {}", machine.getTargetTriple().str());
  passes.run(module);
  return {bytes.begin(), bytes.end()};
}

std::string generated(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target, llvm::CodeGenFileType type) {
  llvm::TargetMachine& machine = machine_for(target);
  llvm::LLVMContext context;
  const std::unique_ptr<llvm::Module> module = translate(kernels, layout, target, machine, context);
  return written(*module, machine, type);
}

}  // namespace

std::string kernel_symbol(std::size_t k) { return fmt::format("kernel_{}", k); }

ObjectCode compile_object(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target) {
  ObjectCode object;
  for (const ir::Kernel& kernel : kernels) object.kernels.push_back(kernel.name);
  object.bytes = generated(kernels, layout, target, llvm::CodeGenFileType::ObjectFile);
  return object;
}

std::string assembly(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target) {
  return generated(kernels, layout, target, llvm::CodeGenFileType::AssemblyFile);
}

std::string llvm_text(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target) {
  llvm::TargetMachine& machine = machine_for(target);
  llvm::LLVMContext context;
  std::string text;
  llvm::raw_string_ostream(text) << *translate(kernels, layout, target, machine, context);
  return text;
}

}  // namespace theon::codegen
