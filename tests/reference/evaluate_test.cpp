#include <theon/ops.h>

#include "src/graph/fields.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <pthread.h>

#include <array>

using namespace theon;
using reference::evaluate;

namespace {

template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// As many sevens as its input says: an output whose length is known only afterwards.
class Repeat final : public Defined<Repeat, HostOp> {
 public:
  explicit Repeat(Dim length) : length_(std::move(length)) {}
  static auto fields(auto& self) { return std::tie(self.length_); }

  std::string name() const override { return "repeat"; }
  Signature infer(std::span<const Variable> inputs, Location) const override {
    return {{{inputs[0].dtype(), {length_}}}};
  }
  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs) const override {
    outputs[0] = Tensor::full<double>({static_cast<std::int64_t>(inputs[0].item<double>())}, 7.0);
  }
  std::vector<Binding> binds() const override { return {{length_, 0, 0}}; }
  std::vector<Variable> pullback(const Apply&, std::span<const Variable>) const override { return {Variable()}; }
  std::vector<Variable> pushforward(const Apply&, std::span<const Variable>) const override { return {Variable()}; }

 private:
  Dim length_;
};

/// A name for x * x + x.
class Polynomial final : public Defined<Polynomial, CompositeOp> {
 public:
  static auto fields(auto&) { return std::tie(); }

  std::string name() const override { return "polynomial"; }
  Signature infer(std::span<const Variable> inputs, Location) const override { return {{inputs[0].type()}}; }
  std::vector<Variable> expand(const Apply& node) const override {
    return {node.inputs[0] * node.inputs[0] + node.inputs[0]};
  }
  std::vector<Variable> pullback(const Apply&, std::span<const Variable>) const override { return {Variable()}; }
  std::vector<Variable> pushforward(const Apply&, std::span<const Variable>) const override { return {Variable()}; }
};

}  // namespace

TEST_CASE("symbols take the sizes of the inputs") {
  const Dim n = dim("n");
  const Variable x = input<double>("x", {n}), y = input<double>("y", {2 * n});
  CHECK(evaluate(value(3 * n), {{x, Tensor::zeros<double>({4})}}).item<std::int64_t>() == 12);
  CHECK_THROWS_AS(evaluate(sum(x) + sum(y), {{x, Tensor::zeros<double>({4})}, {y, Tensor::zeros<double>({7})}}),
                  ShapeError);
}

TEST_CASE("one symbol has one size") {
  const Dim n = dim("n");
  const Variable x = input<double>("x", {n}), y = input<double>("y", {n});
  const std::string text = message_of<ShapeError>([&] {
    return evaluate(x + y, {{x, Tensor::zeros<double>({4})}, {y, Tensor::zeros<double>({5})}});
  });
  CHECK(contains(text, "input y: axis 0 has size n, which is 4 here, but its value is [5]"));
}

TEST_CASE("an obligation that does not hold is an error at the user's line, with the sizes") {
  const Variable x = input<double>("x", {dim("n")}), y = input<double>("y", {dim("m")});
  const Location line = Location::here();
  const Variable z = x + y;
  const std::string text = message_of<ShapeError>([&] {
    return evaluate(z, {{x, Tensor::zeros<double>({4})}, {y, Tensor::zeros<double>({1})}});
  });
  CHECK(contains(text, "evaluate_test.cpp:" + std::to_string(line.line + 1) +
                           ": add: shapes [n] and [m] do not broadcast (n is 4, m is 1)"));
}

TEST_CASE("arguments that do not fit are errors") {
  const Variable x = vector<double>("x");
  CHECK(contains(message_of<ArgumentError>([&] { return evaluate(sum(x)); }), "x has no value"));
  CHECK(contains(message_of<DTypeError>([&] {
                   return evaluate(sum(x), {{x, Tensor::zeros<float>({2})}});
                 }),
                 "input x is float64, its value float32"));
  CHECK_THROWS_AS(evaluate(sum(x), {{x, Tensor::zeros<double>({2, 2})}}), ShapeError);
  CHECK_THROWS_AS(evaluate(sum(x), {{x, Tensor::zeros<double>({2})}, {x, Tensor::zeros<double>({2})}}), ArgumentError);
  CHECK_THROWS_AS(evaluate(exp(x), {{exp(x), Tensor::zeros<double>({2})}}), ArgumentError);
}

TEST_CASE("shared variables have their current value") {
  const Shared w = shared("w", Tensor(2.0));
  const Variable y = w * 10;
  CHECK(evaluate(y).item<double>() == 20);
  w.set_value(Tensor(3.0));
  CHECK(evaluate(y).item<double>() == 30);
}

TEST_CASE("results share no memory with leaves") {
  const Variable x = vector<double>("x"), c = constant(Tensor(1.0));
  Tensor value = Tensor::zeros<double>({2});
  Tensor same = evaluate(x, {{x, value}}), one = evaluate(c);
  same.mutable_data<double>()[0] = 5;
  one.mutable_data<double>()[0] = 5;
  CHECK(value.at<double>({0}) == 0);
  CHECK(evaluate(c).item<double>() == 1);
}

TEST_CASE("a host op learns the length of its output") {
  const Dim n = dim("n");
  const Variable count = scalar<double>("count");
  const Variable x = apply(std::make_shared<const Repeat>(n), {count}, {});
  const auto values = evaluate(std::vector<Variable>{sum(x), value(n)}, {{count, Tensor(3.0)}});
  CHECK(values[0].item<double>() == 21);
}

TEST_CASE("a composite is its inner graph") {
  const Variable x = vector<double>("x");
  const Variable y = apply(std::make_shared<const Polynomial>(), {x}, {});
  CHECK(evaluate(y + 1, {{x, Tensor(std::vector<double>{1, 2})}}).to_vector<double>() == std::vector<double>{3, 7});
}

TEST_CASE("an index out of range is an error") {
  const Variable x = vector<double>("x"), i = vector<int>("i");
  const Variable y = take(x, i);
  const Tensor values(std::vector<double>{5, 6, 7});
  CHECK(evaluate(y, {{x, values}, {i, Tensor(std::vector<int>{-1, 0})}}).to_vector<double>() ==
        std::vector<double>{7, 5});
  CHECK(contains(message_of<IndexError>([&] {
                   return evaluate(y, {{x, values}, {i, Tensor(std::vector<int>{3})}});
                 }),
                 "index 3 is out of range for axis 0 of size 3"));
}

TEST_CASE("a chain of 100,000 nodes works on a stack of 512 KiB") {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 512 * 1024);
  double result = 0;
  const auto body = [](void* out) -> void* {
    const Variable x = scalar<double>("x");
    Variable y = x;
    for (int i = 0; i < 100000; ++i) y = y + 1;
    *static_cast<double*>(out) = evaluate(y, {{x, Tensor(0.5)}}).item<double>();
    return nullptr;
  };
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, body, &result) == 0);
  pthread_join(thread, nullptr);
  CHECK(result == 100000.5);
}
