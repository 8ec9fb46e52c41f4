#include "src/ir/evaluate.h"

#include "src/ir/scalar_code.h"
#include "src/support/check.h"

#include <array>

namespace theon::ir {

struct Evaluator::Impl {
  Impl(std::span<const Expr> roots, Environment surroundings)
      : code(scalar_code(roots)), environment(std::move(surroundings)) {
    for (const Expr root : roots) results.push_back({root->dtype, 0});
    for (const ScalarCode::Leaf& leaf : code.leaves) {
      if (leaf.node->op == Opcode::parameter) code.slots[leaf.slot] = parameter(*leaf.node->dim);
    }
  }

  std::uint64_t parameter(const Dim& symbol) const {
    return static_cast<std::uint64_t>(environment.parameter(*symbol_of(symbol)));
  }

  void set_leaves(const Point& point) {
    for (const ScalarCode::Leaf& leaf : code.leaves) {
      const auto number = static_cast<std::size_t>(leaf.node->number);
      if (leaf.node->op == Opcode::index) code.slots[leaf.slot] = static_cast<std::uint64_t>(at(point.indices, number));
      if (leaf.node->op == Opcode::argument) code.slots[leaf.slot] = bits(at(point.arguments, number), *leaf.node);
      if (leaf.node->op == Opcode::local) code.slots[leaf.slot] = bits(at(point.locals, number), *leaf.node);
    }
  }

  template <class T>
  static const T& at(std::span<const T> values, std::size_t number) {
    THEON_CHECK(number < values.size());
    return values[number];
  }

  static std::uint64_t bits(const Value& value, const Node& leaf) {
    THEON_CHECK(value.dtype == leaf.dtype);
    return value.bits;
  }

  std::uint64_t load(const Step& step) {
    indices.clear();
    for (std::size_t k = 0; k < step.load->args.size(); ++k) {
      indices.push_back(static_cast<std::int64_t>(code.slots[code.operands[step.target + k]]));
    }
    return bits(environment.load(step.load->number, indices), *step.load);
  }

  std::uint64_t compute(const Step& step) const {
    const std::array<std::uint64_t, 3> args{code.slots[step.args[0]], code.slots[step.args[1]],
                                            code.slots[step.args[2]]};
    return step.run(args.data());
  }

  void run() {
    for (std::size_t next = 0; next < code.steps.size();) {
      const Step& step = code.steps[next++];
      switch (step.kind) {
        case Step::Kind::compute:
          code.slots[step.result] = compute(step);
          break;
        case Step::Kind::load:
          code.slots[step.result] = load(step);
          break;
        case Step::Kind::move:
          code.slots[step.result] = code.slots[step.args[0]];
          break;
        case Step::Kind::jump:
          next = step.target;
          break;
        case Step::Kind::jump_unless:
          if (code.slots[step.args[0]] == 0) next = step.target;
          break;
      }
    }
  }

  ScalarCode code;
  Environment environment;
  std::vector<std::int64_t> indices;
  std::vector<Value> results;
};

Evaluator::Evaluator(std::span<const Expr> roots, Environment environment)
    : impl_(std::make_unique<Impl>(roots, std::move(environment))) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

std::span<const Value> Evaluator::operator()(const Point& point) {
  impl_->set_leaves(point);
  impl_->run();
  for (std::size_t k = 0; k < impl_->results.size(); ++k) {
    impl_->results[k].bits = impl_->code.slots[impl_->code.roots[k]];
  }
  return impl_->results;
}

Value evaluate(Expr expr, const Environment& environment, const Point& point) {
  return Evaluator(std::span(&expr, 1), environment)(point).front();
}

}  // namespace theon::ir
