// How vector loops run: lanes, groups at once, tails, and whether they store past the caches.
#include "codegen/partition/cost.h"
#include "codegen/schedule/lower.h"
#include "codegen/schedule/reductions.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// More operations than this take longer than storing.
constexpr int longest_short_body = 60;

/// Operations wait for each other in long chains: for so many groups there is work, and there are registers.
int groups_of_chains(const std::vector<Expr>& roots, int cost, const Machine& machine) {
  constexpr int in_flight = 8;  // four cycles for an operation, two operations in a cycle
  const Chain chain = longest_chain(roots);
  if (chain.calls_function || 2 * chain.length < cost) return 1;
  return std::min({in_flight, machine.registers / (chain.live + 1), kernel_budget / cost});
}

/// For an element of a domain of so many axes, of arrays from outside that have one for each.
std::size_t bytes_read(const Group& group, std::size_t axes) {
  const auto is_made = [&](ValueId v) {
    return std::ranges::any_of(group.nests, [&](const Nest& nest) { return nest.result == v; });
  };
  std::map<ValueId, std::size_t> sizes;
  for (const Nest& nest : group.nests)
    for (Expr e : ir::postorder(std::span(&nest.element, 1)))
      if (e->op == Opcode::load && !is_made(e->number) &&
          static_cast<std::size_t>(std::popcount(e->free_axes) + std::popcount(e->free_levels)) >= axes)
        sizes[e->number] = size_of(e->dtype);
  std::size_t bytes = 0;
  for (const auto& [array, size] : sizes) bytes += size;
  return bytes;
}

/// What is left for the innermost loop where reductions of the outer axes are known; nothing where it has loops inside.
std::optional<Expr> body_of_loop(Expr element, int outer) {
  const Expr body = element->pool->replace(element, [&](Expr e) -> Expr {
    const Expr reduce = e->op == Opcode::project ? e->args[0] : e;
    const bool is_known = reduce->op == Opcode::reduce && is_row_level(reduce, outer);
    return is_known ? element->pool->literal_bits(e->dtype, 0) : Expr();
  });
  return has_reduction(std::span(&body, 1)) ? std::nullopt : std::optional(body);
}

/// Lanes of vectors of so many bytes.
int lanes_in(int bytes, const std::vector<Expr>& roots) {
  std::size_t floating = 0, integer = 1;
  for (Expr e : ir::postorder(roots)) {
    if (is_floating(e->dtype))
      floating = std::max(floating, size_of(e->dtype));
    else if (e->op == Opcode::load)
      integer = std::max(integer, size_of(e->dtype));
  }
  return bytes / static_cast<int>(std::max<std::size_t>(floating ? floating : integer, 4));
}

/// Between numbers of different sizes: takes as long for half a register as for a whole one.
bool resizes(Expr e) { return e->op == Opcode::convert && size_of(e->dtype) != size_of(e->args[0]->dtype); }

/// Whether it does little but store: vectors then are as wide as stores.
bool mostly_stores(const std::vector<Expr>& roots, int cost) {
  constexpr int few_operations = 12;
  return cost <= few_operations && std::ranges::any_of(roots, [](Expr e) { return e->op != Opcode::reduce; }) &&
         std::ranges::none_of(ir::postorder(roots), resizes);
}

}  // namespace

int lanes_of(const std::vector<Expr>& roots, const Machine& machine) { return lanes_in(machine.vector_bytes, roots); }

LoopShape loop_shape(const std::vector<Expr>& roots, const Machine& machine) {
  const int cost = element_cost(roots);
  // Independent groups hide the latency of bodies. Long ones take twice as long to compile for a quarter of the time.
  const bool is_long = cost > longest_short_body;
  const int unroll = cost <= 24 ? 4 : !is_long || (machine.math == Math::fast && cost <= kernel_budget) ? 2 : 1;
  // A mask costs a long body nothing; compiling it twice would.
  const int bytes = mostly_stores(roots, cost) ? machine.stored_bytes : machine.vector_bytes;
  return {lanes_in(bytes, roots), is_long ? std::max(unroll, groups_of_chains(roots, cost, machine)) : unroll,
          is_long ? ir::Tail::merged : ir::Tail::apart};
}

Expr streams(std::span<const Nest> stored, const Group& group, const LoopShape& shape, const LoweringInput& input) {
  std::size_t bytes = 0;
  Dim count = 1;
  for (const Dim& extent : stored[0].domain) count = count * extent;
  std::vector<Expr> elements;
  for (const Nest& nest : stored) {
    if (nest.domain != stored[0].domain) return Expr();
    const Readers readers = input.readers_of(nest.result);
    const std::optional<Expr> body = body_of_loop(nest.element, group.outer);
    if (readers == Readers::steps || !nest.prefix.empty() || !body) return Expr();
    if (readers == Readers::caller) bytes += size_of(nest.element->dtype);
    elements.push_back(*body);
  }
  const bool is_short = shape.lanes > 1 && element_cost(elements) <= longest_short_body;
  if (!is_short || bytes == 0) return Expr();
  bytes += bytes_read(group, stored[0].domain.size());
  const Expr condition = input.pool.parameter(count) >= input.machine.cached_bytes / static_cast<std::int64_t>(bytes);
  return condition->op == Opcode::literal && condition->bits == 0 ? Expr() : condition;
}

}  // namespace theon::codegen
