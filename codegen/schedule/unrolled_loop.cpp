#include "codegen/schedule/unrolled_loop.h"

#include "codegen/math/expand.h"
#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// A matrix of 8 by 8; more does not fit into registers.
constexpr std::int64_t most_elements = 64;
/// Longer rows fill vectors.
constexpr std::int64_t longest_row = 8;
/// More statements than this take long to compile.
constexpr std::int64_t most_operations = 1000;

/// The number of elements, where it is small.
std::optional<std::int64_t> few_elements(const Shape& dims) {
  std::int64_t count = 1;
  for (const Dim& dim : dims) {
    const std::int64_t extent = dim.known().value_or(most_elements + 1);
    if (extent > most_elements || (count *= extent) > most_elements) return std::nullopt;
  }
  return dims.empty() || dims.back().known() <= longest_row ? std::optional(count) : std::nullopt;
}

/// Functions are worth the lanes of a vector.
bool calls_function(Expr element) {
  return std::ranges::any_of(ir::postorder(std::span(&element, 1)),
                             [](Expr e) { return e->op != Opcode::load && !e->args.empty() && math::cost(e) > 1; });
}

/// The operations of one element, its reductions spelled out; nothing where they are many.
std::optional<std::int64_t> few_operations(Expr element) {
  std::int64_t cost = std::max(element_cost(std::span(&element, 1)), 1);
  for (Expr e : ir::postorder(std::span(&element, 1))) {
    if (e->op != Opcode::reduce) continue;
    const Expr extent = e->args[0];
    const auto trips = static_cast<std::int64_t>(extent->bits);
    if (extent->op != Opcode::literal || trips < 1 || trips > longest_row) return std::nullopt;
    if ((cost *= trips) > most_operations) return std::nullopt;
  }
  return cost;
}

bool is_small(const Loop& loop, std::span<const Task> body, const std::vector<Value>& values) {
  if (loop.test) return false;
  bool is_scalar = true;
  for (const Carried& state : loop.carried) {
    const Shape& dims = values[state.current].type.dims;
    if (!few_elements(dims)) return false;
  }
  std::int64_t total = 0;
  for (const Task& task : body) {
    const Group* group = std::get_if<Group>(&task);
    if (!group || group->strips) return false;
    for (const Nest& nest : group->nests) {
      const std::optional<std::int64_t> count = few_elements(nest.domain), each = few_operations(nest.element);
      if (!count || !each || (total += *count * *each) > most_operations) return false;
      if (*count > 1 && calls_function(nest.element)) return false;
      is_scalar = is_scalar && nest.domain.empty();
    }
  }
  return !is_scalar;
}

/// Rows of so many elements are vectors; 1 where they are not.
int lanes_of_rows(const Shape& dims) {
  const std::int64_t row = dims.empty() ? 1 : *dims.back().known();
  return row == 4 || row == 8 ? static_cast<int>(row) : 1;
}

/// Multi-indices of a domain in the order of memory.
std::vector<std::vector<Expr>> places(std::span<const Dim> dims, ir::Pool& pool) {
  std::vector<std::vector<Expr>> all{{}};
  for (const Dim& dim : dims) {
    std::vector<std::vector<Expr>> longer;
    for (const std::vector<Expr>& place : all)
      for (std::int64_t i = 0; i < *dim.known(); ++i) {
        longer.push_back(place);
        longer.back().push_back(pool.literal(i));
      }
    all = std::move(longer);
  }
  return all;
}

/// The largest parts of an element, worth an operation, that depend on its row and on nothing else: on axes before
/// `axis`.
std::vector<Expr> parts_of_row(Expr element, int axis) {
  const std::uint64_t before = (std::uint64_t{1} << axis) - 1;
  std::vector<Expr> pending{element}, parts;
  std::unordered_set<const ir::Node*> seen;
  while (!pending.empty()) {
    const Expr e = pending.back();
    pending.pop_back();
    if (e->op == Opcode::load || !seen.insert(e.get()).second) continue;
    const bool is_of_row = e->free_levels == 0 && e->free_axes != 0 && (e->free_axes & ~before) == 0;
    if (is_of_row && element_cost(std::span(&e, 1)) > 0)
      parts.push_back(e);
    else
      pending.insert(pending.end(), e->args.begin(), e->args.end());
  }
  return parts;
}

bool begins_with(const Shape& dims, const Shape& first) {
  return dims.size() >= first.size() && std::equal(first.begin(), first.end(), dims.begin());
}

class UnrolledLowering {
 public:
  UnrolledLowering(const Loop& loop, std::span<const Task> body, const LoweringInput& input)
      : loop_(loop), body_(body), input_(input), pool_(input.pool), builder_("loop", input.values, input.pool) {}

