#include "src/tensor/storage.h"

#include "src/support/check.h"

#include <algorithm>
#include <cstdlib>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace theon {

namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t huge_page = std::size_t{1} << 21;

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

/// Asks for huge pages: walking a large array then misses the translation buffer 512 times less often.
void advise_huge_pages([[maybe_unused]] void* data, [[maybe_unused]] std::size_t bytes) {
#ifdef __linux__
  madvise(data, bytes, MADV_HUGEPAGE);
#endif
}

struct Free {
  void operator()(void* data) const { std::free(data); }
};

class HostStorage final : public Storage {
 public:
  explicit HostStorage(std::size_t bytes) : bytes_(bytes) {
    const std::size_t alignment = bytes < 2 * huge_page ? cache_line : huge_page;
    const std::size_t rounded = round_up(std::max(bytes, std::size_t{1}), alignment);
    memory_.reset(std::aligned_alloc(alignment, rounded));
    if (!memory_)
      fail<ShapeError>({}, "no memory for an array of {} bytes; use smaller sizes or free other arrays", bytes);
    if (alignment == huge_page) advise_huge_pages(memory_.get(), rounded);
  }

  std::byte* data() const override { return static_cast<std::byte*>(memory_.get()); }
  std::size_t bytes() const override { return bytes_; }

 private:
  std::unique_ptr<void, Free> memory_;
  std::size_t bytes_;
};

/// Graphs hold many numbers: one allocation each.
class ScalarStorage final : public Storage {
 public:
  static constexpr std::size_t most_bytes = 16;
  explicit ScalarStorage(std::size_t bytes) : bytes_(bytes) {}
  std::byte* data() const override { return memory_; }
  std::size_t bytes() const override { return bytes_; }

 private:
  alignas(most_bytes) mutable std::byte memory_[most_bytes];
  std::size_t bytes_;
};

class BorrowedStorage final : public Storage {
 public:
  BorrowedStorage(std::byte* data, std::size_t bytes) : data_(data), bytes_(bytes) {}
  std::byte* data() const override { return data_; }
  std::size_t bytes() const override { return bytes_; }

 private:
  std::byte* data_;
  std::size_t bytes_;
};

}  // namespace

std::shared_ptr<Storage> allocate(std::size_t bytes) {
  if (bytes <= ScalarStorage::most_bytes) return std::make_shared<ScalarStorage>(bytes);
  return std::make_shared<HostStorage>(bytes);
}

std::shared_ptr<Storage> borrowed_storage(std::byte* data, std::size_t bytes) {
  return std::make_shared<BorrowedStorage>(data, bytes);
}

}  // namespace theon
