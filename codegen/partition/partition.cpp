#include "codegen/partition/partition.h"

#include "codegen/partition/affine.h"
#include "codegen/partition/contraction.h"
#include "codegen/partition/cost.h"
#include "codegen/partition/cut.h"
#include "codegen/partition/elements.h"
#include "codegen/partition/opposites.h"
#include "codegen/partition/product_fusion.h"
#include "src/control/ifelse.h"
#include "src/control/scan.h"
#include "src/control/while_loop.h"
#include "src/support/check.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <unordered_set>
#include <utility>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// One way a node's outputs are read: its index tuple, and the elements there. `local` loads numbered variables,
/// `composed` loads stored values.
struct Reading {
  Tuple indices;
  std::vector<Expr> local;
  std::vector<Expr> composed = {};
};

struct NodeState {
  std::vector<Reading> readings;
  bool stored = false;
  Stored reason = Stored::result;
  std::string reader = {};
};

/// Where a leaf of a loop's body lies: within a value outside, at the front of its indices.
struct Place {
  ValueId value;
  std::vector<Expr> prefix;
};

/// One graph: a function's, or a loop body's. The values of all of them are numbered together.
class Partitioner {
 public:
  Partitioner(const Graph& graph, ir::Pool& pool, std::vector<Value>& values)
      : graph_(graph), pool_(pool), all_values_(values), order_(toposort(graph.outputs)) {}

  Partition function() {
    for (const Variable& x : graph_.inputs) value_of(x);
    for (const Variable& x : graph_.outputs) store(x, Stored::result);
    sweep_and_emit();
    Partition result;
    for (const Variable& x : graph_.outputs) {
      const ValueId value = value_of(x);
      const bool is_repeated = std::ranges::find(result.outputs, value) != result.outputs.end();
      result.outputs.push_back(is_repeated && x.owner() ? again(x, value) : value);
    }
    share_opposites(works_, pool_);
    fold_epilogues(works_, all_values_, result.outputs);
    fold_prologues(works_, all_values_, result.outputs);
    result.works = std::move(works_);
    return result;
  }

  /// The body of a loop: its inputs lie at `places`, its outputs go to the first entries of `results`, the rest of
  /// which are states to be traced.
  struct Result {
    std::optional<ValueId> value;  // nothing: not wanted
    std::vector<Expr> prefix;
  };
  std::vector<Work> body(const std::vector<Place>& places, const std::vector<Result>& results, Location where) {
    for (std::size_t i = 0; i < places.size(); ++i) places_.emplace(graph_.inputs[i], places[i]);
    for (const Variable& x : graph_.outputs) demand_whole(x);
    sweep_and_emit();
    for (std::size_t k = 0; k < results.size(); ++k) {
      if (!results[k].value) continue;
      const Variable& x = graph_.outputs[k];
      works_.push_back(
          Nest{*results[k].value, x.dims(), element_of(x, index_tuple(x.dims(), pool_)), where, results[k].prefix});
      note_parts(x, all_values_[*results[k].value].account.fused);
    }
    share_opposites(works_, pool_);
    fold_epilogues(works_, all_values_, {});
    fold_prologues(works_, all_values_, {});
    return std::move(works_);
  }

 private:
  void sweep_and_emit() {
    for (const Variable& x : live_at_cuts(order_, pool_)) store(x, Stored::budget);
    for (auto node = order_.rbegin(); node != order_.rend(); ++node) sweep(**node);
    for (const Apply* node : order_) emit(*node);
  }

  /// A second memory for a result: whoever computes the first writes both.
  ValueId again(const Variable& x, ValueId value) {
    const ValueId copy = add_value(x);
    works_.push_back(Nest{copy, x.dims(), pool_.load(value, x.dtype(), index_tuple(x.dims(), pool_)), x.where()});
    return copy;
  }

  void demand_whole(const Variable& x) {
    if (x.owner()) demand(x, index_tuple(x.dims(), pool_));
  }

  /// The value that holds x, made on first use.
  ValueId value_of(const Variable& x) {
    const auto place = places_.find(x);
    if (place != places_.end() && place->second.prefix.empty()) return place->second.value;
    const auto [it, fresh] = values_.try_emplace(x, static_cast<ValueId>(all_values_.size()));
    if (!fresh) return it->second;
    all_values_.push_back({place == places_.end() ? origin(x) : Value::Origin::computed, x.type(), x, account_of(x)});
    if (place != places_.end())
      works_.push_back(Nest{it->second, x.dims(), element_of(x, index_tuple(x.dims(), pool_)), x.where()});
    return it->second;
  }

