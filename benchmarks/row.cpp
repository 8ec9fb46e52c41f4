#include "benchmarks/row.h"

#include <array>
#include <cstddef>

namespace theon::benchmarks {

Row row_of(const std::string& id) {
  std::array<std::string, 3> fields;
  std::size_t at = 0;
  for (std::string& field : fields) {
    const std::size_t dot = id.find('.', at);
    field = id.substr(at, dot - at);
    at = dot + 1;
  }
  return {fields[0], fields[1], fields[2], id.substr(at)};
}

}  // namespace theon::benchmarks
