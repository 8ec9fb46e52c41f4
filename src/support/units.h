// Numbers of very different size, for people.
#pragma once

#include <string>

namespace theon {

/// Three digits and the prefix of a unit: "47.1 M", "12 ", "3.2 u".
std::string with_prefix(double number);

}  // namespace theon
