// A compiled function before it is native: steps over values, kernels in the loop language, and where each value lives.
#pragma once

#include "codegen/partition/partition.h"
#include "codegen/program/estimate.h"
#include "src/ir/loop.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace theon::codegen {

/// Iterations of a kernel that do not depend on each other: they may be shared among threads, in contiguous pieces.
struct Phase {
  Dim trips;
  Dim work;  // of all of them: picoseconds that one thread takes, as predicted
};

/// With less predicted work than this, handing some of it to another thread takes as long as doing it.
inline constexpr std::int64_t worth_sharing = 4'500'000;

/// Runs iterations 0 .. trips-1 of a kernel. Buffer slots of the kernel are ValueIds.
struct KernelStep {
  std::size_t kernel;
  Dim trips;
  std::vector<ValueId> reads, writes;
  Location where;
  bool is_serial = false;            // whether the iterations must run in order
  std::vector<ValueId> slices = {};  // those of `writes` of which it writes the slice of a loop's iteration
  std::vector<ValueId> inside = {};  // what it computes and nobody else reads: in registers or rows of scratch memory
  std::vector<ValueId> own = {};  // those of `reads` of which it reads each element just before it writes the same one
  // The iterations in order: each phase needs the results of the one before it. None where the iterations must run in
  // order, or there is but one.
  std::vector<Phase> phases = {};
  Estimate estimate = {};  // of one run
};

/// The whole value, byte by byte.
struct CopyStep {
  ValueId from, to;
};

struct HostStep {
  const Apply* node;
  std::vector<ValueId> inputs, outputs;
};

/// The value of an integer scalar becomes the value of a symbol. Negative: an error.
struct BindStep {
  Dim symbol;
  ValueId value;
};

/// Fails the call with the message when a boolean of the array is false.
struct CheckStep {
  std::string message;
  ValueId condition;
  Location where;
};

/// Fails the call when an integer of the array lies outside of [-extent, extent). `of_sizes`: before any is known,
/// where the extent is 0 and there are integers at all. Others are clamped before they are read through; there, nothing
/// is left to read.
struct IndexStep {
  std::string op;  // whose indices they are, for the message
  ValueId indices;
  int axis;  // of the array that is indexed
  Dim extent;
  Location where;
  bool of_sizes = false;
};

struct Step;

/// Steps that a loop runs before each iteration; there is none unless they leave the condition, a boolean scalar, true.
struct StepTest {
  std::vector<Step> steps;
  ValueId condition;
};

/// Runs the body `trips` times, or until the test fails; the symbol `counter` has the number of the iteration. Between
/// iterations, the last one included, the two memories of every carried state change places: afterwards `current` holds
/// the final state.
struct LoopStep {
  Dim counter, trips;
  std::vector<Carried> carried;
  std::optional<StepTest> test;
  std::vector<Step> body;
  Location where;
};

/// Runs the one or the other, as the boolean scalar says. Both write the same results.
struct BranchStep {
  ValueId condition;
  std::vector<Step> then, otherwise;
  Location where;
};

struct Step {
  std::variant<KernelStep, CopyStep, HostStep, BindStep, CheckStep, IndexStep, LoopStep, BranchStep> node;
};

/// Where a value's memory comes from. Decided once, by codegen/program; nothing else looks at lifetimes.
struct Placement {
  enum class Home : std::uint8_t {
    input,     // the caller's memory of input `number`
    constant,  // the graph's constant
    shared,    // the current memory of shared variable `number` (in the order of Program::shared)
    spare,     // a second buffer of shared variable `number`, swapped in at commit
    output,    // memory of output `number`, owned by the caller after the call
    arena,     // the call's scratch memory, where the root value `number` lies, from step `first` to step `last`
               // (outermost steps)
    late,      // memory of its own, made when the step that writes it starts: its size is learnt during the call
    nowhere,   // no step touches it
  };
  Home home = Home::nowhere;
  std::size_t number = 0;
  std::size_t first = 0, last = 0;
};

struct SharedUse {
  Variable variable;
  std::optional<ValueId> value = {};   // its value before the call, where a step reads it
  std::optional<ValueId> update = {};  // the value it takes at commit
  bool in_place = false;               // `update` lives in the variable's own memory
};

struct Program {
  std::vector<Value> values;
  std::vector<Placement> placements;  // one per value
  std::vector<Step> steps;
  std::vector<ir::Kernel> kernels;
  std::vector<Dim> symbols;       // by place in Frame::symbols
  std::size_t entry_symbols = 0;  // the first so many are known at entry: the sizes of inputs say them
  std::vector<ValueId> inputs;    // in the order of the function's inputs; -1 where no step reads it
  std::vector<ValueId> outputs;
  std::vector<SharedUse> shared;
  /// The first step that overwrites a shared variable: from here on nothing fails, and nothing is cancelled. The number
  /// of steps where there is none.
  std::size_t point_of_no_return = 0;
};

std::string to_string(const Program& program);

}  // namespace theon::codegen
