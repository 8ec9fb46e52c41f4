// What kernels are, as bytes: whatever a back end could translate differently differs, and nothing else does. Equal in
// every process that makes its symbols in the same order; names for people are left out.
#pragma once

#include "src/ir/loop.h"
#include "src/ir/loop_layout.h"
#include "src/support/pointer_numbers.h"

#include <cstdint>
#include <string>
#include <vector>

namespace theon::ir {

/// Writes bytes, one thing after another. Expressions are those of one pool, which must outlive it; each is written
/// once, and is a number from then on.
class Content {
 public:
  /// Symbols are written as their places in `layout`.
  explicit Content(const Layout& layout) : layout_(layout) {}

  void add(const Kernel& kernel);
  void add(const Dim& dim);
  void add(std::int64_t number);

  const std::string& bytes() const { return bytes_; }

 private:
  struct SizeWriter;

  void add(const Buffer& buffer);
  void add(const Block& block);
  void add(Expr expr);
  void add(const std::vector<Expr>& exprs);
  void add(const Monoid& monoid);
  void define(const Node& node);

  void add(const For& loop);
  void add(const Let& let);
  void add(const Var& var);
  void add(const Assign& assign);
  void add(const Accumulate& accumulate);
  void add(const Store& store);
  void add(const Transpose& transpose);
  void add(const Prefetch& prefetch);
  void add(const If& branch);
  void add(const Report& report);

  const Layout& layout_;
  std::string bytes_;
  PointerNumbers numbers_;  // of expressions and monoids
};

}  // namespace theon::ir
