// Arrays of numbers.
#pragma once

#include <theon/dtype.h>
#include <theon/error.h>

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace theon {

using Sizes = std::vector<std::int64_t>;

/// The memory behind a tensor. Abstract, so that it may lie on a device; the host's storage is aligned to
/// 64 bytes, or to 16 where it is no more than that.
class Storage {
 public:
  virtual ~Storage() = default;
  virtual std::byte* data() const = 0;
  virtual std::size_t bytes() const = 0;
};

/// A typed, strided array. A value: copying a Tensor is cheap and shares the memory; `copy()` duplicates it.
/// Strides count elements, and may be zero or negative.
class Tensor {
 public:
  /// A float64 scalar, 0.
  Tensor();
  /// A scalar.
  template <Scalar T>
  Tensor(T value) : Tensor(dtype_of<T>, {}) {
    *mutable_data<T>() = value;
  }
  /// A vector, copied.
  template <Scalar T>
  Tensor(const std::vector<T>& values) : Tensor(std::span<const T>(values)) {}
  Tensor(const std::vector<bool>& values);
  template <Scalar T, std::size_t extent>
  Tensor(std::span<T, extent> values)
      : Tensor(from(dtype_of<T>, values.data(), values.size(), {static_cast<std::int64_t>(values.size())})) {}
  /// An uninitialised array. Throws ShapeError for a negative size or more bytes than the address space holds.
  Tensor(DType dtype, Sizes sizes);

  static Tensor zeros(DType dtype, Sizes sizes);
  template <Scalar T>
  static Tensor zeros(Sizes sizes) {
    return zeros(dtype_of<T>, std::move(sizes));
  }
  template <Scalar T>
  static Tensor full(Sizes sizes, T value) {
    return Tensor(value).broadcast_to(std::move(sizes)).copy();
  }
  template <Scalar T>
  static Tensor ones(Sizes sizes) {
    return Tensor(true).astype<T>().broadcast_to(std::move(sizes)).copy();
  }
  /// 0, 1, ..., n - 1. Throws ShapeError for a negative n.
  static Tensor arange(DType dtype, std::int64_t n);
  template <Scalar T>
  static Tensor arange(std::int64_t n) {
    return arange(dtype_of<T>, n);
  }
  /// The values in row-major order, copied. Throws ShapeError when the sizes ask for fewer or more of them.
  template <Scalar T>
  static Tensor of(std::span<const T> values, Sizes sizes) {
    return from(dtype_of<T>, values.data(), values.size(), std::move(sizes));
  }
  template <Scalar T>
  static Tensor of(std::initializer_list<T> values, Sizes sizes) {
    return from(dtype_of<T>, values.begin(), values.size(), std::move(sizes));
  }
  /// Standard normal numbers (Philox4x32-10, Box-Muller); the same seed gives the same bits everywhere. Throws
  /// DTypeError unless the dtype is floating.
  static Tensor randn(DType dtype, Sizes sizes, std::uint64_t seed);
  template <Scalar T>
  static Tensor randn(Sizes sizes, std::uint64_t seed) {
    return randn(dtype_of<T>, std::move(sizes), seed);
  }
  /// Uniform numbers in [low, high), rounded down for integers. Throws ArgumentError unless low < high, both finite.
  static Tensor uniform(DType dtype, Sizes sizes, std::uint64_t seed, double low = 0, double high = 1);
  template <Scalar T>
  static Tensor uniform(Sizes sizes, std::uint64_t seed, double low = 0, double high = 1) {
    return uniform(dtype_of<T>, std::move(sizes), seed, low, high);
  }
  /// Borrows memory that the caller keeps alive; strides in elements, row-major when empty. Throws ArgumentError for
  /// a null or misaligned address.
  template <Scalar T>
  static Tensor view(T* data, Sizes sizes, Sizes strides = {}) {
    return borrow(dtype_of<T>, const_cast<std::remove_cv_t<T>*>(data), std::move(sizes), std::move(strides));
  }
  static Tensor borrow(DType dtype, void* data, Sizes sizes, Sizes strides = {});
  /// A tensor on given storage; `offset`, in bytes, is that of element (0, ..., 0). Throws ShapeError when an element
  /// would lie outside of the storage.
  static Tensor on(std::shared_ptr<Storage> storage, std::size_t offset, DType dtype, Sizes sizes, Sizes strides);

  DType dtype() const { return dtype_; }
  const Sizes& sizes() const { return layout().sizes; }
  const Sizes& strides() const { return layout().strides; }
  int ndim() const { return static_cast<int>(sizes().size()); }
  /// The number of elements.
  std::int64_t size() const;
  /// The size of an axis; a negative one counts from the end. Throws IndexError.
  std::int64_t size(int axis) const;
  /// Whether the elements lie one after another in row-major order.
  bool is_contiguous() const;

  /// The elements; throws DTypeError when T is not the element type.
  template <Scalar T>
  const T* data() const {
    expect(dtype_of<T>);
    return reinterpret_cast<const T*>(raw());
  }
  /// The same, to write through. Every tensor that shares the memory sees it.
  template <Scalar T>
  T* mutable_data() {
    expect(dtype_of<T>);
    return reinterpret_cast<T*>(raw());
  }
  /// The address of element (0, ..., 0).
  std::byte* raw() const { return data_; }
  const std::shared_ptr<Storage>& storage() const { return storage_; }

  /// The one element, converted; throws ShapeError when there is not exactly one.
  template <Scalar T>
  T item() const {
    return *only().astype<T>().template data<T>();
  }
  /// The element at the indices (negative ones count from the end), converted; throws IndexError.
  template <Scalar T>
  T at(std::initializer_list<std::int64_t> indices) const {
    return element(indices).item<T>();
  }
  /// The elements in row-major order, converted.
  template <Scalar T>
  std::vector<T> to_vector() const {
    const Tensor row_major = astype<T>().contiguous();
    const T* first = row_major.data<T>();
    return std::vector<T>(first, first + size());
  }

  // Views. They share the memory.

  /// Python's x[start:stop:step] along an axis: negative bounds count from the end, bounds beyond either end mean that
  /// end. Throws IndexError for the axis, ArgumentError for a step of 0.
  Tensor slice(int axis, std::int64_t start, std::int64_t stop, std::int64_t step = 1) const;
  /// x[i] along the first axis; a negative index counts from the end. Throws IndexError.
  Tensor operator[](std::int64_t index) const;
  /// The axes in reverse order.
  Tensor transpose() const;
  /// Axis i of the result is axes[i] of this one. Throws ArgumentError unless every axis is named once.
  Tensor permute(std::vector<int> axes) const;
  /// A view where the strides allow it, otherwise a copy. One size may be -1: it follows from the others. Throws
  /// ShapeError when the number of elements would change.
  Tensor reshape(Sizes sizes) const;
  /// Repeats axes of size 1, and the whole along new leading axes, without copying. Throws ShapeError.
  Tensor broadcast_to(Sizes sizes) const;

  /// Fresh row-major memory.
  Tensor copy() const;
  /// Itself if row-major, otherwise a copy.
  Tensor contiguous() const;
  /// Converted elements, in fresh row-major memory: float to integer truncates and saturates, NaN gives 0; integers
  /// wrap; everything but 0 is true; floats round to the nearest, ties to even.
  Tensor astype(DType dtype) const;
  template <Scalar T>
  Tensor astype() const {
    return astype(dtype_of<T>);
  }

  /// NumPy's .npy format, version 1 to 3, little or big endian, row- or column-major. Throws FileError.
  static Tensor load_npy(const std::string& path);
  /// Version 1, row-major. Throws FileError; the format has no bfloat16.
  void save_npy(const std::string& path) const;

 private:
  struct Layout {
    Sizes sizes, strides;
  };
  static inline const Layout no_layout{};

  Tensor(std::shared_ptr<Storage> storage, std::byte* data, DType dtype, Sizes sizes, Sizes strides);

  /// Of a scalar, and of a tensor that was moved from, none.
  const Layout& layout() const { return layout_ ? *layout_ : no_layout; }
  static std::shared_ptr<const Layout> layout_of(Sizes sizes, Sizes strides);

  static Tensor from(DType dtype, const void* values, std::size_t count, Sizes sizes);
  /// A view of the same memory that begins at another element.
  Tensor view_at(std::int64_t offset, Sizes sizes, Sizes strides) const;
  void expect(DType asked) const;
  Tensor only() const;
  Tensor element(std::span<const std::int64_t> indices) const;

  std::shared_ptr<Storage> storage_;
  std::byte* data_ = nullptr;
  DType dtype_ = DType::float64;
  std::shared_ptr<const Layout> layout_;  // shared by copies, so that they allocate nothing
};

/// Same dtype, sizes and bits (NaN equals NaN of the same bits).
bool identical(const Tensor& a, const Tensor& b);
/// As NumPy prints it: eight digits, lines of 75 characters, and only the edges of more than a thousand elements.
std::string to_string(const Tensor& tensor);
/// "[3, 4]".
std::string to_string(const Sizes& sizes);
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace theon
