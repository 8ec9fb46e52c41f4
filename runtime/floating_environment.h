// The rounding mode and the handling of tiny numbers that results rest on.
#pragma once

#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace theon::runtime {

/// While it lives, arithmetic rounds to nearest and keeps subnormal numbers, whatever the caller has chosen.
class FloatingEnvironment {
#ifdef __SSE__
 public:
  FloatingEnvironment() noexcept : caller_(_mm_getcsr()) {
    // Flags of past exceptions are no setting: loading the register costs more than looking at it.
    if ((caller_ & settings) != standard) _mm_setcsr(standard);
  }
  ~FloatingEnvironment() {
    if ((caller_ & settings) != standard) _mm_setcsr(caller_);
  }
  FloatingEnvironment(const FloatingEnvironment&) = delete;
  FloatingEnvironment& operator=(const FloatingEnvironment&) = delete;

 private:
  static constexpr unsigned settings = 0xffc0;  // all bits of MXCSR but the six flags
  static constexpr unsigned standard = 0x1f80;  // every exception masked, nothing else set

  unsigned caller_;
#endif
};

}  // namespace theon::runtime
