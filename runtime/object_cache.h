// Compiled objects in files, shared by all processes of a user.
#pragma once

#include <theon/cache.h>

#include "codegen/llvm/jit.h"
#include "runtime/file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace theon::runtime {

/// The machine code of a program: objects, and which of its kernels each holds, in order.
struct StoredCode {
  struct Object {
    std::vector<std::size_t> kernels;
    bool has_entry = false;
    std::string bytes;
  };
  std::vector<Object> objects;
};

/// A folder with a file for each program. Files appear whole and under their final name, so any number of processes may
/// use it at once. Nothing here throws: whatever is wrong with a file makes it a file that is not there, and what
/// cannot be kept is compiled again. The first reason why not goes to stderr, once in a process.
class ObjectCache {
 public:
  /// Opens the folder, and makes it where there is none. Trusts only what belongs to this user alone. `most` bytes are
  /// kept in it, and a few files more.
  ObjectCache(std::string folder, std::int64_t most);

  /// What was kept under a name, checked; then it is the one used last.
  std::optional<StoredCode> find(const std::string& key) const;
  void keep(const std::string& key, const StoredCode& code) const;

  CacheUse use() const;
  /// Removes what was used least recently until at most `bytes` are left.
  CacheUse prune(std::int64_t bytes) const;

 private:
  std::vector<FileInfo> entries() const;
  void remove_leftovers() const;

  std::string path_;
  std::int64_t most_;
  OpenFile folder_;  // none where it cannot be used
};

/// The cache that the environment asks for, see theon/cache.h; nothing where it is off or there is no place for it.
std::optional<ObjectCache> environment_cache();

}  // namespace theon::runtime
