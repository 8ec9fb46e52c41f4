// Numbers as arguments.
#pragma once

#include <theon/tensor.h>

#include <optional>

namespace theon::runtime {

/// A scalar as a C++ number of another dtype: weak, as a literal in an expression. It changes its precision freely
/// within floating types, but for one that becomes infinite, and it changes from integer to anything that holds it
/// exactly. Nothing where it does not fit; a boolean is no number.
std::optional<Tensor> as_number(const Tensor& scalar, DType wanted);

/// The value of an integer scalar.
std::int64_t integer_value(DType dtype, const void* scalar);

}  // namespace theon::runtime
