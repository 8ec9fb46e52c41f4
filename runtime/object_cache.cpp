#include "runtime/object_cache.h"

#include "src/support/check.h"
#include "src/support/hash.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string_view>

namespace theon::runtime {

namespace {

constexpr std::string_view suffix = ".theon";
constexpr std::size_t key_length = 64;
constexpr std::uint64_t format = 1;

void warn_once(const std::string& reason) {
  static std::atomic<bool> has_warned{false};
  if (!has_warned.exchange(true)) std::fputs(fmt::format("theon: {}\n", reason).c_str(), stderr);
}

std::string file_name(const std::string& key) { return key + std::string(suffix); }

bool is_entry(const std::string& name) {
  return name.size() == key_length + suffix.size() && name.ends_with(suffix) &&
         name.find_first_not_of("0123456789abcdef") == key_length;
}

bool is_leftover(const std::string& name) {
  return name.starts_with('.') && name.size() > key_length + suffix.size() + 1 &&
         is_entry(name.substr(1, key_length + suffix.size()));
}

// A file: the key, the format, a hash of all that follows, then the objects, in numbers of 64 bits and bytes.

class Writer {
 public:
  void number(std::uint64_t value) { text_.append(reinterpret_cast<const char*>(&value), sizeof(value)); }
  void bytes(const std::string& value) {
    number(value.size());
    text_ += value;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Fails for good at the first thing that is not there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    const std::string_view bytes = take(sizeof(value));
    if (!failed_) std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
  }
  std::string_view bytes() { return take(number()); }
  std::string_view take(std::uint64_t count) {
    failed_ |= count > rest_.size();
    if (failed_) return {};
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string_view rest() const { return rest_; }
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::uint64_t checksum(std::string_view text) { return hash_bytes(std::as_bytes(std::span(text))); }

std::string packed(const std::string& key, const StoredCode& code) {
  Writer body;
  body.number(code.objects.size());
  for (const StoredCode::Object& object : code.objects) {
    body.number(object.kernels.size());
    for (const std::size_t kernel : object.kernels) body.number(kernel);
    body.number(object.has_entry);
    body.bytes(object.bytes);
  }
  Writer head;
  head.number(format);
  head.number(checksum(body.text()));
  return key + head.text() + body.text();
}

std::optional<StoredCode> unpacked(const std::string& key, const std::string& text) {
  Reader in(text);
  if (in.take(key.size()) != key || in.number() != format) return std::nullopt;
  const std::uint64_t sum = in.number();
  if (in.failed() || sum != checksum(in.rest())) return std::nullopt;
  StoredCode code;
  const std::uint64_t objects = in.number();
  for (std::uint64_t k = 0; k < objects && !in.failed(); ++k) {
    StoredCode::Object& object = code.objects.emplace_back();
    const std::uint64_t kernels = in.number();
    for (std::uint64_t i = 0; i < kernels && !in.failed(); ++i) object.kernels.push_back(in.number());
    object.has_entry = in.number() != 0;
    object.bytes = in.bytes();
  }
  if (in.failed() || !in.rest().empty()) return std::nullopt;
  return code;
}

std::int64_t total(const std::vector<FileInfo>& files) {
  return std::accumulate(files.begin(), files.end(), std::int64_t{0},
                         [](std::int64_t sum, const FileInfo& file) { return sum + file.bytes; });
}

bool is_older(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

}  // namespace

ObjectCache::ObjectCache(std::string folder, std::int64_t most)
    : path_(std::move(folder)), most_(most), folder_(open_own_folder(path_)) {
  if (!folder_)
    warn_once(fmt::format("compiled code is not kept: the folder {} cannot be used: {}", path_,
                          errno == EPERM ? "it belongs to someone else, or others may write to it" : strerror(errno)));
}

std::optional<StoredCode> ObjectCache::find(const std::string& key) const {
  if (!folder_) return std::nullopt;
  const std::optional<std::string> text = read_own_file(folder_, file_name(key), most_);
  if (!text) return std::nullopt;
  std::optional<StoredCode> code = unpacked(key, *text);
  if (code)
    touch(folder_, file_name(key));
  else
    warn_once(fmt::format("compiled code in {} is damaged, and replaced", path_));
  return code;
}

void ObjectCache::keep(const std::string& key, const StoredCode& code) const {
  if (!folder_) return;
  const std::string text = packed(key, code);
  if (static_cast<std::int64_t>(text.size()) > most_) return;
  if (!write_whole_file(folder_, file_name(key), text))
    warn_once(fmt::format("compiled code is not kept in {}: {}", path_, strerror(errno)));
  // Keys are as good as random: one file in sixteen pays for looking at them all.
  if (key.starts_with('0')) prune(most_);
}

std::vector<FileInfo> ObjectCache::entries() const {
  if (!folder_) return {};
  std::vector<FileInfo> files = list_files(folder_);
  std::erase_if(files, [](const FileInfo& file) { return !is_entry(file.name); });
  return files;
}

CacheUse ObjectCache::use() const {
  const std::vector<FileInfo> files = entries();
  return {path_, static_cast<std::int64_t>(files.size()), total(files)};
}

CacheUse ObjectCache::prune(std::int64_t bytes) const {
  remove_leftovers();
  std::vector<FileInfo> files = entries();
  std::ranges::sort(files, [](const FileInfo& a, const FileInfo& b) { return is_older(b.used, a.used); });
  std::int64_t left = total(files);
  for (; left > bytes && !files.empty(); files.pop_back()) {
    remove_file(folder_, files.back().name);
    left -= files.back().bytes;
  }
  return use();
}

/// What processes that ended while they wrote have left behind. Those that write do so for less than an hour.
void ObjectCache::remove_leftovers() const {
  if (!folder_) return;
  for (const FileInfo& file : list_files(folder_))
    if (is_leftover(file.name) && file.used.tv_sec + 3600 < std::time(nullptr)) remove_file(folder_, file.name);
}

}  // namespace theon::runtime
