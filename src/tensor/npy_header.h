// The header of a .npy file: a Python dictionary that says what the bytes after it mean.
#pragma once

#include <theon/tensor.h>

#include <string>
#include <string_view>

namespace theon {

struct NpyHeader {
  DType dtype = DType::float64;
  /// Whether the bytes of each element lie in the opposite of this machine's order.
  bool swapped = false;
  bool column_major = false;
  Sizes sizes;
};

/// Reads the dictionary. Throws FileError, with the file's name, for anything but the three entries that NumPy writes,
/// for element types that Theon lacks, and for sizes beyond 64 bits.
NpyHeader parse_npy_header(std::string_view text, const std::string& path);

/// The dictionary of a row-major array in this machine's byte order. Throws FileError for bfloat16.
std::string npy_dictionary(DType dtype, const Sizes& sizes, const std::string& path);

}  // namespace theon
