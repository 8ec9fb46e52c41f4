#include "codegen/program/explain.h"

#include "codegen/program/steps.h"
#include "src/ir/loop_walk.h"
#include "src/support/check.h"
#include "src/support/units.h"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <utility>

namespace theon::codegen {

namespace {

/// The values of a kernel, those that it stores first.
std::vector<ValueId> values_of(const KernelStep& step) {
  std::vector<ValueId> values = step.writes;
  values.insert(values.end(), step.inside.begin(), step.inside.end());
  return values;
}

/// What stands behind the label of a paragraph, a line each.
using Lines = std::vector<std::string>;

/// The words once that would stand there several times.
void append_new(Lines& lines, std::string line) {
  if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
}

std::string paragraph(const std::string& indent, const std::string& label, const Lines& lines) {
  std::string text;
  for (std::size_t n = 0; n < lines.size(); ++n)
    text += fmt::format("{}  {:<10} {}\n", indent, n == 0 ? label : "", lines[n]);
  return text;
}

/// A vector loop as the kernel has it.
std::string loop_text(const ir::For& loop) {
  std::string text = fmt::format("vectors of {}", loop.lanes);
  if (loop.unroll > 1) text += fmt::format(", {} at once", loop.unroll);
  if (loop.tail == ir::Tail::merged) text += ", the rest under the same mask";
  if (loop.streams) text += ", stored past the caches";
  if (loop.streams && loop.streams->op != ir::Opcode::literal) text += " where " + to_string(loop.streams);
  return text;
}

Lines schedule_of(const ir::Kernel& kernel) {
  Lines lines;
  for (const std::string& note : kernel.notes) append_new(lines, note);
  ir::for_each_statement(kernel.body, [&](const ir::Statement& statement) {
    if (const auto* loop = std::get_if<ir::For>(&statement.node); loop && loop->lanes > 1)
      append_new(lines, loop_text(*loop));
  });
  return lines;
}

/// With a prefix where it is a number.
std::string quantity(const Formula& formula, const std::string& unit, double scale = 1) {
  if (formula.is_number()) return with_prefix(formula.value([](const Dim&) { return 0.0; }) * scale) + unit;
  return fmt::format("{} {}", to_string(formula), scale == 1 ? unit : "p" + unit);
}

Lines prediction_of(const Estimate& estimate) {
  const Lines lines{quantity(estimate.picoseconds, "s", 1e-12), quantity(estimate.operations, "op"),
                    quantity(estimate.bytes, "B")};
  const bool is_known =
      estimate.picoseconds.is_number() && estimate.operations.is_number() && estimate.bytes.is_number();
  return is_known ? Lines{fmt::format("{}", fmt::join(lines, ", "))} : lines;
}

class Explanation {
 public:
  explicit Explanation(const Program& program) : program_(program) {}

  std::string text() {
    find_makers(program_.steps);
    write(program_.steps, "");
    return std::move(text_);
  }

 private:
  void find_makers(std::span<const Step> steps) {
    for (const Step& step : steps) {
      if (const auto* kernel = std::get_if<KernelStep>(&step.node))
        for (const ValueId v : values_of(*kernel)) maker_.emplace(v, kernel->kernel);
      for (const std::span<const Step>& inner : blocks(step)) find_makers(inner);
    }
  }

  void write(const std::vector<Step>& steps, const std::string& indent) {
    for (const Step& step : steps) std::visit([&](const auto& node) { this->write(node, indent); }, step.node);
  }

  void write(const KernelStep& step, const std::string& indent) {
    const ir::Kernel& kernel = program_.kernels[step.kernel];
    text_ += fmt::format("{}#{} {}\n", indent, step.kernel, kernel.name);
    text_ += paragraph(indent, "computes", {computed(step, program_)});
    text_ += paragraph(indent, "schedule", schedule_of(kernel));
    text_ += paragraph(indent, "threads", {sharing(step)});
    text_ += paragraph(indent, "predicted", prediction_of(step.estimate));
    text_ += paragraph(indent, "stores", stores_of(step));
    text_ += paragraph(indent, "apart", separations_of(step));
  }

