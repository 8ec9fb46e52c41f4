#include "codegen/schedule/moments.h"

#include "src/ir/size.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Two passes over less than this stay in a cache.
constexpr std::int64_t shortest_row = std::int64_t{1} << 16;
constexpr std::int64_t shortest_sum = std::int64_t{1} << 13;
constexpr std::int64_t segment = std::int64_t{1} << 14;

using Factors = std::vector<Expr>;

/// The factors of a product, sorted.
Factors factors(Expr product) {
  Factors found, stack{product};
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (e->op == Opcode::mul)
      stack.insert(stack.end(), e->args.begin(), e->args.end());
    else
      found.push_back(e);
  }
  std::ranges::sort(found, {}, [](Expr e) { return e->id; });
  return found;
}

bool same_factors(const Factors& a, const Factors& b) {
  return std::ranges::equal(a, b, [](Expr x, Expr y) { return same(x, y); });
}

/// sum(weights * (x - center)^2) over the index of `sum`.
struct SquaredDeviations {
  Expr sum;
  Factors weights;
  Expr x, center;

  /// Of weights * x.
  Factors terms() const {
    Factors all = factors(x);
    all.insert(all.end(), weights.begin(), weights.end());
    std::ranges::sort(all, {}, [](Expr e) { return e->id; });
    return all;
  }
};

bool is_sum(Expr e) {
  return e->op == Opcode::reduce && is_floating(e->dtype) && e->monoid == e->pool->monoid(Opcode::add, e->dtype);
}

/// Not known to be short; where there are many rows, known to be long.
bool is_long(Expr sum) {
  const std::optional<Dim> extent = ir::as_dim(sum->args[0]);
  if (!extent || sum->free_levels != 0) return false;
  return sum->free_axes == 0 ? less_equal(*extent, shortest_sum) != Answer::yes
                             : less_equal(shortest_row, *extent) == Answer::yes;
}

std::optional<SquaredDeviations> squared_deviations(Expr sum) {
  if (!is_sum(sum) || !is_long(sum)) return std::nullopt;
  const auto varies = [&](Expr e) { return ((e->free_levels >> sum->number) & 1) != 0; };
  Factors rest = factors(sum->args[1]);
  for (auto it = rest.begin(); it + 1 < rest.end(); ++it) {
    const Expr d = *it;
    if (!same(d, it[1]) || d->op != Opcode::sub || !varies(d->args[0]) || varies(d->args[1])) continue;
    rest.erase(it, it + 2);
    return SquaredDeviations{sum, rest, d->args[0], d->args[1]};
  }
  return std::nullopt;
}

// The components of a reduction to moments: of each segment, the absolute sum of weights; then, about `center`, the
// sums of w, w * d and w * d^2, where d is the distance from it. Centers of merged segments are between theirs.
enum Moment : std::size_t { importance, center, weight, first, second, weighted_sum, moments };

const ir::Monoid* moments_monoid(ir::Pool& pool, DType dtype) {
  const auto a = [&](Moment m) { return pool.argument(static_cast<int>(m), dtype); };
  const auto b = [&](Moment m) { return pool.argument(static_cast<int>(m + moments), dtype); };
  const Expr all = a(importance) + b(importance);
  const Expr share = select(all > 0, b(importance) / all, 0);
  const Expr merged = fma(b(center) - a(center), share, a(center));
  const Expr from_a = a(center) - merged, from_b = b(center) - merged;
  const auto moved_first = [](Expr w, Expr s, Expr by) { return fma(by, w, s); };
  const auto moved_second = [](Expr w, Expr s, Expr q, Expr by) { return fma(by, fma(by, w, s + s), q); };
  std::vector<Expr> combine(moments);
  combine[importance] = all;
  combine[center] = merged;
  combine[weight] = a(weight) + b(weight);
  combine[first] = moved_first(a(weight), a(first), from_a) + moved_first(b(weight), b(first), from_b);
  combine[second] =
      moved_second(a(weight), a(first), a(second), from_a) + moved_second(b(weight), b(first), b(second), from_b);
  combine[weighted_sum] = a(weighted_sum) + b(weighted_sum);
  return pool.monoid({.name = "moments",
                      .identity = std::vector<Expr>(moments, pool.literal(dtype, 0.0)),
                      .combine = std::move(combine)});
}

/// Several sums at once.
const ir::Monoid* sums_monoid(ir::Pool& pool, DType dtype, int count) {
  std::vector<Expr> combine;
  for (int c = 0; c < count; ++c) combine.push_back(pool.argument(c, dtype) + pool.argument(c + count, dtype));
  return pool.monoid({.name = std::to_string(count) + " sums",
                      .identity = std::vector<Expr>(count, pool.literal(dtype, 0.0)),
                      .combine = std::move(combine)});
}

class Moments {
 public:
  Moments(const SquaredDeviations& of, ir::Pool& pool)
      : of_(of), pool_(pool), dtype_(of.x->dtype), extent_(of.sum->args[0]) {
    const Dim dim = *ir::as_dim(extent_), segments = floor_div(dim + (segment - 1), segment);
    components_ = pool.reduce(moments_monoid(pool, dtype_), pool.parameter(segments), segments,
                              [this](Expr number) { return of_segment(number * segment); });
  }

