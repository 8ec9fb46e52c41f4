// Tensors as text, laid out as NumPy does.
#include <theon/tensor.h>

#include "src/tensor/number_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

namespace theon {

namespace {

constexpr std::int64_t elements_shown_whole = 1000;
constexpr std::int64_t edge = 3;
constexpr std::size_t line_width = 75;

std::string without_trailing_spaces(const std::string& line) { return line.substr(0, line.find_last_not_of(' ') + 1); }

class Printer {
 public:
  explicit Printer(const Tensor& x) : x_(x), elide_(x.size() > elements_shown_whole) {
    std::vector<Tensor> scalars;
    collect(x, scalars);
    texts_ = aligned_texts(scalars);
  }

  std::string print() { return nested(0); }

 private:
  bool elided(std::int64_t size) const { return elide_ && size > 2 * edge; }

  /// Appends the elements that are shown, in row-major order.
  void collect(const Tensor& x, std::vector<Tensor>& scalars) const {
    if (x.ndim() == 0) return scalars.push_back(x);
    for (std::int64_t i = 0, size = x.size(0); i < size; ++i) {
      if (elided(size) && i == edge) i = size - edge;
      collect(x[i], scalars);
    }
  }

  /// The next element, or the brackets around the entries of an axis.
  std::string nested(int axis) {
    if (axis == x_.ndim()) return texts_[next_++];
    return fmt::format("[{}]", axis + 1 == x_.ndim() ? lines(entries(axis)) : blocks(entries(axis), axis));
  }

  /// The shown entries of an axis, with dots where some are left out.
  std::vector<std::string> entries(int axis) {
    const std::int64_t size = x_.size(axis), shown = elided(size) ? 2 * edge : size;
    std::vector<std::string> result;
    for (std::int64_t i = 0; i < shown; ++i) {
      if (elided(size) && i == edge) result.push_back("...");
      result.push_back(nested(axis + 1));
    }
    return result;
  }

  /// The entries of the last axis; a line that would be too long goes on below its first entry.
  std::string lines(const std::vector<std::string>& words) const {
    const std::size_t indent = x_.sizes().size(), limit = line_width - std::min(line_width, indent);
    std::string text, line(indent, ' ');
    for (const std::string& word : words) {
      if (line.size() > indent && line.size() + word.size() > limit) {
        text += without_trailing_spaces(line) + '\n';
        line.assign(indent, ' ');
      }
      line += word + ' ';
    }
    line.pop_back();
    return (text + line).substr(indent);
  }

  /// The entries of an outer axis below each other, with an empty line between them for each further axis inside.
  std::string blocks(const std::vector<std::string>& parts, int axis) const {
    const std::string separator = std::string(x_.ndim() - 1 - axis, '\n') + std::string(axis + 1, ' ');
    return fmt::format("{}", fmt::join(parts, separator));
  }

  const Tensor& x_;
  bool elide_;
  std::vector<std::string> texts_;
  std::size_t next_ = 0;
};

}  // namespace

std::string to_string(const Tensor& tensor) {
  if (tensor.size() == 0) return "[]";
  return tensor.ndim() == 0 ? scalar_text(tensor) : Printer(tensor).print();
}

std::string to_string(const Sizes& sizes) { return fmt::format("[{}]", fmt::join(sizes, ", ")); }

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) { return out << to_string(tensor); }

}  // namespace theon
