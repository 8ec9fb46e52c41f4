#include "runtime/recycled.h"

namespace theon::runtime {

bool is_owned_alone(const std::shared_ptr<Storage>& storage) {
  if (storage.use_count() != 1) return false;
  // Taking and dropping a reference puts this thread behind the one that dropped its own last.
  std::shared_ptr<Storage>(storage).reset();
  return true;
}

const Tensor& Recycled::next(DType dtype, const Sizes& sizes) {
  for (std::size_t k = 0; k < tensors_.size(); ++k)
    if (tensors_[k] && tensors_[k]->dtype() == dtype && tensors_[k]->sizes() == sizes &&
        is_owned_alone(tensors_[k]->storage())) {
      last_ = k;
      return *tensors_[k];
    }
  last_ = (last_ + 1) % tensors_.size();
  return tensors_[last_].emplace(dtype, sizes);
}

}  // namespace theon::runtime
