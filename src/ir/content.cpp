#include "src/ir/content.h"

#include <variant>

namespace theon::ir {

namespace {

// What stands in the place of an opcode.
enum : std::int64_t {
  end_of_size = -1,
  symbol_in_size = -2,
  no_expression = -3,
  known_expression = -4,
  new_monoid = -5
};

}  // namespace

/// Writes a size as `lower` spells it, operands first.
struct Content::SizeWriter {
  struct Value {};

  Value literal(std::int64_t value) { return put(Opcode::literal, value); }
  Value symbol(std::size_t place) {
    content.add(symbol_in_size);
    content.add(static_cast<std::int64_t>(place));
    return {};
  }
  Value add(Value, Value) { return put(Opcode::add); }
  Value mul(Value, Value) { return put(Opcode::mul); }
  Value floor_div(Value, Value) { return put(Opcode::floor_div); }
  Value mod(Value, Value) { return put(Opcode::mod); }
  Value min(Value, Value) { return put(Opcode::min); }
  Value max(Value, Value) { return put(Opcode::max); }

  Value put(Opcode op, std::int64_t number = 0) {
    content.add(static_cast<std::int64_t>(op));
    content.add(number);
    return {};
  }

  Content& content;
};

void Content::add(std::int64_t number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number)); }

void Content::add(const Dim& dim) {
  SizeWriter writer{*this};
  lower(dim, layout_, writer);
  add(end_of_size);
}

void Content::add(const Kernel& kernel) {
  add(static_cast<std::int64_t>(kernel.buffers.size()));
  for (const Buffer& buffer : kernel.buffers) add(buffer);
  add(kernel.locals);
  add(kernel.trips.value_or(-1));
  add(std::int64_t{kernel.contracts});
  add(kernel.body);
}

void Content::add(const Buffer& buffer) {
  add(static_cast<std::int64_t>(buffer.dtype));
  add(static_cast<std::int64_t>(buffer.access));
  add(buffer.slot);
  add(buffer.size);
}

void Content::add(const Block& block) {
  add(static_cast<std::int64_t>(block.size()));
  for (const Statement& statement : block) {
    add(static_cast<std::int64_t>(statement.node.index()));
    std::visit([this](const auto& node) { this->add(node); }, statement.node);
  }
}

/// Operands first. Iterative: expressions may be deep.
void Content::add(Expr expr) {
  if (!expr) return add(no_expression);
  std::vector<const Node*> pending{expr.get()};
  while (!pending.empty()) {
    const Node* node = pending.back();
    const std::size_t before = pending.size();
    if (!numbers_.contains(node))
      for (const Expr arg : node->args)
        if (!numbers_.contains(arg.get())) pending.push_back(arg.get());
    if (pending.size() > before) continue;
    pending.pop_back();
    if (!numbers_.contains(node)) define(*node);
  }
  add(known_expression);
  add(numbers_.find(expr.get()));
}

/// A node whose operands were written.
void Content::define(const Node& node) {
  numbers_.add(&node);
  add(static_cast<std::int64_t>(node.op));
  add(static_cast<std::int64_t>(node.dtype));
  add(node.number);
  add(static_cast<std::int64_t>(node.bits));
  add(static_cast<std::int64_t>(node.args.size()));
  for (const Expr arg : node.args) add(numbers_.find(arg.get()));
  if (node.dim) add(*node.dim);
  if (node.monoid) add(*node.monoid);
}

void Content::add(const std::vector<Expr>& exprs) {
  add(static_cast<std::int64_t>(exprs.size()));
  for (const Expr expr : exprs) add(expr);
}

void Content::add(const Monoid& monoid) {
  const auto [number, is_new] = numbers_.add(&monoid);
  if (is_new) {
    add(new_monoid);
    add(monoid.identity);
    add(monoid.combine);
  }
  add(number);
}

void Content::add(const For& loop) {
  add(loop.variable);
  add(loop.begin);
  add(loop.end);
  add(std::int64_t{loop.lanes});
  add(std::int64_t{loop.unroll});
  add(static_cast<std::int64_t>(loop.tail));
  add(loop.streams);
  add(loop.body);
}

void Content::add(const Let& let) {
  add(let.local);
  add(let.value);
}

void Content::add(const Var& var) {
  add(var.local);
  add(var.initial);
}

void Content::add(const Assign& assign) {
  add(assign.local);
  add(assign.value);
}

void Content::add(const Accumulate& accumulate) {
  add(*accumulate.monoid);
  add(static_cast<std::int64_t>(accumulate.locals.size()));
  for (const Local local : accumulate.locals) add(local);
  add(accumulate.values);
}

void Content::add(const Store& store) {
  add(store.buffer);
  add(store.offset);
  add(store.value);
  add(store.combine ? static_cast<std::int64_t>(*store.combine) : no_expression);
}

void Content::add(const Transpose& transpose) {
  add(transpose.target);
  add(transpose.source);
  for (const Expr expr : {transpose.target_offset, transpose.target_stride, transpose.source_offset,
                          transpose.source_stride, transpose.rows, transpose.columns})
    add(expr);
}

void Content::add(const Prefetch& prefetch) {
  add(prefetch.buffer);
  add(prefetch.offset);
}

void Content::add(const If& branch) {
  add(branch.condition);
  add(branch.then);
  add(branch.otherwise);
}

void Content::add(const Report& report) {
  add(report.condition);
  add(std::int64_t{report.code});
  add(report.first);
  add(report.second);
}

}  // namespace theon::ir
