#include "runtime/shared_state.h"

#include "src/tensor/layout.h"

#include <utility>

namespace theon::runtime {

SharedLease::SharedLease(Context& context) : context_(context) {
  lock_all();
  try {
    for (std::size_t k = 0; k < context_.executable().shared.size(); ++k) take(k);
  } catch (...) {
    unlock_read_only();
    unlock_updated();
    throw;
  }
  unlock_read_only();
}

SharedLease::~SharedLease() {
  for (std::shared_ptr<Storage>& held : context_.state) held.reset();
  unlock_updated();
}

void SharedLease::lock_all() {
  for (const SharedSlot& slot : context_.executable().shared) slot.state->mutex.lock();
}

void SharedLease::unlock_read_only() noexcept {
  for (const SharedSlot& slot : context_.executable().shared)
    if (!slot.is_updated) slot.state->mutex.unlock();
}

void SharedLease::unlock_updated() noexcept {
  for (const SharedSlot& slot : context_.executable().shared)
    if (slot.is_updated) slot.state->mutex.unlock();
}

void SharedLease::take(std::size_t k) {
  const SharedSlot& slot = context_.executable().shared[k];
  Tensor& value = slot.state->value;
  // Whoever holds the old value keeps it: a snapshot, a running reader, an argument of this very call.
  if (slot.in_place && !is_owned_alone(value.storage())) value = value.copy();
  if (!slot.is_updated) context_.state[k] = value.storage();
  context_.point(slot.residents, value.raw());
  if (!slot.is_updated || slot.in_place) return;
  std::optional<Tensor>& spare = context_.spare[k];
  if (!spare || !is_owned_alone(spare->storage())) spare.emplace(value.dtype(), value.sizes());
  context_.point(slot.in_spare, spare->raw());
}

std::optional<std::size_t> SharedLease::slot_of(const Variable& shared) const {
  const std::vector<SharedSlot>& slots = context_.executable().shared;
  for (std::size_t k = 0; k < slots.size(); ++k)
    if (slots[k].order == shared.node()->serial) return k;
  return std::nullopt;
}

Tensor SharedLease::value(const Variable& shared) const {
  const std::optional<std::size_t> k = slot_of(shared);
  if (!k) return snapshot(shared);
  if (context_.executable().shared[*k].is_updated) return context_.executable().shared[*k].state->value;
  const Leaf& leaf = *as_leaf(shared);
  Sizes sizes;
  for (const Dim& dim : leaf.type.dims) sizes.push_back(*dim.known());
  return Tensor::on(context_.state[*k], 0, leaf.type.dtype, sizes, row_major_strides(sizes));
}

Tensor SharedLease::update(const Variable& shared) const {
  const std::optional<std::size_t> k = slot_of(shared);
  const bool has_spare = k && context_.executable().shared[*k].is_updated && !context_.executable().shared[*k].in_place;
  return has_spare ? *context_.spare[*k] : value(shared);
}

void SharedLease::commit() noexcept {
  for (std::size_t k = 0; k < context_.executable().shared.size(); ++k) {
    const SharedSlot& slot = context_.executable().shared[k];
    if (slot.is_updated && !slot.in_place) std::swap(slot.state->value, *context_.spare[k]);
  }
}

}  // namespace theon::runtime
