#include "runtime/kernel_library.h"

#include "codegen/program/steps.h"
#include "src/ir/loop_walk.h"
#include "src/support/check.h"
#include "src/support/pointer_numbers.h"

#include <algorithm>
#include <future>
#include <numeric>
#include <thread>

namespace theon::runtime {

namespace {

/// How many operations a kernel is written with, each copy of an unrolled one counted: what compiling it takes.
std::size_t work(const ir::Block& block, PointerNumbers& seen) {
  std::size_t operations = 0;
  for (const ir::Statement& statement : block) {
    const std::vector<ir::Expr> roots = ir::expressions(statement);
    std::vector<const ir::Node*> pending;
    for (const ir::Expr root : roots) pending.push_back(root.get());
    while (!pending.empty()) {
      const ir::Node* node = pending.back();
      pending.pop_back();
      if (!seen.add(node).second) continue;
      ++operations;
      for (const ir::Expr arg : node->args) pending.push_back(arg.get());
    }
    if (const auto* loop = std::get_if<ir::For>(&statement.node))
      operations += work(loop->body, seen) * static_cast<std::size_t>(loop->lanes > 1 ? loop->unroll + 1 : 1);
    if (const auto* branch = std::get_if<ir::If>(&statement.node))
      operations += work(branch->then, seen) + work(branch->otherwise, seen);
  }
  return operations;
}

std::size_t work(const ir::Kernel& kernel) {
  PointerNumbers seen;
  return work(kernel.body, seen);
}

/// Kernels, by number, for each thread: the most work first, each to whom has least so far. A thread costs as much as
/// translating a few hundred operations.
std::vector<std::vector<std::size_t>> parts(std::span<const ir::Kernel> kernels) {
  constexpr std::size_t worth_a_thread = 200;
  std::vector<std::size_t> works;
  for (const ir::Kernel& kernel : kernels) works.push_back(work(kernel));
  const std::size_t all = std::accumulate(works.begin(), works.end(), std::size_t{0});
  const std::size_t most = std::max<std::size_t>(1, std::thread::hardware_concurrency());
  const std::size_t count = std::min({kernels.size(), most, 1 + all / (2 * worth_a_thread)});

  std::vector<std::size_t> order(kernels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return works[a] > works[b]; });
  std::vector<std::vector<std::size_t>> parts(count);
  std::vector<std::size_t> loads(count, 0);
  for (const std::size_t kernel : order) {
    const auto part = static_cast<std::size_t>(std::ranges::min_element(loads) - loads.begin());
    parts[part].push_back(kernel);
    loads[part] += works[kernel];
  }
  return parts;
}

}  // namespace

StoredCode compiled(const codegen::Program& program, const codegen::Target& target) {
  const ir::Layout layout(program.symbols);
  const auto translated = [&](std::vector<std::size_t> numbers) {
    std::vector<ir::Kernel> kernels;
    for (const std::size_t number : numbers) kernels.push_back(program.kernels[number]);
    return StoredCode::Object{std::move(numbers), false, codegen::compile_object(kernels, layout, target).bytes};
  };
  const std::vector<std::vector<std::size_t>> work = parts(program.kernels);
  std::vector<std::future<StoredCode::Object>> others;
  for (std::size_t part = 1; part < work.size(); ++part)
    others.push_back(std::async(std::launch::async, translated, work[part]));
  StoredCode code;
  if (!is_straight(program)) code.objects.push_back({{}, true, codegen::compile_object(program, layout, target).bytes});
  if (!work.empty()) code.objects.push_back(translated(work[0]));
  for (std::future<StoredCode::Object>& other : others) code.objects.push_back(other.get());
  return code;
}

KernelLibrary::KernelLibrary(const codegen::Program& program, StoredCode code) {
  code_.kernels.resize(program.kernels.size());
  for (StoredCode::Object& object : code.objects) {
    std::vector<std::string> names;
    for (const std::size_t kernel : object.kernels) THEON_CHECK(kernel < code_.kernels.size());
    for (const std::size_t kernel : object.kernels) names.push_back(program.kernels[kernel].name);
    memory_.push_back(codegen::load({std::move(names), object.has_entry, std::move(object.bytes)}));
    for (const std::size_t kernel : object.kernels)
      code_.kernels[kernel] = memory_.back().kernel(program.kernels[kernel].name);
    if (object.has_entry) code_.entry = memory_.back().entry();
  }
}

}  // namespace theon::runtime
