// Memory of outputs that callers have dropped.
#pragma once

#include <theon/tensor.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

namespace theon::runtime {

/// Whether nobody else refers to the memory, and whoever did has finished.
bool is_owned_alone(const std::shared_ptr<Storage>& storage);

/// The last results of one output. A caller who replaces a result by the next one holds one while the other is written,
/// so there are two.
class Recycled {
 public:
  /// One of the kept tensors that nobody holds, or a new one.
  const Tensor& next(DType dtype, const Sizes& sizes);
  const Tensor& last() const { return *tensors_[last_]; }

 private:
  std::array<std::optional<Tensor>, 2> tensors_;
  std::size_t last_ = 0;
};

}  // namespace theon::runtime
