#include "codegen/schedule/extremes.h"

#include "codegen/schedule/reductions.h"
#include "src/ir/monoids.h"

#include <limits>
#include <utility>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// The bit patterns of a floating dtype, as integers.
struct Patterns {
  DType is_unsigned, is_signed;
  std::int64_t infinity;

  std::uint64_t sign() const { return std::uint64_t{1} << (8 * size_of(is_unsigned) - 1); }
};

Patterns patterns(DType dtype) {
  return dtype == DType::float32 ? Patterns{DType::uint32, DType::int32, 0x7f800000}
                                 : Patterns{DType::uint64, DType::int64, 0x7ff0000000000000};
}

/// The smallest and the largest pattern without a sign and the largest with one: patterns are in the order of their
/// numbers where these are positive and in the reverse order where they are negative, and NaNs are beyond infinity.
const ir::Monoid* extremes(ir::Pool& pool, DType dtype, Opcode kind) {
  const Patterns p = patterns(dtype);
  const auto either = [&](Opcode how, int component, DType as) {
    return pool.make(how, {pool.argument(component, as), pool.argument(component + 3, as)}, as);
  };
  const double none = std::numeric_limits<double>::infinity() * (kind == Opcode::max ? -1 : 1);
  const Expr identity = pool.literal(dtype, none);
  const auto as = [&](DType to) { return pool.make(Opcode::bitcast, {identity}, to); };
  return pool.monoid({.name = kind == Opcode::max ? "extremes from below" : "extremes from above",
                      .identity = {as(p.is_unsigned), as(p.is_unsigned), as(p.is_signed)},
                      .combine = {either(Opcode::min, 0, p.is_unsigned), either(Opcode::max, 1, p.is_unsigned),
                                  either(Opcode::max, 2, p.is_signed)}});
}

/// Of values that are met in the order of their places: what comes later stays only where it is larger. Where all are
/// as low as the identity, the first place is 0.
const ir::Monoid* first_maximum_in_order(ir::Pool& pool, DType dtype, DType place) {
  const Expr a = pool.argument(0, dtype), i = pool.argument(1, place);
  const Expr b = pool.argument(2, dtype), j = pool.argument(3, place);
  const Expr stays = is_floating(dtype) ? (b <= a) | (a != a) : b <= a;
  return pool.monoid({.name = "first maximum in order",
                      .identity = {ir::first_maximum(pool, dtype)->identity[0], pool.literal(place, std::int64_t{0})},
                      .combine = {select(stays, a, b), select(stays, i, j)}});
}

class Rewriter {
 public:
  Rewriter(ir::Pool& pool, const Machine& machine) : pool_(pool), machine_(machine) {}

  Nest operator()(Nest nest) {
    along_rows_ = !reduces_columns(nest.element, static_cast<int>(nest.domain.size()));
    nest.element = rewritten(nest.element);
    return nest;
  }

 private:
  Expr rewritten(Expr root) {
    return pool_.replace(root, [this](Expr e) -> Expr {
      if (e->op == Opcode::reduce && has_integer_order(e->dtype) && !orders_floating_columns()) {
        for (const Opcode kind : {Opcode::max, Opcode::min})
          if (e->monoid == pool_.monoid(kind, e->dtype)) return extreme(e, kind);
      }
      const bool is_place = e->op == Opcode::project && e->number <= 1 && along_rows_;
      return is_place ? of_first_maximum(e->args[0], e->number) : Expr();
    });
  }

  /// Down columns each running result is loaded and stored: one beats three, where the machine orders floating values
  /// in as few instructions.
  bool orders_floating_columns() const { return machine_.tables && !along_rows_; }

  bool has_integer_order(DType dtype) const {
    return dtype == DType::float32 ? machine_.vector_bytes >= 32
                                   : dtype == DType::float64 && machine_.vector_bytes >= 64;
  }

  Expr extreme(Expr reduce, Opcode kind) {
    return extreme(reduce->dtype, kind, reduce->args[0], *reduce->dim,
                   [&](Expr k) { return rewritten(pool_.body(reduce, k)[0]); });
  }

  Expr extreme(DType dtype, Opcode kind, Expr extent, const Dim& limit, const std::function<Expr(Expr)>& value) {
    const Patterns p = patterns(dtype);
    const std::vector<Expr> found = pool_.reduce(extremes(pool_, dtype, kind), extent, limit, [&](Expr k) {
      const Expr x = value(k);
      const Expr bits = pool_.make(Opcode::bitcast, {x}, p.is_unsigned);
      return std::vector{bits, bits, pool_.make(Opcode::bitcast, {x}, p.is_signed)};
    });
    const Expr least = found[0], largest = found[1];
    const Expr positive = pool_.make(Opcode::bitcast, {found[2]}, p.is_unsigned);
    const Expr infinity = pool_.literal_bits(p.is_unsigned, static_cast<std::uint64_t>(p.infinity));
    const Expr negative_infinity = pool_.literal_bits(p.is_unsigned, static_cast<std::uint64_t>(p.infinity) | p.sign());
    const Expr sign = pool_.literal_bits(p.is_unsigned, p.sign());
    const Expr signed_infinity = pool_.literal(p.is_signed, p.infinity);
    const Expr number =
        kind == Opcode::max ? select(positive < sign, positive, least) : select(largest < sign, least, largest);
    const Expr has_nan = (negative_infinity < largest) | (signed_infinity < found[2]);
    const Expr quiet = infinity | (infinity >> 1);
    return pool_.make(Opcode::bitcast, {select(has_nan, quiet, number)}, dtype);
  }

