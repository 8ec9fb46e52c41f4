// The memory of tensors on the host.
#pragma once

#include <theon/tensor.h>

#include <cstddef>
#include <memory>

namespace theon {

/// Uninitialised memory, aligned to 64 bytes, or to 16 where it is no more than that. Throws ShapeError when there is
/// not so much of it.
std::shared_ptr<Storage> allocate(std::size_t bytes);

/// Memory that somebody else keeps alive.
std::shared_ptr<Storage> borrowed_storage(std::byte* data, std::size_t bytes);

}  // namespace theon
