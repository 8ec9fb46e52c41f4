// Reductions: building them, naming their indices, looking inside.
#include "src/ir/rebuild.h"
#include "src/support/check.h"

#include <algorithm>
#include <array>
#include <bit>

namespace theon::ir {

namespace {

constexpr std::uint64_t finished_levels = (std::uint64_t{1} << first_open_level) - 1;

std::uint64_t bit(std::int64_t level) { return std::uint64_t{1} << level; }

/// One more than the highest level of a finished reduction in `levels`.
std::int64_t level_above(std::uint64_t levels) {
  const std::int64_t level = std::bit_width(levels & finished_levels);
  THEON_CHECK(level < first_open_level);
  return level;
}

/// Gives bound indices other levels, and with them every reduction whose level follows from theirs.
class Renaming : public Rebuilder {
 public:
  using Rebuilder::Rebuilder;

 protected:
  bool keeps(Expr, const Scope* scope) const override { return scope == nullptr; }
  Expr replaced(Expr node) override { return node; }

  std::int64_t begin_reduction(Expr reduction, const Scope* scope) override {
    std::uint64_t outer = 0;
    for (std::uint64_t rest = reduction->free_levels; rest != 0; rest &= rest - 1) {
      outer |= bit(image(std::countr_zero(rest), scope));
    }
    return level_above(outer);
  }

  Expr end_reduction(Expr reduction, std::int64_t level, Expr extent, std::span<const Expr> body) override {
    return pool_.reduction(reduction->monoid, extent, *reduction->dim, level, body);
  }

 private:
  static std::int64_t image(std::int64_t level, const Scope* scope) {
    while (scope && scope->level != level) scope = scope->parent;
    return scope ? scope->image : level;
  }
};

/// Replaces leaves. The body of a reduction is built with an open level, as anything may take its leaves' place.
class Substitution : public Rebuilder {
 public:
  Substitution(Pool::Impl& pool, const std::function<Expr(Expr)>& leaf) : Rebuilder(pool), leaf_(leaf) {}

 protected:
  bool keeps(Expr, const Scope*) const override { return false; }

  Expr replaced(Expr node) override {
    const Expr result = leaf_(node);
    THEON_CHECK(!result || result->dtype == node->dtype);
    return result ? result : node;
  }

  std::int64_t begin_reduction(Expr, const Scope*) override { return pool_.open(); }

  Expr end_reduction(Expr reduction, std::int64_t level, Expr extent, std::span<const Expr> body) override {
    pool_.close();
    const Expr result = pool_.finish_reduction(reduction->monoid, extent, *reduction->dim, level, body);
    return reduction->monoid->size() == 1 ? pool_.component(result, 0) : result;
  }

 private:
  const std::function<Expr(Expr)>& leaf_;
};

}  // namespace

std::int64_t Pool::Impl::open() {
  THEON_CHECK(first_open_level + open_levels < 64);
  return first_open_level + open_levels++;
}

Expr Pool::Impl::bound(std::int64_t level, const Dim& limit) {
  return store.intern({.op = Opcode::bound, .dtype = DType::int64, .number = level, .dim = store.keep(limit)});
}

Expr Pool::Impl::reduction(const Monoid* monoid, Expr extent, const Dim& limit, std::int64_t level,
                           std::span<const Expr> body) {
  std::vector<Expr> args{extent};
  args.insert(args.end(), body.begin(), body.end());
  return store.intern({.op = Opcode::reduce,
                       .dtype = monoid->identity[0]->dtype,
                       .args = args,
                       .number = level,
                       .dim = store.keep(limit),
                       .monoid = monoid});
}

Expr Pool::Impl::finish_reduction(const Monoid* monoid, Expr extent, const Dim& limit, std::int64_t open,
                                  std::span<const Expr> body) {
  THEON_CHECK(body.size() == monoid->size());
  std::uint64_t outer = extent->free_levels;
  for (std::size_t c = 0; c < body.size(); ++c) {
    THEON_CHECK(body[c]->dtype == monoid->identity[c]->dtype);
    outer |= body[c]->free_levels & ~bit(open);
  }
  const Scope scope{nullptr, open, level_above(outer)};
  Renaming rename(*this);
  std::vector<Expr> named;
  for (const Expr value : body) named.push_back(rename(value, &scope));
  return reduction(monoid, extent, limit, scope.image, named);
}

Expr Pool::Impl::component(Expr reduction, std::size_t c) {
  const Monoid& monoid = *reduction->monoid;
  const Expr extent = reduction->args[0];
  const bool is_known = extent->op == Opcode::literal;
  const auto trips = static_cast<std::int64_t>(extent->bits);
  if (is_known && trips <= 0) return monoid.identity[c];
  if (is_known && trips == 1) return single_trip(reduction, c);
  if (monoid.size() == 1) return reduction;
  const std::array args{reduction};
  return store.intern({.op = Opcode::project,
                       .dtype = monoid.identity[c]->dtype,
                       .args = args,
                       .number = static_cast<std::int64_t>(c)});
}

Expr Pool::Impl::single_trip(Expr reduction, std::size_t c) {
  const Monoid& monoid = *reduction->monoid;
  const std::vector<Expr> value = store.pool().body(reduction, store.pool().literal(0));
  return store.pool().substitute(monoid.combine[c], [&](Expr leaf) -> Expr {
    if (leaf->op != Opcode::argument) return {};
    const auto number = static_cast<std::size_t>(leaf->number);
    return number < monoid.size() ? monoid.identity[number] : value[number - monoid.size()];
  });
}

std::vector<Expr> Pool::reduce(const Monoid* monoid, Expr extent, const Dim& limit,
                               const std::function<std::vector<Expr>(Expr)>& body) {
  THEON_CHECK(extent->dtype == DType::int64);
  const Opened opened(*impl_);
  const std::int64_t level = impl_->open();
  const std::vector<Expr> values = body(impl_->bound(level, limit));
  const Expr reduction = impl_->finish_reduction(monoid, extent, limit, level, values);
  std::vector<Expr> components;
  for (std::size_t c = 0; c < monoid->size(); ++c) components.push_back(impl_->component(reduction, c));
  return components;
}

Expr Pool::reduce(const Monoid* monoid, const Dim& extent, const std::function<Expr(Expr)>& body) {
  THEON_CHECK(monoid->size() == 1);
  return reduce(monoid, parameter(extent), extent, [&](Expr k) { return std::vector{body(k)}; }).front();
}

std::vector<Expr> Pool::body(Expr reduction, Expr index) {
  THEON_CHECK(reduction->op == Opcode::reduce && index->dtype == DType::int64);
  const std::function<Expr(Expr)> leaf = [&](Expr x) {
    return x->op == Opcode::bound && x->number == reduction->number ? index : Expr();
  };
  const Opened opened(*impl_);
  Substitution substitution(*impl_, leaf);
  std::vector<Expr> values;
  for (const Expr value : reduction->args.subspan(1)) values.push_back(substitution(value, nullptr));
  return values;
}

Expr Pool::substitute(Expr root, const std::function<Expr(Expr)>& leaf) {
  const Opened opened(*impl_);
  return Substitution(*impl_, leaf)(root, nullptr);
}

}  // namespace theon::ir
