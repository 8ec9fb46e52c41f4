#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <cmath>

using namespace theon;

namespace {

std::vector<double> doubles(const Tensor& x) { return x.to_vector<double>(); }
using List = std::vector<double>;

}  // namespace

// Calling.

TEST_CASE("a function of numbers") {
  const Variable x = scalar<double>("x"), y = scalar<double>("y");
  const Function f = function({x, y}, {x * y + 1});
  CHECK(f(2.0, 3.0).item<double>() == 7);
}

TEST_CASE("a function with a C++ signature") {
  const Variable x = scalar<double>("x"), y = scalar<double>("y");
  const auto f = function<std::tuple<double, double>(double, double)>({x, y}, {x + y, x - y});
  CHECK(f(5.0, 2.0) == std::tuple(7.0, 3.0));
  const Variable v = vector<double>("v");
  const auto g = function<std::vector<double>(std::vector<double>)>({v}, {2 * v});
  CHECK(g({1, 2, 3}) == List{2, 4, 6});
  const auto flattened = function<std::vector<float>(const std::vector<double>&)>({v}, {expand_dims(v, 1)});
  CHECK(flattened({1, 2}) == std::vector<float>{1, 2});
  const auto total = function<double(std::span<const double, 2>)>({v}, {sum(v, 0, true)});
  CHECK(total(std::array{1.0, 2.0}) == 3);
}

TEST_CASE("arguments come as a list of values or of names") {
  const Variable x = scalar<double>("x"), y = scalar<double>("y");
  const Function f = function({x, y}, {x - y});
  const Tensor one(1.0), three(3.0);
  CHECK(f.call({three, one}).item<double>() == 2);
  CHECK(f.call({{"y", one}, {"x", three}}).item<double>() == 2);
}

TEST_CASE("a function without inputs") {
  CHECK(doubles(function({}, {arange(4, DType::float64)})()) == List{0, 1, 2, 3});
}

TEST_CASE("a function without outputs runs its updates") {
  const Shared count = shared("count", Tensor(std::int64_t{0}));
  const Function f = function({}, {}, {.updates = {{count, count + 1}}});
  f();
  f();
  CHECK(count.value().item<int>() == 2);
}

TEST_CASE("one compiled function serves every size") {
  const Variable x = matrix<double>("x");
  const Function f = function({x}, {sum(x, 0)});
  CHECK(doubles(f(Tensor::ones<double>({3, 2}))) == List{3, 3});
  CHECK(doubles(f(Tensor::ones<double>({5, 4}))) == List{5, 5, 5, 5});
  CHECK(doubles(f(Tensor::ones<double>({0, 2}))) == List{0, 0});
  CHECK(doubles(f(Tensor::ones<double>({3, 0}))).empty());
}

TEST_CASE("arguments of any strides") {
  const Variable x = matrix<double>("x");
  const Function f = function({x}, {x * 10});
  const Tensor base = Tensor::arange<double>(6).reshape({2, 3});
  CHECK(doubles(f(base.transpose())) == List{0, 30, 10, 40, 20, 50});
  CHECK(doubles(f(base.slice(1, 0, 3, 2))) == List{0, 20, 30, 50});
  CHECK(doubles(f(Tensor(7.0).broadcast_to({2, 2}))) == List{70, 70, 70, 70});
}

TEST_CASE("a number takes the dtype of its input") {
  const Variable x = scalar<float>("x"), n = scalar<std::int8_t>("n");
  const Function f = function({x, n}, {x, n});
  const Results results = f(3, 4);
  CHECK(results[0].item<float>() == 3);
  CHECK(results[0].dtype() == DType::float32);
  CHECK(results[1].item<int>() == 4);
  CHECK(f(0.1, 4)[0].item<float>() == 0.1f);
}

TEST_CASE("arguments by name, and inputs with a default") {
  const Variable x = scalar<double>("x"), scale = scalar<double>("scale");
  const Function f = function({x, In(scale, Tensor(10.0))}, {x * scale});
  CHECK(f.call({{"x", Tensor(2.0)}, {"scale", Tensor(3.0)}}).item<double>() == 6);
  CHECK(f.call({{"x", Tensor(2.0)}}).item<double>() == 20);
  CHECK(f(2.0).item<double>() == 20);
  CHECK(f(2.0, 5.0).item<double>() == 10);
}

TEST_CASE("an input may be an intermediate value: what computes it is cut off") {
  const Variable x = vector<double>("x");
  const Variable h = exp(x);
  const Function f = function({h}, {h * 2});
  CHECK(doubles(f(std::vector<double>{1, 2})) == List{2, 4});
}

TEST_CASE("an input whose size alone is used is used") {
  const Variable x = vector<double>("x");
  CHECK(function({x}, {value(x.dim(0))})(std::vector<double>{1, 2, 3}).item<int>() == 3);
}

TEST_CASE("an unused input is ignored, or noted, where that is asked for") {
  const Variable x = scalar<double>("x"), y = scalar<double>("y");
  CHECK(function({x, y}, {x}, {.on_unused_input = OnUnusedInput::ignore})(1.0, 2.0).item<double>() == 1);
  const Function noted = function({x, y}, {x}, {.on_unused_input = OnUnusedInput::warn});
  CHECK_THAT(noted.explain(), Catch::Contains("input 1, y") && Catch::Contains("is not used"));
}

// Outputs.

