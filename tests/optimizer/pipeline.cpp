#include "optimizer/pipeline.h"

#include "src/graph/traversal.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace theon;

namespace {

std::string text(const Variable& x, const OptimizeOptions& options = {}) { return to_string(optimize(x, options)); }

const Variable x = input<float>("x", {4}), y = input<float>("y", {4}), m = input<float>("m", {4, 3}), n = input<float>("n", {3, 4});

std::size_t count(const Variable& v, const std::string& op) {
  return static_cast<std::size_t>(
      std::ranges::count_if(toposort(std::span(&v, 1)), [&](const Apply* node) { return node->op->name() == op; }));
}

std::vector<std::string> names(const Optimized& optimised) {
  std::vector<std::string> list;
  for (const StepRecord& step : optimised.trace) list.push_back(step.name);
  return list;
}

}  // namespace

TEST_CASE("formulas get their stable form") {
  CHECK(text(log(1 + exp(x))) == "softplus(x)");
  CHECK(text(log(sigmoid(x))) == "-softplus(-x)");
  CHECK(text(log(1 - sigmoid(x))) == "-softplus(x)");
  CHECK(text(1 / (1 + exp(-x))) == "sigmoid(x)");
  CHECK(text(exp(x) / (1 + exp(x))) == "sigmoid(x)");
  CHECK(text(log(1 - exp(x))) == "log(-expm1(x))");
  CHECK(text(log(exp(x) / exp(y))) == "x - y");
}

TEST_CASE("softmax is recognised") {
  CHECK(same_graph({{m}, {optimize(log(exp(m) / sum(exp(m), 1, true)))}}, {{m}, {optimize(log_softmax(m, 1))}}));
  CHECK(same_graph({{m}, {optimize(log(softmax(m, 0)))}}, {{m}, {optimize(log_softmax(m, 0))}}));
  CHECK(same_graph({{m}, {optimize(log(sum(exp(m), 1)))}}, {{m}, {optimize(logsumexp(m, 1))}}));
}

TEST_CASE("what softmax expands into is not taken for another softmax") {
  const Variable v = input<float>("v", {3});
  for (const Variable& z : {m, -m, 2 * m, -2 * m, m / 3, 1 - m, m + v, v - m, -(m * m), -exp(m), -transpose(m), -where(m > 0, m, v), -maximum(m, 0), -softmax(m), -log_softmax(m)})
    for (const Variable& result : {softmax(z), log_softmax(z), logsumexp(z, 1), exp(z) / sum(exp(z), 1, true), grad(sum(softmax(z) * softmax(z)), m)}) {
      const Optimized optimised = optimize(Graph{{m, v}, {result}}, {});
      INFO(to_string(result));
      CHECK(std::ranges::count(names(optimised), "inline composites") <= 2);
      for (const Apply* node : toposort(optimised.graph.outputs)) CHECK(node->op->op_class() != Op::Class::composite);
    }
}

TEST_CASE("sums of exponentials of extremes are stable") {
  for (const Variable& z : {m + min(m, 1, true), m * 0.5f + expand_dims(min(m, 0), 0), m - max(-m, 1, true), where(m > 0, m, min(m, 1, true))})
    for (const Variable& result : {log(sum(exp(z), 1)), exp(z) / sum(exp(z), 1, true)}) {
      const Variable optimised = optimize(result);
      CHECK((count(optimised, "max") + count(optimised, "min")) >= 2);
    }
}

TEST_CASE("moves and reductions are merged") {
  CHECK(text(transpose(transpose(m))) == "m");
  CHECK(text(reshape(reshape(m, {2, 6}), {4, 3})) == "m");
  CHECK(text(sum(sum(m, 1), 0)) == text(sum(m)));
  CHECK(text(transpose(dot(transpose(m), transpose(n)))) == text(dot(n, m)));
  CHECK(text(sum(2 * m)) == "2.0 * " + text(sum(m)));
  CHECK(text(sum(broadcast_to(x, {3, 4}), 0)) == "3.0 * x");
  CHECK(text(m[slice(1)][slice(1)]) == text(m[slice(2)]));
}

