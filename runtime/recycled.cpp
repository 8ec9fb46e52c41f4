#include "runtime/recycled.h"

namespace theon::runtime {

const Tensor& RecycledTensor::next(DType dtype, const Sizes& sizes) {
  for (std::size_t k = 0; k < tensors_.size(); ++k)
    if (tensors_[k] && tensors_[k]->dtype() == dtype && tensors_[k]->sizes() == sizes &&
        is_owned_alone(tensors_[k]->storage())) {
      last_ = k;
      return *tensors_[k];
    }
  last_ = (last_ + 1) % tensors_.size();
  return tensors_[last_].emplace(dtype, sizes);
}

void RecycledLists::empty_unused() {
  for (const std::shared_ptr<std::vector<Tensor>>& list : lists_)
    if (list && is_owned_alone(list)) list->clear();
}

std::shared_ptr<std::vector<Tensor>> RecycledLists::next() {
  empty_unused();
  for (const std::shared_ptr<std::vector<Tensor>>& list : lists_)
    if (list && list->empty()) return list;
  last_ = (last_ + 1) % lists_.size();
  return lists_[last_] = std::make_shared<std::vector<Tensor>>();
}

}  // namespace theon::runtime
