// Telling profilers and debuggers what the machine code in memory is called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace theon::codegen {

/// A function in memory.
struct NamedCode {
  std::string name;
  std::uint64_t address;
  std::uint64_t bytes;
};

/// Functions that tools know the names of, as long as it lives.
class Announcement {
 public:
  /// What the environment variable THEON_JIT_SYMBOLS lists, separated by commas: `perf` appends them to
  /// /tmp/perf-<process>.map, where perf looks for names; `gdb` hands gdb and lldb a table of symbols. Nothing without
  /// it. `object` is the ELF file they come from. Throws ArgumentError for another word, FileError where the map cannot
  /// be written.
  Announcement(std::span<const NamedCode> functions, std::string_view object);
  ~Announcement();
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;

  /// Whether the environment asks for any.
  static bool is_wanted();

 private:
  struct Entry;
  std::unique_ptr<Entry> entry_;  // for debuggers
};

}  // namespace theon::codegen
