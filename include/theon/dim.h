// Symbolic sizes.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace theon {

namespace detail {
struct DimNode;
}

/// The size of an axis: an integer, or a polynomial with integer coefficients over symbols, `floor_div`, `mod`, `min`
/// and `max`, kept in one canonical form. Symbols stand for sizes that are known only at a call; they are never
/// negative.
/// `==` asks whether two forms are identical; whether two sizes are equal is another question, with three answers: see
/// `equal`.
class Dim {
 public:
  Dim(std::int64_t value = 0) : value_(value) {}
  explicit Dim(std::shared_ptr<const detail::DimNode> node) : node_(std::move(node)) {}

  bool is_known() const { return node_ == nullptr; }
  /// The number, where it is known.
  std::optional<std::int64_t> known() const { return node_ ? std::nullopt : std::optional(value_); }
  std::size_t hash() const;
  const detail::DimNode* node() const { return node_.get(); }

  friend bool operator==(const Dim& a, const Dim& b);

 private:
  std::int64_t value_ = 0;
  std::shared_ptr<const detail::DimNode> node_;  // null for a number
};

using Shape = std::vector<Dim>;

/// A fresh symbol: `input<float>("x", {dim("batch"), 784})`. Two calls with one name make two symbols.
Dim dim(std::string name);

Dim operator+(const Dim& a, const Dim& b);
Dim operator-(const Dim& a, const Dim& b);
Dim operator*(const Dim& a, const Dim& b);
/// Rounds towards minus infinity; 0 where the divisor is 0.
Dim floor_div(const Dim& a, const Dim& b);
/// Has the sign of the divisor; 0 where the divisor is 0.
Dim mod(const Dim& a, const Dim& b);
Dim min(const Dim& a, const Dim& b);
Dim max(const Dim& a, const Dim& b);

enum class Answer { no, yes, unknown };

/// Whether two sizes are equal for every value of their symbols (yes), for none (no), or it depends or cannot be seen
/// (unknown).
Answer equal(const Dim& a, const Dim& b);
/// The same for a <= b.
Answer less_equal(const Dim& a, const Dim& b);

/// "2*batch + 1"; symbols of one name are told apart where `Dim`s are printed together.
std::string to_string(const Dim& dim);
/// "[batch, 4]"
std::string to_string(const Shape& shape);
std::ostream& operator<<(std::ostream& out, const Dim& dim);

}  // namespace theon