  ValueId add_value(const Variable& like) {
    all_values_.push_back({Value::Origin::computed, like.type(), like, {.reason = Stored::result}});
    return static_cast<ValueId>(all_values_.size()) - 1;
  }

  Account account_of(const Variable& x) const {
    const auto state = x.owner() ? state_.find(x.owner()) : state_.end();
    if (state == state_.end()) return {.reason = places_.contains(x) ? Stored::operand : Stored::no_need};
    Account account{state->second.reason, state->second.reader};
    if (has_been_swept_element(*x.owner())) account.fused = fused_into(*x.owner());
    return account;
  }

  /// What is computed to give x, where that is not stored.
  void note_parts(const Variable& x, std::vector<Variable>& parts) const {
    if (!x.owner() || state_.at(x.owner()).stored) return;
    parts.push_back(x);
    const std::vector<Variable> others = fused_into(*x.owner());
    parts.insert(parts.end(), others.begin(), others.end());
  }

  /// Ops with elements, once they have been swept.
  bool has_been_swept_element(const Apply& node) const {
    return node.op->op_class() == Op::Class::element && !state_.at(&node).readings.empty();
  }

  /// What is computed as a part of the node's elements: of a long list the nearest ones.
  std::vector<Variable> fused_into(const Apply& node) const {
    constexpr std::size_t most = 64;
    std::vector<Variable> fused;
    std::unordered_set<const Apply*> seen;
    std::vector<const Apply*> nodes{&node};
    for (std::size_t next = 0; next < nodes.size() && fused.size() < most; ++next)
      for (const Variable& x : nodes[next]->inputs) {
        const auto state = x.owner() ? state_.find(x.owner()) : state_.end();
        const bool is_part = state != state_.end() && !state->second.stored && !state->second.readings.empty();
        if (!is_part || !seen.insert(x.owner()).second) continue;
        fused.push_back(x);
        nodes.push_back(x.owner());
      }
    return fused;
  }

  static Value::Origin origin(const Variable& x) {
    switch (x.node()->role) {
      case Node::Role::input:
        return Value::Origin::input;
      case Node::Role::constant:
        return Value::Origin::constant;
      case Node::Role::shared:
        return Value::Origin::shared;
      case Node::Role::apply:
        return Value::Origin::computed;
      case Node::Role::pattern:
        break;
    }
    THEON_CHECK(!"a pattern reached the compiler");
    return {};
  }

  /// x must exist in memory, whole. `reader`: who asks for it.
  void store(const Variable& x, Stored reason, const Apply* reader = nullptr) {
    wanted_[x] = true;
    if (const Apply* node = x.owner())
      if (NodeState& state = state_[node]; !state.stored) note(state, reason, reader);
  }

  /// The first reason is the one that counts.
  static void note(NodeState& state, Stored reason, const Apply* reader = nullptr) {
    state.stored = true;
    state.reason = reason;
    if (reader) state.reader = described(*reader);
  }

  std::int64_t number_of(const Variable& x) {
    const auto [it, fresh] = numbers_.try_emplace(x, static_cast<std::int64_t>(variables_.size()));
    if (fresh) variables_.push_back(x);
    return it->second;
  }

  // The reverse sweep: consumers before producers.

  void sweep(const Apply& node) {
    if (has_elements(node)) return sweep_element(node);
    switch (node.op->op_class()) {
      case Op::Class::scatter:
        return sweep_scatter(node);
      case Op::Class::element:
      case Op::Class::host:
      case Op::Class::region:
        for (const Variable& x : node.inputs) store(x, Stored::operand, &node);
        note(state_[&node], Stored::opaque);
        return;
      case Op::Class::composite:
        THEON_CHECK(!"a composite reached the compiler: the pipeline inlines them");
    }
  }

