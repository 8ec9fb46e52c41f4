// What a call takes, without calling.
#include <theon/function.h>

#include "codegen/program/steps.h"
#include "runtime/compiled_function.h"
#include "src/tensor/layout.h"

#include <algorithm>
#include <map>

namespace theon {

namespace {

using codegen::ValueId;
using Home = codegen::Placement::Home;

/// The steps that first and last touch a value.
struct Span {
  std::size_t first, last;
};

std::map<ValueId, Span> spans_in_arena(const codegen::Program& program) {
  std::map<ValueId, Span> spans;
  const auto touch = [&](ValueId v, std::size_t n) {
    if (program.placements[v].home == Home::arena) spans.try_emplace(v, Span{n, n}).first->second.last = n;
  };
  for (std::size_t n = 0; n < program.steps.size(); ++n) {
    for (ValueId v : codegen::writes(program.steps[n])) touch(v, n);
    for (ValueId v : codegen::reads(program.steps[n])) touch(v, n);
  }
  return spans;
}

std::int64_t most_live(const codegen::Program& program, const runtime::Context& context) {
  const std::map<ValueId, Span> spans = spans_in_arena(program);
  std::int64_t most = 0;
  for (std::size_t n = 0; n < program.steps.size(); ++n) {
    std::int64_t live = 0;
    for (const auto& [v, span] : spans)
      if (span.first <= n && n < span.last) live += static_cast<std::int64_t>(context.bytes(v));
    most = std::max(most, live);
  }
  return most;
}

}  // namespace

Memory Function::memory(const std::vector<Sizes>& input_sizes) const {
  const runtime::Executable& executable = compiled_->executable();
  const codegen::Program& program = executable.program;
  runtime::Context context(executable);
  compiled_->arguments().bind_sizes(input_sizes, context);
  const auto bytes = [&](ValueId v) { return static_cast<std::int64_t>(context.bytes(v)); };
  Memory memory;
  for (std::size_t k = 0; k < input_sizes.size(); ++k)
    memory.inputs += count(input_sizes[k]) * static_cast<std::int64_t>(size_of(compiled_->inputs()[k].dtype()));
  for (const codegen::SharedUse& use : program.shared) {
    const std::int64_t each = bytes(use.value ? *use.value : *use.update);
    memory.shared += each;
    if (use.update && !use.in_place) memory.spare += each;
  }
  for (ValueId v : executable.constants) memory.constants += bytes(v);
  for (const runtime::OutputSlot& output : executable.outputs)
    if (!executable.values[output.value].is_late) memory.outputs += bytes(output.value);
  memory.arena = static_cast<std::int64_t>(context.arena_bytes());
  memory.scratch = static_cast<std::int64_t>(context.scratch_bytes());
  memory.live = most_live(program, context);
  return memory;
}

}  // namespace theon
