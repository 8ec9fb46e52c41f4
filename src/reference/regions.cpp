#include "src/reference/regions.h"

#include "src/control/ifelse.h"
#include "src/control/scan.h"
#include "src/control/while_loop.h"
#include "src/support/check.h"

#include <algorithm>
#include <cstring>

namespace theon::reference {

namespace {

using Tensors = std::vector<Tensor>;

Tensors part(std::span<const Tensor> list, std::size_t first, std::size_t count) {
  const std::span<const Tensor> chosen = list.subspan(first, count);
  return {chosen.begin(), chosen.end()};
}

void append(Tensors& to, const Tensors& from) { to.insert(to.end(), from.begin(), from.end()); }

/// An array of one value per step, written as the steps are made.
class Record {
 public:
  Record(const TensorType& type, const SymbolValues& symbols) : values_(type.dtype, symbols(type.dims)) {}
  void write(std::int64_t step, const Tensor& value) {
    const Tensor slot = values_[step], source = value.contiguous();
    THEON_CHECK(slot.sizes() == source.sizes() && slot.dtype() == source.dtype());
    std::memcpy(slot.raw(), source.raw(), static_cast<std::size_t>(source.size()) * size_of(source.dtype()));
  }
  const Tensor& values() const { return values_; }

 private:
  Tensor values_;
};

Tensors run_scan(const Apply& node, const Scan& scan, std::span<const Tensor> inputs, const SymbolValues& symbols,
                 const GraphFunction& run) {
  const ScanSpec& spec = scan.spec();
  const Tensors sequences = part(inputs, 0, spec.sequences),
                captured = part(inputs, spec.first_captured(), spec.captured);
  Tensors states = part(inputs, spec.first_state(), spec.states);
  std::vector<Record> records;  // of the states, then of what is emitted
  for (std::size_t k = spec.first_trace(); k < spec.outputs(); ++k) records.emplace_back(node.types[k], symbols);

  for (std::int64_t step = 0; step < symbols(spec.steps); ++step) {
    Tensors arguments;
    for (const Tensor& sequence : sequences) arguments.push_back(sequence[step]);
    append(arguments, states);
    append(arguments, captured);
    const Tensors results = run(scan.body(), arguments);
    for (std::size_t k = 0; k < spec.states; ++k) records[k].write(step, states[k]);
    for (std::size_t k = 0; k < spec.emitted; ++k) records[spec.states + k].write(step, results[spec.states + k]);
    states = part(results, 0, spec.states);
  }
  Tensors outputs = std::move(states);
  for (const Record& record : records) outputs.push_back(record.values());
  return outputs;
}

Tensors run_while_loop(const WhileLoop& loop, std::span<const Tensor> inputs, const GraphFunction& run) {
  const WhileSpec& spec = loop.spec();
  Tensors arguments = part(inputs, 0, spec.states + spec.captured);
  for (std::int64_t step = 0; !spec.max_steps || step < *spec.max_steps; ++step) {
    if (!run(loop.condition(), arguments)[0].item<bool>()) break;
    const Tensors next = run(loop.body(), arguments);
    std::copy(next.begin(), next.end(), arguments.begin());
  }
  arguments.resize(spec.states);
  return arguments;
}

Tensors run_ifelse(const IfElse& choice, std::span<const Tensor> inputs, const GraphFunction& run) {
  const Graph& chosen = inputs[0].item<bool>() ? choice.then() : choice.otherwise();
  return run(chosen, inputs.subspan(1, chosen.inputs.size()));
}

}  // namespace

std::vector<Tensor> run_region_op(const Apply& node, std::span<const Tensor> inputs, const SymbolValues& symbols,
                                  const GraphFunction& run) {
  if (const auto* scan = dynamic_cast<const Scan*>(node.op.get())) return run_scan(node, *scan, inputs, symbols, run);
  if (const auto* loop = dynamic_cast<const WhileLoop*>(node.op.get())) return run_while_loop(*loop, inputs, run);
  if (const auto* choice = dynamic_cast<const IfElse*>(node.op.get())) return run_ifelse(*choice, inputs, run);
  fail<InternalError>(node.where, "{}: a region that cannot be evaluated", node.op->name());
}

}  // namespace theon::reference
