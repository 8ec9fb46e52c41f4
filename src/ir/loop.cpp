#include "src/ir/loop.h"

#include "src/ir/loop_walk.h"
#include "src/ir/opcode.h"
#include "src/support/check.h"

#include <fmt/format.h>

namespace theon::ir {

namespace {

std::string_view name(Access access) {
  switch (access) {
    case Access::read:
      return "read";
    case Access::write:
      return "write";
    case Access::read_write:
      return "read_write";
    case Access::scratch:
      return "scratch";
  }
  broken_promise("the access is known", __FILE__, __LINE__);
}

/// Writes statements, two spaces deeper in every block.
class Printer {
 public:
  std::string print(const Kernel& kernel) {
    line("kernel {}{}{}", kernel.name, kernel.trips ? fmt::format(", {} iterations", *kernel.trips) : "",
         kernel.contracts ? "" : ", every operation rounded");
    ++depth_;
    for (std::size_t k = 0; k < kernel.buffers.size(); ++k) print(k, kernel.buffers[k]);
    print(kernel.body);
    return std::move(text_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_.append(2 * depth_, ' ');
    text_ += fmt::format(format, std::forward<Args>(args)...) + '\n';
  }

  void print(std::size_t number, const Buffer& buffer) {
    const std::string place = buffer.access == Access::scratch ? fmt::format("[{}]", to_string(buffer.size))
                                                               : fmt::format("slot {}", buffer.slot);
    line("b{}: {} {} {}  # {}", number, theon::name(buffer.dtype), name(buffer.access), place, buffer.name);
  }

  void print(const Block& block) {
    for (const Statement& statement : block) std::visit([&](const auto& each) { print(each); }, statement.node);
  }

  void indented(const Block& block) {
    ++depth_;
    print(block);
    --depth_;
  }

  void print(const For& loop) {
    const std::string lanes = loop.lanes > 1 ? fmt::format(" lanes {} x {}{}", loop.lanes, loop.unroll,
                                                           loop.tail == Tail::merged ? ", tail merged" : "")
                                             : "";
    const std::string streams = loop.streams ? fmt::format(", streams if {}", to_string(loop.streams)) : "";
    line("for v{} in {} .. {}{}{}", loop.variable, to_string(loop.begin), to_string(loop.end), lanes, streams);
    indented(loop.body);
  }

  void print(const Let& let) { line("let v{} = {}", let.local, to_string(let.value)); }
  void print(const Var& var) { line("var v{} = {}", var.local, to_string(var.initial)); }
  void print(const Assign& assign) { line("v{} = {}", assign.local, to_string(assign.value)); }

  void print(const Accumulate& accumulate) {
    std::string locals, values;
    for (std::size_t k = 0; k < accumulate.locals.size(); ++k) {
      locals += fmt::format("{}v{}", k > 0 ? ", " : "", accumulate.locals[k]);
      values += fmt::format("{}{}", k > 0 ? ", " : "", to_string(accumulate.values[k]));
    }
    line("{} {}= {}", locals, accumulate.monoid->name, values);
  }

  void print(const Store& store) {
    const std::string combine = store.combine ? fmt::format("{}", ir::name(*store.combine)) : "";
    line("b{}[{}] {}= {}", store.buffer, to_string(store.offset), combine, to_string(store.value));
  }

  void print(const Transpose& turn) {
    line("b{}[{}; {}] = transpose b{}[{}; {}] of {} x {}", turn.target, to_string(turn.target_offset),
         to_string(turn.target_stride), turn.source, to_string(turn.source_offset), to_string(turn.source_stride),
         to_string(turn.rows), to_string(turn.columns));
  }

  void print(const Prefetch& prefetch) { line("prefetch b{}[{}]", prefetch.buffer, to_string(prefetch.offset)); }

  void print(const If& branch) {
    line("if {}", to_string(branch.condition));
    indented(branch.then);
    if (branch.otherwise.empty()) return;
    line("else");
    indented(branch.otherwise);
  }

  void print(const Report& report) {
    line("report {} ({}, {}) if {}", report.code, to_string(report.first), to_string(report.second),
         to_string(report.condition));
  }

  std::string text_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string to_string(const Kernel& kernel) { return Printer().print(kernel); }

}  // namespace theon::ir
