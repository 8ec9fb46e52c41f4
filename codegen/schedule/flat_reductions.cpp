#include "codegen/schedule/flat_reductions.h"

#include "src/ir/size.h"

#include <algorithm>
#include <unordered_set>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Axes up to this one, which no nest has, stand for reduced indices, others at each depth.
constexpr int last_axis = 63, deepest = 16;

class Flattener {
 public:
  Flattener(const std::vector<Value>& values, const std::unordered_set<ValueId>& made, ir::Pool& pool)
      : values_(values), made_(made), pool_(pool) {}

  Expr operator()(Expr root) {
    return pool_.replace(root, [this](Expr e) { return e->op == Opcode::reduce ? flattened(e) : Expr(); });
  }

 private:
  /// Null where the reduction has a single axis, or operands that lie otherwise.
  Expr flattened(Expr reduce) {
    if (reduce->monoid->size() != 1 || depth_ == deepest) return Expr();
    const std::optional<Dim> rows = ir::as_dim(reduce->args[0]);
    if (!rows) return Expr();
    const int axis = last_axis - 2 * depth_;
    const Expr row = pool_.index(axis - 1, *rows);
    ++depth_;
    const Expr inner = (*this)(pool_.body(reduce, row)[0]);
    --depth_;
    if (inner->op != Opcode::reduce || inner->monoid != reduce->monoid) return Expr();
    const std::optional<Dim> columns = ir::as_dim(inner->args[0]);
    if (!columns) return Expr();
    const Expr column = pool_.index(axis, *columns);
    const Expr body = pool_.body(inner, column)[0];
    if (!lies_flat(body, row, column)) return Expr();
    return pool_.reduce(reduce->monoid, *rows * *columns, [&](Expr k) {
      return pool_.replace(body, [&](Expr e) { return e->op == Opcode::load ? along(e, row, column, k) : Expr(); });
    });
  }

  /// Whether every operand that depends on row or column is contiguous along both, and nothing else depends on them.
  bool lies_flat(Expr root, Expr row, Expr column) const {
    const std::uint64_t both = row->free_axes | column->free_axes;
    std::vector<Expr> stack{root};
    std::unordered_set<const ir::Node*> seen;
    while (!stack.empty()) {
      const Expr e = stack.back();
      stack.pop_back();
      if (!(e->free_axes & both) || !seen.insert(e.get()).second) continue;
      if (e->op == Opcode::index) return false;
      if (e->op != Opcode::load)
        stack.insert(stack.end(), e->args.begin(), e->args.end());
      else if (made_.contains(e->number) || !lies_flat_in_memory(e, row, column))
        return false;
    }
    return true;
  }

  bool lies_flat_in_memory(Expr load, Expr row, Expr column) const {
    const std::uint64_t both = row->free_axes | column->free_axes;
    const auto is = [](Expr wanted) { return [wanted](Expr e) { return same(e, wanted); }; };
    const auto outer = std::ranges::find_if(load->args, is(row)), inner = std::ranges::find_if(load->args, is(column));
    if (outer == load->args.end() || inner <= outer || inner == load->args.end()) return false;
    Dim between = 1;
    for (auto arg = load->args.begin(); arg != load->args.end(); ++arg) {
      if (arg != outer && arg != inner && ((*arg)->free_axes & both)) return false;
      if (arg > outer && arg < inner && ((*arg)->op != Opcode::literal || (*arg)->bits != 0)) return false;
      if (arg > outer && arg <= inner) between = between * values_[load->number].type.dims[arg - load->args.begin()];
    }
    return equal(between, *ir::as_dim(pool_.parameter(*column->dim))) == Answer::yes;
  }

  /// The load with `k` running along both.
  Expr along(Expr load, Expr row, Expr column, Expr k) {
    if (!(load->free_axes & (row->free_axes | column->free_axes))) return Expr();
    std::vector<Expr> indices(load->args.begin(), load->args.end());
    for (Expr& index : indices) index = same(index, row) ? pool_.literal(0) : same(index, column) ? k : index;
    return pool_.load(load->number, load->dtype, indices);
  }

  const std::vector<Value>& values_;
  const std::unordered_set<ValueId>& made_;
  ir::Pool& pool_;
  int depth_ = 0;  // of reductions around the one that is looked at
};

}  // namespace

std::vector<Work> with_flat_reductions(std::span<const Work> works, const std::vector<Value>& values, ir::Pool& pool) {
  std::vector<Work> result(works.begin(), works.end());
  std::unordered_set<ValueId> made;
  for (const Work& work : result)
    if (const auto* nest = std::get_if<Nest>(&work)) made.insert(nest->result);
  for (Work& work : result)
    if (auto* nest = std::get_if<Nest>(&work)) nest->element = Flattener(values, made, pool)(nest->element);
  return result;
}

}  // namespace theon::codegen