  /// Nothing where an element is read that only running tells.
  std::optional<LoweredKernel> run() {
    builder_.note("a loop as one kernel: iterations in order, each element by a statement of its own, in registers");
    for (const Carried& state : loop_.carried)
      copy(builder_.read(state.current), keep(state.current), type(state.current));
    find_columns();
    iteration_ = builder_.open(builder_.begin(), builder_.end());
    for (const Task& task : body_)
      for (const Nest& nest : std::get<Group>(task).nests) compute(nest);
    for (const Carried& state : loop_.carried) copy(kept_.at(state.next), kept_.at(state.current), type(state.current));
    builder_.close();
    for (const Carried& state : loop_.carried)
      copy(kept_.at(state.current), builder_.write(state.current), type(state.current));
    if (!is_known_) return std::nullopt;
    return LoweredKernel{builder_.finish(), loop_.trips};
  }

 private:
  const TensorType& type(ValueId value) const { return input_.values[value].type; }

  /// Scratch memory of few elements at known places: registers.
  std::int64_t registers(DType dtype, std::int64_t count) { return builder_.scratch(dtype, pool_.literal(count)); }

  std::int64_t count_of(ValueId value) const { return *few_elements(type(value).dims); }
  std::int64_t keep(ValueId value) { return kept_[value] = registers(type(value).dtype, count_of(value)); }

  /// Runs `body` for every row of a domain, with the index of what is in it.
  template <class Body>
  void each_row(const Shape& domain, Body body) {
    lanes_ = lanes_of_rows(domain);
    for (std::vector<Expr>& place : places(std::span(domain).first(domain.size() - (lanes_ > 1)), pool_)) {
      const ir::Local lane = builder_.fresh();
      if (lanes_ > 1) place.push_back(builder_.local(lane, DType::int64));
      place_ = std::move(place);
      ir::Block statements = body();
      if (lanes_ > 1) statements = {{ir::For{lane, pool_.literal(0), pool_.literal(lanes_), lanes_, 1, statements}}};
      for (ir::Statement& statement : statements) builder_.add(std::move(statement));
    }
  }

  void copy(std::int64_t from, std::int64_t to, const TensorType& type) {
    each_row(type.dims, [&]() -> ir::Block {
      const Expr offset = row_major_offset(type.dims, place_, pool_);
      return {{ir::Store{to, offset, pool_.load(from, type.dtype, {{offset}})}}};
    });
  }

  bool is_stored(ValueId value) const {
    return input_.readers_of(value) != Readers::kernel &&
           std::ranges::none_of(loop_.carried, [&](const Carried& state) { return state.next == value; });
  }

  void compute(const Nest& nest) {
    compute_columns(nest);
    // What goes to a slice of a result is read from there.
    const bool is_part = !nest.prefix.empty();
    const std::int64_t result = is_part ? 0 : registers(type(nest.result).dtype, count_of(nest.result));
    each_row(nest.domain, [&] {
      const ir::Local local = builder_.fresh();
      ir::Block statements{{ir::Let{local, builder_.computed(lowered(nest.element))}}};
      const Expr value = builder_.local(local, type(nest.result).dtype);
      if (!is_part) statements.push_back({ir::Store{result, row_major_offset(nest.domain, place_, pool_), value}});
      if (is_part || is_stored(nest.result))
        statements.push_back({ir::Store{builder_.write(nest.result), offset_of_result(nest), value}});
      return statements;
    });
    if (!is_part) kept_[nest.result] = result;
  }

  /// What is the same for all elements of a row: of all rows together it is a vector too, and so it is where others
  /// compute the same.
  void find_columns() {
    for (const Task& task : body_)
      for (const Nest& nest : std::get<Group>(task).nests) {
        if (nest.domain.size() < 2 || lanes_of_rows(nest.domain) == 1) continue;
        const Shape rows(nest.domain.begin(), nest.domain.end() - 1);
        for (Expr part : parts_of_row(nest.element, static_cast<int>(rows.size())))
          columns_.emplace(part.get(), Column{rows});
      }
  }

  void compute_columns(const Nest& nest) {
    for (Expr part : ir::postorder(std::span(&nest.element, 1))) {
      const auto found = columns_.find(part.get());
      if (found == columns_.end() || found->second.registers || !begins_with(nest.domain, found->second.rows)) continue;
      const Shape& rows = found->second.rows;
      const std::int64_t column = registers(part->dtype, *few_elements(rows));
      each_row(rows, [&]() -> ir::Block {
        return {{ir::Store{column, row_major_offset(rows, place_, pool_), builder_.computed(lowered(part))}}};
      });
      found->second.registers = column;
    }
  }

  Expr of_row(Expr part) {
    const auto found = columns_.find(part.get());
    if (found == columns_.end() || !found->second.registers) return Expr();
    const Shape& rows = found->second.rows;
    const std::span<const Expr> row = std::span(place_).first(rows.size());
    return element(*found->second.registers, part->dtype, row_major_offset(rows, row, pool_));
  }

  Expr offset_of_result(const Nest& nest) {
    std::vector<Expr> indices;
    for (Expr index : nest.prefix) indices.push_back(lowered(index));
    indices.insert(indices.end(), place_.begin(), place_.end());
    return row_major_offset(type(nest.result).dims, indices, pool_);
  }