  void sweep_element(const Apply& node) {
    NodeState& state = state_[&node];
    if (const std::optional<Stored> reason = state.stored ? std::nullopt : must_store(node, state.readings)) {
      note(state, *reason);
      if (*reason == Stored::recomputation) state.reader = fmt::format("{} index tuples", state.readings.size());
    }
    // Loads of a stored value serve every reader; its own nest reads the inputs at the canonical tuple.
    if (state.stored) state.readings.assign(1, Reading{index_tuple(node.types[0].dims, pool_), {}});
    for (Reading& reading : state.readings) {
      reading.local = *elements(context(node), reading.indices);
      demand(reading.local, node);
    }
  }

  /// The base is stored; targets and values are composed. Readings: the domain's tuple, with the targets and the value
  /// as elements.
  void sweep_scatter(const Apply& node) {
    const auto& op = static_cast<const ScatterOp&>(*node.op);
    store(node.inputs[0], Stored::operand, &node);
    NodeState& state = state_[&node];
    note(state, Stored::opaque);
    Reading reading{index_tuple(op.domain(node), pool_), {}};
    reading.local = op.target(context(node), reading.indices);
    reading.local.push_back(op.value(context(node), reading.indices));
    demand(reading.local, node);
    state.readings.assign(1, std::move(reading));
  }

  bool has_elements(const Apply& node) {
    const Op::Class kind = node.op->op_class();
    if (kind != Op::Class::scatter) return kind == Op::Class::element;
    const auto [it, fresh] = has_elements_.try_emplace(&node, false);
    if (fresh) it->second = canonical_elements(node, pool_).has_value();
    return it->second;
  }

  NodeContext context(const Apply& node) {
    return NodeContext(node, pool_, [this](const Variable& x) { return number_of(x); });
  }

  /// What the elements of the node read.
  void demand(std::span<const Expr> elements, const Apply& node) {
    // A factor that each element of the result reads again is stored, unless it is a strided view of something stored.
    if (const std::optional<ProductSum> sum = as_product_sum(elements[0]))
      for (Expr factor : {sum->left, sum->right})
        if (!reads_all_axes(factor, node.types[0].dims))
          store(viewed_source(variables_[load_of(factor)->number]), Stored::factor, &node);
    for (Expr e : ir::postorder(elements)) {
      if (e->op != Opcode::load) continue;
      const Variable x = variables_[e->number];
      if (x.owner()) demand(x, e->args);
    }
  }

  static bool reads_all_axes(Expr factor, const Shape& dims) {
    // Of a single column a product is the better kernel.
    for (std::size_t axis = 0; axis < dims.size(); ++axis)
      if (!reads_axis(factor, static_cast<int>(axis)) &&
          (axis + 1 == dims.size() || equal(dims[axis], 1) != Answer::yes))
        return false;
    return true;
  }

  void demand(const Variable& x, std::span<const Expr> indices) {
    NodeState& state = state_[x.owner()];
    wanted_[x] = true;
    for (const Reading& reading : state.readings)
      if (same_tuple(reading.indices, indices)) return;
    state.readings.push_back({Tuple(indices.begin(), indices.end()), {}});
  }

  /// What x is a strided view of (a transpose, a slice, a reshape), through any number of them; x itself where it is
  /// none.
  Variable viewed_source(Variable x) {
    while (const Apply* node = x.owner()) {
      if (state_[node].stored || !has_elements(*node) || node->outputs() != 1) break;
      const Expr element = canonical_elements(*node, pool_)->front();
      if (element->op != Opcode::load) break;
      const Variable source = node->inputs[element->number];
      if (!as_affine(row_major_offset(source.dims(), element->args, pool_), index_tuple(x.dims(), pool_))) break;
      x = source;
    }
    return x;
  }

  std::optional<Stored> must_store(const Apply& node, const std::vector<Reading>& readings) {
    const std::vector<Expr> elements = *canonical_elements(node, pool_);
    if (has_reduction(elements)) return Stored::reduction;
    if (readings.size() > 1 && recomputing_costs_more(elements, readings.size())) return Stored::recomputation;
    const auto is_far = [](const Reading& reading) { return is_tangled(reading.indices); };
    return std::ranges::any_of(readings, is_far) ? std::optional(Stored::tangled) : std::nullopt;
  }

  // The forward pass: producers before consumers.

