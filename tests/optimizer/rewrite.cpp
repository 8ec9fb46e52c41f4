#include "optimizer/rewrite.h"

#include "src/graph/traversal.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <pthread.h>

using namespace theon;

namespace {

const Variable x = any("x"), y = any("y"), z = any("z");

/// The expression after the rules.
Variable rewritten(const Variable& v, const std::vector<Rule>& rules) { return rewrite({{}, {v}}, RuleSet(rules)).graph.outputs[0]; }
std::string text(const Variable& v, const std::vector<Rule>& rules) { return to_string(rewritten(v, rules)); }

Variable a() {
  static const Variable leaf = input<double>("a", {3});
  return leaf;
}
Variable b() {
  static const Variable leaf = input<double>("b", {3});
  return leaf;
}

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a rule is named by its text") {
  CHECK(Rule(log(1 + x), log1p(x)).name() == "log(1 + x) -> log1p(x)");
}

TEST_CASE("operands of sums and products match in any order") {
  const std::vector<Rule> rules{{log(1 + x), log1p(x)}};
  CHECK(text(log(1 + a()), rules) == "log1p(a)");
  CHECK(text(log(a() + 1), rules) == "log1p(a)");
}

TEST_CASE("the last leaf of a sum takes all terms that are left") {
  CHECK(text(log(a() + 1 + b()), {{log(1 + x), log1p(x)}}) == "log1p(a + b)");
}

TEST_CASE("a pattern at the root matches among other operands") {
  CHECK(text(b() + exp(a()) - 1, {{exp(x) - 1, expm1(x)}}) == "b + expm1(a)");
  CHECK(text(exp(a()) * b() * exp(b()), {{exp(x) * exp(y), exp(x + y)}}) == "b * exp(a + b)");
}

TEST_CASE("a number of a pattern is matched exactly") {
  const std::vector<Rule> rules{{log(1 + x), log1p(x)}};
  CHECK(text(log(1.000001 + a()), rules) == "log(1.000001 + a)");
  CHECK(text(log(1 + std::numeric_limits<double>::epsilon() + a()), rules) != "log1p(a)");
}

TEST_CASE("a number is recognised through broadcast, cast, fill and reshape") {
  const std::vector<Rule> rules{{log(1 + x), log1p(x)}};
  const Variable one = constant(Tensor(1.0f));
  for (const Variable& ones : {broadcast_to(cast<double>(one), {3}), ones_like(a()), full({3}, 1.0), reshape(ones_like(a()), {3}),
                               constant(Tensor(std::vector<double>{1, 1, 1}))})
    CHECK(text(log(ones + a()), rules) == "log1p(a)");
}

TEST_CASE("a leaf that occurs twice must be the same value") {
  const std::vector<Rule> rules{{x * y + x * z, x * (y + z)}};
  const Variable c = input<double>("c", {3}), d = input<double>("d", {3});
  CHECK(text(a() * b() + c * a(), rules) == "a * (b + c)");
  CHECK(text(a() * b() + c * d, rules) == "a * b + c * d");
}

TEST_CASE("what a rule builds has the type of what it replaces") {
  const Variable small = input<float>("small", {1, 3}), large = input<float>("large", {4, 3});
  const Variable before = small * large / large;
  const Variable after = rewritten(before, {{x * y / y, x}});
  CHECK(after.type() == before.type());
  CHECK(to_string(after) == "broadcast_to(small, [4, 3])");
}

TEST_CASE("a rule keeps the user's line and the name") {
  const Location line = Location::here();
  const Variable before = log(1 + a()).named("loss");
  const Variable after = rewritten(before, {{log(1 + x), log1p(x)}});
  CHECK(after.name() == "loss");
  CHECK(after.where() == Location(line.file, line.line + 1));
}

TEST_CASE("a condition decides") {
  const auto is_vector = [](const Match& m) { return m(x).ndim() == 1; };
  const std::vector<Rule> rules{{exp(x), x, is_vector}};
  CHECK(text(exp(a()), rules) == "a");
  CHECK(text(exp(scalar<double>("s")), rules) == "exp(s)");
}

TEST_CASE("an op of any attributes keeps them") {
  const AnyOp sum_of("sum");
  const Variable m = input<double>("m", {2, 3});
  CHECK(text(sum(-m, 1), {{sum_of(-x), -sum_of(x)}}) == to_string(-sum(m, 1)));
}

