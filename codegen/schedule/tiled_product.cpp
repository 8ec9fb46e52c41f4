#include "codegen/schedule/tiled_product.h"

#include "codegen/partition/contraction.h"
#include "codegen/schedule/product_kernel.h"
#include "codegen/schedule/tile.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace theon::codegen {

namespace {

using ir::Expr;

/// Tiles of rows that meet a panel of columns before the next panel comes.
constexpr std::int64_t block_tiles = 6;
/// Of the sum, what a panel and a block of rows hold in the second-level cache.
constexpr std::int64_t block_sums = 1024;
/// Rows of a right operand that lie on more than so many bytes leave the translation buffers.
constexpr std::int64_t far_bytes = std::int64_t{1} << 23;
/// Lines so far apart share a set of the first-level cache, and few sets of the second-level one.
constexpr std::int64_t page_bytes = std::int64_t{1} << 12;
/// Lines that a set of the first-level cache holds beside those of the other operand.
constexpr std::int64_t rows_of_set = 9;
/// So few rows do not pay for copying the right operand.
constexpr std::int64_t few_rows = 192;
/// Operations after a sum that are compiled once for each sum of a tile; more run in a loop over its rows.
constexpr int short_epilogue = 8;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

class TiledProduct : ProductKernel {
 public:
  TiledProduct(const Contraction& product, const LoweringInput& input)
      : ProductKernel(product, input),
        tile_(best_tile(rows().known(), columns().known(), lanes_, machine_, shares_sets() ? rows_of_set : most_rows)),
        is_symmetric_(is_symmetric()),
        rows_stay_(!is_symmetric_ && fits(product.domain[product.row] * product.k, resident_bytes)),
        packs_left_(!strides(product.left, product.row) || (!rows_stay_ && !is_at_most(panels(), 2))) {}

  LoweredKernel run() {
    const Dim trips = has_batch() ? batch_trips() : rows_stay_ ? panels() : row_blocks();
    open_batch();
    const Range whole = has_batch() ? Range(number(0), number(rows_stay_ ? panels() : row_blocks()))
                                    : Range(builder_.begin(), builder_.end());
    packs_right_ = !has_columns_in_a_row() || (!rows_stay_ && has_far_rows());
    note_plan();
    if (packs_right_ && has_columns_in_a_row() && !rows().known())
      // Rows that turn out to be few meet each panel only a few times: copying it would take as long.
      builder_.branch(
          number(rows()) < number(few_rows), [&] { blocks(whole, false); }, [&] { blocks(whole, true); });
    else
      blocks(whole, packs_right_);
    close_batch();
    return {builder_.finish(), trips};
  }

 private:
  using Range = std::pair<Expr, Expr>;

  // The plan.

  /// Whether the left operand's rows lie where all of them go to one set of the first-level cache, in which case a tile
  /// should not read more of them at once than it holds.
  bool shares_sets() const {
    const std::optional<Strides> found = strides(product_.left, product_.row);
    return found && equal(mod(found->side * static_cast<std::int64_t>(size_of(dtype())), page_bytes), 0) == Answer::yes;
  }
  bool fits(const Dim& elements, std::int64_t bytes) const {
    return is_at_most(elements, bytes / static_cast<std::int64_t>(size_of(dtype())));
  }
  static bool is_at_most(const Dim& size, std::int64_t most) { return size.known() && *size.known() <= most; }
  bool has_columns_in_a_row() const {
    const std::optional<Strides> found = strides(product_.right, product_.column);
    return found && equal(found->side, 1) == Answer::yes;
  }

  /// Whether caches and translation buffers do not hold a panel of the right operand's rows where they lie.
  bool has_far_rows() const {
    const Dim distance = strides(product_.right, product_.column)->sum, reached = sum_step() * distance;
    if (fits(reached, 2 * resident_bytes)) return false;
    const Dim bytes = distance * static_cast<std::int64_t>(size_of(dtype()));
    return !fits(reached, far_bytes) || equal(mod(bytes, page_bytes), 0) == Answer::yes;
  }

