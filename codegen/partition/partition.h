// Which values are stored, and what computes each: the graph as a list of works in the order they can run.
//
// One reverse sweep over the graph hands every producer the index tuples its consumers read it at. Where all agree, the
// producer's element is composed into theirs; where they disagree it is stored, unless computing it again costs less.
// Reductions are stored too: when a nest merges with its readers (codegen/schedule), what nobody else reads shrinks to
// a register or a row of scratch memory.
#pragma once

#include "codegen/partition/account.h"
#include "src/graph/traversal.h"
#include "src/ir/element.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace theon::codegen {

/// A stored value: row-major, contiguous. Its number is the buffer number of the loads that read it.
using ValueId = std::int64_t;

struct Value {
  enum class Origin : std::uint8_t { input, constant, shared, computed };
  Origin origin;
  TensorType type;
  Variable variable;  // the graph's name for it
  Account account = {};
};

/// result[prefix..., i0, i1, ...] = element, for all indices i within `domain`, the result's dims without the prefix.
/// Loads carry one index per axis of the value they read.
struct Nest {
  ValueId result;
  Shape domain;
  ir::Expr element;
  Location where;
  std::vector<ir::Expr> prefix = {};  // uniform: the iteration of a loop that writes one slice of the result
};

/// result[i0, i1, ...] = element, for all indices within `domain`, the result's dims. In `element`, argument 0 is the
/// sum of left * right over `index` < k. Of the axes, `row` occurs in `left` alone and `column`, the last one, in
/// `right` alone. Factors are loads, or conversions of loads, that move through memory in equal steps; or, where
/// packing computes them, anything without reductions.
struct Contraction {
  ValueId result;
  Shape domain;
  int row, column;
  ir::Expr left, right;
  ir::Expr index;  // a bound index
  Dim k;
  ir::Expr element;
  Location where;
};

/// result = base; then for j over `domain`, in order: result[target(j)] op= value(j).
struct Scatter {
  ValueId result;
  ValueId base;
  Shape domain;
  std::vector<ir::Expr> target;
  ir::Expr value;
  std::optional<ir::Opcode> combine;
  Location where;
};

/// A C++ function on whole tensors.
struct HostCall {
  const Apply* node;
  std::vector<ValueId> inputs, outputs;
};

/// to = from, the whole value.
struct Copy {
  ValueId from, to;
};

struct Loop;
struct Branch;
using Work = std::variant<Nest, Contraction, Scatter, HostCall, Copy, Loop, Branch>;

/// A state of a loop: an iteration reads `current` and writes `next`; between iterations the two change places.
struct Carried {
  ValueId current, next;
};

/// What a loop does before each iteration to learn whether there is one.
struct LoopTest {
  std::vector<Work> works;
  ValueId condition;  // a boolean scalar that they compute
};

/// for (counter = 0; counter < trips && test; counter++) body. Slices of sequences and results are indexed by the
/// counter, a dim symbol.
struct Loop {
  Dim counter, trips;
  std::vector<Carried> carried;
  std::optional<LoopTest> test;
  std::vector<Work> body;
  Location where;
};

/// if (condition) then; else otherwise. Both compute the same values.
struct Branch {
  ValueId condition;  // a boolean scalar
  std::vector<Work> then, otherwise;
  Location where;
};

struct Partition {
  std::vector<Value> values;
  std::vector<Work> works;
  /// The value of each graph output; outputs that are one leaf share one.
  std::vector<ValueId> outputs;
};

std::vector<ValueId> reads(const Work& work);
std::vector<ValueId> writes(const Work& work);

/// `graph` is optimised; its leaves become values. Iterative, near-linear.
Partition partition(const Graph& graph, ir::Pool& pool);

std::string to_string(const Partition& partition);

}  // namespace theon::codegen
