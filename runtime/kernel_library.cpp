#include "runtime/kernel_library.h"

#include <algorithm>
#include <future>
#include <thread>

namespace theon::runtime {

namespace {

bool is_straight(const codegen::Program& program) {
  return std::none_of(program.steps.begin(), program.steps.end(), [](const codegen::Step& step) {
    return std::holds_alternative<codegen::LoopStep>(step.node) ||
           std::holds_alternative<codegen::BranchStep>(step.node);
  });
}

}  // namespace

KernelLibrary::KernelLibrary(const codegen::Program& program, const codegen::Target& target) {
  const std::span<const ir::Kernel> kernels = program.kernels;
  const ir::Layout layout(program.symbols);
  const std::size_t groups = std::min<std::size_t>(kernels.size(), std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::span<const ir::Kernel>> parts;
  for (std::size_t g = 0; g < groups; ++g)
    parts.push_back(
        kernels.subspan(g * kernels.size() / groups, (g + 1) * kernels.size() / groups - g * kernels.size() / groups));
  std::vector<std::future<codegen::NativeCode>> others;
  for (std::size_t g = 1; g < groups; ++g)
    others.push_back(std::async(std::launch::async, [&, g] { return codegen::compile(parts[g], layout, target); }));
  if (groups > 0) code_.push_back(codegen::compile(parts[0], layout, target));
  for (std::future<codegen::NativeCode>& other : others) code_.push_back(other.get());
  if (!is_straight(program)) entry_ = codegen::load(codegen::compile_object(program, layout, target));
  for (std::size_t g = 0; g < groups; ++g)
    for (const ir::Kernel& kernel : parts[g]) kernels_.push_back(code_[g].kernel(kernel.name));
}

}  // namespace theon::runtime
