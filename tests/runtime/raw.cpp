#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <array>

using namespace theon;

TEST_CASE("a prepared function runs on the caller's memory") {
  const Variable x = matrix<float>("x"), y = vector<float>("y");
  const Function f = function({x, y}, {dot(x, y), sum(y)});
  const Function::Raw raw = f.prepare({{2, 3}, {3}});
  CHECK(raw.output_sizes() == std::vector<Sizes>{{2}, {}});
  const std::array<float, 6> a{1, 2, 3, 4, 5, 6};
  std::array<float, 3> b{1, 0, 1};
  std::array<float, 2> product{};
  float total = 0;
  const std::array<const void*, 2> inputs{a.data(), b.data()};
  const std::array<void*, 2> outputs{product.data(), &total};
  CHECK(raw(inputs.data(), outputs.data()) == 0);
  CHECK(product == std::array<float, 2>{4, 10});
  CHECK(total == 2);
  b = {0, 1, 0};
  CHECK(raw(inputs.data(), outputs.data()) == 0);
  CHECK(product == std::array<float, 2>{2, 5});
}

TEST_CASE("a prepared function updates its shared variables") {
  const Shared w = shared("w", Tensor(1.0));
  const Variable x = scalar<double>("x");
  const Function::Raw raw = function({x}, {w + x}, {.updates = {{w, w * 2}}}).prepare({{}});
  const double argument = 10;
  double result = 0;
  const void* input = &argument;
  void* output = &result;
  CHECK(raw(&input, &output) == 0);
  CHECK(result == 11);
  CHECK(raw(&input, &output) == 0);
  CHECK(result == 12);
  CHECK(w.value().item<double>() == 4);
}

TEST_CASE("a failing prepared call returns a code, and changes nothing") {
  const Shared w = shared("w", Tensor(1.0));
  const Variable i = scalar<std::int64_t>("i");
  const Variable table = constant(Tensor(std::vector<double>{5, 6}));
  const Function::Raw raw = function({i}, {take(table, i)}, {.updates = {{w, w * 2}}}).prepare({{}});
  std::int64_t index = 1;
  double result = 0;
  const void* input = &index;
  void* output = &result;
  CHECK(raw(&input, &output) == 0);
  CHECK(result == 6);
  index = 2;
  CHECK(raw(&input, &output) != 0);
  CHECK(w.value().item<double>() == 2);
}
