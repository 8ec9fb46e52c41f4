#include "codegen/schedule/tiles.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"
#include "codegen/partition/elements.h"
#include "codegen/schedule/ahead.h"
#include "codegen/schedule/reductions.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Of an operand that lies across a tile holds so many contiguous bytes: a cache line. Then results are few long rows,
/// and what the machine does not foresee, a line here and there, is asked for one tile ahead.
constexpr std::int64_t contiguous_bytes = 64;
/// Along the last axis of the domain. A tile and its neighbours fit a level 1 cache.
constexpr std::int64_t tile_width = 64;

std::uint64_t bit(int axis) { return std::uint64_t{1} << axis; }

/// The position of the index that is the plain index of an axis, where no other depends on that axis.
std::optional<std::size_t> plain_position(Expr load, int axis) {
  std::optional<std::size_t> found;
  for (std::size_t k = 0; k < load->args.size(); ++k) {
    if (!(load->args[k]->free_axes & bit(axis))) continue;
    if (found || load->args[k]->op != Opcode::index) return std::nullopt;
    found = k;
  }
  return found;
}

/// The axis along which a load is contiguous where that is not the last one, along which it is strided.
std::optional<int> across(Expr load, int rank) {
  if (load->op != Opcode::load || load->args.empty() || load->args.back()->op != Opcode::index) return std::nullopt;
  const int axis = static_cast<int>(load->args.back()->number);
  const bool turned = axis != rank - 1 && plain_position(load, axis) && plain_position(load, rank - 1);
  return turned ? std::optional(axis) : std::nullopt;
}

std::vector<Expr> elements(const Group& group) {
  std::vector<Expr> list;
  for (const Nest& nest : group.nests) list.push_back(nest.element);
  return list;
}

/// Whether each nest computes its element from operands, and from what earlier ones computed at the same place.
bool is_elementwise(const Group& group, ir::Pool& pool) {
  if (has_reduction(elements(group))) return false;
  const std::vector<ValueId> made = writes(Task(group));
  const Tuple here = index_tuple(group.domain, pool);
  const bool own_place = std::ranges::all_of(ir::postorder(elements(group)), [&](Expr e) {
    return e->op != Opcode::load || std::ranges::count(made, e->number) == 0 || same_tuple(e->args, here);
  });
  return own_place && std::ranges::all_of(group.nests, [&](const Nest& nest) {
           return nest.domain == group.domain && nest.prefix.empty();
         });
}

class TileLowering {
 public:
  /// `axis` is the one along which some operands are contiguous.
  TileLowering(const Group& group, int axis, const LoweringInput& input)
      : group_(group),
        axis_(axis),
        last_(static_cast<int>(group.domain.size()) - 1),
        input_(input),
        pool_(input.pool),
        builder_(kernel_name(group, input.values), input.values, input.pool,
                 math::best_for(elements(group), input.machine.math, input.machine.tables)) {
    for (Expr e : ir::postorder(elements(group)))
      if (across(e, last_ + 1) == axis) turned_.push_back({e, 0});
  }

  LoweredKernel run() {
    const std::int64_t height = contiguous_bytes / static_cast<std::int64_t>(size_of(turned_[0].load->dtype));
    const Dim blocks = floor_div(group_.domain[axis_] + (height - 1), height);
    const Dim trips = axis_ == 0 ? blocks : group_.domain[0];
    builder_.note("tiles of {} x {}; in each, what lies across is turned first: {} operands", height, tile_width,
                  turned_.size());
    Expr first;
    for (int axis = 0; axis < last_; ++axis) {
      const Dim& extent = axis == axis_ ? blocks : group_.domain[axis];
      const Expr index = axis == 0 ? builder_.open(builder_.begin(), builder_.end())
                                   : builder_.open(number(0), pool_.parameter(extent));
      axes_.push_back(axis == axis_ ? index * number(height) : index);
    }
    const Dim columns = floor_div(group_.domain[last_] + (tile_width - 1), tile_width);
    axes_.push_back(builder_.open(number(0), pool_.parameter(columns)) * number(tile_width));
    lower_tile(height);
    for (int axis = 0; axis <= last_; ++axis) builder_.close();
    return {builder_.finish(), trips};
  }

 private:
  struct Turned {
    Expr load;
    std::int64_t scratch;
  };

