#include "src/ir/interpreter.h"

#include "src/ir/evaluate.h"
#include "src/ir/loop_walk.h"
#include "src/ir/semantics.h"

#include <array>
#include <cstring>
#include <unordered_map>
#include <vector>

namespace theon::ir {

namespace {

std::int64_t scratch_size(const Buffer& buffer, const Environment& environment) {
  const auto elements = evaluate(buffer.size, environment).as<std::int64_t>();
  const auto bytes = elements * static_cast<std::int64_t>(size_of(buffer.dtype));
  return (bytes + 63) / 64 * 64;
}

Environment parameters(const Layout& layout, const std::int64_t* symbols) {
  return {.parameter = [&layout, symbols](SymbolId symbol) { return symbols[layout.place(symbol)]; }};
}

class Interpreter {
 public:
  Interpreter(const Kernel& kernel, const Layout& layout, const KernelMemory& memory)
      : kernel_(kernel), environment_(parameters(layout, memory.symbols)), locals_(kernel.locals) {
    environment_.load = [this](std::int64_t buffer, std::span<const std::int64_t> offset) {
      return load(buffer, offset[0]);
    };
    char* scratch = memory.scratch;
    for (const Buffer& buffer : kernel.buffers) {
      const bool own = buffer.access == Access::scratch;
      bases_.push_back(own ? scratch : static_cast<char*>(memory.buffers[buffer.slot]));
      if (own) scratch += scratch_size(buffer, environment_);
    }
  }

  KernelFailure run(std::int64_t begin, std::int64_t end) {
    locals_[0] = Value::of(begin);
    locals_[1] = Value::of(end);
    run(kernel_.body);
    return failure_;
  }

 private:
  Value value(Expr expr) { return values(expr.get(), std::span(&expr, 1), {}).front(); }
  std::int64_t integer(Expr expr) { return value(expr).as<std::int64_t>(); }

  /// Translates expressions once; `key` names them.
  std::span<const Value> values(const void* key, std::span<const Expr> exprs, std::span<const Value> arguments) {
    const auto found = evaluators_.try_emplace(key, exprs, environment_).first;
    return found->second(Point{.arguments = arguments, .locals = locals_});
  }

  char* address(std::int64_t buffer, std::int64_t offset) const {
    return bases_[buffer] + offset * static_cast<std::int64_t>(size_of(kernel_.buffers[buffer].dtype));
  }

  Value load(std::int64_t buffer, std::int64_t offset) const {
    Value loaded{kernel_.buffers[buffer].dtype, 0};
    std::memcpy(&loaded.bits, address(buffer, offset), size_of(loaded.dtype));
    return loaded;
  }

  void run(const Block& block) {
    for (const Statement& statement : block) std::visit([&](const auto& each) { run(each); }, statement.node);
  }

  void run(const For& loop) {
    const std::int64_t end = integer(loop.end);
    for (std::int64_t i = integer(loop.begin); i < end; ++i) {
      locals_[loop.variable] = Value::of(i);
      run(loop.body);
    }
  }

  void run(const Let& let) { locals_[let.local] = value(let.value); }
  void run(const Var& var) { locals_[var.local] = value(var.initial); }
  void run(const Assign& assign) { locals_[assign.local] = value(assign.value); }

  void run(const Accumulate& accumulate) {
    std::vector<Value> arguments;
    for (const Local local : accumulate.locals) arguments.push_back(locals_[local]);
    for (const Expr each : accumulate.values) arguments.push_back(value(each));
    const std::span<const Value> combined = values(accumulate.monoid, accumulate.monoid->combine, arguments);
    for (std::size_t k = 0; k < combined.size(); ++k) locals_[accumulate.locals[k]] = combined[k];
  }

  void run(const Store& store) {
    const std::int64_t offset = integer(store.offset);
    Value stored = value(store.value);
    if (store.combine) stored = apply(*store.combine, stored.dtype, std::array{load(store.buffer, offset), stored});
    std::memcpy(address(store.buffer, offset), &stored.bits, size_of(stored.dtype));
  }

  void run(const Transpose& turn) {
    const std::int64_t to = integer(turn.target_offset), to_stride = integer(turn.target_stride);
    const std::int64_t from = integer(turn.source_offset), from_stride = integer(turn.source_stride);
    const std::int64_t rows = integer(turn.rows), columns = integer(turn.columns);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c)
        std::memcpy(address(turn.target, to + c * to_stride + r), address(turn.source, from + r * from_stride + c),
                    size_of(kernel_.buffers[turn.source].dtype));
    }
  }

  void run(const Prefetch&) {}

  void run(const If& branch) { run(value(branch.condition).as<bool>() ? branch.then : branch.otherwise); }

  void run(const Report& report) {
    if (failure_.code == 0 && value(report.condition).as<bool>())
      failure_ = {report.code, integer(report.first), integer(report.second)};
  }

  const Kernel& kernel_;
  Environment environment_;
  std::vector<char*> bases_;
  std::vector<Value> locals_;
  std::unordered_map<const void*, Evaluator> evaluators_;
  KernelFailure failure_;
};

}  // namespace

KernelFailure interpret(const Kernel& kernel, const Layout& layout, const KernelMemory& memory, std::int64_t begin,
                        std::int64_t end) {
  return Interpreter(kernel, layout, memory).run(begin, end);
}

std::int64_t scratch_bytes(const Kernel& kernel, const Layout& layout, const std::int64_t* symbols) {
  const Environment environment = parameters(layout, symbols);
  std::int64_t bytes = 0;
  for (const Buffer& buffer : kernel.buffers) {
    if (buffer.access == Access::scratch) bytes += scratch_size(buffer, environment);
  }
  return bytes;
}

}  // namespace theon::ir