  void emit(const Apply& node) {
    if (has_elements(node)) return emit_element(node);
    switch (node.op->op_class()) {
      case Op::Class::scatter:
        return emit_scatter(node);
      case Op::Class::element:
      case Op::Class::host:
        emit_host(node);
        return;
      case Op::Class::region:
        emit_region(node);
        return;
      case Op::Class::composite:
        return;
    }
  }

  void emit_element(const Apply& node) {
    NodeState& state = state_[&node];
    compose_waiting();
    for (Reading& reading : state.readings)
      if (!try_compose(reading)) waiting_.push_back(&reading);
    if (!state.stored) return;
    for (std::size_t i = 0; i < node.outputs(); ++i) {
      const Variable x = node.output(i);
      if (!wanted_.contains(x)) continue;
      Nest nest{value_of(x), x.dims(), state.readings[0].composed[i], node.where};
      if (std::optional<Contraction> contraction = as_contraction(nest, all_values_))
        works_.push_back(*contraction);
      else
        works_.push_back(without_unit_axes(std::move(nest)));
    }
  }

  /// What a reduction depends on decides its loops: the index of an axis of one element is 0.
  Nest without_unit_axes(Nest nest) {
    if (!has_reduction(std::span(&nest.element, 1))) return nest;
    nest.element = pool_.replace(nest.element, [&](Expr e) {
      return e->op == Opcode::index && equal(nest.domain[e->number], 1) == Answer::yes ? pool_.literal(0) : Expr();
    });
    return nest;
  }

  void emit_scatter(const Apply& node) {
    const auto& op = static_cast<const ScatterOp&>(*node.op);
    compose_waiting();
    std::vector<Expr> target = compose(state_[&node].readings[0].local);
    const Expr value = target.back();
    target.pop_back();
    works_.push_back(Scatter{value_of(node.output(0)), value_of(node.inputs[0]), op.domain(node), std::move(target),
                             value, op.combine(), node.where});
  }

  void emit_host(const Apply& node) {
    HostCall call{&node, {}, {}};
    for (const Variable& x : node.inputs) call.inputs.push_back(value_of(x));
    for (std::size_t i = 0; i < node.outputs(); ++i) call.outputs.push_back(value_of(node.output(i)));
    works_.push_back(std::move(call));
  }

  void emit_region(const Apply& node) {
    if (const auto* scan = dynamic_cast<const Scan*>(node.op.get())) return emit_scan(node, *scan);
    if (const auto* loop = dynamic_cast<const WhileLoop*>(node.op.get())) return emit_while(node, *loop);
    if (const auto* branch = dynamic_cast<const IfElse*>(node.op.get())) return emit_branch(node, *branch);
    THEON_CHECK(!"a region that is neither a loop nor a branch");
  }

  void emit_scan(const Apply& node, const Scan& scan) {
    const ScanSpec& spec = scan.spec();
    const Graph& body = scan.body();
    const Dim counter = dim("t");
    const std::vector<Expr> slice{pool_.parameter(counter)};
    Loop loop{counter, spec.steps, {}, {}, {}, node.where};
    std::vector<Place> places;
    for (std::size_t k = 0; k < spec.sequences; ++k) places.push_back({value_of(node.inputs[k]), slice});
    std::vector<Result> results = carry(loop, inputs(node, spec.first_state(), spec.states), places);
    place_whole(inputs(node, spec.first_captured(), spec.captured), places);
    Graph computed = body;
    for (std::size_t k = 0; k < spec.emitted; ++k)
      results.push_back({value_if_wanted(node.output(spec.first_emitted() + k)), slice});
    for (std::size_t k = 0; k < spec.states; ++k) {
      computed.outputs.push_back(body.inputs[spec.first_state() + k]);
      results.push_back({value_if_wanted(node.output(spec.first_trace() + k)), slice});
    }
    loop.body = inner(computed, places, results, node.where);
    finish(node, std::move(loop));
  }

  void emit_while(const Apply& node, const WhileLoop& op) {
    const WhileSpec& spec = op.spec();
    Loop loop{dim("t"), spec.max_steps.value_or(std::numeric_limits<std::int64_t>::max()), {}, {}, {}, node.where};
    std::vector<Place> places;
    const std::vector<Result> results = carry(loop, inputs(node, 0, spec.states), places);
    place_whole(inputs(node, spec.states, spec.captured), places);
    const ValueId condition = add_value(op.condition().outputs[0]);
    loop.test = LoopTest{inner(op.condition(), places, {{condition, {}}}, node.where), condition};
    loop.body = inner(op.body(), places, results, node.where);
    finish(node, std::move(loop));
  }

