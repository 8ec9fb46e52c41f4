// What the machine can do, measured in this process.
#pragma once

#include "runtime/team.h"

#include <cstddef>

namespace theon::runtime {

/// Operations a second on floating numbers of 4 or 8 bytes: fused multiplications and additions in vectors, of which
/// each counts as two, on all threads of the team. Measured on first use, in a few milliseconds.
double operation_speed(std::size_t element_bytes, const Team& team);

/// Bytes a second, read and written, of copies between arrays of so many bytes together, up to 64 MiB. Measured on
/// first use for each power of two, in some milliseconds.
double copy_speed(double bytes, const Team& team);

}  // namespace theon::runtime
