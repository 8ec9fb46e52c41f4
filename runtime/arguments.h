// The arguments of a call: what they must be, and the sizes they tell.
#pragma once

#include "codegen/program/assemble.h"
#include "runtime/context.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace theon::runtime {

/// What is asked of one size.
struct AxisRule {
  enum class Kind : std::uint8_t {
    known,     // it is `number`
    first,     // it becomes the value of the symbol at place `number`
    repeated,  // it is the value of the symbol at place `number`
    computed,  // it is the size of number `number`, once all symbols are known
  };
  Kind kind;
  std::int64_t number;
};

struct ArgumentRule {
  Variable variable;
  DType dtype;
  std::vector<AxisRule> axes;
  ValueId value;  // -1 where nothing reads it
};

/// A scalar argument whose value is a size.
struct SizeArgument {
  std::size_t argument, place;
  bool is_repeated;  // whether another argument has said it before
};

/// Checks arguments and binds entry symbols.
class Arguments {
 public:
  /// Throws ArgumentError, at `where`, for a symbol that no input has as a size of its own.
  Arguments(std::string function, const std::vector<Variable>& inputs, const std::vector<codegen::EntrySize>& sizes,
            const codegen::Program& program, DimTable& table, Location where);

  std::size_t size() const { return rules_.size(); }
  const Variable& variable(std::size_t i) const { return rules_[i].variable; }
  const std::string& function() const { return function_; }

  /// Points the buffers of the inputs to the arguments, packed where they are not contiguous, and prepares the context
  /// for their sizes. The arguments must outlive the call. Throws ArgumentError for too many or too few, DTypeError and
  /// ShapeError naming the argument.
  void bind(std::span<const Tensor> arguments, Context& context) const;
  /// Prepares the context for arguments of these sizes. Throws ArgumentError, too, where the value of an argument is a
  /// size.
  void bind_sizes(std::span<const Sizes> sizes, Context& context) const;
  /// The arguments that are read, and the values that they are.
  std::vector<std::pair<std::size_t, ValueId>> values() const;
  /// For contiguous memory of the right sizes.
  void point(const void* const* arguments, Context& context) const;

 private:
  void add_rule(const Variable& x, ValueId value, DimTable& table, std::vector<bool>& is_told);
  void check_count(std::size_t given) const;
  void bind_axes(std::size_t i, const Sizes& sizes, Context& context) const;
  void check_computed(std::size_t i, const Sizes& sizes, const Context& context) const;
  const Tensor& accept(std::size_t i, const Tensor& argument, Context& context) const;
  const Tensor& accepted(std::size_t i, std::span<const Tensor> arguments, Context& context) const;
  void bind_value(const SizeArgument& size, const void* scalar, Context& context) const;

  [[noreturn]] void refuse_dtype(std::size_t i, const Tensor& argument) const;
  [[noreturn]] void refuse_rank(std::size_t i, const Sizes& sizes) const;
  [[noreturn]] void refuse_size(std::size_t i, std::size_t axis, const Sizes& sizes, std::int64_t wanted) const;
  std::string title(std::size_t i) const;
  std::string given_and_wanted(std::size_t i, const Sizes& sizes) const;

  std::string function_;
  Location where_;
  bool has_computed_ = false;
  std::vector<ArgumentRule> rules_;
  std::vector<SizeArgument> sizes_;
};

}  // namespace theon::runtime
