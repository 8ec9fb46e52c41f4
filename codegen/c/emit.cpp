#include "codegen/c/emit.h"

#include "codegen/c/operation.h"
#include "codegen/c/prelude.h"
#include "codegen/c/type.h"
#include "src/ir/loop_walk.h"
#include "src/support/check.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace theon::codegen {

using ir::Expr;
using ir::Node;
using ir::Opcode;

namespace {

/// Sizes as C expressions.
struct SizeText {
  std::string literal(std::int64_t value) {
    return c_literal(DType::int64, static_cast<std::uint64_t>(value), prelude);
  }
  std::string symbol(std::size_t place) { return fmt::format("frame->symbols[{}]", place); }
  std::string add(const std::string& a, const std::string& b) { return fmt::format("({} + {})", a, b); }
  std::string mul(const std::string& a, const std::string& b) { return fmt::format("{} * {}", a, b); }
  std::string floor_div(const std::string& a, const std::string& b) { return call("floor_div", a, b); }
  std::string mod(const std::string& a, const std::string& b) { return call("mod", a, b); }
  std::string min(const std::string& a, const std::string& b) { return fmt::format("({0} < {1} ? {0} : {1})", a, b); }
  std::string max(const std::string& a, const std::string& b) { return fmt::format("({0} > {1} ? {0} : {1})", a, b); }
  std::string call(const char* function, const std::string& a, const std::string& b) {
    return fmt::format("{}({}, {})", prelude.function(function, DType::int64), a, b);
  }

  Prelude& prelude;
};

/// What a kernel names.
struct Named {
  std::unordered_set<ir::Local> locals;
  std::unordered_set<std::int64_t> buffers;

  explicit Named(const ir::Kernel& kernel) {
    std::vector<const ir::Statement*> statements;
    ir::for_each_statement(kernel.body, [&](const ir::Statement& each) { statements.push_back(&each); });
    // What is defined for what nobody names is named by nobody: definitions come after their readers.
    std::ranges::reverse(statements);
    for (const ir::Statement* each : statements) {
      const auto* let = std::get_if<ir::Let>(&each->node);
      if (!let || locals.contains(let->local)) add(*each);
    }
    for (const ir::Buffer& buffer : kernel.buffers)
      if (buffer.access == ir::Access::scratch) add(buffer.size);
  }

 private:
  void add(const ir::Statement& statement) {
    if (const auto* loop = std::get_if<ir::For>(&statement.node)) return add(loop->begin), add(loop->end);
    if (std::holds_alternative<ir::Prefetch>(statement.node)) return;
    for (const Expr each : ir::expressions(statement)) add(each);
    if (const auto* store = std::get_if<ir::Store>(&statement.node)) buffers.insert(store->buffer);
    if (const auto* turn = std::get_if<ir::Transpose>(&statement.node)) buffers.insert({turn->target, turn->source});
  }

  void add(Expr root) {
    for (const Expr e : postorder(std::span(&root, 1))) {
      if (e->op == Opcode::local) locals.insert(static_cast<ir::Local>(e->number));
      if (e->op == Opcode::load) buffers.insert(e->number);
    }
  }
};

/// Writes one kernel. Every operation has a line and a name of its own; the C compiler finds what is common.
class Writer {
 public:
  Writer(const ir::Kernel& kernel, const ir::Layout& layout, Prelude& prelude)
      : kernel_(kernel), layout_(layout), prelude_(prelude), named_(kernel) {}

  std::string write(std::size_t number) {
    line("int32_t k_{}(const struct TheonFrame* frame, int64_t v0, int64_t v1) {{", number);
    ++depth_;
    for (std::size_t k = 0; k < kernel_.buffers.size(); ++k) bind(k, kernel_.buffers[k]);
    write(kernel_.body);
    line("(void)v0, (void)v1;");
    line("return {};", reports() ? "frame->failure->code" : "0");
    close();
    return std::move(text_);
  }

 private:
  using Names = std::unordered_map<const Node*, std::string>;

  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_.append(2 * depth_, ' ');
    text_ += fmt::format(format, std::forward<Args>(args)...) + '\n';
  }

  void close() {
    --depth_;
    line("}}");
  }

  bool reports() const {
    bool found = false;
    ir::for_each_statement(kernel_.body,
                           [&](const ir::Statement& each) { found |= std::holds_alternative<ir::Report>(each.node); });
    return found;
  }

  void bind(std::size_t number, const ir::Buffer& buffer) {
    const bool constant = buffer.access == ir::Access::read;
    const std::string pointer = fmt::format("{}{}*", constant ? "const " : "", c_memory_type(buffer.dtype));
    if (buffer.access != ir::Access::scratch) {
      if (named_.buffers.contains(static_cast<std::int64_t>(number)))
        line("{0} b{1} = ({0})frame->buffers[{2}];", pointer, number, buffer.slot);
      return;
    }
    if (last_scratch_) step_over(*last_scratch_);
    line("{0} b{1} = ({0})(frame->scratch + {2});", pointer, number, scratch_);
    last_scratch_ = number;
  }

  /// Where scratch memory goes on behind a buffer.
  void step_over(std::size_t number) {
    const ir::Buffer& buffer = kernel_.buffers[number];
    const std::string size = value(buffer.size);
    line("const int64_t s{} = {} + ({} * {} + 63) / 64 * 64;", number, scratch_, size, size_of(buffer.dtype));
    scratch_ = fmt::format("s{}", number);
  }