  void emit_branch(const Apply& node, const IfElse& op) {
    std::vector<Place> places;
    place_whole(std::span(node.inputs).subspan(1), places);
    std::vector<Result> results;
    for (std::size_t k = 0; k < node.outputs(); ++k) results.push_back({value_if_wanted(node.output(k)), {}});
    Branch branch{value_of(node.inputs[0]), {}, {}, node.where};
    branch.then = inner(op.then(), places, results, node.where);
    branch.otherwise = inner(op.otherwise(), places, results, node.where);
    // Each side computes them from parts of its own.
    for (const Result& result : results)
      if (result.value) all_values_[*result.value].account.fused.clear();
    works_.push_back(std::move(branch));
  }

  static std::span<const Variable> inputs(const Apply& node, std::size_t first, std::size_t count) {
    return std::span(node.inputs).subspan(first, count);
  }

  /// Two memories for each state, the first one holding its initial value. An iteration reads the state at its place
  /// and leaves the results.
  std::vector<Result> carry(Loop& loop, std::span<const Variable> initial, std::vector<Place>& places) {
    std::vector<Result> results;
    for (const Variable& state : initial) {
      loop.carried.push_back({add_value(state), add_value(state)});
      places.push_back({loop.carried.back().current, {}});
      results.push_back({loop.carried.back().next, {}});
      works_.push_back(Copy{value_of(state), loop.carried.back().current});
    }
    return results;
  }

  void place_whole(std::span<const Variable> captured, std::vector<Place>& places) {
    for (const Variable& x : captured) places.push_back({value_of(x), {}});
  }

  std::vector<Work> inner(const Graph& graph, const std::vector<Place>& places, const std::vector<Result>& results,
                          Location where) {
    return Partitioner(graph, pool_, all_values_).body(places, results, where);
  }

  /// The final states are the first outputs of the node.
  void finish(const Apply& node, Loop loop) {
    const std::vector<Carried> carried = loop.carried;
    works_.push_back(std::move(loop));
    for (std::size_t k = 0; k < carried.size(); ++k)
      if (const auto final_state = value_if_wanted(node.output(k)))
        works_.push_back(Copy{carried[k].current, *final_state});
  }

  std::optional<ValueId> value_if_wanted(const Variable& x) {
    return wanted_.contains(x) ? std::optional(value_of(x)) : std::nullopt;
  }

  /// A gather reads its operand at an index that may be computed after the operand: such readings wait until the index
  /// is there.
  void compose_waiting() {
    std::erase_if(waiting_, [this](Reading* reading) { return try_compose(*reading); });
  }

  bool try_compose(Reading& reading) {
    for (Expr e : ir::postorder(reading.local))
      if (e->op == Opcode::load && !is_known(variables_[e->number], e->args)) return false;
    reading.composed = compose(reading.local);
    return true;
  }

  bool is_known(const Variable& x, std::span<const Expr> indices) {
    const Apply* node = x.owner();
    return !node || state_[node].stored || !reading_at(*node, indices).composed.empty();
  }

  Reading& reading_at(const Apply& node, std::span<const Expr> indices) {
    for (Reading& reading : state_[&node].readings)
      if (same_tuple(reading.indices, indices)) return reading;
    THEON_CHECK(!"an element nobody demanded");
    return state_[&node].readings[0];
  }

  std::vector<Expr> compose(std::span<const Expr> local) {
    std::vector<Expr> composed;
    for (Expr root : local)
      composed.push_back(pool_.replace(
          root, [&](Expr e) { return e->op == Opcode::load ? element_of(variables_[e->number], e->args) : Expr(); }));
    return composed;
  }

  /// What x is worth at the indices: a load of its value, or its composed element.
  Expr element_of(const Variable& x, std::span<const Expr> indices) {
    const Apply* node = x.owner();
    if (const auto place = places_.find(x); place != places_.end()) {
      Tuple all = place->second.prefix;
      for (Expr index : compose(indices)) all.push_back(index);
      return pool_.load(place->second.value, x.dtype(), all);
    }
    if (!node || state_[node].stored) return pool_.load(value_of(x), x.dtype(), compose(indices));
    return reading_at(*node, indices).composed.at(x.index());
  }