TEST_CASE("whole numbers are scaled after their last conversion, and keep every bit") {
  const Variable n = vector<std::int32_t>("n"), k = vector<std::int64_t>("k"), x = vector<double>("x");
  CHECK(text(cast<float>(cast<double>(n) * 0.5)) == "0.5 * cast(n, float32)");
  CHECK(text(cast<double>(cast<float>(k) * 0.5f)) == "0.5 * cast(cast(k, float32), float64)");
  for (const Variable& other : {cast<float>(cast<double>(n) * 0.3), cast<float>(x * 0.5), cast<double>(cast<float>(k) * 0x1p40f)})
    CHECK(optimize(other).owner()->op->name() == "cast");

  const Tensor large = Tensor::of<std::int64_t>({0, 1, -3, 16777217, 33554435, -9007199254740993, INT64_MAX, INT64_MIN}, {8});
  for (const double scale : {0.5, -0.25, 1024.0}) {
    const Variable y = cast<float>(cast<double>(k) * scale), z = cast<double>(cast<float>(k) * scale);
    const auto whole = [&](const Variable& e) { return reference::evaluate({e}, {{k, large}})[0].to_vector<double>(); };
    CHECK(whole(optimize(y)) == whole(y));
    CHECK(whole(optimize(z)) == whole(z));
  }
}

TEST_CASE("what depends on constants alone is computed") {
  const Variable table = constant(Tensor::arange<float>(4));
  const Variable optimised = optimize(x + exp(table));
  CHECK(std::ranges::any_of(optimised.owner()->inputs, [](const Variable& operand) { return as_constant(operand) != nullptr; }));
  CHECK(count(optimised, "exp") == 0);
}

TEST_CASE("constants that are large or take long are left for the run time") {
  const Variable large = exp(arange(Dim(1'000'000), DType::float64));
  CHECK(count(optimize(large), "exp") == 1);
}

TEST_CASE("a second optimisation changes nothing") {
  const Variable p = softmax(dot(m, n), 1);
  const std::vector<Variable> outputs{log(p), sum(log(1 + exp(x)) * y - x / 4 + pow(x, 3)), m / sum(m, 1, true), exp(m - max(m, 1, true)), sigmoid(x) * (1 - sigmoid(x)),
                                      logsumexp(m, 1), sum(exp(x)), mean(sqr(x - y))};
  const Graph once = optimize(Graph{{x, y, m, n}, outputs}).graph;
  const Graph twice = optimize(once).graph;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    INFO(once.outputs[i] << "\n" << twice.outputs[i]);
    CHECK(same(once.outputs[i], twice.outputs[i]));
  }
}

TEST_CASE("a graph in which nothing can be improved is the same graph") {
  for (const Variable& v : {tanh(x + y), tanh(x - y), exp(x * 2) - 1 / y}) CHECK(same(optimize(v), v));
}

TEST_CASE("a sum that doubles sixty times is one product") {
  Variable v = input<double>("v", {3});
  for (int i = 0; i < 60; ++i) v = v + v;
  CHECK(text(v) == "1.152921504606847e+18 * v");
}

TEST_CASE("a long chain of quotients is not looked through for a divisor") {
  const Variable e = exp(input<double>("v", {3}));
  Variable quotient = e;
  for (int i = 0; i < 100'000; ++i) quotient = quotient / tanh(e);
  const Variable optimised = optimize(e * quotient);
  CHECK(optimised.dims() == Shape{3});
}

TEST_CASE("random graphs settle") {
  std::mt19937 random(5);
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<Variable> last{x, y};
    for (int i = 0; i < 60; ++i) {
      const Variable &a = last[last.size() - 1 - random() % 2], &b = last[random() % last.size()];
      const std::vector<Variable> made{a + b, a * b, a - b, maximum(a, b), exp(a), log(b), tanh(a), a / b, -a, sum(a * b) + b};
      last.push_back(made[random() % made.size()]);
    }
    const Variable once = optimize(last.back());
    INFO(last.back() << "\n" << once << "\n" << optimize(once));
    CHECK(same(optimize(once), once));
  }
}

TEST_CASE("finite-only rules are off unless asked for") {
  CHECK(text(x * 0) == "x * 0.0");
  CHECK(text(x - x) == "x - x");
  CHECK(text(exp(log(x))) == "exp(log(x))");
  CHECK(text(x * 0, {.rules = {finite_only()}}) == "broadcast_to(0.0, [4])");
}