  /// Whether left and right are one matrix and its transpose, and more than half of the result need not be computed.
  bool is_symmetric() const {
    if (has_batch() || equal(rows(), columns()) != Answer::yes || is_at_most(rows(), 2 * block_tiles * tile_.rows))
      return false;
    const Expr column = pool_.index(product_.column, columns());
    return same(product_.right, pool_.replace(product_.left, [&](Expr e) {
      return e->op == ir::Opcode::index && e->number == product_.row ? column : Expr();
    }));
  }

  std::int64_t width() const { return tile_.vectors * lanes_; }
  Dim panels() const { return floor_div(columns() + (width() - 1), width()); }
  /// Panels that are copied at once: as many in each block.
  Dim column_blocks() const {
    const Dim bytes = product_.k * (width() * static_cast<std::int64_t>(size_of(dtype())));
    const Dim most = max(floor_div(Dim(block_bytes), bytes), 1);
    return floor_div(panels() + (most - 1), most);
  }
  Dim panels_of_block() const {
    const Dim blocks = column_blocks();
    return floor_div(panels() + (blocks - 1), max(blocks, 1));
  }
  Dim row_tiles() const { return floor_div(rows() + (tile_.rows - 1), tile_.rows); }
  Dim row_blocks() const { return floor_div(row_tiles() + (tiles_of_block() - 1), tiles_of_block()); }
  /// Of a symmetric result low blocks leave little to compute twice.
  std::int64_t tiles_of_block() const { return is_symmetric_ ? block_tiles / 2 : block_tiles; }
  std::int64_t block_rows() const { return tiles_of_block() * tile_.rows; }

  /// The sum runs in steps of so many; known sums in equal ones.
  Dim sum_step() const {
    const auto k = product_.k.known();
    if (!k) return block_sums;
    return ceil_div(*k, std::max<std::int64_t>(1, ceil_div(*k, block_sums + block_sums / 2)));
  }
  bool is_split() const { return equal(sum_step(), product_.k) != Answer::yes; }

  void note_plan() {
    builder_.note("a tile of {} rows x {} vectors of {} columns in registers", tile_.rows, tile_.vectors, lanes_);
    if (rows_stay_) builder_.note("all rows meet a panel of columns before the next");
    if (!rows_stay_) builder_.note("blocks of {} rows meet a panel of columns before the next", block_rows());
    const bool depends = packs_right_ && has_columns_in_a_row() && !rows().known();
    const std::string where = depends ? fmt::format(" where there are {} rows or more", few_rows) : "";
    const auto how = [](bool packs, Expr factor) {
      return !packs ? "in place" : load_of(factor) ? "packed" : "computed as it is packed";
    };
    builder_.note("left operand {}, right operand {}{}", how(packs_left_, product_.left),
                  how(packs_right_, product_.right), where);
    if (!rows_stay_ && is_split()) builder_.note("the sum in steps of {}", to_string(sum_step()));
    if (is_symmetric_)
      builder_.note("a matrix times its own transpose: one half is computed, and turned for the other");
    if (epilogue_cost() > short_epilogue) builder_.note("what follows each sum runs in a loop over the tile's rows");
  }

  // Blocks.

  void blocks(const Range& range, bool packs_right) {
    packs_right_ = packs_right;
    left_at_ = nullptr;
    right_at_ = nullptr;
    if (rows_stay_)
      all_rows(range);
    else
      blocks_of_rows(range);
  }

  /// The rows of a block: tiles of known rows by number, otherwise rows.
  struct Rows {
    Expr first, count;
    Range tiles = {};
  };
  /// The part of the sum that is at hand. Sums that are not complete yet, or that serve for two elements, wait in
  /// scratch memory.
  struct Sums {
    Expr first, count;
    bool wait = false;
  };

  void all_rows(const Range& range) {
    const Rows rows{number(0), number(this->rows()), {number(0), number(row_tiles())}};
    const Sums sums{number(0), number(product_.k), false};
    if (packs_left_) pack_left(rows, sums, number(this->rows()));
    for_panels(range, [&](Expr panel, Expr count, const LoopShape& shape) {
      if (packs_right_) pack_right({panel, panel + number(1)});
      tiles_of(panel, count, shape, rows, sums);
    });
  }

