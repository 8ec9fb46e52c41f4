// What explain() tells of decisions, and code() of what they became.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace theon;
using Catch::Contains;

namespace {

/// The paragraph of explain() about the kernel whose name contains `name`.
std::string paragraph(const Function& f, const std::string& name) {
  const std::string text = f.explain();
  for (std::size_t at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1)) {
    const std::string heading = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    if (heading.find(name) == std::string::npos) continue;
    std::size_t end = text.find('\n', at + 1);
    while (text.compare(end + 1, 2, "  ") == 0) end = text.find('\n', end + 1);
    return text.substr(at + 1, end - at);
  }
  return "";
}

std::string line(int number) { return "explain.cpp:" + std::to_string(number); }

}  // namespace

TEST_CASE("a kernel is named after the user's variables, and tells their lines") {
  const Variable x = matrix<float>("x"), w = matrix<float>("w"), b = vector<float>("b");
  const Variable hidden = tanh(dot(x, w) + b); const int hidden_line = __LINE__;
  const Variable loss = sum(hidden * hidden); const int loss_line = __LINE__;
  hidden.named("hidden");
  loss.named("my loss");
  const Function f = function({x, w, b}, {hidden, loss});
  const std::string product = paragraph(f, "hidden_product");
  CHECK_THAT(product, Contains(line(hidden_line) + ": hidden, add, dot") || Contains(line(hidden_line) + ": hidden, dot"));
  const std::string sum = paragraph(f, "my_loss");
  CHECK_THAT(sum, Contains(line(loss_line) + ": my loss") && Contains("mul"));
}

TEST_CASE("explain says why a value is stored") {
  const Variable x = matrix<double>("x"), w = matrix<double>("w");
  const auto stores = [](const Function& f, const std::string& kernel) {
    const std::string text = paragraph(f, kernel);
    const std::size_t at = text.find("stores");
    return at == std::string::npos ? "" : text.substr(at, text.find("\n  apart") - at);
  };
  SECTION("a factor") {
    const Variable moved = exp(x) + 1;
    moved.named("moved");
    CHECK_THAT(stores(function({x, w}, {dot(moved, w), dot(moved, w + 1)}), "moved"), Contains("a factor") && Contains("by dot at explain.cpp"));
  }
  SECTION("the operand of a host function") {
    const Variable shifted = exp(x) + 1;
    shifted.named("shifted");
    CHECK_THAT(stores(function({x}, {sort(shifted)}), "shifted"), Contains("read whole, by sort at explain.cpp"));
  }
  SECTION("a result") { CHECK_THAT(stores(function({x}, {exp(x)}), "exp"), Contains("a result")); }
  SECTION("read at several places") {
    const Variable costly = tanh(exp(x) + 1);
    costly.named("costly");
    const Function f = function({x}, {costly + costly.T()});
    CHECK_THAT(stores(f, "costly"), Contains("read at several places") && Contains("2 index tuples"));
  }
  SECTION("too many operations") {
    Variable y = x;
    for (int k = 0; k < 100; ++k) y = tanh(y) + k;
    CHECK_THAT(function({x}, {y}).explain(), Contains("since one of all operations would have too many"));
  }
}

TEST_CASE("explain says what keeps kernels apart") {
  const Variable x = matrix<double>("x"), w = matrix<double>("w");
  const Variable product = dot(x, w);
  product.named("product of both");
  const Function shared = function({x, w}, {product, exp(product)});
  CHECK_THAT(paragraph(shared, "exp"), Contains("apart") && Contains("whose product of both it reads: others read the product, too"));
  const Function reduced = function({x, w}, {sum(exp(product), 1)});
  CHECK_THAT(reduced.explain(), Contains("it reads more of the product than the element of its own index"));
  const Variable moved = exp(x) + 1;
  moved.named("moved");
  const auto factor = [&](const Variable& a, const Variable& b) { return paragraph(function({x, w}, {dot(a, b)}), "product"); };
  CHECK_THAT(paragraph(function({x, w}, {dot(moved, w), dot(moved, w + 1)}), "product_1"), Contains("whose moved it reads: others read the factor, too"));
  CHECK_THAT(factor(w, moved), Contains("whose moved it reads: each thread or batch would compute the factor again"));
  CHECK_THAT(factor(x + moved.T(), w), Contains("packing the factor would step through memory by whole rows"));
  CHECK_THAT(factor(exp(x - max(x, 1, true)), w), Contains("the factor comes out of a kernel that computes more"));
  CHECK_THAT(factor(moved, w), !Contains("  apart ") && Contains(": dot; ") && Contains(": moved, exp") && Contains("left operand computed as it is packed"));
  const Variable running = cumsum(x, 0);
  CHECK_THAT(function({x}, {exp(running)}).explain(), Contains("a running value needs a loop order of its own"));
  // One kernel is kept apart from none.
  CHECK_THAT(function({x}, {softmax(x)}).explain(), !Contains("  apart "));
}

