#include "src/support/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace theon {

std::string with_prefix(double number) {
  constexpr std::array<std::string_view, 9> prefixes{"p", "n", "u", "m", "", "k", "M", "G", "T"};
  constexpr int plain = 4;
  const double size = std::abs(number);
  // What rounds to 1000 has the next prefix.
  const int thousands = size == 0 ? 0 : static_cast<int>(std::floor(std::log10(size * 1.0005) / 3));
  const int prefix = std::clamp(thousands + plain, 0, static_cast<int>(prefixes.size()) - 1);
  return fmt::format("{:.3g} {}", number / std::pow(1000.0, prefix - plain), prefixes[prefix]);
}

}  // namespace theon
