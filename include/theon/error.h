// Errors and the place in the user's program they belong to.
#pragma once

#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace theon {

/// A line of the user's program. `file` is a string with static lifetime, or null when the line is unknown.
struct Location {
  const char* file = nullptr;
  std::uint32_t line = 0;

  constexpr Location() = default;
  constexpr Location(std::source_location at) : file(at.file_name()), line(at.line()) {}
  constexpr Location(const char* file, std::uint32_t line) : file(file), line(line) {}

  static constexpr Location here(std::source_location at = std::source_location::current()) { return at; }
  explicit operator bool() const { return file != nullptr; }
  /// The same line of the same file, whichever copy of the file's name the compiler refers to.
  constexpr bool operator==(const Location& other) const { return line == other.line && path() == other.path(); }

 private:
  constexpr std::string_view path() const { return file ? file : ""; }
};

/// "mlp.cpp:31", with the folders of the path removed; "?" for an unknown line.
std::string to_string(Location where);

/// What every failure of the library derives from. The message says what was asked, what was given, where, and what to
/// do.
class Error : public std::runtime_error {
 public:
  Error(Location where, const std::string& message);
  /// The user's line, where one is known.
  Location where() const { return where_; }

 private:
  Location where_;
};

/// Sizes or ranks that do not fit together.
struct ShapeError : Error {
  using Error::Error;
};
/// An element type that an operation does not accept, or that would lose values.
struct DTypeError : Error {
  using Error::Error;
};
/// An index, an axis or a slice out of range.
struct IndexError : Error {
  using Error::Error;
};
/// An argument that is missing, superfluous, repeated or otherwise unusable.
struct ArgumentError : Error {
  using Error::Error;
};
/// A derivative that does not exist or was not asked for correctly.
struct GradientError : Error {
  using Error::Error;
};
/// A `check` that did not hold, or a value that a debugging mode rejects.
struct CheckError : Error {
  using Error::Error;
};
/// A call that its caller cancelled.
struct Cancelled : Error {
  using Error::Error;
};
/// A file that cannot be read or written, or that holds something else.
struct FileError : Error {
  using Error::Error;
};
/// A broken promise of the library itself, never of its user.
struct InternalError : Error {
  using Error::Error;
};

/// While it lives, errors raised on this thread also name the caller's line: `Scope scope("encoder");` in a helper.
class Scope {
 public:
  explicit Scope(std::string name, std::source_location at = std::source_location::current());
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
};

}  // namespace theon
