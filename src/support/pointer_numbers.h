// Numbers for pointers: sets and side tables of the nodes of a graph, in one allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace theon {

/// Numbers pointers from 0 in the order in which they are added. Open addressing: next to a hash table of nodes it asks
/// little of the memory, which is what walks through large graphs wait for.
class PointerNumbers {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  /// How many numbers were given.
  std::size_t size() const { return next_; }

  /// The number of `pointer`, or `none`.
  std::uint32_t find(const void* pointer) const { return slots_.empty() ? none : slots_[slot(pointer)].number; }
  bool contains(const void* pointer) const { return find(pointer) != none; }

  /// The number of `pointer`, and whether it is new: then it takes the next `width` numbers, of which this is the
  /// first.
  std::pair<std::uint32_t, bool> add(const void* pointer, std::uint32_t width = 1) {
    if (2 * (pointers_ + 1) > slots_.size()) grow();
    Slot& found = slots_[slot(pointer)];
    if (found.number != none) return {found.number, false};
    ++pointers_;
    found = {pointer, std::exchange(next_, next_ + width)};
    return {found.number, true};
  }

 private:
  struct Slot {
    const void* pointer = nullptr;
    std::uint32_t number = none;
  };

  /// Where `pointer` is, or the free slot where it belongs.
  std::size_t slot(const void* pointer) const {
    const std::size_t last = slots_.size() - 1;
    // Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4): the upper bits of a product with 2^64 / golden
    // ratio.
    std::size_t at = (reinterpret_cast<std::uintptr_t>(pointer) * 0x9e3779b97f4a7c15u) >> shift_;
    while (slots_[at].number != none && slots_[at].pointer != pointer) at = (at + 1) & last;
    return at;
  }

  void grow() {
    --shift_;
    std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(std::size_t{1} << (64 - shift_)));
    for (const Slot& entry : old)
      if (entry.number != none) slots_[slot(entry.pointer)] = entry;
  }

  std::vector<Slot> slots_;
  std::size_t pointers_ = 0;
  std::uint32_t next_ = 0;
  int shift_ = 59;  // 64 minus the binary logarithm of the number of slots
};

}  // namespace theon