  Expr lowered(Expr root) {
    return pool_.replace(root, [this](Expr e) -> Expr {
      if (const Expr known = of_row(e)) return known;
      switch (e->op) {
        case Opcode::index:
          return place_.at(e->number);
        case Opcode::parameter:
          return same(e, pool_.parameter(loop_.counter)) ? iteration_ : Expr();
        case Opcode::load:
          return loaded(e);
        case Opcode::reduce:
          return reduced(e)[0];
        case Opcode::project:
          return reduced(e->args[0])[e->number];
        default:
          return Expr();
      }
    });
  }

  Expr loaded(Expr load) {
    const auto known = kept_.find(load->number);
    if (known == kept_.end()) return pool_.load(builder_.read(load->number), load->dtype, {{offset_of(load)}});
    std::vector<std::int64_t> offsets;  // by lane
    for (int lane = 0; lane < lanes_; ++lane) offsets.push_back(known_offset(load, lane));
    const auto rise_by = [&](std::int64_t step) {
      return std::ranges::adjacent_find(offsets, [&](auto a, auto b) { return b - a != step; }) == offsets.end();
    };
    if (rise_by(0)) return element(known->second, load->dtype, pool_.literal(offsets[0]));
    if (rise_by(1)) return element(known->second, load->dtype, pool_.literal(offsets[0]) + place_.back());
    return element(gathered(known->second, load->dtype, offsets), load->dtype, place_.back());
  }

  Expr element(std::int64_t buffer, DType dtype, Expr offset) { return pool_.load(buffer, dtype, {{offset}}); }

  /// Where it reads in one of the lanes.
  std::int64_t known_offset(Expr load, int lane) {
    const std::vector<Expr> place = place_;
    if (lanes_ > 1) place_.back() = pool_.literal(lane);
    const Expr offset = offset_of(load);
    place_ = place;
    if (offset->op == Opcode::literal && offset->bits < static_cast<std::uint64_t>(count_of(load->number)))
      return static_cast<std::int64_t>(offset->bits);
    is_known_ = false;
    return 0;
  }

  /// Elements from anywhere in a row of their own.
  std::int64_t gathered(std::int64_t from, DType dtype, std::span<const std::int64_t> offsets) {
    const std::int64_t row = registers(dtype, lanes_);
    for (std::size_t k = 0; k < offsets.size(); ++k)
      builder_.store(row, pool_.literal(static_cast<std::int64_t>(k)), element(from, dtype, pool_.literal(offsets[k])));
    return row;
  }

  Expr offset_of(Expr load) {
    std::vector<Expr> indices;
    for (Expr index : load->args) indices.push_back(lowered(index));
    return row_major_offset(type(load->number).dims, indices, pool_);
  }

  /// Both halves at once: one after the other they would wait for each other.
  std::vector<Expr> reduced(Expr reduce) {
    const auto trips = static_cast<std::int64_t>(reduce->args[0]->bits);
    const std::int64_t half = trips < 4 ? trips : trips / 2;
    std::vector<Expr> state = chain(reduce, 0, half);
    return half < trips ? combined(reduce, state, chain(reduce, half, trips)) : state;
  }

  std::vector<Expr> chain(Expr reduce, std::int64_t first, std::int64_t last) {
    std::vector<Expr> state = terms(reduce, first);
    for (std::int64_t k = first + 1; k < last; ++k) state = combined(reduce, state, terms(reduce, k));
    return state;
  }

  std::vector<Expr> combined(Expr reduce, std::vector<Expr> both, const std::vector<Expr>& second) {
    both.insert(both.end(), second.begin(), second.end());
    std::vector<Expr> state;
    for (Expr combine : reduce->monoid->combine)
      state.push_back(
          pool_.substitute(combine, [&](Expr e) { return e->op == Opcode::argument ? both.at(e->number) : Expr(); }));
    return state;
  }

  std::vector<Expr> terms(Expr reduce, std::int64_t k) {
    std::vector<Expr> values = pool_.body(reduce, pool_.literal(k));
    for (Expr& value : values) value = lowered(value);
    return values;
  }

  const Loop& loop_;
  std::span<const Task> body_;
  const LoweringInput& input_;
  ir::Pool& pool_;
  KernelBuilder builder_;
  Expr iteration_;
  std::unordered_map<ValueId, std::int64_t> kept_;  // the registers of values
  struct Column {
    Shape rows;
    std::optional<std::int64_t> registers = {};  // once it is computed
  };
  std::unordered_map<const ir::Node*, Column> columns_;
  std::vector<Expr> place_;  // of the element that is being computed
  int lanes_ = 1;
  bool is_known_ = true;
};

}  // namespace

std::optional<LoweredKernel> lower_unrolled(const Loop& loop, std::span<const Task> body, const LoweringInput& input) {
  if (!is_small(loop, body, input.values)) return std::nullopt;
  return UnrolledLowering(loop, body, input).run();
}

}  // namespace theon::codegen