  /// The largest value, or the first place that holds it.
  Expr of_first_maximum(Expr reduce, std::int64_t component) {
    const DType dtype = reduce->args[1]->dtype;
    if (reduce->op != Opcode::reduce || !has_integer_order(dtype)) return Expr();
    if (reduce->monoid != ir::first_maximum(pool_, dtype)) return Expr();
    const Row row{dtype, reduce->args[0], *reduce->dim,
                  [this, reduce](Expr k) { return rewritten(pool_.body(reduce, k)[0]); }};
    const bool is_one_segment = less_equal(row.limit, segment) == Answer::yes;
    const auto [largest, where] = is_one_segment ? std::pair(largest_in(row), pool_.literal(0)) : best_segment(row);
    if (component == 0) return largest;
    return is_one_segment ? first_place(row, largest) : place_in_segment(row, where, largest);
  }

  /// What a reduction to the largest value meets.
  struct Row {
    DType dtype;
    Expr extent;
    Dim limit;
    std::function<Expr(Expr)> at;
  };

  /// The place is looked for in one segment: long enough to reduce by vectors, short next to a long row.
  static constexpr std::int64_t segment = 2048;

  Row segment_of(const Row& row, Expr which) {
    const Expr first = which * segment;
    return {row.dtype, min(pool_.literal(segment), row.extent - first), segment,
            [first, at = row.at](Expr k) { return at(first + k); }};
  }

  Expr largest_in(const Row& row) { return extreme(row.dtype, Opcode::max, row.extent, row.limit, row.at); }

  /// The largest value, and the first segment that holds it.
  std::pair<Expr, Expr> best_segment(const Row& row) {
    const Expr count = floor_div(row.extent + (segment - 1), segment);
    const std::vector<Expr> best = pool_.reduce(first_maximum_in_order(pool_, row.dtype, DType::int64), count,
                                                floor_div(row.limit + (segment - 1), segment), [&](Expr which) {
                                                  return std::vector{largest_in(segment_of(row, which)), which};
                                                });
    return {best[0], best[1]};
  }

  Expr first_place(const Row& row, Expr largest) {
    const Expr is_nan = largest != largest, nothing = pool_.literal(0);
    // Of a loop for each of the two one runs, with one comparison an element; a short one is over sooner than begun.
    if (less_equal(row.limit, 64) == Answer::yes) return first_of_either(row, largest);
    return select(is_nan, first_where(row, select(is_nan, row.extent, nothing), [](Expr x) { return x != x; }),
                  first_where(row, select(is_nan, nothing, row.extent), [&](Expr x) { return x == largest; }));
  }

  /// The last segment is as long as the others: what it shares with the one before it holds no such value. So its
  /// extent is known before any value is.
  Expr place_in_segment(const Row& row, Expr which, Expr largest) {
    const Expr length = min(pool_.literal(segment), row.extent);
    const Expr first = min(which * segment, row.extent - length);
    return first + first_of_either({row.dtype, length, segment, [&](Expr k) { return row.at(first + k); }}, largest);
  }

  Expr first_of_either(const Row& row, Expr largest) {
    return first_where(row, row.extent, [&](Expr x) { return (x == largest) | ((x != x) & (largest != largest)); });
  }

  /// Counted in as few bits as the values have.
  Expr first_where(const Row& row, Expr trips, const std::function<Expr(Expr)>& is_it) {
    const Expr nowhere = pool_.literal(DType::int32, std::int64_t{std::numeric_limits<std::int32_t>::max()});
    const Expr place = pool_.reduce(pool_.monoid(Opcode::min, DType::int32), trips, row.limit, [&](Expr k) {
      return std::vector{select(is_it(row.at(k)), convert(k, DType::int32), nowhere)};
    })[0];
    return convert(place, DType::int64);
  }

  ir::Pool& pool_;
  const Machine& machine_;
  bool along_rows_ = false;
};

}  // namespace

std::vector<Work> with_fast_extremes(std::span<const Work> works, ir::Pool& pool, const Machine& machine) {
  std::vector<Work> result(works.begin(), works.end());
  for (Work& work : result)
    if (auto* nest = std::get_if<Nest>(&work)) *nest = Rewriter(pool, machine)(std::move(*nest));
  return result;
}

Expr with_places_in_order(Expr element) {
  ir::Pool& pool = *element->pool;
  return pool.replace(element, [&](Expr e) -> Expr {
    if (e->op != Opcode::project || e->args[0]->op != Opcode::reduce) return Expr();
    const Expr reduce = e->args[0];
    const DType dtype = reduce->args[1]->dtype;
    if (reduce->monoid != ir::first_maximum(pool, dtype)) return Expr();
    const bool is_short = less_equal(*reduce->dim, std::numeric_limits<std::int32_t>::max()) == Answer::yes;
    const DType place = is_short ? DType::int32 : DType::int64;
    const ir::Monoid* in_order = first_maximum_in_order(pool, dtype, place);
    const std::vector<Expr> found = pool.reduce(in_order, reduce->args[0], *reduce->dim, [&](Expr k) {
      return std::vector{pool.body(reduce, k)[0], convert(k, place)};
    });
    return convert(found[e->number], e->dtype);
  });
}

}  // namespace theon::codegen
