#include "runtime/element_place.h"

#include "src/tensor/layout.h"

namespace theon::runtime {

std::string element_place(std::int64_t position, const Sizes& sizes) {
  Sizes indices;
  for (std::int64_t stride : row_major_strides(sizes)) {
    indices.push_back(position / stride);
    position %= stride;
  }
  return to_string(indices);
}

}  // namespace theon::runtime