TEST_CASE("a rule does not repeat work that something else shares") {
  const std::vector<Rule> rules{{sin(exp(x)), exp(-x)}};
  const Variable e = exp(a());
  CHECK(text(sin(e), rules) == "exp(-a)");
  const auto optimised = rewrite({{}, {sin(e), e}}, RuleSet(rules));
  CHECK(to_string(optimised.graph.outputs[0]) == "sin(exp(a))");
  CHECK(optimised.firings.empty());
}

TEST_CASE("equal nodes become one, whatever the order of operands") {
  const auto merged = rewrite({{}, {a() + b(), b() + a(), a() - b(), b() - a()}}, RuleSet());
  CHECK(same(merged.graph.outputs[0], merged.graph.outputs[1]));
  CHECK_FALSE(same(merged.graph.outputs[2], merged.graph.outputs[3]));
}

TEST_CASE("constants are merged by their bits") {
  const Variable zero = constant(Tensor(0.0)), minus = constant(Tensor(-0.0)), nan = constant(Tensor(std::nan("")));
  const Variable again = constant(Tensor(std::nan("")));
  const auto merged = rewrite({{}, {zero, minus, nan, again}}, RuleSet());
  CHECK_FALSE(same(merged.graph.outputs[0], merged.graph.outputs[1]));
  CHECK(same(merged.graph.outputs[2], merged.graph.outputs[3]));
}

TEST_CASE("a graph that no rule changes is the same graph") {
  const Variable v = tanh(a() + exp(b()));
  CHECK(same(rewritten(v, {{log(1 + x), log1p(x)}}), v));
}

TEST_CASE("firings are recorded with the user's line") {
  const Variable v = log(1 + a());
  const auto optimised = rewrite({{}, {v}}, RuleSet(std::vector<Rule>{{log(1 + x), log1p(x)}}));
  REQUIRE(optimised.firings.size() == 1);
  CHECK(optimised.firings[0].rule == "log(1 + x) -> log1p(x)");
  CHECK(optimised.firings[0].where == v.where());
}

TEST_CASE("rules without end are named") {
  const std::vector<Rule> rules{Rule(sin(x), cos(x)).as(RuleClass::stabilising), Rule(cos(x), sin(x)).as(RuleClass::stabilising)};
  const std::string message = message_of([&] { rewritten(sin(a()), rules); });
  CHECK(contains(message, "sin(x) -> cos(x)"));
  const std::vector<Rule> growing{Rule(tanh(x), tanh(x + x)).as(RuleClass::stabilising)};
  CHECK(contains(message_of([&] { rewritten(tanh(a()), growing); }), "tanh(x) -> tanh(x + x)"));
}

TEST_CASE("a rule that wraps what it replaces is refused") {
  const std::vector<Rule> rules{Rule(tanh(x), "exp(tanh(x))", [](const Match& m) { return exp(m.whole()); }).as(RuleClass::stabilising)};
  CHECK(contains(message_of([&] { rewritten(tanh(a()), rules); }), "by an expression that contains it"));
}

TEST_CASE("the left side of a rule is an operation on patterns") {
  CHECK(contains(message_of([&] { Rule(x, y); }), "rule: the left side must be an operation on patterns"));
  CHECK(contains(message_of([&] { Rule(exp(x), y); }), "rule: y stands only in the right side of exp(x) -> y"));
}

TEST_CASE("a wrong rule is refused with numbers") {
  const std::string message = message_of([&] { Rules wrong{{exp(x) * exp(y), exp(x - y)}}; });
  CHECK(contains(message, "exp(x) * exp(y) -> exp(x - y): the sides differ"));
}

TEST_CASE("a hundred thousand nodes are rewritten on a small stack") {
  const auto deep = [] {
    Variable v = a();
    for (int i = 0; i < 25'000; ++i) v = tanh(v + b()) * a() - 1;
    Variable sum = a();
    for (int i = 0; i < 50'000; ++i) sum = sum + b();
    const auto optimised = rewrite({{}, {v, sum}}, RuleSet(std::vector<Rule>{{log(1 + x), log1p(x)}}));
    // Of each turn the tanh, the product and one flat sum; the last - 1; the sum of a and a multiple of b.
    CHECK(toposort(optimised.graph.outputs).size() == 3 * 25'000 + 1 + 2);
    CHECK(to_string(optimised.graph.outputs[1]) == "a + 50000.0 * b");
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 512 * 1024);
  pthread_t thread;
  const auto run = [](void* f) -> void* { return (*static_cast<decltype(deep)*>(f))(), nullptr; };
  pthread_create(&thread, &attributes, run, const_cast<void*>(static_cast<const void*>(&deep)));
  pthread_join(thread, nullptr);
}
