#include "runtime/host.h"

#include "src/support/check.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string_view>

namespace theon::runtime {

namespace {

template <class E>
void rethrow_as(const Error& error, const std::string& message, Location where) {
  if (dynamic_cast<const E*>(&error)) throw E(where, message);
}

/// Throws an error of the same type with another message, at another place.
template <class... E>
[[noreturn]] void rethrow_as_one_of(const Error& error, const std::string& message, Location where) {
  (rethrow_as<E>(error, message, where), ...);
  throw Error(where, message);
}

bool names(const Error& error, const std::string& what) {
  return std::string_view(error.what()).find(what + ": ") != std::string_view::npos;
}

/// The error's text, with what threw it in front unless it says so itself.
std::string named(const Error& error, const std::string& what) {
  return names(error, what) ? error.what() : fmt::format("{}: {}", what, error.what());
}

void check_output(const Tensor& output, const TensorType& type, std::size_t number, const Apply& node) {
  if (output.dtype() != type.dtype || output.ndim() != type.ndim())
    fail<InternalError>(node.where, "{}: output {} was promised as {}, and is {} {}", node.op->name(), number,
                        to_string(type), name(output.dtype()), to_string(output.sizes()));
}

/// The tensor on memory of its own: what the op, an input or another output keeps is not ours to hand on.
Tensor on_own_memory(const Tensor& output) {
  return output.storage().use_count() == 1 ? output.contiguous() : output.copy();
}

/// The op has filled the memory it was given, or has put a tensor of its own in its place.
void settle(ValueId value, std::size_t number, Context::HostTensors& tensors, const Apply& node, Context& context) {
  Tensor& output = tensors.outputs[number];
  check_output(output, node.types[number], number, node);
  if (context.executable().values[value].is_late) {
    context.adopt(value, on_own_memory(output));
    output = Tensor();
  } else if (static_cast<void*>(output.raw()) != context.buffers[value]) {
    if (output.sizes() != context.sizes(value))
      fail<InternalError>(node.where, "{}: output {} was promised with sizes {}, and has {}", node.op->name(), number,
                          to_string(context.sizes(value)), to_string(output.sizes()));
    std::memcpy(context.buffers[value], output.contiguous().raw(), context.bytes(value));
  }
}

void prepare(const HostCall& call, Context::HostTensors& tensors, Context& context) {
  tensors.inputs.resize(call.inputs.size());
  tensors.outputs.resize(call.outputs.size());
  for (std::size_t i = 0; i < call.inputs.size(); ++i) context.view(call.inputs[i], tensors.inputs[i]);
  for (std::size_t i = 0; i < call.outputs.size(); ++i)
    if (!context.executable().values[call.outputs[i]].is_late) context.view(call.outputs[i], tensors.outputs[i]);
}

}  // namespace

void rethrow_from(const std::string& what, Location where) {
  try {
    throw;
  } catch (const Error& error) {
    if (error.where() && names(error, what)) throw;
    rethrow_as_one_of<ShapeError, DTypeError, IndexError, ArgumentError, GradientError, CheckError, Cancelled,
                      FileError, InternalError>(error, named(error, what), where);
  } catch (const std::exception& error) {
    std::throw_with_nested(Error(where, fmt::format("{}: {}", what, error.what())));
  }
}

void run(const HostCall& call, const Apply& node, Context& context) {
  Context::HostTensors& tensors = context.host_tensors(call.number);
  prepare(call, tensors, context);
  try {
    call.op->run(tensors.inputs, tensors.outputs);
  } catch (...) {
    rethrow_from(node.op->name(), node.where);
  }
  for (const OutputSize& size : call.binds) context.bind(size.place, tensors.outputs[size.output].size(size.axis));
  for (std::size_t i = 0; i < call.outputs.size(); ++i) settle(call.outputs[i], i, tensors, node, context);
}

}  // namespace theon::runtime
