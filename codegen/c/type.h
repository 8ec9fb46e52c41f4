// Element types in C.
#pragma once

#include <theon/dtype.h>

#include <string_view>

namespace theon::codegen {

/// The type of a value: "float", "bool"; float16 and bfloat16 are their bits, "uint16_t".
std::string_view c_type(DType dtype);
/// The type of an element of a buffer: a byte for bool.
std::string_view c_memory_type(DType dtype);
/// An unsigned type in which the arithmetic of an integer wraps, wide enough not to be promoted.
std::string_view c_wrapping_type(DType dtype);

}  // namespace theon::codegen
