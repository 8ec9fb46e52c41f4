#include "codegen/math/expand.h"

#include "codegen/math/functions.h"

#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace theon::codegen::math {

namespace {

using ir::Expr;
using ir::Opcode;

bool is_function(Opcode op) {
  return op == Opcode::exp || op == Opcode::log || op == Opcode::log1p || op == Opcode::expm1 || op == Opcode::sin || op == Opcode::cos || op == Opcode::tanh ||
         op == Opcode::erf || op == Opcode::pow;
}

Expr expand_function(Opcode op, std::span<const Expr> args) {
  if (op == Opcode::exp) return expand_exp(args[0]);
  if (op == Opcode::log) return expand_log(args[0]);
  if (op == Opcode::log1p) return expand_log1p(args[0]);
  if (op == Opcode::expm1) return expand_expm1(args[0]);
  if (op == Opcode::sin) return expand_sin(args[0]);
  if (op == Opcode::cos) return expand_cos(args[0]);
  if (op == Opcode::tanh) return expand_tanh(args[0]);
  if (op == Opcode::erf) return expand_erf(args[0]);
  return expand_pow(args[0], args[1]);
}

/// Half types have no arithmetic of their own.
Expr expand_call(Opcode op, std::vector<Expr> args) {
  const DType dtype = args[0]->dtype;
  if (dtype == DType::float32 || dtype == DType::float64 || !is_floating(dtype)) return expand_function(op, args);
  for (Expr& arg : args) arg = convert(arg, DType::float32);
  return convert(expand_function(op, args), dtype);
}

int count_operations(Opcode op, DType dtype) {
  ir::Pool pool;
  const Expr x = pool.argument(0, dtype), y = pool.argument(1, dtype);
  const Expr expanded = expand_call(op, op == Opcode::pow ? std::vector{x, y} : std::vector{x});
  int count = 0;
  for (Expr e : ir::postorder(std::span(&expanded, 1))) count += !e->args.empty();
  return count;
}

}  // namespace

Expr expand(Expr root) {
  std::unordered_map<const ir::Node*, Expr> done;
  for (Expr e : ir::postorder(std::span(&root, 1))) {
    std::vector<Expr> args;
    bool changed = false;
    for (Expr arg : e->args) {
      args.push_back(done.at(arg.get()));
      changed = changed || !same(arg, args.back());
    }
    if (is_function(e->op)) done[e.get()] = expand_call(e->op, std::move(args));
    else if (!changed) done[e.get()] = e;
    else if (e->op == Opcode::load) done[e.get()] = e->pool->load(e->number, e->dtype, args);
    else done[e.get()] = e->pool->make(e->op, args, e->dtype);
  }
  return done.at(root.get());
}

int cost(Opcode op, DType dtype) {
  if (!is_function(op)) return 1;
  static std::mutex mutex;
  static std::map<std::pair<Opcode, DType>, int> known;
  const std::lock_guard lock(mutex);
  const auto [it, fresh] = known.try_emplace({op, dtype}, 0);
  if (fresh) it->second = count_operations(op, dtype);
  return it->second;
}

}  // namespace theon::codegen::math
