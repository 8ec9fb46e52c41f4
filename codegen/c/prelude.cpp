#include "codegen/c/prelude.h"

#include "codegen/c/type.h"
#include "src/support/check.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace theon::codegen {

std::string_view c_declarations() {
  return R"(#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct TheonFailure {
  int32_t code;
  int64_t first, second;
};

struct TheonFrame {
  void** buffers;
  int64_t* symbols;
  char* scratch;
  struct TheonFailure* failure;
  const volatile int32_t* cancel;
  int32_t (*const* kernels)(const struct TheonFrame*, int64_t, int64_t);
  int32_t (*step)(const struct TheonFrame*, int64_t);
  void* context;
  int64_t shares_from;
};
)";
}

namespace {

struct Definition {
  std::string_view name;
  Kind kind;  // of the operands; signed for all integers
  // $T: the type, $W: its wrapping type, $U: the unsigned type of its size, $S: its name, $f: the suffix of libm's
  // functions, $B: its bits, $P: the bits of its significand, where it is a small floating type
  std::string_view text;
};

constexpr std::array definitions{
    Definition{"div", Kind::signed_integer, R"(static inline $T div_$S($T a, $T b) {
  return b == 0 ? 0 : ($T)-1 < 0 && b == ($T)-1 ? ($T)(0 - ($W)a) : ($T)(a / b);
}
)"},
    Definition{"floor_div", Kind::signed_integer, R"(static inline $T floor_div_$S($T a, $T b) {
  if (b == 0) return 0;
  if (($T)-1 < 0 && b == ($T)-1) return ($T)(0 - ($W)a);
  return ($T)(a / b - (a % b != 0 && (a < 0) != (b < 0)));
}
)"},
    Definition{"mod", Kind::signed_integer, R"(static inline $T mod_$S($T a, $T b) {
  if (b == 0 || (($T)-1 < 0 && b == ($T)-1)) return 0;
  const $T rest = ($T)(a % b);
  return rest != 0 && (rest < 0) != (b < 0) ? ($T)(rest + b) : rest;
}
)"},
    Definition{"pow", Kind::signed_integer, R"(static inline $T pow_$S($T x, $T n) {
  if (n < 0) return x == 1 ? 1 : x == ($T)-1 ? ($T)(n % 2 == 0 ? 1 : -1) : 0;
  $T result = 1;
  for ($U rest = ($U)n; rest != 0; rest = ($U)(rest >> 1)) {
    if (rest & 1) result = ($T)(($W)result * ($W)x);
    x = ($T)(($W)x * ($W)x);
  }
  return result;
}
)"},
    Definition{"shift_left", Kind::signed_integer, R"(static inline $T shift_left_$S($T a, $T count) {
  return ($U)count >= $B ? 0 : ($T)(($W)a << count);
}
)"},
    Definition{"shift_right", Kind::signed_integer, R"(static inline $T shift_right_$S($T a, $T count) {
  return ($U)count >= $B ? ($T)(a < 0 ? -1 : 0) : ($T)(a >> count);
}
)"},
    Definition{"min", Kind::floating, R"(static inline $T min_$S($T a, $T b) {
  if (isnan(a) || isnan(b)) return a + b;
  return a == b ? (signbit(a) ? a : b) : (a < b ? a : b);
}
)"},
    Definition{"max", Kind::floating, R"(static inline $T max_$S($T a, $T b) {
  if (isnan(a) || isnan(b)) return a + b;
  return a == b ? (signbit(a) ? b : a) : (a < b ? b : a);
}
)"},
    Definition{"scale", Kind::floating, R"(static inline $T scale_$S($T a, $T n) {
  return isnan(n) ? n : ldexp$f(a, (int)fmax$f(fmin$f(floor$f(n), 8192), -8192));
}
)"},
    Definition{"mantissa", Kind::floating, R"(static inline $T mantissa_$S($T a) {
  if (a == 0 || a == INFINITY) return 1;
  if (!(a > 0)) return NAN;
  int n;
  const $T half = frexp$f(a, &n);
  return half < ($T)0.75 ? 2 * half : half;
}
)"},
    Definition{"rsqrt_estimate", Kind::floating, R"(static inline $T rsqrt_estimate_$S($T a) {
  return 1 / sqrt$f(a);
}
)"},
    Definition{"mod", Kind::floating, R"(static inline $T mod_$S($T a, $T b) {
  const $T rest = fmod$f(a, b);
  if (rest == 0) return copysign$f(0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}
)"},
    Definition{"floor_div", Kind::floating, R"(static inline $T floor_div_$S($T a, $T b) {
  const $T rest = fmod$f(a, b);
  if (b == 0 || isnan(rest)) return a / b;
  const $T quotient = (a - rest) / b - (rest != 0 && (rest < 0) != (b < 0) ? 1 : 0);
  return quotient == 0 ? copysign$f(0, a / b) : nearbyint$f(quotient);
}
)"},
    Definition{"from_bits", Kind::floating, R"(static inline $T from_bits_$S($U bits) {
  $T value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
)"},
    Definition{"to_bits", Kind::floating, R"(static inline $U to_bits_$S($T value) {
  $U bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
)"},
    Definition{"widen", Kind::floating, R"(static inline float widen_$S(uint16_t bits) {
  const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16, magnitude = (uint32_t)(bits & 0x7fffu) << (23 - $P);
  const uint32_t infinity = (uint32_t)(0x7fffu >> $P) << 23;
  const float scale = $P == 10 ? 0x1p112f : 1.0f;
  float value;
  memcpy(&value, &magnitude, sizeof value);
  value *= scale;
  uint32_t word;
  memcpy(&word, &value, sizeof word);
  if (magnitude >= infinity) word = magnitude | 0x7f800000u;
  word |= sign;
  memcpy(&value, &word, sizeof value);
  return value;
}
)"},
    Definition{"narrow", Kind::floating, R"(static inline uint16_t narrow_$S(double value) {
  const int bias = (1 << (14 - $P)) - 1;
  const uint64_t infinity = (uint64_t)(2 * bias + 1) << $P;
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint64_t sign = bits >> 63 << 15, fraction = bits & ((UINT64_C(1) << 52) - 1);
  const int exponent = (int)(bits >> 52 & 0x7ff) - 1023 + bias;
  if (exponent == 1024 + bias) {
    const uint64_t payload = fraction == 0 ? 0 : fraction >> (52 - $P) | UINT64_C(1) << ($P - 1);
    return (uint16_t)(sign | infinity | payload);
  }
  const int scale = exponent > 1 ? exponent : 1;
  const int wanted = 52 - $P + scale - exponent, shift = wanted < 63 ? wanted : 63;
  const uint64_t whole = fraction | UINT64_C(1) << 52, quotient = whole >> shift;
  const uint64_t rest = whole - (quotient << shift), tie = UINT64_C(1) << (shift - 1);
  const uint64_t significand = quotient + (rest > tie || (rest == tie && (quotient & 1)));
  const uint64_t magnitude = ((uint64_t)(scale - 1) << $P) + significand;
  return (uint16_t)(sign | (magnitude < infinity ? magnitude : infinity));
}
)"},
};

