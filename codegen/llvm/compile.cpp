// From kernels to an object file.
#include "codegen/llvm/emit.h"
#include "codegen/llvm/entry.h"
#include "codegen/llvm/jit.h"
#include "codegen/program/steps.h"
#include "src/support/check.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Pass.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/Scalar.h>

#include <memory>
#include <mutex>
#include <unordered_map>

namespace theon::codegen {

namespace {

/// Addresses are linear in the loop variables as they are emitted, which is what instructions can add up. Rewriting
/// loops around them takes a tenth of all time, and spills where strides are known at run time only. LLVM has no other
/// switch.
void keep_addresses() {
  auto& options = llvm::cl::getRegisteredOptions();
  if (const auto found = options.find("disable-lsr"); found != options.end())
    found->second->addOccurrence(0, "disable-lsr", "true");
}

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    keep_addresses();
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
#ifdef THEON_AARCH64
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
#endif
  });
}

std::unique_ptr<llvm::TargetMachine> create_machine(const Target& target) {
  initialize_llvm();
  std::string error;
  const llvm::Target* found = llvm::TargetRegistry::lookupTarget(target.triple, error);
  if (!found) fail<InternalError>({}, "compile: {}", error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(found->createTargetMachine(
      target.triple, target.cpu, target.features, options, llvm::Reloc::PIC_, llvm::CodeModel::Small,
      target.effort == Effort::quick ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Default, true));
}

/// Making a machine takes as long as a tenth of a small kernel, and two threads may not use one: each thread keeps its
/// own.
llvm::TargetMachine& machine_for(const Target& target) {
  thread_local std::unordered_map<std::string, std::unique_ptr<llvm::TargetMachine>> machines;
  std::unique_ptr<llvm::TargetMachine>& machine = machines[target.key()];
  if (!machine) machine = create_machine(target);
  return *machine;
}

/// A module that `fill` puts functions into, in the language of the target's tools.
template <class Use>
auto with_module(const Target& target, llvm::function_ref<void(llvm::Module&)> fill, Use use) {
  llvm::TargetMachine& machine = machine_for(target);
  llvm::LLVMContext context;
  llvm::Module module("kernels", context);
  module.setTargetTriple(machine.getTargetTriple().str());
  module.setDataLayout(machine.createDataLayout());
  fill(module);
  return use(module, machine);
}

/// What registers may replace.
bool has_small_memory(llvm::Module& module) {
  return llvm::any_of(module, [](llvm::Function& function) {
    return !function.empty() && llvm::any_of(function.getEntryBlock(), llvm::IsaPred<llvm::AllocaInst>);
  });
}

std::string written(llvm::Module& module, llvm::TargetMachine& machine, llvm::CodeGenFileType type) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (has_small_memory(module)) passes.add(llvm::createSROAPass());
  if (machine.addPassesToEmitFile(passes, out, nullptr, type))
    fail<InternalError>({}, "compile: no code generator for {}", machine.getTargetTriple().str());
  passes.run(module);
  return {bytes.begin(), bytes.end()};
}

std::string generated(const Target& target, llvm::CodeGenFileType type, llvm::function_ref<void(llvm::Module&)> fill) {
  return with_module(target, fill, [type](llvm::Module& module, llvm::TargetMachine& machine) {
    return written(module, machine, type);
  });
}

/// Writes all kernels into a module.
auto writer(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target) {
  return [=, &layout, &target](llvm::Module& module) {
    for (std::size_t k = 0; k < kernels.size(); ++k) emit(kernels[k], kernel_symbol(k), layout, target, module);
  };
}

}  // namespace

bool can_compile_for(const Target& target) {
  initialize_llvm();
  std::string error;
  return llvm::TargetRegistry::lookupTarget(target.triple, error) != nullptr;
}

std::string kernel_symbol(std::size_t k) { return fmt::format("kernel_{}", k); }

ObjectCode compile_object(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target) {
  ObjectCode object;
  for (const ir::Kernel& kernel : kernels) object.kernels.push_back(kernel.name);
  object.bytes = generated(target, llvm::CodeGenFileType::ObjectFile, writer(kernels, layout, target));
  return object;
}

ObjectCode compile_object(const Program& program, const ir::Layout& layout, const Target& target) {
  const auto write = [&](llvm::Module& module) { emit_entry(program, layout, target, module); };
  return {{}, true, generated(target, llvm::CodeGenFileType::ObjectFile, write)};
}

namespace {

/// Writes the program into a module for people.
auto writer(const Program& program, const ir::Layout& layout, const Target& target) {
  return [&](llvm::Module& module) {
    for (const ir::Kernel& kernel : program.kernels) emit(kernel, "theon_" + kernel.name, layout, target, module);
    if (!is_straight(program)) emit_entry(program, layout, target, module);
  };
}

std::string text(llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream(text) << module;
  return text;
}

}  // namespace

std::string assembly(const Program& program, const ir::Layout& layout, const Target& target) {
  return generated(target, llvm::CodeGenFileType::AssemblyFile, writer(program, layout, target));
}

std::string llvm_text(const Program& program, const ir::Layout& layout, const Target& target) {
  return with_module(target, writer(program, layout, target),
                     [](llvm::Module& module, llvm::TargetMachine&) { return text(module); });
}

std::string assembly(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target) {
  return generated(target, llvm::CodeGenFileType::AssemblyFile, writer(kernels, layout, target));
}

std::string llvm_text(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target) {
  return with_module(target, writer(kernels, layout, target),
                     [](llvm::Module& module, llvm::TargetMachine&) { return text(module); });
}

}  // namespace theon::codegen
