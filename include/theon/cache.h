// The compiled code that Theon keeps on disk, so that another process need not compile it again.
//
// It lies in the folder THEON_CACHE_DIR, else $XDG_CACHE_HOME/theon, else ~/.cache/theon. THEON_CACHE=off, or an empty
// THEON_CACHE_DIR, switches it off. It holds at most THEON_CACHE_MEGABYTES of files, 256 where that is not set; what
// was not used for longest goes first. A folder that cannot be used, or belongs to someone else, is left alone.
#pragma once

#include <cstdint>
#include <string>

namespace theon {

struct CacheUse {
  std::string folder;  // empty where the cache is off
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

CacheUse cache_use();

/// Removes the files that were not used for longest, until at most so many bytes are left. Says what is left.
CacheUse prune_cache(std::int64_t bytes);

/// Removes all of them.
inline CacheUse clear_cache() { return prune_cache(0); }

}  // namespace theon