std::string_view unsigned_type(DType dtype) {
  switch (size_of(dtype)) {
    case 1:
      return "uint8_t";
    case 2:
      return "uint16_t";
    case 4:
      return "uint32_t";
    default:
      return "uint64_t";
  }
}

std::string to_upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

/// The text with $x replaced by the value of x.
std::string with(std::string_view text, const std::map<char, std::string>& values) {
  std::string result;
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (text[k] == '$')
      result += values.at(text[++k]);
    else
      result += text[k];
  }
  return result;
}

std::string definition_for(const Definition& definition, DType dtype) {
  return with(definition.text, {{'T', std::string(c_type(dtype))},
                                {'W', std::string(c_wrapping_type(dtype))},
                                {'U', std::string(unsigned_type(dtype))},
                                {'S', std::string(name(dtype))},
                                {'f', dtype == DType::float32 ? "f" : ""},
                                {'B', std::to_string(8 * size_of(dtype))},
                                {'P', dtype == DType::float16 ? "10" : "7"}});
}

}  // namespace

std::string Prelude::function(std::string_view function, DType dtype) {
  const Kind kind = is_floating(dtype) ? Kind::floating : Kind::signed_integer;
  for (const Definition& definition : definitions) {
    if (definition.name != function || definition.kind != kind) continue;
    std::string called = fmt::format("{}_{}", function, name(dtype));
    add(called, definition_for(definition, dtype));
    return called;
  }
  fail<InternalError>({}, "C: there is no function '{}' of {}", function, name(dtype));
}

std::string Prelude::saturation(DType from, DType to) {
  std::string called = fmt::format("{}_to_{}", name(from), name(to));
  const int bits = static_cast<int>(8 * size_of(to));
  const bool positive = is_unsigned(to);
  const std::string upper = to_upper(c_type(to).substr(0, c_type(to).size() - 2));
  const std::string least = positive ? "0" : upper + "_MIN";
  add(called, with(R"(static inline $I $N($T value) {
  if (value != value) return 0;
  if (value >= $E) return $M_MAX;
  return value <= $B ? $L : ($I)value;
}
)",
                   {{'I', std::string(c_type(to))},
                    {'N', called},
                    {'T', std::string(c_type(from))},
                    {'E', fmt::format("0x1p{}", positive ? bits : bits - 1)},
                    {'M', upper},
                    {'B', positive ? "0" : fmt::format("-0x1p{}", bits - 1)},
                    {'L', least}}));
  return called;
}

std::string Prelude::text() const {
  std::string text;
  for (const auto& [name, definition] : definitions_) text += '\n' + definition;
  return text;
}

void Prelude::add(const std::string& name, std::string definition) {
  definitions_.emplace(name, std::move(definition));
}

}  // namespace theon::codegen
