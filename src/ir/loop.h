// The loop language: what runs, in which order, in which memory.
//
// A Kernel is a C-like function over buffers. Its values are the element language without indices and reductions:
// locals take their place, and a load has one linear element offset. Whoever schedules decides everything here;
// emitters (codegen/llvm, codegen/c) and the interpreter translate it.
#pragma once

#include "src/ir/element.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace theon::ir {

struct Statement;
using Block = std::vector<Statement>;

/// Locals are numbered from 0 within a kernel; each is defined once, by For, Let or Var. Locals 0 and 1 are the
/// kernel's `begin` and `end`.
using Local = std::int64_t;

/// The iterations of a vector loop that do not fill its lanes: run by code of their own, or, where the target has
/// masks, by the code that runs the others.
enum class Tail : std::uint8_t { apart, merged };

/// for (variable = begin; variable < end; variable++). With lanes > 1, a power of two up to 64, the iterations are
/// independent but for Accumulate and may run `lanes` at a time, `unroll` groups at once with accumulators of their
/// own, the tail masked; each statement runs for all lanes before the next does. A vector loop holds no other vector
/// loop, and serial loops only with bounds that are the same for all lanes: these run once for all.
///
/// Where `streams` is given, a boolean of parameters, a vector loop stores nothing but elements in the order of its
/// index, which the kernel does not load from there. Where it holds, they are more than caches hold until somebody
/// reads them, and should go past the caches, unless they take the place of what is read.
struct For {
  Local variable;
  Expr begin, end;
  int lanes = 1;
  int unroll = 1;
  Block body;
  Tail tail = Tail::apart;
  Expr streams = {};
};

/// local = value, never changed.
struct Let {
  Local local;
  Expr value;
};

/// A mutable local with its first value.
struct Var {
  Local local;
  Expr initial;
};

/// local = value, for a Var. Not inside a vector loop unless the Var is declared in its body.
struct Assign {
  Local local;
  Expr value;
};

/// locals = combine(locals, values), for Vars. Inside a vector loop every lane has a partial state of its own, combined
/// after the loop; so there a Var declared outside has one monoid, and is not read.
struct Accumulate {
  const Monoid* monoid;
  std::vector<Local> locals;
  std::vector<Expr> values;
};

/// buffer[offset] = value, or combine(buffer[offset], value) where `combine` is set. Offsets may repeat in a serial
/// loop, never in a vector loop.
struct Store {
  std::int64_t buffer;
  Expr offset;
  Expr value;
  std::optional<Opcode> combine = {};
};

/// target[target_offset + c * target_stride + r] = source[source_offset + r * source_stride + c] for r < rows and
/// c < columns: bits are copied, from memory to other memory of one dtype. Not inside a vector loop. Elements that go
/// across a matrix are read and written in vectors only so; columns are best a multiple of a cache line.
struct Transpose {
  std::int64_t target, source;
  Expr target_offset, target_stride;
  Expr source_offset, source_stride;
  Expr rows, columns;
};

/// buffer[offset], which need not exist, and what shares its cache line are read soon. Changes nothing. In a vector
/// loop it is about all lanes where they lie side by side, and about none where they do not.
struct Prefetch {
  std::int64_t buffer;
  Expr offset;
};

/// Guards loads, which a select does not: both arms of a select are computed.
struct If {
  Expr condition;
  Block then, otherwise;
};

/// Where `condition` holds, records failure `code`, not 0, with two int64 values, unless one was recorded before;
/// execution goes on.
struct Report {
  Expr condition;
  std::int32_t code;
  Expr first, second;
};

struct Statement {
  std::variant<For, Let, Var, Assign, Accumulate, Store, Transpose, Prefetch, If, Report> node;
};

enum class Access : std::uint8_t { read, write, read_write, scratch };

/// Memory a kernel touches. Strides and extents are not part of it: offsets are spelled out by the loads and stores.
struct Buffer {
  std::string name;  // for people
  DType dtype;
  Access access;
  std::int64_t slot;  // index of the pointer in Frame::buffers; unused for scratch
  Expr size =
      {};  // elements of scratch memory that one run of the kernel needs (uniform: parameters only); null otherwise
};

/// int32 kernel(const Frame*, int64 begin, int64 end), see codegen/abi.h. `parameter` nodes are symbols, looked up in
/// `symbols` for their place in Frame::symbols.
struct Kernel {
  std::string name;
  std::vector<Buffer> buffers;
  Block body;
  std::int64_t locals = 2;                 // how many there are
  std::vector<std::string> notes = {};     // how it is scheduled, for people
  std::optional<std::int64_t> trips = {};  // where it always runs whole: `begin` is 0, and `end` this
  bool contracts = true;                   // whether a product and the one sum it goes into may be rounded once
};

/// C-like text, one statement a line.
std::string to_string(const Kernel& kernel);

/// What a loop that streams may do: store elements in the order of its variable, and prepare that.
bool stores_in_order(const For& loop);

/// Throws InternalError for a kernel that breaks a promise of this file: an undefined or redefined local, a wrong
/// dtype, a store to a read-only buffer, an Assign to a Let, a vector loop with an order, an index or reduction left
/// over.
void check(const Kernel& kernel);

}  // namespace theon::ir
