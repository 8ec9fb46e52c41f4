#include "codegen/llvm/expression.h"

#include "codegen/llvm/exception.h"
#include "codegen/llvm/sizes.h"
#include "codegen/math/number.h"

#include "src/ir/opcode.h"
#include "src/support/check.h"

#include <algorithm>
#include <bit>
#include <optional>

namespace theon::codegen {

using ir::Expr;
using ir::Node;
using ir::Opcode;

Expressions::Expressions(const ir::Layout& layout, const Target& target, llvm::Value* symbols, Code& code, Lanes& lanes,
                         Memory& memory, Changes& changes)
    : layout_(layout),
      symbols_(symbols),
      code_(code),
      lanes_(lanes),
      memory_(memory),
      changes_(changes),
      operations_(code.builder(), target) {}

// Iterative: a fused chain may be thousands of operations deep.
Operand Expressions::evaluate(Expr expr) {
  std::vector<Expr> pending{expr};
  while (!pending.empty()) {
    const Expr node = pending.back();
    const std::size_t before = pending.size();
    if (!is_known(node)) {
      for (const Expr operand : operands(node)) {
        if (!is_known(operand)) pending.push_back(operand);
      }
      if (pending.size() > before) continue;
      remember(node, compute(*node));
    }
    pending.pop_back();
  }
  return known(expr);
}

llvm::Value* Expressions::scalar(Expr expr) {
  const Operand value = evaluate(expr);
  if (value.form != Operand::Form::uniform)
    fail<InternalError>({}, "emit: {} must be the same for all lanes", to_string(expr));
  return value.scalar();
}

void Expressions::change(ir::Local local, Operand value) {
  locals_[local] = std::move(value);
  changed(changes_.local(local));
}

void Expressions::changed(std::uint64_t bits) {
  ++time_;
  for (std::size_t bit = 0; bit < changed_at_.size(); ++bit) {
    if (bits >> bit & 1) changed_at_[bit] = time_;
  }
}

namespace {

/// Those whose value is at hand.
bool is_immediate(Expr expr) { return expr->op == Opcode::local || expr->op == Opcode::literal; }

/// The terms of a sum, from left to right.
std::vector<Expr> terms(Expr sum) {
  std::vector<Expr> pending{sum}, result;
  while (!pending.empty()) {
    const Expr term = pending.back();
    pending.pop_back();
    if (term->op == Opcode::add)
      pending.insert(pending.end(), {term->args[1], term->args[0]});
    else
      result.push_back(term);
  }
  return result;
}

}  // namespace

std::vector<Expr> Expressions::operands(Expr expr) const {
  if (expr->op == Opcode::load) return terms(expr->args[0]);
  return operations_.operands(*expr);
}

bool Expressions::is_known(Expr expr) {
  if (is_immediate(expr)) return true;
  const auto found = known_.find(expr.get());
  if (found == known_.end()) return false;
  const Known& known = found->second;
  const Dependence dependence = changes_.of(expr);
  if (!code_.open(known.level, known.serial) || (dependence.varies && known.copy != lanes_.copy())) return false;
  for (std::uint64_t rest = dependence.changes; rest != 0; rest &= rest - 1) {
    if (changed_at_[std::countr_zero(rest)] > known.time) return false;
  }
  return true;
}

Operand Expressions::known(Expr expr) { return is_immediate(expr) ? leaf(*expr) : known_.at(expr.get()).value; }

void Expressions::remember(Expr expr, Operand value) {
  if (is_immediate(expr)) return;
  int level = code_.level(value.parts);
  // A multiple of the loop variable is no instruction yet, but it means something only inside the loop.
  if (value.form == Operand::Form::linear) level = std::max(level, code_.level(lanes_.loop()->first));
  level = std::min(level, code_.level());
  known_[expr.get()] = {std::move(value), level, code_.serial(level), lanes_.copy(), time_};
}

Operand Expressions::compute(const Node& node) {
  switch (ir::info(node.op).form) {
    case ir::Form::leaf:
      return leaf(node);
    case ir::Form::memory:
      return memory_.load(node.number, offset(node.args[0]), changes_.of(Expr(&node)).memory);
    case ir::Form::arithmetic:
    case ir::Form::comparison:
    case ir::Form::selection:
    case ir::Form::conversion:
    case ir::Form::call:
      return operation(node);
    case ir::Form::iteration:
      break;
  }
  fail<InternalError>({}, "emit: a kernel has no '{}'", ir::name(node.op));
}

Operand Expressions::leaf(const Node& node) {
  if (node.op == Opcode::literal) return Operand::uniform(operations_.literal(node.dtype, node.bits, 1));
  if (node.op == Opcode::local) return locals_.at(node.number);
  if (node.op == Opcode::parameter) return Operand::uniform(parameter(*node.dim));
  fail<InternalError>({}, "emit: a kernel has no '{}'", ir::name(node.op));
}

Operand Expressions::operation(const Node& node) {
  std::vector<Operand> args;
  if (math::has_exception(node)) {
    const Operand condition = known(node.args[0]), rule = known(node.args[1]);
    if (condition.form == Operand::Form::uniform && rule.form == Operand::Form::uniform)
      return Operand::uniform(
          except(code_, condition.parts, rule.parts, [&] { return Values{scalar(node.args[2])}; })[0]);
    return Operand::vector(
        except(code_, lanes_.spread(condition), lanes_.spread(rule), [&] { return spread(node.args[2]); }));
  }
  if (const std::optional<math::Lookup> lookup = operations_.table(node)) return found(*lookup, node.dtype);
  for (const Expr arg : node.args) args.push_back(known(arg));
  const DType operand = operand_dtype(node);
  const bool uniform = std::ranges::all_of(args, [](const Operand& arg) { return arg.form == Operand::Form::uniform; });
  if (!uniform) {
    if (std::optional<Operand> result = linear(node, args)) return *std::move(result);
  }
  const unsigned groups = uniform ? 1 : lanes_.groups();
  std::vector<Values> columns;
  for (const Operand& arg : args) columns.push_back(uniform ? arg.parts : lanes_.spread(arg));
  Values results;
  for (unsigned group = 0; group < groups; ++group) {
    Values row;
    for (const Values& column : columns) row.push_back(column[group]);
    results.push_back(place(node.op, node.dtype, operand, row));
  }
  return uniform ? Operand::uniform(results[0]) : Operand::vector(std::move(results));
}

Operand Expressions::found(const math::Lookup& lookup, DType dtype) {
  const Operand index = known(lookup.index);
  const bool uniform = index.form == Operand::Form::uniform;
  Values results;
  for (llvm::Value* each : uniform ? index.parts : lanes_.spread(index))
    results.push_back(operations_.lookup(each, dtype, lookup.table));
  return uniform ? Operand::uniform(results[0]) : Operand::vector(std::move(results));
}

/// Sums and multiples of the loop variable, in scalar arithmetic.
std::optional<Operand> Expressions::linear(const Node& node, const std::vector<Operand>& args) {
  if (node.dtype != DType::int64) return std::nullopt;
  const auto is = [&](std::size_t k, Operand::Form form) { return args[k].form == form; };
  if (std::ranges::any_of(args, [](const Operand& arg) { return arg.form == Operand::Form::vector; }))
    return std::nullopt;
  const auto scale = [&](const Operand& a, const Operand& by) {
    return Operand::linear(place(Opcode::mul, node.dtype, node.dtype, {a.base(), by.scalar()}),
                           place(Opcode::mul, node.dtype, node.dtype, {a.stride(), by.scalar()}));
  };
  const auto each = [&](Opcode op) {
    llvm::Value* zero = code_.builder().getInt64(0);
    const auto stride = [&](const Operand& arg) { return arg.form == Operand::Form::linear ? arg.stride() : zero; };
    return Operand::linear(place(op, node.dtype, node.dtype, {args[0].base(), args[1].base()}),
                           place(op, node.dtype, node.dtype, {stride(args[0]), stride(args[1])}));
  };
  if (node.op == Opcode::add || node.op == Opcode::sub) return each(node.op);
  if (node.op == Opcode::mul && is(1, Operand::Form::uniform)) return scale(args[0], args[1]);
  if (node.op == Opcode::mul && is(0, Operand::Form::uniform)) return scale(args[1], args[0]);
  return std::nullopt;
}

llvm::Value* Expressions::place(Opcode op, DType result, DType operand, llvm::ArrayRef<llvm::Value*> args) {
  const int level = std::max(code_.level(args), code_.arithmetic_floor());
  return code_.at(level, [&] { return operations_.emit(op, result, operand, args); });
}

Offset Expressions::offset(Expr expr) {
  Offset sum;
  Builder& b = code_.builder();
  for (const Expr term : terms(expr)) {
    const Operand value = evaluate(term);
    switch (value.form) {
      case Operand::Form::uniform:
        sum.terms.push_back(value.scalar());
        break;
      case Operand::Form::linear:
        sum.terms.push_back(value.base());
        sum.stride =
            sum.stride ? place(Opcode::add, DType::int64, DType::int64, {sum.stride, value.stride()}) : value.stride();
        break;
      case Operand::Form::vector:
        for (std::size_t group = 0; group < value.parts.size(); ++group) {
          if (sum.vectors.size() < value.parts.size())
            sum.vectors.push_back(value.parts[group]);
          else
            sum.vectors[group] = b.CreateAdd(sum.vectors[group], value.parts[group]);
        }
        break;
    }
  }
  return sum;
}

Values Expressions::identity(const ir::Monoid& monoid, unsigned lanes) {
  Values values;
  for (const Expr each : monoid.identity) {
    THEON_CHECK(each->op == Opcode::literal);
    values.push_back(operations_.literal(each->dtype, each->bits, lanes));
  }
  return values;
}

Values Expressions::combine(const ir::Monoid& monoid, const Values& a, const Values& b) {
  std::unordered_map<const Node*, llvm::Value*> values;
  for (const Expr node : postorder(monoid.combine)) {
    Values args;
    for (const Expr arg : node->args) args.push_back(values.at(arg.get()));
    const auto number = static_cast<std::size_t>(node->number);
    if (node->op == Opcode::argument)
      values[node.get()] = number < a.size() ? a[number] : b[number - a.size()];
    else if (node->op == Opcode::literal)
      values[node.get()] = operations_.literal(node->dtype, node->bits, lanes_of(a[0]));
    else
      values[node.get()] = operations_.emit(node->op, node->dtype, operand_dtype(*node), args);
  }
  Values results;
  for (const Expr result : monoid.combine) results.push_back(values.at(result.get()));
  return results;
}

/// Computed at the entry.
llvm::Value* Expressions::parameter(const Dim& dim) {
  return code_.at(0, [&] {
    SizeArithmetic arithmetic{code_.builder(), operations_, symbols_, symbol_values_};
    return lower(dim, layout_, arithmetic);
  });
}

}  // namespace theon::codegen
