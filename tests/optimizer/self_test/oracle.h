// The value of a graph in extended precision: a judge that shares no arithmetic with the library.
#pragma once

#include <theon/variable.h>

#include <boost/multiprecision/mpfr.hpp>

#include <utility>
#include <vector>

namespace theon::test {

/// So many digits that 1 + exp(-1e4) is not 1, and exponents far beyond those of the machine: exp(1e4) is a number.
using Real = boost::multiprecision::number<boost::multiprecision::mpfr_float_backend<4500>, boost::multiprecision::et_off>;

using Arguments = std::vector<std::pair<Variable, Tensor>>;

/// The elements of a floating `x` in row-major order, every operation on floats done on Reals. Element ops and composites of
/// known sizes only.
std::vector<Real> exact(const Variable& x, const Arguments& arguments);

}  // namespace theon::test
