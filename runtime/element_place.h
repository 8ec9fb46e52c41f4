// Where an element stands.
#pragma once

#include <theon/tensor.h>

#include <cstdint>
#include <string>

namespace theon::runtime {

/// The indices of an element of a row-major array, from its position: "[3, 0]".
std::string element_place(std::int64_t position, const Sizes& sizes);

}  // namespace theon::runtime
