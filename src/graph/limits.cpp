#include "src/graph/limits.h"

#include "src/support/check.h"
#include "src/support/checked.h"

#include <algorithm>
#include <optional>

namespace theon {

void check_limits(std::string_view what, const Shape& dims, Location where) {
  if (dims.size() > most_axes)
    fail<ShapeError>(where, "{}: {} has rank {}, and arrays have {} axes at most", what, to_string(dims), dims.size(),
                     most_axes);
  std::optional<std::int64_t> elements = 1;
  for (const Dim& dim : dims) {
    elements = checked_multiply(*elements, std::max<std::int64_t>(dim.known().value_or(1), 1));
    if (!elements)
      fail<ShapeError>(where, "{}: an array of {} has more elements than 64 bits count", what, to_string(dims));
  }
}

}  // namespace theon