TEST_CASE("explain tells the schedule that the kernel has") {
  const Variable x = input<float>("x", {64, 512}), w = input<float>("w", {512, 300});
  const Function f = function({x, w}, {dot(x, w), softmax(x)});
  const std::string product = paragraph(f, "product");
  CHECK_THAT(product, Contains("columns in registers") && Contains("left operand in place"));
  CHECK_THAT(product, Contains("s, 19.7 Mop, 822 kB"));  // 2 * 64 * 512 * 300, 4 * (64 * 512 + 512 * 300 + 64 * 300)
  const std::string loops = f.code(Code::loops);
  const std::string rows = paragraph(f, "mul");
  CHECK_THAT(rows, Contains("loops over [64]") && Contains("in a row of scratch memory") && Contains("vectors of"));
  // The number of lanes is that of a loop of the kernel.
  const std::size_t at = rows.find("vectors of ") + 11;
  CHECK_THAT(loops, Contains("lanes " + rows.substr(at, rows.find_first_not_of("0123456789", at) - at)));
  const Variable v = input<double>("v", {1'000'000});
  CHECK_THAT(function({v}, {sum(v)}).explain(), Contains("a reduction over 1000000 in blocks of"));
}

TEST_CASE("predictions count the bytes that indices reach, each once") {
  const auto predicted = [](const std::vector<In>& inputs, const Variable& output) {
    const std::string text = function(inputs, {output}).explain();
    const std::size_t at = text.find("predicted");
    return text.substr(at, text.find('\n', at) - at);
  };
  const Variable x = input<float>("x", {300, 300}), v = input<double>("v", {1000}), i = input<std::int64_t>("i", {50});
  const auto part = [&](std::int64_t begin, std::int64_t end) { return index(v, {slice(begin, end)}); };
  SECTION("of a reduction over several axes") {
    CHECK_THAT(predicted({x}, sum(x * x)), Contains(", 360 kB"));
    CHECK_THAT(predicted({x}, max(x, 1)), Contains(", 361 kB"));
  }
  SECTION("of a slice") {
    CHECK_THAT(predicted({v}, part(10, 30) * 2), Contains(", 320 B"));
    CHECK_THAT(predicted({v}, sum(part(10, 30))), Contains(", 168 B"));
    CHECK_THAT(predicted({x}, index(x, {slice(0, 100, 2), slice(0, 6)}) + 1), Contains(", 2.4 kB"));  // 2 * 4 * 50 * 6
  }
  SECTION("of several parts of one array") {
    CHECK_THAT(predicted({v}, part(0, 20) + part(500, 520)), Contains(", 480 B"));
    CHECK_THAT(predicted({v}, part(0, 998) + part(1, 999) + part(2, 1000)), Contains(", 16 kB"));  // 8 * (1000 + 998)
    CHECK_THAT(predicted({v}, index(v, {0}) + v * 2), Contains(", 16 kB"));
    CHECK_THAT(predicted({x}, x + x.T()), Contains(", 720 kB"));
  }
  SECTION("of look-ups") { CHECK_THAT(predicted({v, i}, take(v, i) * 2), Contains(", 1.2 kB")); }  // 3 * 8 * 50
}

TEST_CASE("the prediction of a variance leaves the second pass out, which runs only where numbers cancel") {
  const Variable v = input<float>("v", {1'000'000});
  const auto picoseconds = [&](const Variable& output) { return *function({v}, {output}).profile({Tensor::ones<float>({1'000'000})}, {.runs = 1}).steps[0].predicted * 1e12; };
  const Variable variance = mean(sqr(v - mean(v)));
  // Half a dozen operations beside the load, where a sum has one.
  CHECK(picoseconds(variance) > 1.5 * picoseconds(sum(v)));
  CHECK(picoseconds(variance) < 4.5 * picoseconds(sum(v)));
}

