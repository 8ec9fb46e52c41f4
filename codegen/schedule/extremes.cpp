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
      if (e->op == Opcode::reduce && has_integer_order(e->dtype)) {
        for (const Opcode kind : {Opcode::max, Opcode::min})
          if (e->monoid == pool_.monoid(kind, e->dtype)) return extreme(e, kind);
      }
      const bool is_place = e->op == Opcode::project && e->number <= 1 && along_rows_;
      return is_place ? of_first_maximum(e->args[0], e->number) : Expr();
    });
  }

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
    const auto at = [&](Expr k) { return rewritten(pool_.body(reduce, k)[0]); };
    const Expr largest = extreme(dtype, Opcode::max, reduce->args[0], *reduce->dim, at);
    if (component == 0) return largest;
    return first_place(reduce->args[0], *reduce->dim, largest, at);
  }

  /// In two steps: places within a segment are counted in as few bits as the values have.
  Expr first_place(Expr extent, const Dim& limit, Expr largest, const std::function<Expr(Expr)>& at) {
    constexpr std::int64_t segment = std::int64_t{1} << 30;
    const Expr none = pool_.literal(std::numeric_limits<std::int64_t>::max());
    const Expr nowhere = pool_.literal(DType::int32, segment), nothing = pool_.literal(0);
    const Expr segments = floor_div(extent + (segment - 1), segment), is_nan = largest != largest;
    const bool is_short = limit.is_known() && *limit.known() <= 64;
    const auto within = [&](Expr s) {
      const Expr first = s * segment, length = min(pool_.literal(segment), extent - first);
      const auto first_where = [&](Expr trips, const std::function<Expr(Expr)>& is_it) {
        return pool_.reduce(pool_.monoid(Opcode::min, DType::int32), trips, min(limit, Dim(segment)), [&](Expr k) {
          return std::vector{select(is_it(at(first + k)), convert(k, DType::int32), nowhere)};
        })[0];
      };
      const auto number = [&](Expr trips) { return first_where(trips, [&](Expr x) { return x == largest; }); };
      const auto nan = [&](Expr trips) { return first_where(trips, [](Expr x) { return x != x; }); };
      const auto either = [&](Expr trips) {
        return first_where(trips, [&](Expr x) { return (x == largest) | ((x != x) & is_nan); });
      };
      // Of a loop for each of the two one runs, with one comparison an element; a short one is over sooner than begun.
      const Expr place =
          is_short ? either(length)
                   : select(is_nan, nan(select(is_nan, length, nothing)), number(select(is_nan, nothing, length)));
      return std::vector{select(place < nowhere, first + convert(place, DType::int64), none)};
    };
    return pool_.reduce(pool_.monoid(Opcode::min, DType::int64), segments, floor_div(limit + (segment - 1), segment),
                        within)[0];
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

}  // namespace theon::codegen