  void blocks_of_rows(const Range& range) {
    first_panel_ = number(0);
    if (!packs_right_) return blocks_of_rows(range, {number(0), number(panels())});
    const Expr all = number(panels());
    const Expr most = number(panels_of_block());
    const Expr first = builder_.open(number(0), number(column_blocks())) * most;
    const Range block{first, min(first + most, all)};
    pack_right(block);
    blocks_of_rows(range, block);
    builder_.close();
  }

  void blocks_of_rows(const Range& range, const Range& panels) {
    const Expr block = builder_.open(range.first, range.second);
    const Rows rows = rows_of(block);
    const Expr step = number(sum_step()), all = number(product_.k);
    Sums sums{number(0), all, is_split() || is_symmetric_};
    if (sums.wait) waiting_ = builder_.scratch(dtype(), number(block_rows()) * waiting_length());
    if (is_split()) {
      // Empty sums have one step as well: the result is written in the last.
      const Expr steps = max(floor_div(all + step - number(1), step), number(1));
      sums.first = builder_.open(number(0), steps) * step;
      sums.count = min(step, all - sums.first);
    }
    if (packs_left_) pack_left(rows, sums, number(block_rows()));
    // Of a symmetric result those panels that reach beyond the diagonal.
    const Expr first = is_symmetric_ ? max(panels.first, floor_div(rows.first, number(width()))) : panels.first;
    for_panels({first, panels.second},
               [&](Expr panel, Expr count, const LoopShape& shape) { tiles_of(panel, count, shape, rows, sums); });
    if (is_split()) builder_.close();
    if (is_symmetric_) finish_both_halves(rows, panels);
    builder_.close();
  }

  /// The block's elements from the diagonal on, and those on the other side of it.
  void finish_both_halves(const Rows& rows, const Range& panels) {
    const Expr begin = panels.first * number(width()), end = min(panels.second * number(width()), number(columns()));
    const Expr r = builder_.open(number(0), rows.count);
    const Expr column = builder_.open(max(begin, rows.first + r), end, {lanes_, 2});
    finish(rows.first + r, column, waiting_place(r, column));
    builder_.close();
    builder_.close();
    const Expr first = max(begin, rows.first), distance = number(block_rows() + lanes_);
    const std::int64_t turned = builder_.scratch(dtype(), waiting_length() * distance);
    builder_.add({ir::Transpose{turned, waiting_, number(0), distance, waiting_place(number(0), first),
                                waiting_length(), rows.count, end - first}});
    const Expr c = builder_.open(number(0), end - first);
    const Expr row = builder_.open(number(0), min(rows.count, first + c - rows.first), {lanes_, 2});
    const Expr sum = pool_.load(turned, dtype(), {{c * distance + row}});
    store(offset(first + c, rows.first + row), element(sum, first + c, rows.first + row));
    builder_.close();
    builder_.close();
  }

  void finish(Expr row, Expr column, Expr place) {
    store(offset(row, column), element(pool_.load(waiting_, dtype(), {{place}}), row, column));
  }

  Rows rows_of(Expr block) {
    const Expr tile = block * number(tiles_of_block());
    if (const auto m = rows().known()) {
      const Expr last = min(tile + number(tiles_of_block()), number(row_tiles()));
      const Expr first_row = row_of_tile(tile);
      return {first_row, row_of_tile(last) - first_row, {tile, last}};
    }
    const Expr first_row = block * number(block_rows());
    return {first_row, min(number(block_rows()), number(rows()) - first_row)};
  }

  /// Known rows are cut into tiles of nearly the same height: the first ones have a row more.
  struct Heights {
    std::int64_t low, tall;  // rows of a low tile; how many are taller by one
  };
  Heights heights() const {
    const std::int64_t tiles = *row_tiles().known(), low = tiles == 0 ? 0 : *rows().known() / tiles;
    return {low, *rows().known() - low * tiles};
  }
  Expr row_of_tile(Expr tile) { return tile * number(heights().low) + min(tile, number(heights().tall)); }