TEST_CASE("outputs share no memory with arguments, constants, state or one another") {
  const Variable x = vector<double>("x");
  const Shared w = shared("w", Tensor(List{4, 5}));
  const Variable c = constant(Tensor(List{6, 7}));
  const Variable y = x + 1;
  const Function f = function({x}, {x, x, w, c, y, y});
  Tensor argument(List{1, 2});
  const Results first = f(argument);
  for (const Tensor& output : first) {
    Tensor(output).mutable_data<double>()[0] = 99;
    CHECK(output.at<double>({0}) == 99);
  }
  CHECK(doubles(argument) == List{1, 2});
  CHECK(doubles(w.value()) == List{4, 5});
  const Results second = f(argument);
  CHECK(doubles(second[0]) == List{1, 2});
  CHECK(doubles(second[1]) == List{1, 2});
  CHECK(doubles(second[2]) == List{4, 5});
  CHECK(doubles(second[3]) == List{6, 7});
  CHECK(doubles(second[4]) == List{2, 3});
  CHECK(doubles(second[5]) == List{2, 3});
}

TEST_CASE("a result keeps its values through later calls") {
  const Variable x = vector<double>("x");
  const Function f = function({x}, {x * 2});
  std::vector<Tensor> results;
  for (int k = 0; k < 5; ++k) results.push_back(f(List{1.0 * k, 2.0 * k}));
  for (int k = 0; k < 5; ++k) CHECK(doubles(results[k]) == List{2.0 * k, 4.0 * k});
}

TEST_CASE("memory of a dropped result is used again") {
  const Variable x = vector<double>("x");
  const Function f = function({x}, {x * 2});
  const Tensor argument = Tensor::ones<double>({100});
  const std::byte* first = Tensor(f(argument)).raw();
  const std::byte* second = Tensor(f(argument)).raw();
  CHECK(first == second);
}

// Sizes that a call learns.

TEST_CASE("a scalar argument as a size") {
  const Variable n = scalar<std::int64_t>("n");
  const Function f = function({n}, {arange(n), sum(arange(n, DType::float64))});
  const Results results = f(std::int64_t{4});
  CHECK(doubles(results[0]) == List{0, 1, 2, 3});
  CHECK(results[1].item<double>() == 6);
  CHECK(f(std::int64_t{0})[0].size() == 0);
  CHECK(f(1000)[0].size() == 1000);
}

TEST_CASE("a computed size") {
  const Variable x = vector<std::int64_t>("x");
  const Function f = function({x}, {arange(sum(x)) * 2});
  CHECK(doubles(f(std::vector<std::int64_t>{1, 2})) == List{0, 2, 4});
  CHECK(doubles(f(std::vector<std::int64_t>{1, 3})) == List{0, 2, 4, 6});
}

TEST_CASE("a size that depends on data") {
  const Variable x = vector<double>("x");
  const Variable at = nonzero(x)[0];
  const Function f = function({x}, {at, take(x, at) * 10});
  Results results = f(List{0, 5, 0, 7});
  CHECK(doubles(results[0]) == List{1, 3});
  CHECK(doubles(results[1]) == List{50, 70});
  results = f(List{0, 0});
  CHECK(results[1].sizes() == Sizes{0});
  CHECK(doubles(f(List{1, 2, 3})[1]) == List{10, 20, 30});
}

// Givens.

TEST_CASE("a minibatch of a shared dataset") {
  const Shared data = shared("data", Tensor::arange<double>(12).reshape({6, 2}));
  const Variable x = matrix<double>("x"), i = scalar<std::int64_t>("i");
  const Function f = function({i}, {sum(x, 0)}, {.givens = {{x, data[slice(i * 2, (i + 1) * 2)]}}});
  CHECK(doubles(f(0)) == List{2, 4});
  CHECK(doubles(f(2)) == List{18, 20});
}

TEST_CASE("a given replaces an intermediate value, once") {
  const Variable x = scalar<double>("x"), y = scalar<double>("y");
  const Variable h = x * 2;
  CHECK(function({y}, {h + 1}, {.givens = {{h, y}}})(10.0).item<double>() == 11);
  CHECK(function({y}, {x - y}, {.givens = {{x, y + 1}}})(10.0).item<double>() == 1);
}

TEST_CASE("a given replaces a shared variable") {
  const Shared w = shared("w", Tensor(1.0));
  const Variable x = scalar<double>("x");
  CHECK(function({x}, {w * 3}, {.givens = {{w, x}}})(5.0).item<double>() == 15);
}

// Looking at functions.

TEST_CASE("a function shows its graph, its kernels and the time of each stage") {
  const Variable x = vector<double>("x");
  const Function f = function({x}, {exp(x) + 1}, {.name = "show"});
  CHECK(f.name() == "show");
  CHECK_THAT(debugprint(f), Catch::Contains("exp") && Catch::Contains("x"));
  CHECK_THAT(f.explain(), Catch::Contains("show") && Catch::Contains("argument 0") && Catch::Contains("output 0") &&
                              Catch::Contains("for v"));
  CHECK(f.compile_times().size() >= 5);
}

TEST_CASE("eval computes an expression once") {
  const Variable x = scalar<double>("x");
  CHECK(eval(x * x, {{x, Tensor(3.0)}}).item<double>() == 9);
  CHECK(eval(sum(arange(5))).item<int>() == 10);
}
