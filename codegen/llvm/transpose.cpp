// Blocks copied across: square tiles are turned in registers.
#include "codegen/llvm/statement.h"

#include <algorithm>

namespace theon::codegen {

namespace {

/// What a cache line holds is used at once, and a tile fits the registers.
constexpr unsigned most_lanes = 16;

/// In every run of `period` lanes every other block of `size` lanes, from the first or the second on: x's, then y's.
llvm::Value* every_other(Builder& b, llvm::Value* x, llvm::Value* y, unsigned size, unsigned period, unsigned from) {
  const unsigned lanes = lanes_of(x), half = period / size / 2;
  llvm::SmallVector<int, most_lanes> taken;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    const unsigned run = lane / period * period, block = lane % period / size;
    const unsigned vector = block < half ? 0 : lanes;
    taken.push_back(static_cast<int>(vector + run + (2 * (block % half) + from) * size + lane % size));
  }
  return b.CreateShuffleVector(x, y, taken);
}

/// Block k of vector l of a power of two of vectors becomes block l of vector k, in every run of `period` lanes.
Values exchanged(Builder& b, const Values& vectors, unsigned size, unsigned period) {
  if (vectors.size() == 1) return vectors;
  Values even, odd, result;
  for (std::size_t k = 0; k < vectors.size(); k += 2) {
    even.push_back(every_other(b, vectors[k], vectors[k + 1], size, period, 0));
    odd.push_back(every_other(b, vectors[k], vectors[k + 1], size, period, 1));
  }
  even = exchanged(b, even, size, period);
  odd = exchanged(b, odd, size, period);
  for (std::size_t k = 0; k < even.size(); ++k) result.append({even[k], odd[k]});
  return result;
}

/// Machines have shuffles within 16 bytes and shuffles of 16 bytes: lanes are exchanged within these, then these.
Values transposed(Builder& b, const Values& rows) {
  const auto lanes = static_cast<unsigned>(rows.size());
  const unsigned near = std::min(lanes, 128 / rows[0]->getType()->getScalarSizeInBits());
  Values within, columns(lanes);
  for (unsigned first = 0; first < lanes; first += near)
    within.append(exchanged(b, Values(rows.begin() + first, rows.begin() + first + near), 1, near));
  for (unsigned lane = 0; lane < near; ++lane) {
    Values across;
    for (unsigned first = 0; first < lanes; first += near) across.push_back(within[first + lane]);
    across = exchanged(b, across, near, lanes);
    for (unsigned k = 0; k < across.size(); ++k) columns[k * near + lane] = across[k];
  }
  return columns;
}

/// A block of one matrix, and the transposed one in another.
struct Tiles {
  Builder& b;
  llvm::Type* element;
  unsigned lanes;
  llvm::Value *source, *source_stride, *target, *target_stride, *rows, *columns;

  llvm::Type* vector() const { return widened(element, lanes); }
  llvm::Align align() const { return llvm::Align(element->getScalarSizeInBits() / 8); }
  llvm::Value* later(llvm::Value* position, std::int64_t by) const { return b.CreateAdd(position, b.getInt64(by)); }
  llvm::Value* address(llvm::Value* base, llvm::Value* line, llvm::Value* stride, llvm::Value* along) const {
    return b.CreateGEP(element, b.CreateGEP(element, base, b.CreateMul(line, stride)), along);
  }
  llvm::Value* from(llvm::Value* row, llvm::Value* column) const { return address(source, row, source_stride, column); }
  llvm::Value* to(llvm::Value* row, llvm::Value* column) const { return address(target, column, target_stride, row); }

  void copy_whole(llvm::Value* row, llvm::Value* column) const {
    Values lines;
    for (unsigned k = 0; k < lanes; ++k)
      lines.push_back(b.CreateAlignedLoad(vector(), from(later(row, k), column), align()));
    lines = transposed(b, lines);
    for (unsigned k = 0; k < lanes; ++k) b.CreateAlignedStore(lines[k], to(row, later(column, k)), align());
  }

  /// The lanes of a row and of a column that lie in the block. Rows beyond the last are read as that one again.
  void copy_part(llvm::Value* row, llvm::Value* column, llvm::Value* in_row, llvm::Value* in_column) const {
    llvm::Value *nothing = llvm::Constant::getNullValue(vector()), *last = later(rows, -1);
    Values lines;
    for (unsigned k = 0; k < lanes; ++k) {
      llvm::Value* line = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, later(row, k), last);
      lines.push_back(b.CreateMaskedLoad(vector(), from(line, column), align(), in_row, nothing));
    }
    lines = transposed(b, lines);
    for (unsigned k = 0; k < lanes; ++k) {
      llvm::Value* exists = b.CreateVectorSplat(lanes, b.CreateICmpSLT(later(column, k), columns));
      b.CreateMaskedStore(lines[k], to(row, later(column, k)), align(), b.CreateAnd(in_column, exists));
    }
  }

  void copy_element(llvm::Value* row, llvm::Value* column) const {
    llvm::Value* value = b.CreateAlignedLoad(element, from(row, column), align());
    b.CreateAlignedStore(value, to(row, column), align());
  }
};

}  // namespace

/// for (position = begin; position < end; position += step) body(position)
void Statements::every(llvm::Value* begin, llvm::Value* end, std::int64_t step, Position body) {
  Builder& b = code_.builder();
  const auto run = [&] {
    code_.loop(begin, end, b.getInt64(step), {}, 0, [&](llvm::Value* position, const Values&) {
      body(position);
      return Values{};
    });
  };
  branch(b.CreateICmpSLT(begin, end), Keeps::nothing, {}, run, [] {});
}

void Statements::emit(const ir::Transpose& turn) {
  Builder& b = code_.builder();
  llvm::Type* element = memory_.element(turn.source);
  const unsigned lanes = std::min(8 * target_.vector_bytes / element->getScalarSizeInBits(), most_lanes);
  const Tiles tiles{b,
                    element,
                    lanes,
                    memory_.address(turn.source, expressions_.scalar(turn.source_offset)),
                    expressions_.scalar(turn.source_stride),
                    memory_.address(turn.target, expressions_.scalar(turn.target_offset)),
                    expressions_.scalar(turn.target_stride),
                    expressions_.scalar(turn.rows),
                    expressions_.scalar(turn.columns)};
  llvm::Value* zero = b.getInt64(0);
  const std::uint64_t whole = ~std::uint64_t{lanes - 1};
  llvm::Value *whole_rows = b.CreateAnd(tiles.rows, whole), *whole_columns = b.CreateAnd(tiles.columns, whole);
  every(zero, whole_rows, lanes, [&](llvm::Value* row) {
    every(zero, whole_columns, lanes, [&](llvm::Value* column) { tiles.copy_whole(row, column); });
  });
  const unsigned step = target_.masks ? lanes : 1;
  every(zero, tiles.rows, step, [&](llvm::Value* row) {
    llvm::Value* first = b.CreateSelect(b.CreateICmpSLT(row, whole_rows), whole_columns, zero);
    every(first, tiles.columns, step, [&](llvm::Value* column) {
      if (!target_.masks) return tiles.copy_element(row, column);
      tiles.copy_part(row, column, lanes_up_to(b.CreateSub(tiles.columns, column), lanes),
                      lanes_up_to(b.CreateSub(tiles.rows, row), lanes));
    });
  });
  expressions_.changed(changes_.buffer(turn.target));
}

}  // namespace theon::codegen
