// A program made ready to run: every size has a number, every value a slot.
#pragma once

#include "codegen/abi.h"
#include "codegen/program/program.h"
#include "runtime/dim_table.h"
#include "runtime/kernel_library.h"
#include "runtime/team.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace theon::runtime {

using codegen::ValueId;

/// The number of a size in the executable's DimTable.
using SizeNumber = std::size_t;

struct PhaseCall {
  SizeNumber trips, work;
};

struct KernelCall {
  std::size_t kernel;  // its number
  SizeNumber trips;
  bool is_serial;
  std::vector<PhaseCall> phases;

  std::int32_t run(const TheonFrame& frame, std::int64_t begin, std::int64_t end) const {
    return frame.kernels[kernel](&frame, begin, end);
  }
};

struct CopyCall {
  ValueId from, to;
};

/// A symbol that the size of an axis of an output says.
struct OutputSize {
  std::size_t place, output;
  int axis;
};

struct HostCall {
  const HostOp* op;
  std::vector<ValueId> inputs, outputs;
  std::vector<OutputSize> binds;
  std::size_t number;  // among the host calls of the executable
};

struct BindCall {
  std::size_t place;
  ValueId value;
};

struct CheckCall {
  ValueId condition;
};

struct IndexCall {
  ValueId indices;
  SizeNumber extent;
};

struct Call;

struct CallTest {
  std::vector<Call> calls;
  ValueId condition;
};

struct LoopCall {
  std::size_t counter;
  SizeNumber trips;
  std::vector<codegen::Carried> carried;
  std::optional<CallTest> test;
  std::vector<Call> body;
};

struct BranchCall {
  ValueId condition;
  std::vector<Call> then, otherwise;
};

struct Call {
  /// The step's place in the order of the text, steps inside of others included.
  std::size_t number;
  std::variant<KernelCall, CopyCall, HostCall, BindCall, CheckCall, IndexCall, LoopCall, BranchCall> node;
  /// Values that need memory when the call starts, since their sizes were not known before.
  std::vector<ValueId> opens = {};
  const codegen::Step* step = nullptr;
  std::vector<std::size_t> counters = {};  // of the loops around it: their places
};

/// How much memory a value takes.
struct ValueSize {
  DType dtype;
  std::vector<SizeNumber> axes;
  bool is_late;  // known only during the call
};

/// A relation between sizes that the program relies on.
struct SizeRelation {
  Obligation::Relation relation;
  SizeNumber left, right;
  Location where;
  std::string message;
  std::vector<std::size_t> late_places = {};  // the symbols in it that are bound during the call
};

/// An output of the function: the values that live in its memory, the last of which it is.
struct OutputSlot {
  ValueId value;
  std::vector<ValueId> residents;
};

struct SharedSlot {
  SharedState* state;
  std::uint64_t order;             // the global order in which locks are taken
  std::vector<ValueId> residents;  // values in the variable's own memory
  std::vector<ValueId> in_spare;   // values in the second buffer
  bool is_updated, in_place;
};

/// Scratch memory of a kernel.
struct ScratchSize {
  SizeNumber elements;
  std::size_t element_bytes;
};

struct Executable {
  /// `code` outlives the executable. Obligations with symbols that the program lacks say nothing about it, and are left
  /// out.
  Executable(codegen::Program program, const Code& code, const std::vector<Obligation>& obligations, Team team = {});
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  /// What calls that begin now run. Thread-safe; calls under way go on with what they have begun with.
  const Code& code() const { return *code_.load(std::memory_order_acquire); }
  /// `code` is of the same program, and outlives all calls.
  void use(const Code& code) { code_.store(&code, std::memory_order_release); }

  codegen::Program program;
  Team team;
  DimTable sizes;
  std::vector<ValueSize> values;
  std::size_t host_calls = 0;
  std::vector<Call> calls;
  std::vector<const Call*> by_number;             // all calls, those inside of others included
  std::vector<std::vector<ScratchSize>> scratch;  // by kernel
  bool has_late_scratch = false;
  std::vector<SizeRelation> entry_relations, late_relations;
  std::vector<OutputSlot> outputs;
  std::vector<SharedSlot> shared;  // in the order of their locks
  std::vector<ValueId> constants, arena;

 private:
  void add(const Obligation& obligation);

  std::atomic<const Code*> code_;
};

}  // namespace theon::runtime