  /// The tile whose first element the axes name.
  void lower_tile(std::int64_t height) {
    const Expr first_row = axes_[axis_], first_column = axes_[last_];
    const Expr rows = defined(min(number(height), pool_.parameter(group_.domain[axis_]) - first_row));
    const Expr columns = defined(min(number(tile_width), pool_.parameter(group_.domain[last_]) - first_column));
    for (Turned& each : turned_) turn(each, height, rows, columns);
    row_ = builder_.open(number(0), rows);
    fetch_next(height);
    LoopShape shape = loop_shape(elements(group_), input_.machine);
    shape.streams = streams(group_.nests, group_, shape, input_);
    column_ = builder_.open(number(0), columns, shape);
    axes_[axis_] = first_row + row_;
    axes_[last_] = first_column + column_;
    for (const Nest& nest : group_.nests) lower_nest(nest);
    builder_.close();
    builder_.close();
  }

  void turn(Turned& each, std::int64_t height, Expr rows, Expr columns) {
    each.scratch = builder_.scratch(each.load->dtype, number(height * tile_width));
    std::vector<Expr> unit(each.load->args.size(), number(0));
    unit[*plain_position(each.load, last_)] = number(1);
    const Shape& dims = input_.values[each.load->number].type.dims;
    builder_.add({ir::Transpose{each.scratch, builder_.read(each.load->number), number(0), number(tile_width),
                                place(each.load), row_major_offset(dims, unit, pool_), columns, rows}});
  }

  /// With each row a part of what the next tile turns, where it does not wait in a cache anyway.
  void fetch_next(std::int64_t height) {
    const Expr far = exceed(input_.machine.second_level_bytes, turned_loads(), input_);
    if (far->op == Opcode::literal && far->bits == 0) return;
    builder_.note("the next tile is fetched ahead");
    const std::int64_t lines = tile_width / height;
    const Expr row = axes_[axis_], column = axes_[last_];
    // Where a piece lies on two lines, the last tile's neighbours have read the first.
    axes_[axis_] = row + number(height - 1);
    builder_.open_if(far);
    for (const Turned& each : turned_)
      for (std::int64_t k = 0; k < lines; ++k) {
        axes_[last_] = column + row_ * number(lines) + number(tile_width + k);
        builder_.add({ir::Prefetch{builder_.read(each.load->number), place(each.load)}});
      }
    builder_.close();
    axes_[axis_] = row;
    axes_[last_] = column;
  }

  std::vector<Expr> turned_loads() const {
    std::vector<Expr> loads;
    for (const Turned& each : turned_) loads.push_back(each.load);
    return loads;
  }

  void lower_nest(const Nest& nest) {
    const Expr value = lowered(nest.element);
    made_[nest.result] = value;
    if (input_.readers_of(nest.result) == Readers::kernel) return;
    builder_.store(builder_.write(nest.result), row_major_offset(input_.values[nest.result].type.dims, axes_, pool_),
                   value);
  }

  Expr place(Expr load) {
    std::vector<Expr> indices;
    for (Expr index : load->args) indices.push_back(lowered(index));
    return row_major_offset(input_.values[load->number].type.dims, indices, pool_);
  }

  Expr lowered(Expr root) {
    return pool_.replace(root, [this](Expr e) -> Expr {
      if (e->op == Opcode::index) return axes_.at(e->number);
      return e->op == Opcode::load ? lowered_load(e) : Expr();
    });
  }

  Expr lowered_load(Expr load) {
    if (const auto it = made_.find(load->number); it != made_.end()) return it->second;
    const auto it = std::ranges::find_if(turned_, [&](const Turned& each) { return same(each.load, load); });
    if (it == turned_.end()) return pool_.load(builder_.read(load->number), load->dtype, {{place(load)}});
    return pool_.load(it->scratch, load->dtype, {{row_ * number(tile_width) + column_}});
  }

  Expr defined(Expr value) {
    const ir::Local local = builder_.fresh();
    builder_.add({ir::Let{local, value}});
    return builder_.local(local, value->dtype);
  }

  Expr number(std::int64_t value) const { return pool_.literal(value); }

  const Group& group_;
  const int axis_, last_;
  const LoweringInput& input_;
  ir::Pool& pool_;
  KernelBuilder builder_;
  std::vector<Turned> turned_;
  std::vector<Expr> axes_;
  Expr row_, column_;  // within the tile
  std::unordered_map<ValueId, Expr> made_;
};

}  // namespace

std::optional<LoweredKernel> lower_tiles(const Group& group, const LoweringInput& input) {
  if (!is_elementwise(group, input.pool)) return std::nullopt;
  const int rank = static_cast<int>(group.domain.size());
  for (Expr e : ir::postorder(elements(group)))
    if (const std::optional<int> axis = across(e, rank)) return TileLowering(group, *axis, input).run();
  return std::nullopt;
}

}  // namespace theon::codegen