  /// Of a row of a block.
  Expr waiting_length() const {
    const Expr all = number(panels());
    return (packs_right_ ? number(panels_of_block()) : all) * number(width());
  }
  Expr waiting_place(Expr row, Expr column) const {
    return row * waiting_length() + column - first_panel_ * number(width());
  }

  // Packing.

  /// Rows keep their order along the sum where memory has it, or columns of a few numbers of each row. A distance that
  /// is no power of two spreads them over the sets of the cache.
  void pack_left(const Rows& rows, const Sums& sums, Expr most_rows) {
    const Expr row_index = pool_.index(product_.row, this->rows());
    const bool by_columns =
        !reads_in_order(product_.left, product_.index, values_) && reads_in_order(product_.left, row_index, values_);
    const Expr step = number(rows_stay_ ? product_.k : sum_step());
    const Expr distance = by_columns ? most_rows + number(lanes_) : step + number(lanes_);
    const std::int64_t packed = builder_.scratch(dtype(), by_columns ? step * distance : most_rows * distance);
    const Expr outer = builder_.open(number(0), by_columns ? sums.count : rows.count);
    const Expr inner = builder_.open(number(0), by_columns ? rows.count : sums.count, {lanes_, 4});
    const Expr row = by_columns ? inner : outer, k = by_columns ? outer : inner;
    builder_.store(packed, outer * distance + inner, left(rows.first + row, sums.first + k));
    builder_.close();
    builder_.close();
    left_at_ = [=, this](Expr r, Expr i) {
      const Expr place = by_columns ? i * distance + r : r * distance + i;
      return pool_.load(packed, dtype(), {{place}});
    };
  }

  /// Panel after panel, row after row of each; but read in the order in which it lies.
  void pack_right(const Range& panels) {
    const Expr all = number(product_.k), panel_size = all * number(width());
    const Expr most = rows_stay_ ? number(1) : number(panels_of_block());
    const std::int64_t packed = builder_.scratch(dtype(), most * panel_size);
    const auto at = [=, this](Expr k, Expr panel, Expr column) {
      return (panel - panels.first) * panel_size + k * number(width()) + column;
    };
    const std::optional<Strides> found = strides(product_.right, product_.column);
    if (found && equal(found->sum, 1) == Answer::yes)
      turn_right(packed, at, panels, found->side);
    else
      copy_right(packed, at, panels);
    right_at_ = [=, this](Expr k, Expr panel, Expr column) {
      return pool_.load(packed, dtype(), {{at(k, panel, column)}});
    };
    first_panel_ = panels.first;
  }

  using Place = std::function<Expr(Expr k, Expr panel, Expr column)>;

  void turn_right(std::int64_t packed, const Place& at, const Range& panels, const Dim& distance) {
    const Expr panel = builder_.open(panels.first, panels.second), first = panel * number(width());
    const Expr source = right(number(0), first);
    builder_.add({ir::Transpose{packed, source->number, at(number(0), panel, number(0)), number(width()),
                                source->args[0], number(distance), columns_of(panel), number(product_.k)}});
    builder_.close();
  }

  void copy_right(std::int64_t packed, const Place& at, const Range& panels) {
    const Expr k = builder_.open(number(0), number(product_.k));
    const Expr panel = builder_.open(panels.first, panels.second);
    const Expr column = builder_.open(number(0), columns_of(panel), {lanes_, static_cast<int>(tile_.vectors)});
    builder_.store(packed, at(k, panel, column), right(k, panel * number(width()) + column));
    for (int loop = 0; loop < 3; ++loop) builder_.close();
  }

  Expr columns_of(Expr panel) { return min(number(width()), number(columns()) - panel * number(width())); }

  Expr left_at(const Rows& rows, const Sums& sums, Expr row, Expr k) {
    return left_at_ ? left_at_(row, k) : left(rows.first + row, sums.first + k);
  }
  Expr right_at(Expr k, Expr panel, Expr column) {
    return right_at_ ? right_at_(k, panel, column) : right(k, panel * number(width()) + column);
  }

  // Tiles.

  using Panel = std::function<void(Expr panel, Expr count, const LoopShape& shape)>;

