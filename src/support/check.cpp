#include "src/support/check.h"

namespace theon {

void broken_promise(const char* condition, const char* file, int line) {
  fail<InternalError>(Location(file, static_cast<std::uint32_t>(line)),
                      "internal check failed: {}; this is a mistake in Theon, please report it", condition);
}

}  // namespace theon