  const Graph& graph_;
  ir::Pool& pool_;
  std::vector<Value>& all_values_;
  const std::vector<const Apply*> order_;
  std::unordered_map<const Apply*, NodeState> state_;
  std::unordered_map<const Apply*, bool> has_elements_;  // of scatters
  VariableMap<bool> wanted_;
  VariableMap<ValueId> values_;
  VariableMap<std::int64_t> numbers_;
  std::vector<Variable> variables_;  // by number
  std::vector<Reading*> waiting_;
  VariableMap<Place> places_;  // of a loop body's inputs
  std::vector<Work> works_;
};

void collect_loads(std::span<const Expr> roots, std::vector<ValueId>& values) {
  for (Expr e : ir::postorder(roots))
    if (e->op == Opcode::load && std::find(values.begin(), values.end(), e->number) == values.end())
      values.push_back(e->number);
}

void append_new(std::vector<ValueId>& values, const std::vector<ValueId>& more) {
  for (ValueId v : more)
    if (std::find(values.begin(), values.end(), v) == values.end()) values.push_back(v);
}

struct Reads {
  std::vector<ValueId> operator()(const Nest& nest) const { return loads({nest.element}); }
  std::vector<ValueId> operator()(const Contraction& product) const {
    return loads({product.left, product.right, product.element});
  }
  std::vector<ValueId> operator()(const Scatter& scatter) const {
    std::vector<Expr> roots = scatter.target;
    roots.push_back(scatter.value);
    std::vector<ValueId> values = loads(roots);
    values.push_back(scatter.base);
    return values;
  }
  std::vector<ValueId> operator()(const HostCall& call) const { return call.inputs; }
  std::vector<ValueId> operator()(const Copy& copy) const { return {copy.from}; }
  std::vector<ValueId> operator()(const Loop& loop) const {
    std::vector<ValueId> values;
    if (loop.test) append_new(values, of(loop.test->works)), append_new(values, {loop.test->condition});
    append_new(values, of(loop.body));
    return values;
  }
  std::vector<ValueId> operator()(const Branch& branch) const {
    std::vector<ValueId> values{branch.condition};
    append_new(values, of(branch.then));
    append_new(values, of(branch.otherwise));
    return values;
  }

  static std::vector<ValueId> of(const std::vector<Work>& works) {
    std::vector<ValueId> values;
    for (const Work& work : works) append_new(values, reads(work));
    return values;
  }
  static std::vector<ValueId> loads(const std::vector<Expr>& roots) {
    std::vector<ValueId> values;
    collect_loads(roots, values);
    return values;
  }
};

struct Writes {
  std::vector<ValueId> operator()(const Nest& nest) const { return {nest.result}; }
  std::vector<ValueId> operator()(const Contraction& product) const { return {product.result}; }
  std::vector<ValueId> operator()(const Scatter& scatter) const { return {scatter.result}; }
  std::vector<ValueId> operator()(const HostCall& call) const { return call.outputs; }
  std::vector<ValueId> operator()(const Copy& copy) const { return {copy.to}; }
  std::vector<ValueId> operator()(const Loop& loop) const {
    std::vector<ValueId> values;
    for (const Carried& state : loop.carried) append_new(values, {state.current, state.next});
    if (loop.test) append_new(values, of(loop.test->works));
    append_new(values, of(loop.body));
    return values;
  }
  std::vector<ValueId> operator()(const Branch& branch) const {
    std::vector<ValueId> values = of(branch.then);
    append_new(values, of(branch.otherwise));
    return values;
  }

  static std::vector<ValueId> of(const std::vector<Work>& works) {
    std::vector<ValueId> values;
    for (const Work& work : works) append_new(values, writes(work));
    return values;
  }
};

}  // namespace

std::vector<ValueId> reads(const Work& work) { return std::visit(Reads(), work); }
std::vector<ValueId> writes(const Work& work) { return std::visit(Writes(), work); }

Partition partition(const Graph& graph, ir::Pool& pool) {
  std::vector<Value> values;
  Partition result = Partitioner(graph, pool, values).function();
  result.values = std::move(values);
  return result;
}

}  // namespace theon::codegen
