#include "codegen/schedule/loop.h"

#include "codegen/partition/cost.h"

#include <algorithm>

namespace theon::codegen {

namespace {

using ir::Expr;

/// An iteration of more element operations takes a microsecond, of which calls are a few percent.
constexpr std::int64_t most_operations = 4000;

/// The number of elements, where it is known and small.
std::optional<std::int64_t> small_count(const Shape& dims) {
  std::int64_t count = 1;
  for (const Dim& dim : dims) {
    const std::optional<std::int64_t> size = dim.known();
    if (!size || *size > most_operations || (count *= *size) > most_operations) return std::nullopt;
  }
  return count;
}

/// The operations of one element, as if its reductions were nested; nothing where it is not known that they are few.
std::optional<std::int64_t> small_cost(Expr element) {
  std::int64_t cost = std::max(element_cost(std::span(&element, 1)), 1);
  for (Expr e : ir::postorder(std::span(&element, 1))) {
    if (e->op != ir::Opcode::reduce) continue;
    const Expr extent = e->args[0];
    if (extent->op != ir::Opcode::literal || static_cast<std::int64_t>(extent->bits) > most_operations)
      return std::nullopt;
    cost *= std::max<std::int64_t>(static_cast<std::int64_t>(extent->bits), 1);
    if (cost > most_operations) return std::nullopt;
  }
  return cost;
}

/// The operations of one run of the group.
std::optional<std::int64_t> operations(const Group& group) {
  std::int64_t total = 0;
  for (const Nest& nest : group.nests) {
    const std::optional<std::int64_t> elements = small_count(nest.domain), each = small_cost(nest.element);
    if (!elements || !each) return std::nullopt;
    total += *elements * *each;
  }
  return total;
}

bool is_short(const Loop& loop, std::span<const Task> body, const std::vector<Value>& values) {
  std::int64_t total = 0;
  int cost = 0;
  for (const Carried& state : loop.carried) {
    const std::optional<std::int64_t> count = small_count(values[state.current].type.dims);
    if (!count) return false;
    total += *count;
  }
  for (const Task& task : body) {
    const Group* group = std::get_if<Group>(&task);
    const std::optional<std::int64_t> work = group ? operations(*group) : std::nullopt;
    if (!work) return false;
    total += *work;
    cost += group->cost;
  }
  return !loop.test && total <= most_operations && cost <= kernel_budget;
}

class LoopLowering {
 public:
  LoopLowering(const Loop& loop, std::span<const Task> body, const LoweringInput& outside)
      : loop_(loop),
        body_(body),
        outside_(outside),
        pool_(outside.pool),
        builder_("loop", outside.values, outside.pool) {}

  LoweredKernel run() {
    builder_.note("a loop as one kernel: iterations in order, scalar states in registers");
    for (const Carried& state : loop_.carried)
      if (is_scalar(state)) enter(state);
    const Expr iteration = builder_.open(builder_.begin(), builder_.end());
    scope_.parameters.emplace(pool_.parameter(loop_.counter).get(), iteration);
    const std::function<Readers(ValueId)> readers = [this](ValueId v) {
      return is_kept(v) ? Readers::steps : Readers::kernel;
    };
    for (const Task& task : body_)
      append(std::get<Group>(task), {outside_.values, readers, pool_, outside_.machine}, builder_, scope_);
    for (const Carried& state : loop_.carried) is_scalar(state) ? advance(state) : copy_back(state);
    builder_.close();
    for (const Carried& state : loop_.carried)
      if (is_scalar(state)) builder_.store(builder_.write(state.current), first_, scope_.scalars.at(state.current));
    return {builder_.finish(), loop_.trips};
  }

 private:
  bool is_scalar(const Carried& state) const { return type(state).ndim() == 0; }
  const TensorType& type(const Carried& state) const { return outside_.values[state.current].type; }

  /// Whether the value must reach memory: scalars stay in registers, unless someone outside needs them.
  bool is_kept(ValueId value) const {
    const bool is_state = std::any_of(loop_.carried.begin(), loop_.carried.end(),
                                      [&](const Carried& state) { return state.next == value && is_scalar(state); });
    if (outside_.readers_of(value) != Readers::kernel) return !is_state;
    if (outside_.values[value].type.ndim() == 0) return false;
    return std::any_of(body_.begin(), body_.end(), [&](const Task& task) {
      return contains(reads(task), value) && !contains(writes(task), value);
    });
  }

  static bool contains(const std::vector<ValueId>& list, ValueId value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  }

  /// From here on the state is a mutable local.
  void enter(const Carried& state) {
    const ir::Local local = builder_.fresh();
    builder_.add({ir::Var{local, pool_.load(builder_.read(state.current), type(state).dtype, {{first_}})}});
    scope_.scalars[state.current] = builder_.local(local, type(state).dtype);
  }

  void advance(const Carried& state) {
    builder_.add({ir::Assign{scope_.scalars.at(state.current)->number, scope_.scalars.at(state.next)}});
  }

  void copy_back(const Carried& state) {
    Dim count = 1;
    for (const Dim& dim : type(state).dims) count = count * dim;
    const int lanes =
        outside_.machine.vector_bytes / static_cast<int>(std::max<std::size_t>(size_of(type(state).dtype), 4));
    const Expr i = builder_.open(pool_.literal(0), pool_.parameter(count), {lanes});
    builder_.store(builder_.write(state.current), i, pool_.load(builder_.read(state.next), type(state).dtype, {{i}}));
    builder_.close();
  }

  const Loop& loop_;
  std::span<const Task> body_;
  const LoweringInput& outside_;
  ir::Pool& pool_;
  KernelBuilder builder_;
  Scope scope_;
  const Expr first_ = pool_.literal(0);
};

}  // namespace

std::optional<LoweredKernel> lower(const Loop& loop, std::span<const Task> body, const LoweringInput& input) {
  if (!is_short(loop, body, input.values)) return std::nullopt;
  return LoopLowering(loop, body, input).run();
}

}  // namespace theon::codegen
