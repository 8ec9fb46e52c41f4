// What the operations of the element language mean: the one home of the semantics that constant folding, the evaluators
// and the interpreter share.
#pragma once

#include <theon/dtype.h>

#include "src/ir/element.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace theon::ir {

/// One element of any dtype: its bit pattern, zero-extended.
struct Value {
  DType dtype = DType::int64;
  std::uint64_t bits = 0;

  template <Scalar T>
  static Value of(T value) {
    Value result{dtype_of<T>, 0};
    std::memcpy(&result.bits, &value, sizeof(T));
    return result;
  }
  /// T must be the type of the element.
  template <Scalar T>
  T as() const {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  }
  bool operator==(const Value&) const = default;
};

/// `value` as `dtype`, as Tensor::astype converts.
Value convert(Value value, DType dtype);

/// What an operation does to bit patterns.
using Operation = std::uint64_t (*)(const std::uint64_t* args);

/// The operation on operands of one dtype (of `select`, its arms; of `convert` and `bitcast`, its operand) with a
/// result of `result`. Null where it is not defined.
///
/// Integers: + - * neg abs wrap; div truncates towards zero, floor_div and mod follow Python; division by 0 gives 0,
/// and the smallest number divided by -1 itself. pow with a negative exponent is the quotient 1 / x^n truncated. The
/// count of a shift is read as unsigned: past the width the result is 0, or the sign. Floating: IEEE, rounded once;
/// float16 and bfloat16 compute in float32 and round the result. min and max propagate NaN and take -0 for smaller than
/// +0. mod is exact, with the sign of the divisor, NaN for a divisor of 0; floor_div is the floor of the exact
/// quotient, rounded (numpy.divmod). Math calls are libm's for float64, and for the rest the same computed in double
/// and rounded to float32. Booleans have comparisons, min, max, bits and select.
Operation operation(Opcode op, DType operand, DType result);

/// The dtype that `operation` wants to know: that of the operands, of the arms of a select.
DType operand_dtype(Opcode op, std::span<const Value> args);

/// Throws InternalError where the operation is not defined.
Value apply(Opcode op, DType dtype, std::span<const Value> args);

/// The ends of a dtype's range: infinities for floating types.
Value lowest(DType dtype);
Value highest(DType dtype);

/// Every bit set; true for booleans.
Value all_ones(DType dtype);

/// Whether every target gives the same bits as `apply`, so that an operation on literals may be folded: all but math
/// calls and the pow of floating types.
bool is_exact(Opcode op, DType operand);

}  // namespace theon::ir
