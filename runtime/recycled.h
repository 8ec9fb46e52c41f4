// What callers have dropped of the results of earlier calls.
#pragma once

#include <theon/tensor.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace theon::runtime {

/// Whether nobody else refers to it, and whoever did has finished.
template <class T>
bool is_owned_alone(const std::shared_ptr<T>& owned) {
  if (owned.use_count() != 1) return false;
    // Puts this thread behind the one that dropped its reference last.
#ifdef __SANITIZE_THREAD__
  std::shared_ptr<T>(owned).reset();  // the thread sanitizer knows nothing of fences
#else
  std::atomic_thread_fence(std::memory_order_acquire);
#endif
  return true;
}

/// The last results of one output. A caller who replaces a result by the next one holds one while the other is written,
/// so there are two.
class RecycledTensor {
 public:
  /// One of the kept tensors that nobody holds, or a new one.
  const Tensor& next(DType dtype, const Sizes& sizes);

 private:
  std::array<std::optional<Tensor>, 2> tensors_;
  std::size_t last_ = 0;
};

/// The lists in which the results of the last calls were handed out: as many, for the same reason.
class RecycledLists {
 public:
  /// Lets go of results whose list nobody holds.
  void empty_unused();
  /// One of the kept lists that nobody holds, or a new one. It is empty.
  std::shared_ptr<std::vector<Tensor>> next();

 private:
  std::array<std::shared_ptr<std::vector<Tensor>>, 2> lists_;
  std::size_t last_ = 0;
};

}  // namespace theon::runtime
