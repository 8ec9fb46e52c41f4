#include "codegen/program/estimate.h"

#include "src/ir/dim_node.h"
#include "src/support/units.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace theon;
using codegen::Formula;

TEST_CASE("a formula is a sum of products of sizes") {
  const Dim m = dim("m"), n = dim("n");
  const Formula area = Formula(m) * Formula(n), both = Formula(2) * area + Formula(3) * Formula(m) + area + Formula(5);
  CHECK(to_string(both) == "3*m*n + 3*m + 5");
  CHECK(both.value([&](const Dim& size) { return size == m ? 10.0 : 100.0; }) == 3 * 10 * 100 + 3 * 10 + 5);
  CHECK_FALSE(both.is_number());
  CHECK(to_string(Formula(Dim(7)) * Formula(Dim(6))) == "42");
  CHECK(to_string(Formula(m + 1) * Formula(2)) == "2*(m + 1)");
  CHECK(to_string(Formula()) == "0");
  CHECK(Formula(4).is_number());
}

TEST_CASE("a formula of large sizes does not overflow") {
  const Formula large(Dim(std::int64_t{1} << 62));
  CHECK((large * large * large).value([](const Dim&) { return 0.0; }) == Approx(std::pow(2.0, 186)));
}

TEST_CASE("numbers have prefixes") {
  CHECK(with_prefix(47'123'456) == "47.1 M");
  CHECK(with_prefix(12) == "12 ");
  CHECK(with_prefix(3.21e-6) == "3.21 u");
  CHECK(with_prefix(999.96) == "1 k");
  CHECK(with_prefix(0) == "0 ");
}