  /// The results, and why each lies in memory.
  Lines stores_of(const KernelStep& step) const {
    Lines lines;
    for (const ValueId v : step.writes) {
      const Value& value = program_.values[v];
      const Account& account = value.account;
      const std::string name = title(value.variable);
      append_new(lines, fmt::format("{}{}{}: {}{}", name, name.empty() ? "" : " ", to_string(value.type),
                                    to_string(account.reason), account.reader.empty() ? "" : ", by " + account.reader));
    }
    return lines;
  }

  Lines separations_of(const KernelStep& step) const {
    Lines lines;
    for (const ValueId v : values_of(step))
      for (const auto& [from, reason] : program_.values[v].account.apart) {
        const auto maker = maker_.find(from);
        if (maker == maker_.end() || maker->second == step.kernel) continue;
        append_new(lines, fmt::format("from #{}, whose {} it reads: {}", maker->second,
                                      title(program_.values[from].variable), to_string(reason)));
      }
    return lines;
  }

  void write(const LoopStep& step, const std::string& indent) {
    text_ += fmt::format("{}for {} < {}{}\n", indent, to_string(step.counter), to_string(step.trips), at(step.where));
    if (step.test) {
      write(step.test->steps, indent + "  ");
      text_ += fmt::format("{}  unless it ends here\n", indent);
    }
    write(step.body, indent + "  ");
  }

  void write(const BranchStep& step, const std::string& indent) {
    text_ += fmt::format("{}if{}\n", indent, at(step.where));
    write(step.then, indent + "  ");
    text_ += indent + "else\n";
    write(step.otherwise, indent + "  ");
  }

  void write(const HostStep& step, const std::string& indent) {
    text_ +=
        fmt::format("{}{}, a function of C++ on whole arrays{}\n", indent, step.node->op->name(), at(step.node->where));
  }

  void write(const CopyStep& step, const std::string& indent) {
    const Value& value = program_.values[step.from];
    text_ += fmt::format("{}copy {} {}\n", indent, title(value.variable), to_string(value.type));
  }

  // Steps of no work to speak of.
  void write(const BindStep&, const std::string&) {}
  void write(const CheckStep&, const std::string&) {}
  void write(const IndexStep&, const std::string&) {}

  static std::string at(const Location& where) { return where ? "    " + to_string(where) : ""; }

  const Program& program_;
  std::map<ValueId, std::size_t> maker_;  // the kernel that computes it
  std::string text_;
};

}  // namespace

std::string explain(const Program& program) { return Explanation(program).text(); }

std::string contents(const Program& program, const std::string& comment) {
  std::string text;
  const std::function<void(std::span<const Step>)> add = [&](std::span<const Step> steps) {
    for (const Step& step : steps) {
      if (const auto* kernel = std::get_if<KernelStep>(&step.node))
        text += fmt::format("{} {}: {}\n", comment, program.kernels[kernel->kernel].name, computed(*kernel, program));
      for (const std::span<const Step>& inner : blocks(step)) add(inner);
    }
  };
  add(program.steps);
  return text;
}

std::string sharing(const KernelStep& step) {
  if (step.phases.empty()) return step.trips == Dim(1) ? "on one thread: one iteration" : "on one thread: in order";
  Dim work = 0;
  for (const Phase& phase : step.phases) work = work + phase.work;
  if (less_equal(worth_sharing, work) == Answer::no)
    return fmt::format("on one thread: {} ps are too little to share", to_string(work));
  const std::string phases = step.phases.size() > 1 ? fmt::format(" in {} phases", step.phases.size()) : "";
  if (less_equal(worth_sharing, work) == Answer::yes) return "shared" + phases;
  return fmt::format("shared{} where {} ps are {} or more", phases, to_string(work), worth_sharing);
}

std::string computed(const KernelStep& step, const Program& program) {
  std::vector<std::pair<std::string, Lines>> by_line;
  const auto add = [&](const Variable& x) {
    if (!x.owner()) return;
    const std::string line = to_string(x.where());
    auto found = std::ranges::find(by_line, line, &std::pair<std::string, Lines>::first);
    if (found == by_line.end()) found = by_line.insert(by_line.end(), {line, {}});
    append_new(found->second, title(x));
  };
  for (const ValueId v : values_of(step)) add(program.values[v].variable);
  for (const ValueId v : values_of(step))
    for (const Variable& x : program.values[v].account.fused) add(x);
  std::string text;
  for (const auto& [line, names] : by_line)
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", line, fmt::join(names, ", "));
  return text;
}

}  // namespace theon::codegen
