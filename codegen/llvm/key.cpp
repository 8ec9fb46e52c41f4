// The name of what a program is compiled to.
#include "codegen/abi.h"
#include "codegen/llvm/jit.h"
#include "codegen/program/steps.h"
#include "src/ir/content.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/BLAKE3.h>

#include <theon_source_id.h>

namespace theon::codegen {

namespace {

/// Writes what the entry is made of: whatever emit_entry reads.
class StepContent {
 public:
  StepContent(const Program& program, ir::Content& content) : program_(program), content_(content) {}

  void add() {
    put(program_.point_of_no_return);
    add(program_.steps);
  }

 private:
  template <class Number>
  void put(Number number) {
    content_.add(static_cast<std::int64_t>(number));
  }

  void add(const std::vector<Step>& steps) {
    put(steps.size());
    for (const Step& step : steps) {
      put(step.node.index());
      put(can_fail(step, program_));
      std::visit([this](const auto& node) { this->add(node); }, step.node);
    }
  }

  void add(const HostStep&) {}
  void add(const BindStep&) {}
  void add(const CheckStep&) {}
  void add(const IndexStep&) {}

  void add(const KernelStep& step) {
    put(step.kernel);
    content_.add(step.trips);
    put(step.phases.size());
    for (const Phase& phase : step.phases) content_.add(phase.work);
  }

  void add(const CopyStep& step) {
    if (!is_late(program_, step.to)) add_copy(step.to, step.from);
  }

  void add_copy(ValueId to, ValueId from) {
    put(to);
    put(from);
    const TensorType& type = program_.values[from].type;
    put(type.dtype);
    put(type.dims.size());
    for (const Dim& dim : type.dims) content_.add(dim);
  }

  void add(const LoopStep& step) {
    content_.add(step.counter);
    content_.add(step.trips);
    put(step.carried.size());
    for (const Carried& state : step.carried) add_copy(state.next, state.current);
    put(step.test.has_value());
    if (step.test) {
      add(step.test->steps);
      put(step.test->condition);
    }
    add(step.body);
  }

  void add(const BranchStep& step) {
    put(step.condition);
    add(step.then);
    add(step.otherwise);
  }

  const Program& program_;
  ir::Content& content_;
};

}  // namespace

std::string object_key(const Program& program, const ir::Layout& layout, const Target& target) {
  ir::Content content(layout);
  content.add(static_cast<std::int64_t>(program.kernels.size()));
  for (const ir::Kernel& kernel : program.kernels) content.add(kernel);
  StepContent(program, content).add();

  llvm::BLAKE3 hash;
  hash.update(fmt::format("{} abi-{} {}\n", theon_source_id, THEON_ABI_VERSION, target.key()));
  hash.update(content.bytes());
  return llvm::toHex(hash.final<32>(), true);
}

}  // namespace theon::codegen
