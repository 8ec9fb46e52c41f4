#include "runtime/arguments.h"

#include "runtime/numbers.h"
#include "src/support/check.h"

#include <algorithm>
#include <utility>

namespace theon::runtime {

Arguments::Arguments(std::string function, const std::vector<Variable>& inputs,
                     const std::vector<codegen::EntrySize>& sizes, const codegen::Program& program, DimTable& table,
                     Location where)
    : function_(std::move(function)), where_(where) {
  std::vector<bool> is_told(program.symbols.size(), false);
  for (const codegen::EntrySize& size : sizes) {
    const std::size_t place = table.place(size.symbol);
    sizes_.push_back({size.input, place, is_told[place]});
    is_told[place] = true;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) add_rule(inputs[i], program.inputs[i], table, is_told);
  for (std::size_t place = 0; place < program.entry_symbols; ++place)
    if (!is_told[place])
      fail<ArgumentError>(where, "{}: no input has the size {} alone, so it cannot be known", function_,
                          to_string(program.symbols[place]));
}

void Arguments::add_rule(const Variable& x, ValueId value, DimTable& table, std::vector<bool>& is_told) {
  ArgumentRule rule{x, x.dtype(), {}, value};
  for (const Dim& dim : x.dims()) {
    if (dim.is_known()) {
      rule.axes.push_back({AxisRule::Kind::known, *dim.known()});
    } else if (is_symbol(dim)) {
      const std::size_t place = table.place(dim);
      rule.axes.push_back(
          {is_told[place] ? AxisRule::Kind::repeated : AxisRule::Kind::first, static_cast<std::int64_t>(place)});
      is_told[place] = true;
    } else {
      rule.axes.push_back({AxisRule::Kind::computed, static_cast<std::int64_t>(table.add(dim))});
      has_computed_ = true;
    }
  }
  rules_.push_back(std::move(rule));
}

void Arguments::bind(std::span<const Tensor> arguments, Context& context) const {
  check_count(arguments.size());
  for (const SizeArgument& size : sizes_) bind_value(size, accepted(size.argument, arguments, context).raw(), context);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Tensor& argument = accepted(i, arguments, context);
    bind_axes(i, argument.sizes(), context);
    if (rules_[i].value >= 0) context.buffers[rules_[i].value] = argument.raw();
  }
  context.prepare();
  if (!has_computed_) return;
  for (std::size_t i = 0; i < arguments.size(); ++i) check_computed(i, arguments[i].sizes(), context);
}

/// The argument as the call uses it.
const Tensor& Arguments::accepted(std::size_t i, std::span<const Tensor> arguments, Context& context) const {
  const Tensor& argument = accept(i, arguments[i], context);
  if (argument.sizes().size() != rules_[i].axes.size()) refuse_rank(i, argument.sizes());
  return argument;
}

void Arguments::bind_sizes(std::span<const Sizes> sizes, Context& context) const {
  check_count(sizes.size());
  if (!sizes_.empty())
    fail<ArgumentError>(where_, "{}: the value of {} is a size, so memory cannot be prepared for sizes alone",
                        function_, title(sizes_[0].argument));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i].size() != rules_[i].axes.size()) refuse_rank(i, sizes[i]);
    for (std::int64_t size : sizes[i])
      if (size < 0)
        fail<ShapeError>(rules_[i].variable.where(), "{}: {} is given the sizes {}; sizes are not negative", function_,
                         title(i), to_string(sizes[i]));
    bind_axes(i, sizes[i], context);
  }
  context.prepare();
  for (std::size_t i = 0; i < sizes.size(); ++i) check_computed(i, sizes[i], context);
}

std::vector<std::pair<std::size_t, ValueId>> Arguments::values() const {
  std::vector<std::pair<std::size_t, ValueId>> values;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (rules_[i].value >= 0) values.emplace_back(i, rules_[i].value);
  return values;
}

void Arguments::point(const void* const* arguments, Context& context) const {
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (rules_[i].value >= 0) context.buffers[rules_[i].value] = const_cast<void*>(arguments[i]);
}

