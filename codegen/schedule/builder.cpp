#include "codegen/schedule/builder.h"

#include "src/support/check.h"

#include <algorithm>
#include <utility>

namespace theon::codegen {

using ir::Access;
using ir::Expr;
using ir::Opcode;

namespace {

bool has(Expr root, const std::function<bool(Expr)>& property) {
  return std::ranges::any_of(ir::postorder(std::span(&root, 1)), property);
}

/// An index that is moved inside of an axis is in range unless the axis is empty, which one of known size is not.
bool is_moved_inside(Expr index) {
  return has(index, [](Expr e) {
    return (e->op == Opcode::min || e->op == Opcode::max) && has(e, [](Expr x) { return x->op == Opcode::parameter; });
  });
}

/// Whether the arms read an array that is empty where a place says that the other one counts.
bool guards_loads(Expr e) {
  const auto is_load = [](Expr x) { return x->op == Opcode::load; };
  const auto is_moved = [&](Expr x) { return is_load(x) && is_moved_inside(x->args[0]); };
  return e->op == Opcode::select && !has(e->args[0], is_load) &&
         (has(e->args[1], is_moved) || has(e->args[2], is_moved));
}

}  // namespace

KernelBuilder::KernelBuilder(std::string name, const std::vector<Value>& values, ir::Pool& pool, math::Forms forms)
    : values_(values), pool_(pool), forms_(forms) {
  kernel_.name = std::move(name);
}

std::int64_t KernelBuilder::buffer(ValueId value, Access access) {
  const auto [it, fresh] = buffers_.try_emplace(value, static_cast<std::int64_t>(kernel_.buffers.size()));
  if (fresh) kernel_.buffers.push_back({values_[value].variable.name(), values_[value].type.dtype, access, value});
  Access& known = kernel_.buffers[it->second].access;
  if (known != access) known = Access::read_write;
  return it->second;
}

std::int64_t KernelBuilder::scratch(DType dtype, Expr elements) {
  kernel_.buffers.push_back({"row", dtype, Access::scratch, 0, elements});
  return static_cast<std::int64_t>(kernel_.buffers.size()) - 1;
}

ir::Block& KernelBuilder::innermost() {
  if (open_.empty()) return kernel_.body;
  auto* loop = std::get_if<ir::For>(&open_.back().node);
  return loop ? loop->body : std::get<ir::If>(open_.back().node).then;
}

void KernelBuilder::add(ir::Statement statement) {
  if (auto* let = std::get_if<ir::Let>(&statement.node)) let->value = guarded(let->value);
  if (auto* store = std::get_if<ir::Store>(&statement.node)) store->value = guarded(store->value);
  if (auto* sums = std::get_if<ir::Accumulate>(&statement.node))
    for (Expr& value : sums->values) value = guarded(value);
  innermost().push_back(std::move(statement));
}

Expr KernelBuilder::guarded(Expr value) {
  if (!has(value, guards_loads)) return value;
  if (!guards_loads(value)) return pool_.replace(value, [&](Expr e) { return guards_loads(e) ? guarded(e) : Expr(); });
  const ir::Local chosen = fresh();
  add({ir::Var{chosen, pool_.literal(value->dtype, 0.0)}});
  const auto choose = [&](Expr arm) { return [=, this] { add({ir::Assign{chosen, guarded(arm)}}); }; };
  branch(value->args[0], choose(value->args[1]), choose(value->args[2]));
  return local(chosen, value->dtype);
}

void KernelBuilder::store(std::int64_t buffer, Expr offset, Expr value, std::optional<ir::Opcode> combine) {
  add({ir::Store{buffer, offset, computed(value), combine}});
}

Expr KernelBuilder::defined(Expr value) {
  const ir::Local number = fresh();
  add({ir::Let{number, computed(value)}});
  return local(number, value->dtype);
}

std::vector<ir::Local> KernelBuilder::accumulators(const ir::Monoid& monoid) {
  std::vector<ir::Local> locals;
  for (Expr identity : monoid.identity) {
    locals.push_back(fresh());
    add({ir::Var{locals.back(), identity}});
  }
  return locals;
}

std::vector<Expr> KernelBuilder::combined(const ir::Monoid& monoid, std::vector<Expr> a, const std::vector<Expr>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::vector<Expr> both;
  for (Expr combine : monoid.combine)
    both.push_back(defined(
        pool_.replace(combine, [&](Expr e) -> Expr { return e->op == Opcode::argument ? a.at(e->number) : Expr(); })));
  return both;
}

Expr KernelBuilder::open(Expr begin, Expr end, const LoopShape& shape) {
  const ir::Local variable = fresh();
  open_.push_back({ir::For{variable, begin, end, shape.lanes, shape.unroll, {}, shape.tail, shape.streams}});
  return local(variable, DType::int64);
}

void KernelBuilder::open_if(Expr condition) { open_.push_back({ir::If{condition, {}, {}}}); }

void KernelBuilder::close() {
  ir::Statement complete = std::move(open_.back());
  open_.pop_back();
  // Elements that are guarded, turned or combined are stored through the caches.
  if (auto* loop = std::get_if<ir::For>(&complete.node); loop && loop->streams && !ir::stores_in_order(*loop))
    loop->streams = Expr();
  add(std::move(complete));
}

ir::Block KernelBuilder::block(const std::function<void()>& add) {
  open_.emplace_back();
  add();
  ir::Block statements = std::move(innermost());
  open_.pop_back();
  return statements;
}

void KernelBuilder::branch(Expr condition, const std::function<void()>& then, const std::function<void()>& otherwise) {
  ir::Block first = block(then), second = block(otherwise);
  add({ir::If{condition, std::move(first), std::move(second)}});
}

ir::Kernel KernelBuilder::finish() {
  THEON_CHECK(open_.empty());
  return std::move(kernel_);
}

}  // namespace theon::codegen
