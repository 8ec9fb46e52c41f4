// Where a record was made.
#pragma once

#include <string>

namespace theon::benchmarks {

/// Processor, vector width, compiler and libraries, as a Markdown list.
std::string describe_machine();

}  // namespace theon::benchmarks