TEST_CASE("the user's own rules are applied") {
  const Variable u = any("u"), v = any("v");
  const Rules mine{{exp(u) * exp(v), exp(u + v)}};
  CHECK(text(exp(x) * exp(y), {.rules = {mine}}) == "exp(x + y)");
  CHECK(text(exp(x) * exp(y), {.rules = {mine}, .disabled = {"user rules"}}) == "exp(x) * exp(y)");
}

TEST_CASE("rules and steps can be switched off by name") {
  CHECK(text(log(1 + tanh(x)), {.disabled = {"log(1 + x) -> log1p(x)"}}) == "log(1.0 + tanh(x))");
  const auto all = names(optimize(Graph{{x}, {x + 1}})), fewer = names(optimize(Graph{{x}, {x + 1}}, {.disabled = {"fold constants"}}));
  CHECK(std::ranges::count(all, "fold constants") == 1);
  CHECK(std::ranges::count(fewer, "fold constants") == 0);
}

TEST_CASE("every step is traced") {
  const Optimized optimised = optimize(Graph{{x}, {log(1 + exp(x))}});
  const auto step = std::ranges::find(optimised.trace, "stabilise", &StepRecord::name);
  REQUIRE(step != optimised.trace.end());
  CHECK(step->nodes_before == 3);
  CHECK(step->nodes_after == 1);
  CHECK(step->firings.size() == 2);
  CHECK(step->seconds >= 0);
}

TEST_CASE("the steps stand in one order") {
  CHECK(names(optimize(Graph{{x}, {softmax(x)}})) ==
        std::vector<std::string>{"merge", "remove identities", "inline composites that no rule knows", "fold constants", "stabilise",
                                 "simplify", "inline composites", "fold constants again", "simplify again", "fold constants again", "order products",
                                 "write differences", "split wide sums", "take the original nodes"});
}

TEST_CASE("chains of products are multiplied in the cheapest order") {
  const auto matrix_of = [](std::int64_t rows, std::int64_t columns, const char* name) { return input<double>(name, {rows, columns}); };
  const Variable a = matrix_of(100, 3, "a"), b = matrix_of(3, 100, "b"), c = matrix_of(100, 2, "c"), d = matrix_of(2, 50, "d"),
                 v = input<double>("v", {50}), free = input<double>("free", {dim("n"), 3});
  CHECK(text(dot(dot(a, b), c)) == "dot(a, dot(b, c))");
  CHECK(text(dot(a, dot(b, c))) == "dot(a, dot(b, c))");
  CHECK(text(dot(dot(dot(a, b), c), d)) == "dot(dot(a, dot(b, c)), d)");
  CHECK(text(dot(dot(dot(dot(a, b), c), d), v)) == "dot(a, dot(b, dot(c, dot(d, v))))");
  CHECK(text(dot(dot(free, b), c)) == "dot(free, dot(b, c))");
  // What somebody else reads is computed anyway, and a vector in the middle ends two chains.
  const Variable shared_product = dot(a, b);
  const Graph both = optimize(Graph{{}, {dot(shared_product, c), exp(shared_product)}}).graph;
  CHECK(to_string(both.outputs[0]) == "dot(dot(a, b), c)");
  CHECK(text(dot(dot(d, v), d)) == "dot(dot(d, v), d)");
}

TEST_CASE("a quick compilation keeps what correctness needs") {
  CHECK(text(log(1 + exp(x)), {.mode = Mode::fast_compile}) == "softplus(x)");
  CHECK(text(transpose(transpose(m)), {.mode = Mode::fast_compile}) != "m");
}

TEST_CASE("a wrong step is found when values are checked") {
  const Variable u = any("u");
  const auto is_four = [u](const Match& match) { return match(u).dims() == Shape{4}; };
  const Rules wrong{{tanh(u), exp(u), is_four}};
  CHECK_THROWS_AS(optimize(Graph{{x}, {tanh(x)}}, {.rules = {wrong}, .verify = true}), InternalError);
}

TEST_CASE("types stay as they are") {
  for (const Variable& v : {x * 1, m + 0, sum(m, 1), cast<double>(x) + 1, x / 2, exp(cast<Half>(x))}) CHECK(optimize(v).type() == v.type());
}
