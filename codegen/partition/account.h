// Why values are stored and nests kept apart: noted where it is decided, told by explain().
#pragma once

#include "src/graph/node.h"

#include <cstdint>
#include <string>
#include <vector>

namespace theon::codegen {

/// Why a value has memory of its own, and is not computed where it is read.
enum class Stored : std::uint8_t {
  no_need,        // it is not computed at all: an argument, a constant, a shared variable
  result,         // somebody asks for it: the caller, a shared variable, a check, the next iteration of a loop
  factor,         // a product reads it many times over
  operand,        // a host function, a loop, a branch or a scatter reads it whole
  opaque,         // a host function, a loop, a branch or a scatter computes it whole
  reduction,      // every reader would compute the reduction again
  recomputation,  // it is read at several places, and computing it for each takes longer than storing it
  tangled,        // it is read at an index of many divisions
  budget,         // the kernel of its readers would have too many operations
  handed_on,      // one phase of a kernel leaves it to the next
  strips,         // what a reduction over rows comes to in each strip of them
};

/// Why a nest does not run in the kernel that computes what it reads.
enum class Apart : std::uint8_t {
  running_value,   // one of them needs a loop order of its own
  no_loop,         // they have no outer loop in common
  row_reduction,   // a reduction along rows would step through memory by whole rows
  later_operand,   // it also reads what is computed in between
  streams,         // the loop would go through too many arrays at once
  budget,          // the kernel would have too many operations
  distance,        // too many kernels lie in between to look for it
  shared_product,  // others read the product, too
  narrow_product,  // the product has few columns or rows: the rest is done for whole rows of them
  shared_factor,   // others read the factor, too
  packed_again,    // the product packs the factor several times
  packed_across,   // packing would step through memory by whole rows
  row_kernel,      // it ends the kernel that computes what it reads
  all_rows,        // it needs what all rows come to
  product_index,   // it reads the product at another index than its own, or reduces it
};

/// The sentence for it.
std::string to_string(Stored reason);
std::string to_string(Apart reason);

/// Kept apart from the kernel that computes the value number `from`.
struct Separation {
  std::int64_t from;
  Apart reason;
};

/// What was decided about a value.
struct Account {
  Stored reason = Stored::no_need;
  std::string reader = {};           // who asks for it
  std::vector<Variable> fused = {};  // what is computed together with each of its elements, and not stored
  std::vector<Separation> apart = {};

  void add(Separation separation);
};

/// What a user calls it: its name, or else the operation that computes it.
std::string title(const Variable& x);
/// The same with the line: "dot at mlp.cpp:31".
std::string described(const Apply& node);

}  // namespace theon::codegen
