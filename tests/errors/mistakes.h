// Tables of mistakes: what is done, what it throws, and what the message says.
#pragma once

#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <typeinfo>
#include <vector>

namespace theon::errors {

/// Exactly an E, not something derived from it.
template <class E>
bool is(const Error& error) {
  return typeid(error) == typeid(E);
}

struct Mistake {
  std::string name;
  bool (*is_expected)(const Error&);
  std::vector<std::string> says;
  /// Makes the mistake, and notes the line that the error must name: that of the mistake itself, or where the variable
  /// at fault was made.
  std::function<void(Location& line)> make;
};

/// Each mistake throws what the table says, at the line it says, with the operation and the values in its text.
inline void check(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    INFO(mistake.name);
    Location line;
    try {
      mistake.make(line);
      FAIL_CHECK("nothing was thrown");
    } catch (const Error& error) {
      const std::string text = error.what();
      INFO(text);
      CHECK(mistake.is_expected(error));
      CHECK(to_string(error.where()) == to_string(line));
      CHECK((!line || text.starts_with(to_string(line) + ": ")));
      for (const std::string& part : mistake.says) CHECK_THAT(text, Catch::Contains(part));
    }
  }
}

/// The line of the call, and the one below it.
inline Location here(std::source_location at = std::source_location::current()) { return at; }
inline Location next_line(std::source_location at = std::source_location::current()) {
  Location next = at;
  ++next.line;
  return next;
}

}  // namespace theon::errors
