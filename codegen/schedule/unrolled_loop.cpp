#include "codegen/schedule/unrolled_loop.h"

#include "codegen/math/expand.h"
#include "codegen/partition/affine.h"
#include "codegen/partition/cost.h"

#include <algorithm>
#include <unordered_map>
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
  return std::ranges::any_of(ir::postorder(std::span(&element, 1)), [](Expr e) {
    return e->op != Opcode::load && !e->args.empty() && math::cost(e->op, e->args.back()->dtype) > 1;
  });
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
    if (!group) return false;
    for (const Nest& nest : group->nests) {
      const std::optional<std::int64_t> count = few_elements(nest.domain), each = few_operations(nest.element);
      if (!count || !each || (total += *count * *each) > most_operations) return false;
      if (*count > 1 && calls_function(nest.element)) return false;
      is_scalar = is_scalar && nest.domain.empty();
    }
  }
  return !is_scalar;
}

/// Multi-indices of a domain in the order of memory.
std::vector<std::vector<std::int64_t>> places(const Shape& dims) {
  std::vector<std::vector<std::int64_t>> all{{}};
  for (const Dim& dim : dims) {
    std::vector<std::vector<std::int64_t>> longer;
    for (const std::vector<std::int64_t>& place : all)
      for (std::int64_t i = 0; i < *dim.known(); ++i) {
        longer.push_back(place);
        longer.back().push_back(i);
      }
    all = std::move(longer);
  }
  return all;
}

class UnrolledLowering {
 public:
  UnrolledLowering(const Loop& loop, std::span<const Task> body, const LoweringInput& input)
      : loop_(loop), body_(body), input_(input), pool_(input.pool), builder_("loop", input.values, input.pool) {}

  /// Nothing where an element is read that only running tells.
  std::optional<LoweredKernel> run() {
    builder_.note("a loop as one kernel: iterations in order, each element by a statement of its own, in registers");
    for (const Carried& state : loop_.carried) enter(state);
    iteration_ = builder_.open(builder_.begin(), builder_.end());
    for (const Task& task : body_)
      for (const Nest& nest : std::get<Group>(task).nests) compute(nest);
    for (const Carried& state : loop_.carried) advance(state);
    builder_.close();
    for (const Carried& state : loop_.carried) leave(state);
    if (!is_known_) return std::nullopt;
    return LoweredKernel{builder_.finish(), loop_.trips};
  }

 private:
  const TensorType& type(ValueId value) const { return input_.values[value].type; }

  /// From here on the state's elements are mutable locals.
  void enter(const Carried& state) {
    std::vector<Expr>& elements = elements_[state.current];
    const DType dtype = type(state.current).dtype;
    const std::int64_t count = *few_elements(type(state.current).dims);
    for (std::int64_t k = 0; k < count; ++k) {
      const ir::Local local = builder_.fresh();
      builder_.add({ir::Var{local, pool_.load(builder_.read(state.current), dtype, {{pool_.literal(k)}})}});
      elements.push_back(builder_.local(local, dtype));
    }
  }

  void advance(const Carried& state) {
    const std::vector<Expr>& next = elements_.at(state.next);
    for (std::size_t k = 0; k < next.size(); ++k)
      builder_.add({ir::Assign{elements_.at(state.current)[k]->number, next[k]}});
  }

  void leave(const Carried& state) {
    const std::vector<Expr>& elements = elements_.at(state.current);
    for (std::size_t k = 0; k < elements.size(); ++k)
      builder_.store(builder_.write(state.current), pool_.literal(static_cast<std::int64_t>(k)), elements[k]);
  }

  bool is_kept(ValueId value) const {
    return input_.readers_of(value) != Readers::kernel &&
           std::ranges::none_of(loop_.carried, [&](const Carried& state) { return state.next == value; });
  }

  void compute(const Nest& nest) {
    const DType dtype = type(nest.result).dtype;
    std::vector<Expr> elements;
    for (const std::vector<std::int64_t>& place : places(nest.domain)) {
      place_ = &place;
      const ir::Local local = builder_.fresh();
      builder_.add({ir::Let{local, builder_.computed(lowered(nest.element))}});
      elements.push_back(builder_.local(local, dtype));
      if (is_kept(nest.result) || !nest.prefix.empty()) store(nest, elements.back());
    }
    // What goes to a slice of a result is read from there.
    if (nest.prefix.empty()) elements_[nest.result] = std::move(elements);
  }

  void store(const Nest& nest, Expr value) {
    std::vector<Expr> indices;
    for (Expr index : nest.prefix) indices.push_back(lowered(index));
    for (const std::int64_t index : *place_) indices.push_back(pool_.literal(index));
    builder_.store(builder_.write(nest.result), row_major_offset(type(nest.result).dims, indices, pool_), value);
  }

  Expr lowered(Expr root) {
    return pool_.replace(root, [this](Expr e) -> Expr {
      switch (e->op) {
        case Opcode::index:
          return pool_.literal(place_->at(e->number));
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
    std::vector<Expr> indices;
    for (Expr index : load->args) indices.push_back(lowered(index));
    const Expr offset = row_major_offset(type(load->number).dims, indices, pool_);
    const auto known = elements_.find(load->number);
    if (known == elements_.end()) return pool_.load(builder_.read(load->number), load->dtype, {{offset}});
    if (offset->op == Opcode::literal && offset->bits < known->second.size()) return known->second[offset->bits];
    is_known_ = false;
    return known->second[0];
  }

  std::vector<Expr> reduced(Expr reduce) {
    const auto trips = static_cast<std::int64_t>(reduce->args[0]->bits);
    std::vector<Expr> state = terms(reduce, 0);
    for (std::int64_t k = 1; k < trips; ++k) {
      std::vector<Expr> both = state;
      for (Expr term : terms(reduce, k)) both.push_back(term);
      for (std::size_t c = 0; c < state.size(); ++c)
        state[c] = pool_.substitute(reduce->monoid->combine[c],
                                    [&](Expr e) { return e->op == Opcode::argument ? both.at(e->number) : Expr(); });
    }
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
  const std::vector<std::int64_t>* place_ = nullptr;
  std::unordered_map<ValueId, std::vector<Expr>> elements_;
  bool is_known_ = true;
};

}  // namespace

std::optional<LoweredKernel> lower_unrolled(const Loop& loop, std::span<const Task> body, const LoweringInput& input) {
  if (!is_small(loop, body, input.values)) return std::nullopt;
  return UnrolledLowering(loop, body, input).run();
}

}  // namespace theon::codegen
