// Results do not depend on the caller's rounding mode, handling of subnormal numbers and traps, which calls leave alone.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <cfenv>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#ifdef __SSE2__
#include <xmmintrin.h>

using namespace theon;

namespace {

constexpr std::int64_t count = 100003;  // on two threads in several pieces

struct Setting {
  std::string name;
  std::function<void()> set;
};

std::vector<Setting> settings() {
  return {{"upward", [] { std::fesetround(FE_UPWARD); }},
          {"downward", [] { std::fesetround(FE_DOWNWARD); }},
          {"towards zero", [] { std::fesetround(FE_TOWARDZERO); }},
          {"upward, vectors alone", [] { _MM_SET_ROUNDING_MODE(_MM_ROUND_UP); }},
          {"downward, vectors alone", [] { _MM_SET_ROUNDING_MODE(_MM_ROUND_DOWN); }},
          {"towards zero, vectors alone", [] { _MM_SET_ROUNDING_MODE(_MM_ROUND_TOWARD_ZERO); }},
          {"results flushed to zero", [] { _mm_setcsr(_mm_getcsr() | 0x8000); }},
          {"subnormal operands are zero", [] { _mm_setcsr(_mm_getcsr() | 0x0040); }},
          {"traps", [] { feenableexcept(FE_ALL_EXCEPT); }}};
}

/// Undoes whatever was set.
class Restored {
 public:
  Restored() { std::fegetenv(&before_); }
  ~Restored() { std::fesetenv(&before_); }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

 private:
  std::fenv_t before_;
};

unsigned control() { return _mm_getcsr() & 0xffc0; }

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Thirds, subnormal products, products of subnormal numbers, infinities, NaNs.
std::vector<float> numbers() {
  std::vector<float> values(count);
  for (std::int64_t i = 0; i < count; ++i)
    values[static_cast<std::size_t>(i)] =
        i % 4 == 0 ? static_cast<float>(i) / 3 : i % 4 == 1 ? 0x1p-126f : i % 4 == 2 ? -0x1.8p-140f : -static_cast<float>(i);
  return values;
}

Function example(int threads) {
  const Variable x = vector<float>("x");
  return function({x}, {x * 0.75f, sqrt(x) / 3.f, sum(x * 0x1p-20f)}, {.threads = threads});
}

}  // namespace

TEST_CASE("calls round to nearest, keep subnormal numbers and do not trap, whatever their caller has set") {
  const int threads = GENERATE(1, 2);
  const Function f = example(threads);
  const Tensor input(numbers());
  const Results expected = f(input);
  for (const Setting& setting : settings()) {
    INFO(setting.name);
    const Restored restored;
    setting.set();
    const unsigned before = control();
    const Results found = f(input);
    const unsigned after = control();
    std::fesetenv(FE_DFL_ENV);
    CHECK(before == after);
    for (std::size_t k = 0; k < 3; ++k)
      CHECK(same_bits(Tensor(found[k]).to_vector<float>(), Tensor(expected[k]).to_vector<float>()));
  }
}

TEST_CASE("raw calls round to nearest, keep subnormal numbers and do not trap, whatever their caller has set") {
  const int threads = GENERATE(1, 2);
  const Function f = example(threads);
  const std::vector<float> input = numbers();
  const Results expected = f(Tensor(input));
  const Function::Raw raw = f.prepare({{count}});
  for (const Setting& setting : settings()) {
    INFO(setting.name);
    std::vector<float> scaled(count), roots(count), total(1);
    const void* const inputs[] = {input.data()};
    void* const outputs[] = {scaled.data(), roots.data(), total.data()};
    const Restored restored;
    setting.set();
    const unsigned before = control();
    const std::int32_t code = raw(inputs, outputs);
    const unsigned after = control();
    std::fesetenv(FE_DFL_ENV);
    CHECK(code == 0);
    CHECK(before == after);
    CHECK(same_bits(scaled, Tensor(expected[0]).to_vector<float>()));
    CHECK(same_bits(roots, Tensor(expected[1]).to_vector<float>()));
    CHECK(same_bits(total, Tensor(expected[2]).to_vector<float>()));
  }
}

#endif
