// A row of rows.txt.
#pragma once

#include <cstdint>
#include <string>

namespace theon::benchmarks {

struct Row {
  std::string task, variant, dtype, size;

  /// As "A1.forward".
  std::string key() const { return task + "." + variant; }
  /// The first of its sizes.
  std::int64_t extent() const { return static_cast<std::int64_t>(std::stod(size)); }
};
Row row_of(const std::string& id);

}  // namespace theon::benchmarks
