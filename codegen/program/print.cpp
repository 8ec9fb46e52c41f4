#include "codegen/program/explain.h"
#include "codegen/program/program.h"
#include "codegen/program/steps.h"

#include <fmt/format.h>

#include <string>

namespace theon::codegen {

namespace {

using Home = Placement::Home;

std::string list(const std::vector<ValueId>& values) {
  std::string text;
  for (ValueId v : values) text += fmt::format("{}v{}", text.empty() ? "" : ", ", v);
  return text;
}

std::string place(const Placement& placement) {
  switch (placement.home) {
    case Home::input:
      return fmt::format("argument {}", placement.number);
    case Home::constant:
      return "constant";
    case Home::shared:
      return fmt::format("shared {}", placement.number);
    case Home::spare:
      return fmt::format("spare of shared {}", placement.number);
    case Home::output:
      return fmt::format("output {}", placement.number);
    case Home::arena:
      return fmt::format("arena, in v{}, steps {} to {}", placement.number, placement.first, placement.last);
    case Home::late:
      return "late";
    case Home::nowhere:
      return "nowhere";
  }
  return {};
}

struct StepText {
  const Program& program;
  std::string indent;

  std::string operator()(const KernelStep& step) const {
    return fmt::format("{} = {}({}) for {}, {}", list(step.writes), program.kernels[step.kernel].name, list(step.reads),
                       to_string(step.trips), sharing(step));
  }
  std::string operator()(const CopyStep& step) const { return fmt::format("v{} = v{}", step.to, step.from); }
  std::string operator()(const HostStep& step) const {
    return fmt::format("{} = {}({})", list(step.outputs), step.node->op->name(), list(step.inputs));
  }
  std::string operator()(const BindStep& step) const {
    return fmt::format("{} is v{}", to_string(step.symbol), step.value);
  }
  std::string operator()(const CheckStep& step) const { return fmt::format("check v{}", step.condition); }
  std::string operator()(const IndexStep& step) const {
    if (step.of_sizes) return fmt::format("check that 0 < {} for v{}", to_string(step.extent), step.indices);
    return fmt::format("check that v{} indexes {}", step.indices, to_string(step.extent));
  }
  std::string operator()(const LoopStep& step) const {
    std::string text = fmt::format("for {} < {}", to_string(step.counter), to_string(step.trips));
    for (const Carried& state : step.carried) text += fmt::format(", v{} <-> v{}", state.current, state.next);
    if (step.test) text += inner(step.test->steps) + fmt::format("\n{}while v{}", indent, step.test->condition);
    return text + inner(step.body);
  }
  std::string operator()(const BranchStep& step) const {
    return fmt::format("if v{}{}\n{}else{}", step.condition, inner(step.then), indent, inner(step.otherwise));
  }

  std::string inner(const std::vector<Step>& block) const {
    std::string text;
    for (const Step& step : block)
      text += fmt::format("\n{}  {}", indent, std::visit(StepText{program, indent + "  "}, step.node));
    return text;
  }
};

std::string values_text(const Program& program) {
  std::string text;
  for (std::size_t v = 0; v < program.values.size(); ++v) {
    if (program.placements[v].home == Home::nowhere) continue;
    const std::string name = program.values[v].variable.is_empty() ? "" : program.values[v].variable.name();
    text += fmt::format("  v{}{}: {}, {}\n", v, name.empty() ? "" : " " + name, to_string(program.values[v].type),
                        place(program.placements[v]));
  }
  return text;
}

std::string steps_text(const Program& program) {
  std::string text;
  for (std::size_t n = 0; n < program.steps.size(); ++n) {
    if (n == program.point_of_no_return) text += "  from here on nothing fails\n";
    const std::string line = std::visit(StepText{program, "    "}, program.steps[n].node);
    const Location at = where(program.steps[n]);
    text += fmt::format("  {}: {}{}\n", n, line, at ? "    " + to_string(at) : "");
  }
  return text;
}

}  // namespace

std::string to_string(const Program& program) {
  return fmt::format("values\n{}steps\n{}results {}\n", values_text(program), steps_text(program),
                     list(program.outputs));
}

}  // namespace theon::codegen
