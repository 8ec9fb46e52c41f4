// Numbers as NumPy writes them, whatever the locale.
#pragma once

#include <theon/tensor.h>

#include <string>
#include <vector>

namespace theon {

/// The shortest text that reads back as the element: "3.0", "1e+16", "True".
std::string scalar_text(const Tensor& scalar);

/// One text for each of one or more scalars of one dtype, all of one width: decimal points stand below each other, at
/// most eight digits follow them, and all numbers have exponents where some are very large, very small or far apart.
std::vector<std::string> aligned_texts(const std::vector<Tensor>& scalars);

}  // namespace theon