  /// Whole panels, and what remains as a narrower one. Of an unknown number of columns the last panel's vectors run one
  /// after the other.
  void for_panels(const Range& panels, const Panel& run) {
    const int vectors = static_cast<int>(tile_.vectors);
    const auto n = columns().known();
    if (!n) {
      const Expr panel = builder_.open(panels.first, panels.second);
      run(panel, columns_of(panel), {lanes_, vectors});
      builder_.close();
      return;
    }
    const std::int64_t whole = *n / width(), rest = *n % width();
    if (whole > 0) {
      run_panels({panels.first, rest > 0 ? min(panels.second, number(whole)) : panels.second}, number(width()),
                 {lanes_, vectors}, run);
    }
    if (rest > 0) {
      const LoopShape shape{lanes_, static_cast<int>(ceil_div(rest, lanes_)),
                            rest % lanes_ > 0 ? ir::Tail::merged : ir::Tail::apart};
      run_panels({max(panels.first, number(whole)), panels.second}, number(rest), shape, run);
    }
  }

  void run_panels(const Range& panels, Expr count, const LoopShape& shape, const Panel& run) {
    const auto left = left_at_;
    const auto right = right_at_;
    run(builder_.open(panels.first, panels.second), count, shape);
    builder_.close();
    left_at_ = left;
    right_at_ = right;
  }

  void tiles_of(Expr panel, Expr count, const LoopShape& shape, const Rows& rows, const Sums& sums) {
    const Expr column = builder_.open(number(0), count, shape);
    if (this->rows().known()) {
      const auto [low, tall] = heights();
      const auto tiles = *row_tiles().known();
      if (tall > 0)
        equal_tiles({rows.tiles.first, min(rows.tiles.second, number(tall))}, low + 1, 0, panel, column, rows, sums);
      if (tall < tiles)
        equal_tiles({max(rows.tiles.first, number(tall)), rows.tiles.second}, low, tall, panel, column, rows, sums);
    } else {
      const Expr whole = floor_div(rows.count, number(tile_.rows));
      const Expr met = floor_div(end_of_rows(panel) - rows.first + number(tile_.rows - 1), number(tile_.rows));
      const Expr t = builder_.open(number(0), is_symmetric_ ? min(whole, met) : whole);
      number_ = t;
      tile(t * number(tile_.rows), tile_.rows, {}, panel, column, rows, sums);
      builder_.close();
      const Expr done = whole * number(tile_.rows), rest = rows.count - done;
      const Expr u = builder_.open(number(0), floor_div(rest + number(rest_rows - 1), number(rest_rows)));
      number_ = whole + u;
      tile(done + u * number(rest_rows), rest_rows, rows.count, panel, column, rows, sums);
      builder_.close();
    }
    builder_.close();
  }

  /// Of a symmetric result: the rows from here on lie beyond the diagonal for all columns of the panel.
  Expr end_of_rows(Expr panel) const { return (panel + number(1)) * number(width()); }

  /// Above the tiles lie `above` rows more than tiles of this height would have.
  void equal_tiles(const Range& tiles, std::int64_t height, std::int64_t above, Expr panel, Expr column,
                   const Rows& rows, const Sums& sums) {
    const Expr met = floor_div(end_of_rows(panel) + number(height - 1 - above), number(height));
    const Expr t = builder_.open(tiles.first, is_symmetric_ ? min(tiles.second, met) : tiles.second);
    number_ = t - rows.tiles.first;
    tile(t * number(height) + number(above) - rows.first, height, {}, panel, column, rows, sums);
    builder_.close();
  }

  /// The tile of `height` rows from `first` on within the block; from row `end` on, where it is set, the last row
  /// again.
  void tile(Expr first, std::int64_t height, Expr end, Expr panel, Expr column, const Rows& rows, const Sums& sums) {
    std::vector<Expr> lines;
    for (std::int64_t r = 0; r < height; ++r)
      lines.push_back(end ? defined(min(first + number(r), end - number(1))) : first + number(r));
    const std::vector<ir::Local> totals = this->sums(height);
    multiply(lines, totals, panel, column, rows, sums);
    if (!sums.wait) return finish_tile(first, lines, totals, end, panel, column, rows);
    std::vector<Expr> places;
    for (Expr line : lines) places.push_back(waiting_place(line, panel * number(width()) + column));
    const auto wait = [&] {
      for (std::size_t r = 0; r < lines.size(); ++r) builder_.store(waiting_, places[r], total(totals[r]));
    };
    if (is_split())
      builder_.branch(sums.first > number(0), [&] {
        for (std::size_t r = 0; r < lines.size(); ++r)
          builder_.add({ir::Assign{totals[r], total(totals[r]) + pool_.load(waiting_, dtype(), {{places[r]}})}});
      });
    if (is_symmetric_) return wait();
    builder_.branch(sums.first + sums.count < number(product_.k), wait,
                    [&] { finish_tile(first, lines, totals, end, panel, column, rows); });
  }