  /// The name of the value of an expression, computed by the lines written so far.
  std::string value(Expr expr, Names& names) {
    for (const Expr node : postorder(std::span(&expr, 1))) {
      if (names.contains(node.get())) continue;
      if (node->op == Opcode::literal)
        names[node.get()] = c_literal(node->dtype, node->bits, prelude_);
      else if (node->op == Opcode::local)
        names[node.get()] = fmt::format("v{}", node->number);
      else
        names[node.get()] = temporary(node->dtype, definition(*node, names));
    }
    return names.at(expr.get());
  }

  std::string value(Expr expr) {
    Names names;
    return value(expr, names);
  }

  std::string temporary(DType dtype, const std::string& definition) {
    std::string name = fmt::format("t{}", temporaries_++);
    line("const {} {} = {};", c_type(dtype), name, definition);
    return name;
  }

  std::string definition(const Node& node, const Names& names) {
    if (node.op == Opcode::load) return loaded(node.number, names.at(node.args[0].get()));
    if (node.op == Opcode::parameter) {
      SizeText size{prelude_};
      return lower(*node.dim, layout_, size);
    }
    std::vector<std::string> args;
    for (const Expr arg : node.args) args.push_back(names.at(arg.get()));
    const DType operand = node.args.empty() ? node.dtype : node.args[node.op == Opcode::select ? 1 : 0]->dtype;
    return c_operation(node.op, node.dtype, operand, args, prelude_);
  }

  static std::string loaded(std::int64_t buffer, const std::string& offset) {
    return fmt::format("b{}[{}]", buffer, offset);
  }

  void write(const ir::Block& block) {
    for (const ir::Statement& statement : block) std::visit([&](const auto& each) { write(each); }, statement.node);
  }

  void write(const ir::For& loop) {
    const std::string begin = value(loop.begin), end = value(loop.end);
    line("for (int64_t v{0} = {1}; v{0} < {2}; ++v{0}) {{", loop.variable, begin, end);
    ++depth_;
    write(loop.body);
    close();
  }

  void write(const ir::Let& let) {
    if (named_.locals.contains(let.local))
      line("const {} v{} = {};", c_type(let.value->dtype), let.local, value(let.value));
  }
  void write(const ir::Var& var) { line("{} v{} = {};", c_type(var.initial->dtype), var.local, value(var.initial)); }
  void write(const ir::Assign& assign) { line("v{} = {};", assign.local, value(assign.value)); }

  void write(const ir::Accumulate& accumulate) {
    const ir::Monoid& monoid = *accumulate.monoid;
    std::vector<std::string> arguments;
    for (const ir::Local local : accumulate.locals) arguments.push_back(fmt::format("v{}", local));
    for (const Expr each : accumulate.values) arguments.push_back(value(each));
    Names names;
    for (const Expr node : postorder(monoid.combine)) {
      if (node->op == Opcode::argument) names[node.get()] = arguments[node->number];
    }
    std::vector<std::string> results;
    for (const Expr each : monoid.combine) results.push_back(temporary(each->dtype, value(each, names)));
    for (std::size_t k = 0; k < results.size(); ++k) line("v{} = {};", accumulate.locals[k], results[k]);
  }

  void write(const ir::Store& store) {
    const DType dtype = kernel_.buffers[store.buffer].dtype;
    const std::string offset = value(store.offset), stored = value(store.value);
    const std::string target = loaded(store.buffer, offset);
    line("{} = {};", target,
         store.combine ? c_operation(*store.combine, dtype, dtype, {target, stored}, prelude_) : stored);
  }

  void write(const ir::Transpose& turn) {
    const std::string to = value(turn.target_offset), to_stride = value(turn.target_stride);
    const std::string from = value(turn.source_offset), from_stride = value(turn.source_stride);
    const std::string rows = value(turn.rows), columns = value(turn.columns);
    line("for (int64_t r = 0; r < {}; ++r)", rows);
    line("  for (int64_t c = 0; c < {}; ++c)", columns);
    line("    b{}[{} + c * {} + r] = b{}[{} + r * {} + c];", turn.target, to, to_stride, turn.source, from,
         from_stride);
  }

  /// Compilers that turn loops into vectors leave those alone that have it.
  void write(const ir::Prefetch&) {}

  void write(const ir::If& branch) {
    line("if ({}) {{", value(branch.condition));
    ++depth_;
    write(branch.then);
    close();
    if (branch.otherwise.empty()) return;
    line("else {{");
    ++depth_;
    write(branch.otherwise);
    close();
  }

  void write(const ir::Report& report) {
    line("if (frame->failure->code == 0 && {}) {{", value(report.condition));
    ++depth_;
    const std::string first = value(report.first), second = value(report.second);
    line("frame->failure->first = {};", first);
    line("frame->failure->second = {};", second);
    line("frame->failure->code = {};", report.code);
    close();
  }

  const ir::Kernel& kernel_;
  const ir::Layout& layout_;
  Prelude& prelude_;
  const Named named_;
  std::string text_;
  std::string scratch_ = "0";  // where the last scratch buffer begins
  std::optional<std::size_t> last_scratch_;
  std::size_t depth_ = 0;
  std::size_t temporaries_ = 0;
};

}  // namespace

std::string c_source(std::span<const ir::Kernel> kernels, const ir::Layout& layout) {
  Prelude prelude;
  std::string functions;
  for (std::size_t k = 0; k < kernels.size(); ++k) functions += '\n' + Writer(kernels[k], layout, prelude).write(k);
  return std::string(c_declarations()) + prelude.text() + functions;
}

}  // namespace theon::codegen
