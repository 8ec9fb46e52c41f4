// How large an array may be before it exists.
#pragma once

#include <theon/dim.h>
#include <theon/error.h>

#include <string_view>

namespace theon {

/// Kernels number the loops over an array and those inside of its elements together, up to 64.
inline constexpr std::size_t most_axes = 32;

/// Throws ShapeError, naming `what`, for more than `most_axes` axes, and for known sizes of more elements than 64 bits
/// count. A negative size is 1 here: to whoever lets the caller leave a size open it says nothing.
void check_limits(std::string_view what, const Shape& dims, Location where);

}  // namespace theon
