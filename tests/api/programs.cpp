// Programs as users write them, with the public headers alone: that they compile as they stand is half of the test.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <sstream>
#include <span>
#include <string>
#include <tuple>
#include <vector>

using namespace theon;

using List = std::vector<double>;

TEST_CASE("a formula, its derivatives and native code for both") {
  Variable x = scalar<double>("x"), y = scalar<double>("y");
  Variable z = pow(x, 2) * y + sin(x);
  auto [dx, dy] = grad(z, x, y);
  auto f = function<std::tuple<double, double, double>(double, double)>({x, y}, {z, dx, dy});
  auto [value, zx, zy] = f(1.5, 2.0);
  CHECK(value == Approx(4.5 + std::sin(1.5)));
  CHECK(zx == Approx(6 + std::cos(1.5)));
  CHECK(zy == Approx(2.25));
  std::ostringstream text;
  text << z;
  CHECK(text.str() == "x**2.0 * y + sin(x)");
}

TEST_CASE("a softmax regression learns") {
  Variable x = matrix<float>("x");
  Variable t = vector<std::int32_t>("t");
  Shared w = shared("w", Tensor::zeros<float>({784, 10}));
  Shared b = shared("b", Tensor::zeros<float>({10}));

  Variable p    = softmax(dot(x, w) + b);
  Variable cost = mean(categorical_crossentropy(p, t));
  auto [gw, gb] = grad(cost, w, b);

  Function train   = function({x, t}, {cost}, {.updates = {{w, w - 0.1f * gw}, {b, b - 0.1f * gb}}, .name = "train"});
  Function predict = function({x}, {argmax(p, 1)});

  const Tensor images = Tensor::uniform<float>({60, 784}, 1), labels = Tensor::full<std::int32_t>({60}, 3);
  float loss = train(images, labels).item<float>();
  CHECK(loss == Approx(std::log(10.0)));
  for (int step = 0; step < 20; ++step) loss = train(images, labels).item<float>();
  CHECK(loss < 0.1f);
  Tensor digits = predict(images);
  CHECK(digits.to_vector<int>() == std::vector<int>(60, 3));
  CHECK_THAT(debugprint(train), Catch::Contains("dot") && Catch::Contains("w float32 [784, 10]"));
  CHECK_THAT(train.explain(), Catch::Contains("kernel"));
}

TEST_CASE("an argument is a tensor, a number, a vector, a span or a strided view") {
  Variable x = vector<double>("x"), k = scalar<double>("k");
  Function f = function({x, k}, {x * k, sum(x)});
  const List given{1, 2}, doubled{2, 4};
  std::array<double, 4> memory{1, 9, 2, 9};
  CHECK(f(Tensor(given), 2.0)[0].to_vector<double>() == doubled);
  CHECK(f(given, 2)[0].to_vector<double>() == doubled);
  CHECK(f(std::span(given), 2.0)[0].to_vector<double>() == doubled);
  CHECK(f(Tensor::view(memory.data(), {2}, {2}), 2.0)[0].to_vector<double>() == doubled);
  CHECK(f(Tensor(given), 2.0)[1].item<double>() == 3);
}

TEST_CASE("derivatives of every kind") {
  Variable x = vector<double>("x"), v = vector<double>("v"), u = vector<double>("u");
  Variable r = sqr(x), chain = exp(x), cost = sum(chain * x);
  std::vector<Variable> params{x, v};
  Variable J = jacobian(r, x), H = hessian(cost, x), Hv = hvp(cost, x, v), Jv = jvp(r, x, v), vJ = vjp(r, x, u);
  auto g = grad(cost, params, {.consider_constant = {chain}, .disconnected = Disconnected::zero});
  verify_grad([](Variable a) { return logsumexp(a); }, {Tensor::randn<double>({3, 4}, 1)});

  Function f = function({x, v, u}, {J, H, Hv, Jv, vJ, g[0], g[1]});
  const Results at = f(List{0, 1}, List{1, 2}, List{3, 4});
  const double e = std::exp(1.0);
  CHECK(at[0].to_vector<double>() == List{0, 0, 0, 2});
  CHECK(at[1].to_vector<double>()[3] == Approx(3 * e));
  CHECK(at[2].to_vector<double>()[1] == Approx(6 * e));
  CHECK(at[3].to_vector<double>() == List{0, 4});
  CHECK(at[4].to_vector<double>() == List{0, 8});
  CHECK(at[5].to_vector<double>()[1] == Approx(e));
  CHECK(at[6].to_vector<double>() == List{0, 0});
}

