#include "codegen/schedule/ahead.h"

#include "codegen/partition/cost.h"
#include "src/ir/size.h"

#include <algorithm>
#include <set>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Of one vector, in the time that the memory takes to send another one. Loops of more leave it enough to come early.
constexpr int most_operations = 12;

Expr root(const Part& part, const Group& group) { return part.reduce ? part.reduce : group.nests[part.nest].element; }

std::int64_t bytes_of(Expr e) { return static_cast<std::int64_t>(size_of(e->dtype)); }

std::size_t loop_passes(const std::vector<Part>& parts) {
  std::set<int> passes;
  for (const Part& part : parts)
    if (!part.extents.empty()) passes.insert(part.pass);
  return passes.size();
}

/// The loads whose elements move with an axis or a level, one of each array.
std::vector<Expr> arrays_read(Expr whole, std::uint64_t axis, std::uint64_t level,
                              const std::function<bool(ValueId)>& is_in_memory) {
  std::vector<Expr> loads;
  for (Expr e : ir::postorder(std::span(&whole, 1))) {
    const bool moves = (e->free_axes & axis) || (e->free_levels & level);
    if (e->op != Opcode::load || !moves || !is_in_memory(e->number) || !is_found_without_loads(e)) continue;
    if (std::ranges::find(loads, e->number, [](Expr known) { return known->number; }) == loads.end())
      loads.push_back(e);
  }
  return loads;
}

/// Of the part, as its innermost index moves; not those inside of further reductions.
std::vector<Expr> arrays_read(const Part& part, const Group& group, const std::function<bool(ValueId)>& is_in_memory) {
  const std::uint64_t axis = part.reduce ? 0 : std::uint64_t{1} << (group.nests[part.nest].domain.size() - 1);
  const std::uint64_t level = part.reduce ? std::uint64_t{1} << part.reduce->number : 0;
  std::vector<Expr> loads = arrays_read(root(part, group), axis, level, is_in_memory);
  std::erase_if(loads, [&](Expr load) { return (load->free_levels & ~level) != 0; });
  return loads;
}

bool is_read_after(const Part& part, ValueId value, const Group& group, const std::vector<Part>& parts) {
  return std::ranges::any_of(parts, [&](const Part& later) {
    const Expr whole = root(later, group);
    return later.pass > part.pass && !later.extents.empty() &&
           std::ranges::any_of(ir::postorder(std::span(&whole, 1)),
                               [&](Expr e) { return e->op == Opcode::load && e->number == value; });
  });
}

/// Whether the loop goes through so many bytes an element that they come from far away.
Expr is_far(const Part& part, std::int64_t bytes, bool by_rows, const Group& group, const LoweringInput& input) {
  Dim row = 1, rows = 1;
  for (Expr extent : part.extents) row = row * ir::as_dim(extent).value_or(0);
  for (int axis = 0; axis < group.outer; ++axis) rows = rows * group.domain[axis];
  const Expr count = input.pool.parameter(row * rows);
  const Machine& machine = input.machine;
  if (!by_rows) return count >= machine.far_bytes / bytes;
  // In long rows the machine's own prefetchers do as well.
  return (count >= machine.second_level_bytes / bytes) &
         (input.pool.parameter(row) <= machine.second_level_bytes / (16 * bytes));
}

}  // namespace

Ahead plan_ahead(const Group& group, const std::vector<Part>& parts, const std::vector<std::size_t>& together,
                 const std::function<bool(ValueId)>& is_in_memory, const LoweringInput& input) {
  Ahead ahead{{}, group.outer > 0 && loop_passes(parts) > 1, {}};
  if (!ahead.by_rows && !std::ranges::all_of(together, [&](std::size_t p) { return bool(parts[p].reduce); }))
    return ahead;
  std::vector<Expr> computed;
  std::int64_t bytes = 0;
  for (std::size_t p : together) {
    computed.push_back(root(parts[p], group));
    if (!parts[p].reduce) bytes += bytes_of(group.nests[parts[p].nest].element);
    for (Expr load : arrays_read(parts[p], group, is_in_memory)) {
      // What is the same for all rows stays in the caches.
      if (ahead.by_rows && !((load->free_axes >> (group.outer - 1)) & 1)) continue;
      bytes += bytes_of(load);
      if (!ahead.by_rows || !is_read_after(parts[p], load->number, group, parts))
        ahead.loads.emplace_back(parts[p].reduce, load);
    }
  }
  if (ahead.loads.empty() || element_cost(computed) > most_operations) return ahead;
  const Expr condition = is_far(parts[together[0]], bytes, ahead.by_rows, group, input);
  if (condition->op != Opcode::literal || condition->bits != 0) ahead.condition = condition;
  return ahead;
}

Ahead plan_ahead(Expr reduce, const std::function<bool(ValueId)>& is_in_memory, const LoweringInput& input) {
  Ahead ahead{{}, false, {}};
  const std::vector<Expr> loads = arrays_read(reduce, 0, std::uint64_t{1} << reduce->number, is_in_memory);
  if (loads.empty() || element_cost({reduce->args.begin() + 1, reduce->args.end()}) > most_operations) return ahead;
  const Expr condition = are_far(loads, input);
  if (condition->op == Opcode::literal && condition->bits == 0) return ahead;
  ahead.condition = condition;
  for (Expr load : loads) ahead.loads.emplace_back(reduce, load);
  return ahead;
}

bool is_found_without_loads(Expr load) {
  const std::vector<Expr> indices(load->args.begin(), load->args.end());
  return std::ranges::none_of(ir::postorder(indices), [](Expr e) { return e->op == Opcode::load; });
}

Expr are_far(const std::vector<Expr>& loads, const LoweringInput& input) {
  return exceed(input.machine.far_bytes, loads, input);
}

Expr exceed(std::int64_t most, const std::vector<Expr>& loads, const LoweringInput& input) {
  Dim bytes = 0;
  for (Expr load : loads) {
    Dim size = bytes_of(load);
    for (const Dim& extent : input.values[load->number].type.dims) size = size * extent;
    bytes = bytes + size;
  }
  return input.pool.literal(most) < input.pool.parameter(bytes);
}

}  // namespace theon::codegen
