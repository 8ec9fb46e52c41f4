// Leaves: what an input is told, and what it finds out by itself.
#include <theon/variable.h>

#include <catch2/catch.hpp>

using namespace theon;

TEST_CASE("a size in braces is a shape") {
  CHECK(input(DType::float32, "x", {64}).dims() == Shape{64});
  CHECK(input<float>("x", {64}).dims() == Shape{64});
}

TEST_CASE("an input of a rank has a size of its own for each axis") {
  const Variable x = input_of_rank(2, DType::int8, "x"), y = matrix<std::int8_t>("x");
  CHECK(x.dtype() == DType::int8);
  CHECK(to_string(x.type()) == "int8 [x_0, x_1]");
  CHECK(to_string(y.type()) == to_string(x.type()));
  CHECK_FALSE(x.dim(0) == x.dim(1));
  CHECK_FALSE(x.dim(0) == y.dim(0));
  CHECK(input_of_rank(0, DType::int8).ndim() == 0);
}

TEST_CASE("an input is where it was asked for") {
  const Variable x = scalar<float>("x"), y = input_of_rank(1, DType::int8, "y"), z = shared("z", Tensor(1.0));
  for (const Variable& v : {x, y, z}) CHECK(v.where().line == __LINE__ - 1);
}
