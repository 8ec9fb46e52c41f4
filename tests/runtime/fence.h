// Memory between pages that nobody may touch.
#pragma once

#include <theon/tensor.h>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace theon::test {

/// An array that begins or ends at a page which faults when it is read or written. What lies between it and the other page is filled with a
/// pattern.
class Fenced {
 public:
  enum class At { begin, end };

  Fenced(DType dtype, Sizes sizes, At at) : dtype_(dtype), sizes_(std::move(sizes)), bytes_(size_of(dtype)) {
    for (const std::int64_t size : sizes_) bytes_ *= static_cast<std::size_t>(size);
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    room_ = (bytes_ + page - 1) / page * page;
    mapped_ = room_ + 2 * page;
    base_ = static_cast<std::byte*>(mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED) throw std::bad_alloc();
    room_begin_ = base_ + page;
    if (room_ > 0 && mprotect(room_begin_, room_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    std::fill_n(room_begin_, room_, pattern);
    data_ = at == At::begin ? room_begin_ : room_begin_ + room_ - bytes_;
  }
  ~Fenced() { munmap(base_, mapped_); }
  Fenced(const Fenced&) = delete;
  Fenced& operator=(const Fenced&) = delete;

  /// The same elements.
  Fenced(const Tensor& value, At at) : Fenced(value.dtype(), value.sizes(), at) {
    if (bytes_ > 0) std::memcpy(data_, value.contiguous().raw(), bytes_);
  }

  std::byte* data() const { return data_; }
  /// A view of it: for as long as it lives.
  Tensor tensor() const { return Tensor::borrow(dtype_, data_, sizes_); }
  bool is_outside_untouched() const {
    return std::all_of(room_begin_, data_, is_pattern) && std::all_of(data_ + bytes_, room_begin_ + room_, is_pattern);
  }

 private:
  static constexpr std::byte pattern{0xA5};
  static bool is_pattern(std::byte b) { return b == pattern; }

  DType dtype_;
  Sizes sizes_;
  std::size_t bytes_, room_, mapped_;
  std::byte *base_, *room_begin_, *data_;
};

}  // namespace theon::test
