#include <theon/cache.h>

#include "runtime/object_cache.h"
#include "src/support/check.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace theon {

namespace {

/// Nothing where it is not set. Programs that run with another user's rights do not listen.
std::optional<std::string> variable(const char* name) {
  const char* value = secure_getenv(name);
  return value ? std::optional<std::string>(value) : std::nullopt;
}

std::optional<std::string> folder() {
  if (variable("THEON_CACHE") == "off") return std::nullopt;
  if (const auto named = variable("THEON_CACHE_DIR")) return named->empty() ? std::nullopt : named;
  // A relative path is to be ignored: XDG Base Directory Specification 0.8.
  if (const auto caches = variable("XDG_CACHE_HOME"); caches && caches->starts_with('/')) return *caches + "/theon";
  if (const auto home = variable("HOME"); home && home->starts_with('/')) return *home + "/.cache/theon";
  return std::nullopt;
}

std::int64_t most_bytes() {
  constexpr std::int64_t mega = 1 << 20, most = 1 << 20;
  const std::string text = variable("THEON_CACHE_MEGABYTES").value_or("256");
  std::int64_t megabytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), megabytes);
  if (error != std::errc() || end != text.data() + text.size() || megabytes < 0 || megabytes > most)
    fail<ArgumentError>({}, "THEON_CACHE_MEGABYTES is '{}', and should be a number from 0 to {}", text, most);
  return megabytes * mega;
}

}  // namespace

std::optional<runtime::ObjectCache> runtime::environment_cache() {
  if (std::optional<std::string> path = folder()) return ObjectCache(std::move(*path), most_bytes());
  return std::nullopt;
}

CacheUse cache_use() {
  const auto cache = runtime::environment_cache();
  return cache ? cache->use() : CacheUse();
}

CacheUse prune_cache(std::int64_t bytes) {
  const auto cache = runtime::environment_cache();
  return cache ? cache->prune(bytes) : CacheUse();
}

}  // namespace theon
