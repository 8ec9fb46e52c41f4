// The rounding mode and the handling of tiny numbers that results rest on.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstdint>

namespace theon::runtime {

/// While it lives, arithmetic rounds to nearest and keeps subnormal numbers, and no exception traps, whatever the
/// caller has chosen. (Traps that were asked for in MXCSR alone, not by the functions of <cfenv>, stay.)
class FloatingEnvironment {
#ifdef __SSE2__
 public:
  /// Whether that is so already. Reading MXCSR waits for all arithmetic before it, up to 5 ns, as long as a small call.
  /// So the control word of the other unit, which <cfenv> keeps alike, tells of traps, and an addition of the rest.
  static bool is_standard() noexcept {
    std::uint16_t control;
    asm volatile("fnstcw %0" : "=m"(control));
    return control == 0x37f && adds_as_standard();
  }

  FloatingEnvironment() noexcept {
    if (is_standard()) [[likely]]
      return;
    caller_ = _mm_getcsr();
    has_changed_ = (caller_ & settings) != standard;
    if (has_changed_) _mm_setcsr(standard);
  }
  ~FloatingEnvironment() {
    if (has_changed_) [[unlikely]]
      _mm_setcsr(caller_);
  }
  FloatingEnvironment(const FloatingEnvironment&) = delete;
  FloatingEnvironment& operator=(const FloatingEnvironment&) = delete;

 private:
  static constexpr unsigned settings = 0xffc0;  // all bits of MXCSR but the six flags
  static constexpr unsigned standard = 0x1f80;  // every exception masked, nothing else set

  /// A quarter and three quarters of a unit beside 1, a subnormal sum of normal numbers, a subnormal operand.
  static bool adds_as_standard() noexcept {
    __m128 sums = _mm_setr_ps(1, 1, -0x1.8p-126f, 0x1p-149f);
    asm volatile("addps %1, %0" : "+x"(sums) : "x"(_mm_setr_ps(0x1p-25f, 0x1.8p-24f, 0x1p-126f, 0)));
    const __m128 expected = _mm_setr_ps(1, 0x1.000002p0f, -0x1p-127f, 0x1p-149f);
    return _mm_movemask_epi8(_mm_cmpeq_epi32(_mm_castps_si128(sums), _mm_castps_si128(expected))) == 0xffff;
  }

  unsigned caller_ = standard;
  bool has_changed_ = false;
#else
 public:
  static bool is_standard() noexcept { return true; }
#endif
};

}  // namespace theon::runtime
