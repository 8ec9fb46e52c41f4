#include "runtime/index_check.h"

#include "runtime/element_place.h"
#include "src/support/check.h"
#include "src/tensor/dispatch.h"
#include "src/tensor/layout.h"

#include <concepts>
#include <optional>
#include <type_traits>

namespace theon::runtime {

namespace {

template <std::integral T>
bool is_in_range(T index, std::int64_t extent) {
  if constexpr (std::is_unsigned_v<T>)
    return index < static_cast<std::uint64_t>(extent);
  else
    return index >= -extent && index < extent;
}

/// The position of the first index out of range. The loop has no exit, so that it runs in vectors.
template <std::integral T>
std::optional<std::int64_t> first_outside(const T* indices, std::int64_t count, std::int64_t extent) {
  bool all_inside = true;
  for (std::int64_t i = 0; i < count; ++i) all_inside &= is_in_range(indices[i], extent);
  if (all_inside) return std::nullopt;
  std::int64_t position = 0;
  while (is_in_range(indices[position], extent)) ++position;
  return position;
}

template <std::integral T>
void check(const T* indices, const IndexCall& call, const codegen::IndexStep& step, const Context& context) {
  const std::int64_t extent = context.size(call.extent);
  const std::optional<std::int64_t> position = first_outside(indices, context.elements(call.indices), extent);
  if (!position) return;
  const Sizes sizes = context.sizes(call.indices);
  const std::string place = sizes.empty() ? "" : fmt::format(", at {},", element_place(*position, sizes));
  fail<IndexError>(step.where, "{}: index {}{} is out of range for axis {} of size {}", step.op,
                   static_cast<std::int64_t>(indices[*position]), place, step.axis, extent);
}

}  // namespace

void run(const IndexCall& call, const codegen::IndexStep& step, const Context& context) {
  if (step.of_sizes) {
    if (context.size(call.extent) == 0 && context.elements(call.indices) > 0)
      fail<IndexError>(step.where, "{}: axis {} has size 0, so that no index is in range", step.op, step.axis);
    return;
  }
  const void* indices = context.buffers[call.indices];
  dispatch(context.executable().values[call.indices].dtype, [&]<class T>() {
    if constexpr (std::integral<T> && !std::same_as<T, bool>)
      check(static_cast<const T*>(indices), call, step, context);
    else
      fail<InternalError>(step.where, "{}: indices that are no integers", step.op);
  });
}

}  // namespace theon::runtime
