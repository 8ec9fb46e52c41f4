#include "runtime/context.h"

#include "codegen/program/arena.h"
#include "src/ir/dim_node.h"
#include "src/support/check.h"
#include "src/tensor/layout.h"
#include "src/tensor/storage.h"

#include <algorithm>
#include <limits>

namespace theon::runtime {

namespace {

bool holds(Obligation::Relation relation, std::int64_t left, std::int64_t right) {
  switch (relation) {
    case Obligation::Relation::equal:
      return left == right;
    case Obligation::Relation::less_equal:
      return left <= right;
  }
  return false;
}

std::byte* constant_memory(const codegen::Program& program, ValueId v) {
  return as_constant(program.values[v].variable)->value.raw();
}

}  // namespace

Context::Context(const Executable& executable)
    : symbols(executable.sizes.symbols(), 0),
      buffers(executable.values.size(), nullptr),
      state(executable.shared.size()),
      spare(executable.shared.size()),
      executable_(executable),
      sizes_(executable.sizes.size(), 0),
      is_bound_(executable.sizes.symbols(), false),
      bound_values_(executable.sizes.symbols(), 0),
      late_(executable.values.size()),
      output_sizes_(executable.outputs.size()),
      recycled_(executable.outputs.size()),
      results_(executable.outputs.size()),
      host_tensors_(executable.host_calls),
      failures_(static_cast<std::size_t>(executable.team.threads)) {
  packed.resize(executable.program.inputs.size());
  for (ValueId v : executable.constants) buffers[v] = constant_memory(executable.program, v);
}

void Context::prepare() {
  const auto entry_end = symbols.begin() + static_cast<std::ptrdiff_t>(executable_.program.entry_symbols);
  if (entry_end != symbols.end()) forget_late();
  if (prepared_ && std::equal(symbols.begin(), entry_end, prepared_->begin())) return;
  prepared_.reset();
  executable_.sizes.evaluate(symbols, sizes_);
  for (const SizeRelation& relation : executable_.entry_relations) check(relation);
  place_arena();
  for (std::size_t k = 0; k < output_sizes_.size(); ++k) measure_output(k);
  place_scratch();
  prepared_.emplace(symbols.begin(), entry_end);
}

/// What the last call has learnt says nothing about this one.
void Context::forget_late() {
  for (std::size_t place = executable_.program.entry_symbols; place < symbols.size(); ++place) {
    symbols[place] = 0;
    is_bound_[place] = false;
  }
  bound_.clear();
}

void Context::forget_since(std::size_t place) {
  for (bool done = false; !done; bound_.pop_back()) {
    is_bound_[bound_.back()] = false;
    done = bound_.back() == place;
  }
}

void Context::follow(std::size_t counter) {
  if (!is_bound_[counter] || bound_values_[counter] != symbols[counter]) bind(counter, symbols[counter]);
}

void Context::bind(std::size_t place, std::int64_t value) {
  if (is_bound_[place]) forget_since(place);
  symbols[place] = bound_values_[place] = value;
  is_bound_[place] = true;
  bound_.push_back(place);
  executable_.sizes.evaluate_after(place, symbols, sizes_);
  for (const SizeRelation& relation : executable_.late_relations)
    if (std::find(relation.late_places.begin(), relation.late_places.end(), place) != relation.late_places.end() &&
        is_known(relation))
      check(relation);
  if (executable_.has_late_scratch) place_scratch();
}

bool Context::is_known(const SizeRelation& relation) const {
  return std::all_of(relation.late_places.begin(), relation.late_places.end(),
                     [this](std::size_t place) { return is_bound_[place]; });
}

void Context::check(const SizeRelation& relation) const {
  const std::int64_t left = size(relation.left), right = size(relation.right);
  if (!holds(relation.relation, left, right))
    throw ShapeError(relation.where, fmt::format("{}\n  here: {} and {}", relation.message, left, right));
}

void Context::place_arena() {
  const codegen::ArenaLayout layout = codegen::plan(executable_.program, [this](ValueId v) { return bytes(v); });
  if (layout.bytes > 0 && (!arena_ || arena_->bytes() < layout.bytes)) arena_ = allocate(layout.bytes);
  for (ValueId v : executable_.arena) buffers[v] = arena_ ? arena_->data() + layout.offsets[v] : nullptr;
}

void Context::place_scratch() {
  constexpr std::size_t line = 64;
  std::size_t most = 0;
  for (const std::vector<ScratchSize>& kernel : executable_.scratch) {
    std::size_t bytes = 0;
    for (const ScratchSize& buffer : kernel)
      bytes += (static_cast<std::size_t>(size(buffer.elements)) * buffer.element_bytes + line - 1) / line * line;
    most = std::max(most, bytes);
  }
  scratch_bytes_ = most;
  most *= static_cast<std::size_t>(executable_.team.threads);
  if (most > 0 && (!scratch_ || scratch_->bytes() < most)) scratch_ = allocate(most);
  frame_.scratch = scratch_ ? reinterpret_cast<char*>(scratch_->data()) : nullptr;
}

void Context::start(const volatile std::int32_t* cancel) {
  failure_.code = 0;
  frame_.buffers = buffers.data();
  frame_.symbols = symbols.data();
  frame_.failure = &failure_;
  frame_.cancel = cancel;
  const Code& code = executable_.code();
  frame_.kernels = code.kernels.data();
  entry_ = code.entry;
  frame_.shares_from = executable_.team.threads > 1 ? codegen::worth_sharing : std::numeric_limits<std::int64_t>::max();
}

TheonFrame Context::frame_of(std::size_t piece) {
  TheonFrame frame = frame_;
  frame.scratch += piece * scratch_bytes_;
  frame.failure = &failures_[piece];
  frame.failure->code = 0;
  return frame;
}

void Context::take_failure(std::size_t piece) { failure_ = failures_[piece]; }

Sizes Context::sizes(ValueId value) const {
  Sizes sizes;
  for (SizeNumber axis : executable_.values[value].axes) sizes.push_back(size(axis));
  return sizes;
}

std::int64_t Context::elements(ValueId value) const {
  std::int64_t count = 1;
  for (SizeNumber axis : executable_.values[value].axes) count *= size(axis);
  return count;
}

std::size_t Context::bytes(ValueId value) const {
  std::int64_t bytes = static_cast<std::int64_t>(size_of(executable_.values[value].dtype));
  const codegen::Value& named = executable_.program.values[value];
  for (SizeNumber axis : executable_.values[value].axes) {
    if (size(axis) < 0)
      fail<ShapeError>(named.variable.where(), "the size {} is {}, but sizes are not negative",
                       to_string(executable_.sizes.dim(axis)), size(axis));
    if (__builtin_mul_overflow(bytes, std::max<std::int64_t>(size(axis), 1), &bytes))
      fail<ShapeError>(named.variable.where(), "an array of sizes {} does not fit the address space",
                       to_string(sizes(value)));
  }
  return static_cast<std::size_t>(bytes);
}

void Context::open(ValueId value) {
  bytes(value);
  if (executable_.program.placements[value].home == codegen::Placement::Home::output) {
    const std::size_t k = executable_.program.placements[value].number;
    give_output(k, recycled_[k].next(executable_.values[value].dtype, sizes(value)));
    return;
  }
  std::optional<Tensor>& memory = late_[value];
  if (!memory || memory->storage()->bytes() < bytes(value))
    memory.emplace(executable_.values[value].dtype, sizes(value));
  buffers[value] = memory->raw();
}

void Context::adopt(ValueId value, Tensor tensor) {
  if (executable_.program.placements[value].home == codegen::Placement::Home::output) {
    give_output(executable_.program.placements[value].number, std::move(tensor));
    return;
  }
  buffers[value] = tensor.raw();
  late_[value] = std::move(tensor);
}

void Context::give_output(std::size_t k, Tensor tensor) {
  point(executable_.outputs[k].residents, tensor.raw());
  results_[k] = std::move(tensor);
}

void Context::measure_output(std::size_t k) {
  const ValueId value = executable_.outputs[k].value;
  if (executable_.values[value].is_late) return;
  bytes(value);
  output_sizes_[k] = sizes(value);
}

void Context::make_outputs() {
  lists_.empty_unused();
  for (std::size_t k = 0; k < executable_.outputs.size(); ++k) {
    results_[k].reset();
    const ValueSize& value = executable_.values[executable_.outputs[k].value];
    if (!value.is_late) give_output(k, recycled_[k].next(value.dtype, output_sizes_[k]));
  }
}

std::shared_ptr<const std::vector<Tensor>> Context::take_outputs() {
  std::shared_ptr<std::vector<Tensor>> outputs = lists_.next();
  outputs->reserve(results_.size());
  for (std::optional<Tensor>& result : results_) {
    outputs->push_back(std::move(*result));
    result.reset();
  }
  return outputs;
}

void Context::view(ValueId value, Tensor& cached) const {
  const Sizes now = sizes(value);
  if (cached.raw() != buffers[value] || cached.sizes() != now || cached.dtype() != executable_.values[value].dtype)
    cached = Tensor::borrow(executable_.values[value].dtype, buffers[value], now);
}

}  // namespace theon::runtime
