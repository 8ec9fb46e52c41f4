// What profile() measures, and the trace of it.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace theon;
using Catch::Contains;

namespace {

/// Whether a text is one JSON value (RFC 8259), and how many objects are in it.
class Json {
 public:
  explicit Json(std::string_view text) : rest_(text) {}
  bool is_valid() {
    const bool good = value();
    space();
    return good && rest_.empty();
  }
  int objects = 0;

 private:
  void space() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0]))) rest_.remove_prefix(1);
  }
  bool take(std::string_view word) {
    space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool value() {
    space();
    if (rest_.empty()) return false;
    if (rest_[0] == '{') return ++objects, list("{", "}", [&] { return string() && take(":") && value(); });
    if (rest_[0] == '[') return list("[", "]", [&] { return value(); });
    if (rest_[0] == '"') return string();
    if (take("true") || take("false") || take("null")) return true;
    return number();
  }
  template <class Member>
  bool list(std::string_view open, std::string_view close, Member member) {
    if (!take(open)) return false;
    if (take(close)) return true;
    do {
      if (!member()) return false;
    } while (take(","));
    return take(close);
  }
  bool string() {
    if (!take("\"")) return false;
    for (; !rest_.empty() && rest_[0] != '"'; rest_.remove_prefix(1)) {
      if (static_cast<unsigned char>(rest_[0]) < 0x20) return false;
      if (rest_[0] == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) return false;
    }
    return take("\"");
  }
  bool number() {
    const std::size_t end = std::min(rest_.find_first_not_of("+-.0123456789eE"), rest_.size());
    rest_.remove_prefix(end);
    return end > 0;
  }

  std::string_view rest_;
};

const Profile::Step& step(const Profile& profile, const std::string& name) {
  const auto found = std::ranges::find_if(profile.steps, [&](const Profile::Step& each) { return each.name.find(name) != std::string::npos; });
  REQUIRE(found != profile.steps.end());
  return *found;
}

}  // namespace

TEST_CASE("profile measures every step of a function") {
  const Variable x = matrix<float>("x"), w = matrix<float>("w");
  const Variable hidden = dot(x, w), sorted = sort(hidden);
  hidden.named("hidden");
  const Function f = function({x, w}, {hidden, exp(sorted)}, {.name = "network"});
  const Profile profile = f.profile({Tensor::randn<float>({100, 300}, 1), Tensor::randn<float>({300, 200}, 2)}, {.runs = 5});
  CHECK(profile.runs == 5);
  CHECK(profile.steps.size() == 3);
  const Profile::Step& product = step(profile, "hidden_product");
  CHECK(product.times == 1);
  CHECK(*product.operations == 2 * 100 * 300 * 200);
  CHECK(*product.bytes == 4 * (100 * 300 + 300 * 200 + 100 * 200));
  CHECK_THAT(product.computes, Contains("profile.cpp:"));
  CHECK(product.seconds > 0);
  CHECK(product.median >= product.seconds);
  // No machine sums 12 million products in less than a microsecond on one thread, or does so at a hundredth of its speed here.
  CHECK(product.seconds > 1e-6);
  CHECK(*product.share() > 0.005);
  CHECK(*product.predicted > 0);
  CHECK(step(profile, "sort").seconds > 0);
  CHECK_FALSE(step(profile, "sort").operations.has_value());
  double all = 0;
  for (const Profile::Step& each : profile.steps) all += each.seconds;
  CHECK(all < 3 * profile.median);
  CHECK(profile.seconds < 3 * all);
  CHECK_THAT(to_string(profile), Contains("network, threads 1") && Contains("hidden_product_0") && Contains("sort") && Contains("12 Mop"));
  std::ostringstream out;
  out << profile;
  CHECK(out.str() == to_string(profile));
  CHECK_THROWS_WITH(f.profile({Tensor::zeros<float>({2, 2}), Tensor::zeros<float>({2, 2})}, {.runs = 0}), Contains("0 runs measure nothing"));
}

TEST_CASE("profile counts the steps of loops and branches as often as they run") {
  const Variable x = vector<double>("x"), n = scalar<std::int64_t>("n");
  const Variable state = scan({.from = {x}, .n_steps = n}, [](Variable s) { return sort(s) * 0.5; }).states[0];
  const Variable either = ifelse(sum(x) > 0, [&] { return sort(x); }, [&] { return floor(x); });
  const Profile profile = function({x, n}, {state, either}).profile({Tensor::ones<double>({50}), Tensor(std::int64_t{7})}, {.runs = 3});
  std::vector<std::pair<int, std::int64_t>> sorts;
  for (const Profile::Step& each : profile.steps)
    if (each.name == "sort") sorts.emplace_back(each.depth, each.times);
  CHECK(sorts == std::vector<std::pair<int, std::int64_t>>{{1, 7}, {1, 1}});
  // The side of the branch that is not taken comes last.
  CHECK(profile.steps.back().depth == 1);
  CHECK(profile.steps.back().times == 0);
  const Profile::Step& loop = step(profile, "loop");
  CHECK(loop.times == 1);
  const Profile::Step& inner = *std::ranges::find(profile.steps, "sort", &Profile::Step::name);
  CHECK(inner.median <= loop.median);
}

TEST_CASE("profiled calls update shared variables as others do, and compute the same") {
  const Shared w = shared("w", Tensor(1.0));
  const Variable x = scalar<double>("x");
  const Function f = function({x}, {w * x}, {.updates = {{w, w + x}}});
  f.profile({Tensor(1.0)}, {.runs = 4});
  const double after = w.value().item<double>();
  CHECK(after > 4);
  CHECK(f(2.0).item<double>() == 2 * after);
}

TEST_CASE("a trace is JSON with an event for each step that ran") {
  const Variable x = vector<double>("quoted \"x\"\n");
  const Function f = function({x}, {sort(exp(x)), sum(x)}, {.name = "with \\ and \""});
  const Profile profile = f.profile({Tensor::ones<double>({1000})}, {.runs = 2});
  const std::string trace = profile.trace();
  Json json(trace);
  CHECK(json.is_valid());
  // Two of each span and each name, and the whole.
  CHECK(json.objects == 1 + 2 * (static_cast<int>(profile.spans.size()) + 2));
  CHECK(profile.spans.size() == profile.steps.size());
  CHECK_THAT(trace, Contains("\"traceEvents\"") && Contains("\"ph\":\"X\"") && Contains("\"name\":\"sort\""));
  double before = 0;
  for (const Profile::Span& span : profile.spans) {
    CHECK(span.begin >= before);
    CHECK(span.end >= span.begin);
    before = span.end;
  }
  const std::string path = "/tmp/theon_trace_" + std::to_string(::getpid()) + ".json";
  profile.write_trace(path);
  std::ifstream file(path);
  std::stringstream written;
  written << file.rdbuf();
  std::remove(path.c_str());
  CHECK(written.str() == trace);
  CHECK_THROWS_AS(profile.write_trace("/no such folder/trace.json"), FileError);
}

TEST_CASE("the pieces that several threads run are tracks of their own") {
  const Variable x = vector<float>("x");
  const Function f = function({x}, {exp(sin(x)) + 1}, {.threads = 2});
  const Profile profile = f.profile({Tensor::ones<float>({3'000'000})}, {.runs = 5});
  CHECK(profile.threads == 2);
  CHECK(profile.steps.size() == 1);
  CHECK(profile.spans.size() == 2);
  CHECK_THAT(profile.trace(), Contains("the call"));
}
