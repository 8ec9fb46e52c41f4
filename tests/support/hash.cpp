#include "src/support/hash.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <bit>
#include <set>
#include <string>

using namespace theon;

namespace {

std::uint64_t hash(const std::string& text) { return hash_bytes(std::as_bytes(std::span(text))); }

}  // namespace

TEST_CASE("mix is the finalizer of SplitMix64") {
  // The first two outputs of SplitMix64 with seed 1234567, as published with the reference code of Vigna (2015).
  CHECK(mix(1234567 + 0x9e3779b97f4a7c15u) == 6457827717110365317u);
  CHECK(mix(1234567 + 2 * 0x9e3779b97f4a7c15u) == 3203168211198807973u);
}

TEST_CASE("the order of a combination matters") { CHECK(combine(combine(0, 1), 2) != combine(combine(0, 2), 1)); }

TEST_CASE("small numbers in pairs do not collide") {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t i = 0; i < 100; ++i)
    for (std::uint64_t j = 0; j < 100; ++j) hashes.insert(combine(combine(0, i), j));
  CHECK(hashes.size() == 10000);
}

TEST_CASE("one changed bit changes about half of the hash") {
  int most = 0, least = 64;
  for (int bit = 0; bit < 64; ++bit) {
    const int changed = std::popcount(combine(7, 42) ^ combine(7, 42 ^ (std::uint64_t{1} << bit)));
    most = std::max(most, changed);
    least = std::min(least, changed);
  }
  CHECK(least >= 16);
  CHECK(most <= 48);
}

TEST_CASE("equal bytes have equal hashes, others differ, zeros and lengths included") {
  CHECK(hash("eight by") == hash("eight by"));
  CHECK(hash("") != hash(std::string(1, '\0')));
  CHECK(hash(std::string(8, '\0')) != hash(std::string(9, '\0')));
  CHECK(hash("a longer text") != hash("a longer texT"));
  CHECK(hash("A longer text") != hash("a longer text"));
}
