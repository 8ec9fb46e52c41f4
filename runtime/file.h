// Files that only this user can have written.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace theon::runtime {

/// A file descriptor, closed with it; -1 for none.
class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile();
  OpenFile(OpenFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

struct FileInfo {
  std::string name;
  std::int64_t bytes;
  timespec used;
};

/// Opens a folder, which is made, with those above it, where there is none. None, with `errno` set, where that fails;
/// EPERM for a folder that someone else owns or may write to.
OpenFile open_own_folder(const std::string& path);

// In an open folder. Names have no slashes.

/// All of a file that nobody else owns or may write to; nothing where there is none of at most `most` bytes.
std::optional<std::string> read_own_file(const OpenFile& folder, const std::string& name, std::int64_t most);
/// Marks a file as used now.
void touch(const OpenFile& folder, const std::string& name);
/// Writes a file so that nobody ever sees a part of it. False, with `errno` set, where that fails. What a process that
/// ended midway leaves behind is called "." + name + "." + something.
bool write_whole_file(const OpenFile& folder, const std::string& name, const std::string& bytes);
void remove_file(const OpenFile& folder, const std::string& name);
/// The regular files in it.
std::vector<FileInfo> list_files(const OpenFile& folder);

}  // namespace theon::runtime
