// The type of a symbolic value.
#pragma once

#include <theon/dim.h>
#include <theon/dtype.h>

#include <string>

namespace theon {

/// What is known about an array before it exists: its element type and the size of each axis.
struct TensorType {
  DType dtype = DType::float64;
  Shape dims;

  int ndim() const { return static_cast<int>(dims.size()); }
  bool operator==(const TensorType&) const = default;
};

/// "float32 [batch, 4]"
std::string to_string(const TensorType& type);

}  // namespace theon
