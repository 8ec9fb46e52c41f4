#include "runtime/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <memory>

namespace theon::runtime {

namespace {

/// Whether nobody but this user could have written it.
bool is_own(const struct stat& info) { return info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0; }

bool write_all(int descriptor, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = write(descriptor, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int descriptor, std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = read(descriptor, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

/// No other process and no other thread of this one uses the same.
std::string temporary_name(const std::string& name) {
  static std::atomic<unsigned> count{0};
  return "." + name + "." + std::to_string(getpid()) + "." + std::to_string(count++);
}

}  // namespace

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

OpenFile open_own_folder(const std::string& path) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  OpenFile folder(open(path.c_str(), flags));
  if (!folder && errno == ENOENT) {
    std::error_code ignored;  // opening it says what is wrong
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    mkdir(path.c_str(), S_IRWXU);
    folder = OpenFile(open(path.c_str(), flags));
  }
  struct stat info {};
  if (!folder || fstat(folder.descriptor(), &info) != 0) return {};
  if (is_own(info)) return folder;
  errno = EPERM;
  return {};
}

std::optional<std::string> read_own_file(const OpenFile& folder, const std::string& name, std::int64_t most) {
  const OpenFile file(openat(folder.descriptor(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file || fstat(file.descriptor(), &info) != 0 || !S_ISREG(info.st_mode) || !is_own(info) || info.st_size > most)
    return std::nullopt;
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  if (!read_all(file.descriptor(), bytes)) return std::nullopt;
  return bytes;
}

void touch(const OpenFile& folder, const std::string& name) {
  utimensat(folder.descriptor(), name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

bool write_whole_file(const OpenFile& folder, const std::string& name, const std::string& bytes) {
  const std::string temporary = temporary_name(name);
  const OpenFile file(openat(folder.descriptor(), temporary.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return false;
  if (write_all(file.descriptor(), bytes) &&
      renameat(folder.descriptor(), temporary.c_str(), folder.descriptor(), name.c_str()) == 0)
    return true;
  const int reason = errno;
  remove_file(folder, temporary);
  errno = reason;
  return false;
}

void remove_file(const OpenFile& folder, const std::string& name) { unlinkat(folder.descriptor(), name.c_str(), 0); }

std::vector<FileInfo> list_files(const OpenFile& folder) {
  std::vector<FileInfo> files;
  const int descriptor = openat(folder.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return files;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(descriptor), closedir);
  if (!entries) return files;
  while (const dirent* entry = readdir(entries.get())) {
    struct stat info {};
    if (fstatat(folder.descriptor(), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode))
      files.push_back({entry->d_name, info.st_size, info.st_mtim});
  }
  return files;
}

}  // namespace theon::runtime