  /// What takes the place of `sum`; null for a sum that is none of the moments.
  Expr in_place_of(Expr sum) const {
    if (same(sum, of_.sum)) return about(of_.center);
    if (!is_sum(sum) || !same(sum->args[0], extent_)) return {};
    const Factors terms = factors(sum->args[1]);
    if (same_factors(terms, of_.terms())) return components_[weighted_sum];
    return !of_.weights.empty() && same_factors(terms, of_.weights) ? components_[weight] : Expr();
  }

 private:
  Expr at(Expr value, Expr index) const {
    return pool_.substitute(value, [&](Expr leaf) {
      return leaf->op == Opcode::bound && leaf->number == of_.sum->number ? index : Expr();
    });
  }

  Expr weight_at(Expr index) const {
    Expr product = pool_.literal(dtype_, 1.0);
    for (const Expr factor : of_.weights) product = product * at(factor, index);
    return product;
  }

  std::vector<Expr> of_segment(Expr begin) const {
    const Expr length = min(pool_.literal(segment), extent_ - begin);
    // Halves, since the sum of the ends may overflow.
    const Expr near = at(of_.x, begin) * 0.5 + at(of_.x, begin + length - 1) * 0.5;
    const std::vector<Expr> sums = sums_about(near, begin, length);
    const Expr w = sums[0], s = sums[1], q = sums[2], total = sums[3];
    // For weights of one sign s^2 / w <= q, by the inequality of Cauchy and Schwarz. The nearer it comes to an
    // equality, the less is left of q about the mean; and where weights of both signs break it, their mean is no center
    // of theirs.
    const Expr lost = abs(s / w * s), all = abs(q);
    const Expr mean = total / w, infinity = pool_.literal(mean->dtype, std::numeric_limits<double>::infinity());
    const Expr is_centered = ~(lost < all * 0.75) & (lost <= all * 1.0625) & (abs(mean) < infinity);
    const std::vector<Expr> again = sums_about(mean, begin, select(is_centered, length, pool_.literal(0)));
    std::vector<Expr> result(moments);
    result[importance] = abs(w);
    result[center] = select(is_centered, mean, near);
    result[weight] = w;
    result[first] = select(is_centered, again[1], s);
    result[second] = select(is_centered, again[2], q);
    result[weighted_sum] = total;
    return result;
  }

  /// The sums of w, w * d, w * d^2 and w * x.
  std::vector<Expr> sums_about(Expr origin, Expr begin, Expr length) const {
    return pool_.reduce(sums_monoid(pool_, dtype_, 4), length, segment, [&](Expr k) {
      const Expr w = weight_at(begin + k), x = at(of_.x, begin + k), d = x - origin, moment = w * d;
      return std::vector{w, moment, moment * d, w * x};
    });
  }

  /// The sum of w * (x - c)^2.
  Expr about(Expr c) const {
    const Expr by = components_[center] - c;
    return fma(by, fma(by, components_[weight], components_[first] * 2), components_[second]);
  }

  const SquaredDeviations& of_;
  ir::Pool& pool_;
  DType dtype_;
  Expr extent_;
  std::vector<Expr> components_;
};

std::vector<Nest*> nests(std::vector<Work>& works) {
  std::vector<Nest*> found;
  for (Work& work : works)
    if (auto* nest = std::get_if<Nest>(&work)) found.push_back(nest);
  return found;
}

Expr first_in(Expr root, const std::function<bool(Expr)>& is_wanted) {
  for (const Expr e : ir::postorder(std::span(&root, 1)))
    if (is_wanted(e)) return e;
  return {};
}

/// The deviations whose center is a mean: it reads, by way of scalars, a sum of the terms.
std::optional<SquaredDeviations> deviations_from_mean(std::span<Nest* const> all, const Nest& nest) {
  std::optional<SquaredDeviations> found;
  first_in(nest.element, [&](Expr e) { return (found = squared_deviations(e)).has_value(); });
  if (!found) return found;
  const Factors terms = found->terms();
  const auto is_total = [&](Expr e) {
    return is_sum(e) && same(e->args[0], found->sum->args[0]) && same_factors(factors(e->args[1]), terms);
  };
  std::vector<Expr> pending{found->center};
  for (std::size_t next = 0; next < pending.size(); ++next) {
    if (first_in(pending[next], is_total)) return found;
    for (const Expr e : ir::postorder(std::span(&pending[next], 1)))
      for (const Nest* maker : all)
        if (e->op == Opcode::load && e->number == maker->result && maker->domain == nest.domain && pending.size() < 16)
          pending.push_back(maker->element);
  }
  return std::nullopt;
}

}  // namespace

std::vector<Work> with_moments_together(std::vector<Work> works, ir::Pool& pool) {
  const std::vector<Nest*> all = nests(works);
  for (const Nest* nest : all) {
    const std::optional<SquaredDeviations> deviations = deviations_from_mean(all, *nest);
    if (!deviations) continue;
    const Moments moments(*deviations, pool);
    for (Nest* other : all)
      if (other->domain == nest->domain)
        other->element = pool.replace(other->element, [&](Expr e) { return moments.in_place_of(e); });
  }
  return works;
}

}  // namespace theon::codegen
