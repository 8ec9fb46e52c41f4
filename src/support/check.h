// Raising errors.
#pragma once

#include <theon/error.h>

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace theon {

/// The one thrower. `fail<ShapeError>(where, "matmul: inner dimensions {} and {} differ", a, b)`; the text begins
/// with the user's line.
template <class E = Error, class... Args>
[[noreturn]] void fail(Location where, fmt::format_string<Args...> text, Args&&... args) {
  throw E(where, fmt::format(text, std::forward<Args>(args)...));
}

/// What a failed THEON_CHECK calls. Throws InternalError.
[[noreturn]] void broken_promise(const char* condition, const char* file, int line);

/// An internal check: a promise of the library to itself. Throws InternalError.
#define THEON_CHECK(condition) ((condition) ? void() : ::theon::broken_promise(#condition, __FILE__, __LINE__))

}  // namespace theon