TEST_CASE("the prediction of small products counts vectors that columns do not fill") {
  const auto picoseconds = [](std::int64_t n) {
    const Variable a = input<float>("a", {10000, n, n});
    const Function f = function({a}, {sum(expand_dims(a, 3) * expand_dims(a, 1), 2)}, {.threads = 1});
    return *f.profile({Tensor::ones<float>({10000, n, n})}, {.runs = 1}).steps[0].predicted * 1e12;
  };
  CHECK(picoseconds(3) > 10000 * 9 * 60);  // nine vectors of a part of a nanosecond
  CHECK(picoseconds(3) > 0.5 * picoseconds(4));
}

TEST_CASE("predictions are formulas where sizes are not known") {
  const Variable x = matrix<float>("x"), w = matrix<float>("w");
  const Function f = function({x, w}, {dot(x, w)});
  CHECK_THAT(paragraph(f, "product"), Contains("2*x_0*x_1*w_1 op") || Contains("2*x_0*w_1*x_1 op") || Contains("2*x_0*w_0*w_1 op"));
  CHECK_THAT(paragraph(function({x}, {x + 1}), "add"), Contains("x_0*x_1 op") && Contains("8*x_0*x_1 B"));
}

TEST_CASE("a loop that is one kernel tells what its iterations compute") {
  const Variable x = scalar<double>("x");
  const Function f = function({x}, {scan({.from = {x}, .n_steps = 100}, [](Variable s) { return sin(s) * 0.5; }).states[0]});
  CHECK_THAT(paragraph(f, "loop"), Contains("mul, sin") && Contains("a loop as one kernel"));
}

TEST_CASE("the code of a function has its kernels by name") {
  const Variable x = vector<float>("x");
  const Variable shifted = exp(x) + 1;
  shifted.named("shifted");
  const Function f = function({x}, {shifted});
  CHECK_THAT(f.code(Code::loops), Contains("// shifted_0: explain.cpp:") && Contains("kernel shifted_0"));
  CHECK_THAT(f.code(Code::llvm_ir), Contains("; shifted_0: explain.cpp:") && Contains("define i32 @theon_shifted_0(") && Contains("%shifted = load ptr"));
  CHECK_THAT(f.code(Code::assembly), Contains("# shifted_0: explain.cpp:") && Contains("theon_shifted_0:") && Contains("ret"));
  CHECK_THAT(f.code(Code::c), Contains("int32_t k_0("));
  const Function loop = function({x}, {scan({.from = {x}, .n_steps = 3}, [](Variable s) { return sort(s) * 2; }).states[0]});
  CHECK_THAT(loop.code(Code::llvm_ir), Contains("@entry("));
  CHECK_THAT(f.code(Code::llvm_ir), !Contains("@entry("));
}

TEST_CASE("the C of functions compiles without warnings") {
  if (std::system("cc --version > /dev/null 2>&1") != 0) {
    WARN("no C compiler to try exported sources with");
    return;
  }
  const Variable x = matrix<float>("x"), w = matrix<float>("w"), b = vector<float>("b"), y = input<double>("y", {100, 3});
  const Variable batch = input<float>("batch", {10, 4, 4}), large = input<float>("large", {1'000'000});
  const std::vector<Function> functions{function({x, w, b}, {relu(dot(x, w) + b)}), function({batch}, {sum(expand_dims(batch, 3) * expand_dims(batch, 1), 2)}),
                                        function({x}, {softmax(x), argmax(x, 1), cumsum(x, 0)}),
                                        function({y}, {y / sum(y, 1, true), transpose(y) * 2}),
                                        function({large}, {exp(large), mean(sqr(large - mean(large)))}),
                                        function({x, w}, {grad(sum(sqr(tanh(dot(x, w)))), w)}),
                                        function({x, b}, {take(b, cast(x, DType::int64))})};
  std::string pattern = (std::filesystem::temp_directory_path() / "theon-c-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(pattern.data());
  for (std::size_t k = 0; k < functions.size(); ++k) {
    INFO(functions[k].code(Code::c));
    const std::string source = (folder / (std::to_string(k) + ".c")).string();
    std::ofstream(source) << functions[k].code(Code::c);
    CHECK(std::system(("cc -std=c11 -Wall -Wextra -Werror -Wno-type-limits -c -o /dev/null " + source).c_str()) == 0);
  }
  std::filesystem::remove_all(folder);
}
