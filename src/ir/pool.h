// The inside of a Pool.
#pragma once

#include "src/ir/element.h"
#include "src/ir/store.h"

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace theon::ir {

/// Levels of finished reductions lie below; from here on they belong to reductions whose bodies are being built.
inline constexpr std::int64_t first_open_level = 32;

struct Pool::Impl {
  explicit Impl(Pool* pool) : store(pool) {}

  NodeStore store;
  std::map<std::pair<std::string, std::vector<DType>>, Monoid> monoids;
  std::int64_t open_levels = 0;  // how many reductions are being built

  /// A level that nothing finished uses. Taken and given back as on a stack, also by `Opened`.
  std::int64_t open();
  void close() { --open_levels; }

  Expr bound(std::int64_t level, const Dim& limit);
  /// The reduction whose body was built with the index of level `open`, under its own level.
  Expr finish_reduction(const Monoid* monoid, Expr extent, const Dim& limit, std::int64_t open,
                        std::span<const Expr> body);
  /// The reduction as it stands, its index named by `level`.
  Expr reduction(const Monoid* monoid, Expr extent, const Dim& limit, std::int64_t level, std::span<const Expr> body);
  /// Component c of a reduction; what it is worth, where it runs at most once.
  Expr component(Expr reduction, std::size_t c);
  Expr single_trip(Expr reduction, std::size_t c);
};

/// Gives back the levels opened since, also when a body throws.
class Opened {
 public:
  explicit Opened(Pool::Impl& pool) : pool_(pool), before_(pool.open_levels) {}
  ~Opened() { pool_.open_levels = before_; }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

 private:
  Pool::Impl& pool_;
  std::int64_t before_;
};

}  // namespace theon::ir
