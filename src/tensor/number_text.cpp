#include "src/tensor/number_text.h"

#include "src/tensor/convert.h"
#include "src/tensor/dispatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace theon {

namespace {

constexpr int most_digits = 8;

template <class... Format>
std::string chars(double value, Format... format) {
  char buffer[400];  // The longest double in positional notation has 309 digits before its point.
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value, format...).ptr);
}

double parse(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// A double with the fewest digits that still rounds to the value: 0.1 for the float32 next to it.
template <class T>
double shortest_decimal(T value) {
  const double exact = convert<double>(value);
  for (int digits = 0; digits <= most_digits; ++digits) {
    const double rounded = parse(chars(exact, std::chars_format::scientific, digits));
    if (convert<double>(convert<T>(rounded)) == exact) return rounded;
  }
  return exact;
}
double shortest_decimal(double value) { return value; }

struct Number {
  double exact, decimal;
};

Number number(const Tensor& scalar) {
  const double decimal = dispatch(scalar.dtype(), [&]<class T>() { return shortest_decimal(*scalar.data<T>()); });
  return {scalar.item<double>(), decimal};
}

std::string non_finite(double value) {
  if (std::isnan(value)) return "nan";
  return value < 0 ? "-inf" : "inf";
}

std::string scalar_text(double value) {
  if (!std::isfinite(value)) return non_finite(value);
  const double magnitude = std::abs(value);
  if (magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16)) return chars(value, std::chars_format::scientific);
  const std::string text = chars(value, std::chars_format::fixed);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

bool need_exponents(const std::vector<Number>& numbers) {
  double largest = 0, smallest = HUGE_VAL;
  for (const Number& number : numbers) {
    if (number.exact == 0 || !std::isfinite(number.exact)) continue;
    largest = std::max(largest, std::abs(number.exact));
    smallest = std::min(smallest, std::abs(number.exact));
  }
  return largest != 0 && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000);
}

/// A number in three parts: [sign and digits] . [digits] e [sign] [digits].
struct Parts {
  std::string whole, fraction;
  char exponent_sign = '+';
  std::string exponent;
};

Parts split(std::string_view text) {
  Parts parts;
  const std::size_t e = std::min(text.find('e'), text.size());
  const std::size_t point = std::min(text.find('.'), e);
  parts.whole = text.substr(0, point);
  if (point < e) parts.fraction = text.substr(point + 1, e - point - 1);
  if (e < text.size()) {
    parts.exponent_sign = text[e + 1];
    parts.exponent = text.substr(e + 2);
  }
  return parts;
}

Parts without_trailing_zeros(Parts parts) {
  parts.fraction.erase(parts.fraction.find_last_not_of('0') + 1);
  return parts;
}

/// The shortest digits, or eight of the exact ones.
Parts shortest_parts(const Number& number, std::chars_format format) {
  const Parts parts = split(chars(number.decimal, format));
  if (parts.fraction.size() <= most_digits) return parts;
  return without_trailing_zeros(split(chars(number.exact, format, most_digits)));
}

std::size_t longest(const std::vector<Parts>& numbers, std::string Parts::*part) {
  std::size_t length = 0;
  for (const Parts& number : numbers) length = std::max(length, (number.*part).size());
  return length;
}

void align_right(std::vector<std::string>& texts, std::size_t width = 0) {
  for (const std::string& text : texts) width = std::max(width, text.size());
  for (std::string& text : texts) text.insert(0, width - text.size(), ' ');
}

std::vector<std::string> aligned_texts(const std::vector<Number>& numbers) {
  const bool exponents = need_exponents(numbers);
  const std::chars_format format = exponents ? std::chars_format::scientific : std::chars_format::fixed;
  std::vector<Parts> finite;
  for (const Number& number : numbers)
    if (std::isfinite(number.exact)) finite.push_back(shortest_parts(number, format));
  const std::size_t whole = longest(finite, &Parts::whole), fraction = longest(finite, &Parts::fraction);
  const std::size_t exponent = longest(finite, &Parts::exponent);
  const auto text = [&](const Parts& n) {
    return exponents ? fmt::format("{:>{}}.{:0<{}}e{}{:0>{}}", n.whole, whole, n.fraction, fraction, n.exponent_sign,
                                   n.exponent, exponent)
                     : fmt::format("{:>{}}.{:<{}}", n.whole, whole, n.fraction, fraction);
  };

  std::vector<std::string> texts;
  auto parts = finite.begin();
  for (const Number& number : numbers)
    texts.push_back(std::isfinite(number.exact) ? text(*parts++) : non_finite(number.exact));
  align_right(texts);
  return texts;
}

}  // namespace

std::string scalar_text(const Tensor& scalar) {
  return dispatch(scalar.dtype(), [&]<class T>() -> std::string {
    const T value = *scalar.data<T>();
    if constexpr (std::same_as<T, bool>)
      return value ? "True" : "False";
    else if constexpr (std::integral<T>)
      return fmt::format("{}", value);
    else
      return scalar_text(shortest_decimal(value));
  });
}

std::vector<std::string> aligned_texts(const std::vector<Tensor>& scalars) {
  const DType dtype = scalars.front().dtype();
  if (is_floating(dtype)) {
    std::vector<Number> numbers;
    for (const Tensor& scalar : scalars) numbers.push_back(number(scalar));
    return aligned_texts(numbers);
  }
  std::vector<std::string> texts;
  for (const Tensor& scalar : scalars) texts.push_back(scalar_text(scalar));
  // NumPy keeps room for "False" where there is none.
  align_right(texts, is_boolean(dtype) ? std::string_view("False").size() : 0);
  return texts;
}

}  // namespace theon
