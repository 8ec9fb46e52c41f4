#include "codegen/schedule/short_rows.h"

#include "codegen/partition/affine.h"
#include "codegen/schedule/reductions.h"
#include "src/ir/size.h"

#include <algorithm>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Rows of up to two vectors are turned for so many operations an element.
constexpr int long_element = 16;

std::uint64_t bit(int axis) { return std::uint64_t{1} << axis; }

std::vector<Expr> elements_of(const Group& group) {
  std::vector<Expr> list;
  for (const Nest& nest : group.nests) list.push_back(nest.element);
  return list;
}

/// Of a row: what the axes behind the outer ones come to, where that is known.
std::optional<std::int64_t> row_elements(const Shape& dims, int outer) {
  std::int64_t count = 1;
  for (std::size_t axis = outer; axis < dims.size(); ++axis) {
    if (!dims[axis].is_known()) return std::nullopt;
    count *= *dims[axis].known();
  }
  return count;
}

/// Whether it reads the row that the outer axes name, at places that are the same for all rows.
bool reads_own_row(Expr load, int outer) {
  if (static_cast<int>(load->args.size()) < outer) return false;
  for (int axis = 0; axis < outer; ++axis)
    if (load->args[axis]->op != Opcode::index || load->args[axis]->number != axis) return false;
  return std::all_of(load->args.begin() + outer, load->args.end(),
                     [&](Expr index) { return !(index->free_axes & bit(outer - 1)); });
}

/// Whether elements of adjacent rows are adjacent.
bool lies_along_rows(Expr load, int outer) {
  const Expr last = load->args.back();
  return last->op == Opcode::index && last->number == outer - 1 &&
         std::all_of(load->args.begin(), load->args.end() - 1,
                     [&](Expr index) { return !(index->free_axes & bit(outer - 1)); });
}

class Shortness {
 public:
  Shortness(const Group& group, const LoweringInput& input)
      : outer_(group.outer),
        values_(input.values),
        lanes_(lanes_of(elements_of(group), input.machine)),
        longest_(group.cost < long_element ? lanes_ : 2 * lanes_ - 1) {}

  bool are_many(const Dim& rows) const { return !rows.is_known() || *rows.known() >= lanes_; }

  bool is_short(std::optional<std::int64_t> elements) const { return elements && *elements <= longest_; }

  bool fits(const Part& part) const {
    std::int64_t trips = 1;
    for (Expr extent : part.extents) {
      const std::optional<Dim> size = ir::as_dim(extent);
      if (!size || !size->is_known()) return false;
      trips *= *size->known();
    }
    return is_short(trips);
  }

  bool fits(Expr e) const {
    if (e->op == Opcode::reduce) {
      const std::optional<Dim> extent = ir::as_dim(e->args[0]);
      return extent && is_short(extent->known());
    }
    if (e->op != Opcode::load || !(e->free_axes & bit(outer_ - 1))) return true;
    if (reads_own_row(e, outer_)) {
      const std::optional<std::int64_t> elements = row_elements(values_[e->number].type.dims, outer_);
      return elements && *elements <= 4 * lanes_;
    }
    return lies_along_rows(e, outer_);
  }

 private:
  const int outer_;
  const std::vector<Value>& values_;
  const int lanes_, longest_;
};

}  // namespace

bool has_short_rows(const Group& group, std::span<const Part> parts, const LoweringInput& input) {
  const Shortness shortness(group, input);
  if (group.outer == 0 || !shortness.are_many(group.domain[group.outer - 1])) return false;
  const auto is_plain = [](const Nest& nest) { return nest.prefix.empty() && !running_reduction(nest.element); };
  return std::ranges::any_of(parts, [](const Part& part) { return bool(part.reduce); }) &&
         std::ranges::all_of(group.nests, is_plain) &&
         std::ranges::all_of(parts, [&](const Part& part) { return shortness.fits(part); }) &&
         std::ranges::all_of(ir::postorder(elements_of(group)), [&](Expr e) { return shortness.fits(e); });
}

ShortRows::ShortRows(const Group& group, const LoweringInput& input, KernelBuilder& builder)
    : group_(group), input_(input), builder_(builder) {
  const auto add = [&](auto& list, ValueId value) {
    const bool known = std::ranges::any_of(list, [&](const auto& each) { return each.first == value; });
    if (known || elements(value) == 1) return;
    list.emplace_back(
        value, builder_.scratch(input_.values[value].type.dtype, builder_.pool().literal(elements(value) * rows)));
  };
  const std::vector<ValueId> made = writes(Task(group));
  for (Expr e : ir::postorder(elements_of(group)))
    if (e->op == Opcode::load && std::ranges::count(made, e->number) == 0 && (e->free_axes & bit(group.outer - 1)) &&
        reads_own_row(e, group.outer))
      add(operands_, e->number);
  for (const Nest& nest : group.nests)
    if (input.readers_of(nest.result) != Readers::kernel) add(results_, nest.result);
}

void ShortRows::turn_operands(std::span<const Expr> outer, Expr count) {
  const Expr zero = builder_.pool().literal(0), height = builder_.pool().literal(rows);
  for (const auto& [value, scratch] : operands_) {
    const Expr length = builder_.pool().literal(elements(value));
    builder_.add(
        {ir::Transpose{scratch, builder_.read(value), zero, height, first(value, outer), length, count, length}});
  }
}

void ShortRows::turn_results(std::span<const Expr> outer, Expr count) {
  const Expr zero = builder_.pool().literal(0), height = builder_.pool().literal(rows);
  for (const auto& [value, scratch] : results_) {
    const Expr length = builder_.pool().literal(elements(value));
    builder_.add(
        {ir::Transpose{builder_.write(value), scratch, first(value, outer), length, zero, height, length, count}});
  }
}

std::vector<ValueId> ShortRows::own() const {
  std::vector<ValueId> values;
  for (const auto& [value, scratch] : operands_) values.push_back(value);
  for (Expr e : ir::postorder(elements_of(group_)))
    if (e->op == Opcode::load && operand(e) < 0) std::erase(values, e->number);
  std::erase_if(values, [&](ValueId value) {
    return std::ranges::any_of(group_.nests, [&](const Nest& nest) {
      return input_.readers_of(nest.result) != Readers::kernel && nest.domain != input_.values[value].type.dims;
    });
  });
  return values;
}

std::int64_t ShortRows::operand(Expr load) const {
  if (const std::int64_t made = result(load->number); made >= 0) return made;
  const auto found = std::ranges::find(operands_, load->number, [](const auto& each) { return each.first; });
  return found != operands_.end() && reads_own_row(load, group_.outer) ? found->second : -1;
}

std::int64_t ShortRows::result(ValueId value) const {
  const auto found = std::ranges::find(results_, value, [](const auto& each) { return each.first; });
  return found == results_.end() ? -1 : found->second;
}

std::int64_t ShortRows::elements(ValueId value) const {
  return *row_elements(input_.values[value].type.dims, group_.outer);
}

Expr ShortRows::first(ValueId value, std::span<const Expr> outer) const {
  std::vector<Expr> indices(input_.values[value].type.dims.size(), builder_.pool().literal(0));
  std::ranges::copy(outer, indices.begin());
  return row_major_offset(input_.values[value].type.dims, indices, builder_.pool());
}

}  // namespace theon::codegen
