// Schedules written by hand.
#pragma once

#include "codegen/program/assemble.h"
#include "src/ir/dim_node.h"

#include <string>
#include <vector>

namespace theon::codegen {

/// A schedule that grows step by step, and the interface of the function it belongs to.
class Sketch {
 public:
  /// What a kernel computes at element i.
  enum class Reads { own_element, neighbour };

  ValueId input(const std::string& name, Shape dims = {8}) {
    interface.inputs.push_back(theon::input<float>(name, dims));
    return add(Value::Origin::input, interface.inputs.back());
  }
  ValueId shared(const std::string& name, const Shape& dims = {8}) {
    return add(Value::Origin::shared, theon::shared(name, Tensor::zeros<float>({dims.at(0).known().value()})));
  }
  ValueId constant() { return add(Value::Origin::constant, theon::constant(Tensor::zeros<float>({8}))); }
  ValueId computed(const std::string& name, Shape dims = {8}) {
    return add(Value::Origin::computed, theon::input<float>(name, dims));
  }

  /// A new value, computed element by element from others.
  ValueId kernel(const std::string& name, const std::vector<ValueId>& operands, Reads reads = Reads::own_element,
                 bool reports = false) {
    const ValueId result = computed(name, operands.empty() ? Shape{8} : schedule.values[operands[0]].type.dims);
    kernel_into(result, operands, reads, reports);
    return result;
  }

  void kernel_into(ValueId result, const std::vector<ValueId>& operands, Reads reads = Reads::own_element,
                   bool reports = false) {
    const Dim trips = schedule.values[result].type.dims.empty() ? Dim(1) : schedule.values[result].type.dims[0];
    schedule.steps.push_back({KernelStep{schedule.kernels.size(), trips, operands, {result}, Location("mlp.cpp", 7)}});
    schedule.kernels.push_back(elementwise(result, operands, reads, reports));
  }

  template <class Kind>
  void step(Kind step) {
    schedule.steps.push_back({std::move(step)});
  }

  Program assemble(std::vector<ValueId> outputs, const std::vector<std::pair<ValueId, ValueId>>& updates = {}) {
    schedule.outputs = std::move(outputs);
    for (const auto& [variable, value] : updates) {
      interface.updated.push_back(schedule.values[variable].variable);
      schedule.outputs.push_back(value);
    }
    return codegen::assemble(schedule, interface);
  }

  Schedule schedule;
  Interface interface;

 private:
  ValueId add(Value::Origin origin, const Variable& x) {
    schedule.values.push_back({origin, x.type(), x});
    return static_cast<ValueId>(schedule.values.size()) - 1;
  }

  /// for (i = begin; i < end; i++) result[i] = sum of operands[i or i + 1]
  ir::Kernel elementwise(ValueId result, const std::vector<ValueId>& operands, Reads reads, bool reports) {
    ir::Kernel kernel{"k" + std::to_string(schedule.kernels.size()), {}, {}, 3};
    const ir::Expr i = pool_.local(2, DType::int64);
    ir::Expr sum = pool_.literal(DType::float32, 1.0);
    for (ValueId operand : operands) {
      kernel.buffers.push_back({"", DType::float32, ir::Access::read, operand});
      sum = sum + pool_.load(static_cast<std::int64_t>(kernel.buffers.size()) - 1, DType::float32,
                             {{reads == Reads::own_element ? i : i + 1}});
    }
    kernel.buffers.push_back({"", DType::float32, ir::Access::write, result});
    ir::Block body{{ir::Store{static_cast<std::int64_t>(kernel.buffers.size()) - 1, i, sum}}};
    if (reports) body.push_back({ir::Report{i < 0, 1, i, i}});
    kernel.body.push_back(
        {ir::For{2, pool_.local(0, DType::int64), pool_.local(1, DType::int64), 1, 1, std::move(body)}});
    return kernel;
  }

  ir::Pool pool_;
};

/// The result of the step at a position, where it is a kernel.
inline ValueId written_at(const Program& program, std::size_t step) {
  return std::get<KernelStep>(program.steps[step].node).writes[0];
}

}  // namespace theon::codegen