TEST_CASE("a recurrent network") {
  Variable X = tensor3<float>("X"), h0 = matrix<float>("h0");
  Shared Wx = shared("Wx", Tensor::randn<float>({3, 4}, 1)), Wh = shared("Wh", Tensor::randn<float>({4, 4}, 2));
  Shared bh = shared("bh", Tensor::zeros<float>({4})), Wo = shared("Wo", Tensor::randn<float>({4, 5}, 3));
  auto [states, outputs] = scan({.over = {X}, .from = {h0}}, [&](Variable x_t, Variable h) {
    Variable next = tanh(dot(x_t, Wx) + dot(h, Wh) + bh);
    return Step{.next = {next}, .emit = {softmax(dot(next, Wo))}};
  });
  Function f = function({X, h0}, {outputs[0], states[0], sum(outputs[0], 2)});
  const Results r = f(Tensor::randn<float>({7, 2, 3}, 4), Tensor::zeros<float>({2, 4}));
  CHECK(r[0].sizes() == Sizes{7, 2, 5});
  CHECK(r[1].sizes() == Sizes{2, 4});
  for (float total : r[2].to_vector<float>()) CHECK(total == Approx(1));
}

TEST_CASE("loops of unknown length and branches are built") {
  Variable x0 = scalar<double>("x0"), p = scalar<double>("p"), a = scalar<double>("a"), b = scalar<double>("b");
  const auto condition = [](Variable s) { return abs(s * s - 2) > 1e-12; };
  const auto body = [](Variable s) { return (s + 2 / s) / 2; };
  const auto expensive = [](Variable s) { return exp(s); };
  Variable root = while_loop({.from = {x0}, .max_steps = 50}, condition, body)[0];
  Variable y = ifelse(p > 0, [&] { return expensive(a); }, [&] { return b; });
  CHECK(root.ndim() == 0);
  CHECK(y.dtype() == DType::float64);
}

TEST_CASE("operations of a user's own") {
  auto huber = elementwise("huber", [](auto x) { return where(abs(x) < 1, 0.5 * x * x, abs(x) - 0.5); },
                                    [](auto x) { return clip(x, -1, 1); });
  auto layer = composite("layer", [](Variable x, Variable w) { return tanh(dot(x, w)); });
  const auto infer = [](const std::vector<TensorType>& types) { return types[0]; };
  const auto run = [](const std::vector<Tensor>& values) { return values[0]; };
  const auto gradient = [](const Variables&, const Variables&, const Variables& cotangents) { return cotangents; };
  auto solve = external("my_solver", infer, run, gradient);

  Variable x = vector<double>("x"), w = matrix<double>("w");
  Variable y = sum(solve(huber(x)));
  const Results at = function({x}, {y, grad(y, x)})(List{-3, 0.5});
  CHECK(at[0].item<double>() == 2.625);
  CHECK(at[1].to_vector<double>() == List{-1, 0.5});
  const Tensor ones = Tensor::ones<double>({2, 1});
  CHECK(function({x, w}, {layer(x, w)})(List{1, 2}, ones)[0].to_vector<double>()[0] == Approx(std::tanh(3.0)));
}

TEST_CASE("a rule of a user's own") {
  auto x = any("x"), y = any("y");
  Rules mine{{exp(x) * exp(y), exp(x + y)}};
  Variable a = vector<double>("a"), b = vector<double>("b"), out = exp(a) * exp(b);
  Function f = function({a, b}, {out}, {.rules = {mine}, .disabled = {"fold constants"}, .verify = true});
  CHECK(f(List{800}, List{-800})[0].to_vector<double>() == List{1});
}

TEST_CASE("shapes that do not broadcast are shown with where they come from, and what to do") {
  Variable x = input<float>("x", {dim("batch"), 3}), w = input<float>("w", {3, 4});
  Variable bias = input<float>("bias", {5});
  try {
    Variable y = dot(x, w) + bias;
    FAIL("nothing was thrown");
  } catch (const ShapeError& error) {
    const int line = __LINE__ - 3;
    const std::string here = "programs.cpp:" + std::to_string(line), above = "programs.cpp:" + std::to_string(line - 2);
    CHECK(error.what() == here + ": add: shapes [batch, 4] and [5] do not broadcast\n"
                          "  left:  dot(x, w)   float32 [batch, 4]   " + here + "\n"
                          "  right: bias        float32 [5]          " + above + "\n"
                          "  hint:  a dim broadcasts only where its size is known to be 1; use expand_dims or give bias shape [4]");
  }
}