  void multiply(const std::vector<Expr>& lines, const std::vector<ir::Local>& totals, Expr panel, Expr column,
                const Rows& rows, const Sums& sums) {
    const bool fetches = !fits(product_.k * columns(), resident_bytes) && !(rows_stay_ && packs_right_);
    const Expr line = fetches ? defined(min(number_, number(tile_.vectors - 1)) * number(lanes_)) : Expr();
    const Expr k = builder_.open(number(0), sums.count);
    if (fetches) builder_.note("the next panel is asked for while one is summed");
    if (fetches) prefetch(right_at(sums.first + k, panel + number(1), line));
    const Expr of_right = defined(right_at(sums.first + k, panel, column));
    for (std::size_t r = 0; r < lines.size(); ++r)
      builder_.add({ir::Assign{totals[r], total(totals[r]) + left_at(rows, sums, lines[r], k) * of_right}});
    builder_.close();
  }

  /// The first tiles of a panel ask for the next one, each for a column of its cache lines.
  void prefetch(Expr next) {
    if (next->op == ir::Opcode::load) builder_.add({ir::Prefetch{next->number, next->args[0]}});
  }

  /// The result's elements. Each is read, where they are computed from what lies in their place, before it is written.
  void finish_tile(Expr first, const std::vector<Expr>& lines, const std::vector<ir::Local>& totals, Expr end,
                   Expr panel, Expr column, const Rows& rows) {
    const Expr at = panel * number(width()) + column;
    if (epilogue_cost() > short_epilogue) return finish_in_loop(first, totals, end, at, column, rows);
    std::vector<Expr> offsets, values;
    for (std::size_t r = 0; r < lines.size(); ++r) {
      const Expr row = rows.first + lines[r];
      offsets.push_back(offset(row, at));
      values.push_back(defined(element(total(totals[r]), row, at)));
    }
    for (std::size_t r = 0; r < lines.size(); ++r) store(offsets[r], values[r]);
  }

  void finish_in_loop(Expr first, const std::vector<ir::Local>& totals, Expr end, Expr at, Expr column,
                      const Rows& rows) {
    if (tile_sums_ < 0) tile_sums_ = builder_.scratch(dtype(), number(std::max(tile_.rows, rest_rows) * width()));
    for (std::size_t r = 0; r < totals.size(); ++r)
      builder_.store(tile_sums_, number(static_cast<std::int64_t>(r) * width()) + column, total(totals[r]));
    const Expr height = number(static_cast<std::int64_t>(totals.size()));
    const Expr r = builder_.open(number(0), end ? min(height, end - first) : height);
    const Expr row = rows.first + first + r;
    store(offset(row, at), element(pool_.load(tile_sums_, dtype(), {{r * number(width()) + column}}), row, at));
    builder_.close();
  }

  Expr total(ir::Local local) { return builder_.local(local, dtype()); }

  const Tile tile_;
  const bool is_symmetric_, rows_stay_, packs_left_;
  bool packs_right_ = false;
  std::function<Expr(Expr row, Expr k)> left_at_;
  std::function<Expr(Expr k, Expr panel, Expr column)> right_at_;
  Expr first_panel_;
  Expr number_;  // of the tile among those of its panel
  std::int64_t waiting_ = -1, tile_sums_ = -1;
};

}  // namespace

LoweredKernel lower_tiled(const Contraction& product, const LoweringInput& input) {
  return TiledProduct(product, input).run();
}

}  // namespace theon::codegen
