#include "src/support/checked.h"

#include <catch2/catch.hpp>

#include <limits>

using namespace theon;

namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

}  // namespace

TEST_CASE("a sum that fits is the sum") {
  CHECK(checked_add(2, -5) == -3);
  CHECK(checked_add(largest, smallest) == -1);
  CHECK(checked_add(largest - 1, 1) == largest);
}

TEST_CASE("a sum that does not fit is nothing") {
  CHECK_FALSE(checked_add(largest, 1));
  CHECK_FALSE(checked_add(smallest, -1));
}

TEST_CASE("a product that fits is the product") {
  CHECK(checked_multiply(-6, 7) == -42);
  CHECK(checked_multiply(largest, 0) == 0);
  CHECK(checked_multiply(std::int64_t{1} << 31, std::int64_t{-1} << 32) == smallest);
}

TEST_CASE("a product that does not fit is nothing") {
  CHECK_FALSE(checked_multiply(std::int64_t{1} << 31, std::int64_t{1} << 32));
  CHECK_FALSE(checked_multiply(smallest, -1));
}
