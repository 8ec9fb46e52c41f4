// Random bits as a function of a counter and a key, without state.
#pragma once

#include <array>
#include <cstdint>

namespace theon {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

namespace detail {

constexpr PhiloxCounter philox_round(const PhiloxCounter& c, const PhiloxKey& key) {
  const std::uint64_t even = 0xD2511F53ull * c[0], odd = 0xCD9E8D57ull * c[2];
  const auto high = [](std::uint64_t product) { return static_cast<std::uint32_t>(product >> 32); };
  const auto low = [](std::uint64_t product) { return static_cast<std::uint32_t>(product); };
  return {high(odd) ^ c[1] ^ key[0], low(odd), high(even) ^ c[3] ^ key[1], low(even)};
}

}  // namespace detail

/// Philox4x32-10: 128 random bits for each counter and key. Salmon, Moraes, Dror, Shaw: Parallel random numbers: as
/// easy as 1, 2, 3 (SC 2011); the constants are theirs.
constexpr PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    counter = detail::philox_round(counter, key);
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

}  // namespace theon
