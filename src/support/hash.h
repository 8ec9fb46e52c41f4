// Hashes that are the same in every process, so that they may name files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace theon {

/// Spreads every bit of x over the whole word: the finalizer of MurmurHash3 (Appleby 2011) in variant 13 of Stafford
/// (2011), as SplitMix64 uses it.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// A hash of the pair; the order matters. The constant is 2^64 divided by the golden ratio.
constexpr std::uint64_t combine(std::uint64_t seed, std::uint64_t value) {
  return mix(seed + 0x9e3779b97f4a7c15u + mix(value));
}

/// A hash of bytes and their number.
inline std::uint64_t hash_bytes(std::span<const std::byte> bytes) {
  std::uint64_t hash = mix(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint64_t)) {
    const std::span<const std::byte> rest = bytes.subspan(i);
    std::uint64_t word = 0;
    std::memcpy(&word, rest.data(), rest.size() < sizeof(word) ? rest.size() : sizeof(word));
    hash = combine(hash, word);
  }
  return hash;
}

}  // namespace theon
