// Sizes as code: what a call computes from the values of symbols.
#pragma once

#include "src/ir/dim_node.h"
#include "src/ir/loop_layout.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace theon::runtime {

/// Every size that a program mentions, each once, with a number. Their values for one set of symbols are an array by
/// number.
class DimTable {
 public:
  /// The symbols by place.
  explicit DimTable(std::span<const Dim> symbols);

  /// The number of `dim`; `where` is the line that an error about it names, of those that ask for it the first. Throws
  /// InternalError for a symbol without a place.
  std::size_t add(const Dim& dim, Location where = {});
  std::size_t size() const { return dims_.size(); }
  std::size_t symbols() const { return dependents_.size(); }
  std::size_t place(const Dim& symbol) const { return layout_.place(*symbol_of(symbol)); }
  bool has_place(const Dim& symbol) const;
  const Dim& dim(std::size_t number) const { return dims_[number]; }

  /// The value of every size. Throws ShapeError for one that no int64 holds.
  void evaluate(std::span<const std::int64_t> symbols, std::span<std::int64_t> values) const;
  /// The same for those that depend on the symbol at `place`, when it alone has changed.
  void evaluate_after(std::size_t place, std::span<const std::int64_t> symbols, std::span<std::int64_t> values) const;

 private:
  enum class Kind : std::uint8_t { literal, symbol, add, mul, floor_div, mod, min, max };
  struct Instruction {
    Kind kind;
    std::int64_t operand;  // the literal, or the place of the symbol
  };
  class Writer;
  /// Postfix code.
  struct Code {
    std::size_t first, last;
  };

  std::int64_t run(std::size_t number, std::span<const std::int64_t> symbols) const;
  [[noreturn]] void refuse(std::size_t number, std::span<const std::int64_t> values) const;
  static bool apply(Kind kind, std::int64_t a, std::int64_t b, std::int64_t& result);

  ir::Layout layout_;
  std::unordered_map<Dim, std::size_t, DimHash> places_;
  std::vector<Dim> dims_;
  std::vector<Location> lines_;
  std::vector<Code> codes_;
  std::vector<Instruction> instructions_;
  std::unordered_map<Dim, std::size_t, DimHash> numbers_;
  std::vector<std::vector<std::size_t>> dependents_;  // by place: the sizes that mention the symbol
};

}  // namespace theon::runtime