/// The argument as the program reads it: of the input's dtype, row-major.
const Tensor& Arguments::accept(std::size_t i, const Tensor& argument, Context& context) const {
  std::optional<Tensor>& packed = context.packed[i];
  packed.reset();
  if (argument.dtype() != rules_[i].dtype) {
    if (argument.ndim() == 0 && rules_[i].axes.empty()) packed = as_number(argument, rules_[i].dtype);
    if (!packed) refuse_dtype(i, argument);
    return *packed;
  }
  if (argument.is_contiguous()) return argument;
  return packed.emplace(argument.contiguous());
}

void Arguments::bind_axes(std::size_t i, const Sizes& sizes, Context& context) const {
  const std::vector<AxisRule>& axes = rules_[i].axes;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const auto [kind, number] = axes[axis];
    switch (kind) {
      case AxisRule::Kind::known:
        if (sizes[axis] != number) refuse_size(i, axis, sizes, number);
        break;
      case AxisRule::Kind::first:
        context.symbols[number] = sizes[axis];
        break;
      case AxisRule::Kind::repeated:
        if (sizes[axis] != context.symbols[number]) refuse_size(i, axis, sizes, context.symbols[number]);
        break;
      case AxisRule::Kind::computed:
        break;
    }
  }
}

void Arguments::check_computed(std::size_t i, const Sizes& sizes, const Context& context) const {
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    const auto [kind, number] = rules_[i].axes[axis];
    if (kind == AxisRule::Kind::computed && sizes[axis] != context.size(number))
      refuse_size(i, axis, sizes, context.size(number));
  }
}

void Arguments::bind_value(const SizeArgument& size, const void* scalar, Context& context) const {
  const std::int64_t value = integer_value(rules_[size.argument].dtype, scalar);
  if (value < 0)
    fail<ShapeError>(rules_[size.argument].variable.where(), "{}: {} is a size, and is {}; sizes are not negative",
                     function_, title(size.argument), value);
  if (size.is_repeated && context.symbols[size.place] != value)
    fail<ShapeError>(rules_[size.argument].variable.where(), "{}: {} is a size, and is {}; another argument says {}",
                     function_, title(size.argument), value, context.symbols[size.place]);
  context.symbols[size.place] = value;
}

// Errors.

std::string Arguments::title(std::size_t i) const {
  const std::string name = rules_[i].variable.name();
  return name.empty() ? fmt::format("argument {}", i) : fmt::format("argument {}, {}", i, name);
}

std::string Arguments::given_and_wanted(std::size_t i, const Sizes& sizes) const {
  return fmt::format("given:  {}\n  wanted: {}", to_string(sizes), to_string(rules_[i].variable.dims()));
}

void Arguments::check_count(std::size_t given) const {
  if (given == rules_.size()) return;
  std::string names;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    names += fmt::format("\n  {}: {}", title(i), to_string(rules_[i].variable.type()));
  fail<ArgumentError>(where_, "{}: {} arguments given, {} wanted{}", function_, given, rules_.size(), names);
}

void Arguments::refuse_dtype(std::size_t i, const Tensor& argument) const {
  const std::string_view wanted = name(rules_[i].dtype);
  fail<DTypeError>(
      rules_[i].variable.where(),
      "{}: {} is {}, and {} was given\n  hint: convert it with astype(DType::{}), if the change of values is meant",
      function_, title(i), wanted,
      argument.ndim() == 0 ? fmt::format("{} {}", name(argument.dtype()), to_string(argument)) : name(argument.dtype()),
      wanted);
}

void Arguments::refuse_rank(std::size_t i, const Sizes& sizes) const {
  fail<ShapeError>(rules_[i].variable.where(), "{}: {} has rank {}, and an array of rank {} was given\n  {}", function_,
                   title(i), rules_[i].axes.size(), sizes.size(), given_and_wanted(i, sizes));
}

void Arguments::refuse_size(std::size_t i, std::size_t axis, const Sizes& sizes, std::int64_t wanted) const {
  const Dim& dim = rules_[i].variable.dims()[axis];
  const std::string meaning = dim.is_known() ? "" : fmt::format(", which is {}", to_string(dim));
  fail<ShapeError>(rules_[i].variable.where(), "{}: {}: axis {} has size {}, and size {} was given\n  {}", function_,
                   title(i), axis, std::to_string(wanted) + meaning, sizes[axis], given_and_wanted(i, sizes));
}

}  // namespace theon::runtime
