// Code for another machine than this one: what it looks like, since it cannot run here.
#include "codegen/llvm/jit.h"
#include "codegen/schedule/schedule.h"
#include "optimizer/pipeline.h"

#include <theon/gradient.h>
#include <theon/ops.h>

#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace theon::test {

namespace {

/// The assembly text of kernels for 64-bit ARM.
std::string arm_code(std::vector<Variable> inputs, std::vector<Variable> outputs) {
  const codegen::Target target = codegen::aarch64_target();
  const codegen::Machine machine{.vector_bytes = target.vector_bytes, .stored_bytes = target.stored_bytes, .registers = target.registers, .masks = target.masks};
  ir::Pool pool;
  const Graph graph = optimize(Graph{std::move(inputs), std::move(outputs)}).graph;
  const codegen::Schedule schedule = codegen::schedule(codegen::partition(graph, pool), pool, machine);
  const ir::Layout layout(std::vector<Dim>{});
  const std::string object = codegen::compile_object(schedule.kernels, layout, target).bytes;
  CHECK(object.substr(0, 4) == "\x7f" "ELF");
  CHECK(object[18] == '\xb7');  // the number of the architecture in the header, EM_AARCH64
  return codegen::assembly(schedule.kernels, layout, target);
}

int count(const std::string& text, const std::string& words) {
  int found = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
  return found;
}

/// The lines between two labels that have the most vector multiply-adds: the innermost loop.
std::string busiest_block(const std::string& code) {
  std::istringstream lines(code);
  std::string best, block, line;
  while (std::getline(lines, line)) {
    if (line.starts_with(".L")) block.clear();
    block += line + '\n';
    if (count(block, "fmla\tv") > count(best, "fmla\tv") || (block.starts_with(best) && !best.empty())) best = block;
  }
  return best;
}

/// Vectors that are brought to the stack or back. Functions save the halves that their callers own as d registers.
int spills(const std::string& code) {
  std::istringstream lines(code);
  int found = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool moves_vector = count(line, "ldr\tq") + count(line, "str\tq") + count(line, "ldp\tq") + count(line, "stp\tq") > 0;
    found += moves_vector && line.find("[sp") != std::string::npos;
  }
  return found;
}

bool is_missing() {
  const bool missing = !codegen::can_compile_for(codegen::aarch64_target());
  if (missing) WARN("built without THEON_AARCH64");
  return missing;
}

}  // namespace

TEST_CASE("products for 64-bit ARM add up in registers") {
  if (is_missing()) return;
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Variable a = input(dtype, "a", {200, 300}), b = input(dtype, "b", {300, 400}), small = input(dtype, "small", {5000, 4, 4});
    for (const Variable& product : {dot(a, b), dot(b.T(), a.T()), maximum(dot(a, a.T()), 0)}) {
      const std::string code = arm_code({a, b}, {product}), loop = busiest_block(code);
      INFO(loop);
      CHECK(count(loop, "fmla\tv") >= 16);
      CHECK(spills(loop) == 0);
    }

    const std::string batch = arm_code({small}, {sum(expand_dims(small, 3) * expand_dims(small, 1), 2)});
    INFO(batch);
    CHECK(count(batch, "fmla\tv") >= 16);
    CHECK(spills(batch) == 0);
  }
}

TEST_CASE("reductions of rows and functions for 64-bit ARM are vectors") {
  if (is_missing()) return;
  const Variable x = input<float>("x", {100, 300}), y = input<double>("y", {100, 300});
  const std::string sums = arm_code({x}, {sum(x, 1)});
  CHECK(count(sums, "fadd\tv") >= 4);
  CHECK(spills(sums) == 0);
  const std::string maxima = arm_code({x}, {max(x, 1)});
  CHECK(count(maxima, "fmax\tv") + count(maxima, "fcmgt\tv") >= 4);
  // Long polynomials have more constants than registers.
  for (const auto& [z, most] : {std::pair(exp(y), 0), {exp(x), 0}, {softmax(x), 0}, {log(y), 24}, {tanh(y), 24}, {erf(y), 24}}) {
    INFO(debugprint(z));
    const std::string loop = busiest_block(arm_code({x, y}, {z}));
    CHECK(count(loop, "fmla\tv") >= 16);
    CHECK(spills(loop) <= most);
  }
  CHECK(count(arm_code({y}, {sin(y)}), "fmla\tv") >= 16);
  CHECK(count(arm_code({x}, {x / sum(x, 1, true)}), "fdiv\tv") >= 1);
}

}  // namespace theon::test
