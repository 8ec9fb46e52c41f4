#include "codegen/llvm/lanes.h"

#include "src/support/check.h"

#include <algorithm>

namespace theon::codegen {

llvm::Value* Lanes::active(unsigned group) const {
  return loop_ && !loop_->active.empty() ? loop_->active[group] : nullptr;
}

void Lanes::begin(VectorLoop loop) {
  THEON_CHECK(!loop_);
  loop_ = std::move(loop);
  begin_copy();
  variables_.clear();
}

Values Lanes::spread(const Operand& operand) {
  switch (operand.form) {
    case Operand::Form::vector:
      return operand.parts;
    case Operand::Form::uniform:
      return Values(groups(), loop_ ? splat(operand.scalar()) : operand.scalar());
    case Operand::Form::linear:
      break;
  }
  Builder& b = code_.builder();
  Values result;
  for (unsigned group = 0; group < groups(); ++group) {
    const Values terms{splat(operand.base()), splat(operand.stride()), variable(group)};
    const int level = std::max(code_.level(terms), code_.arithmetic_floor());
    result.push_back(code_.at(level, [&] { return b.CreateAdd(terms[0], b.CreateMul(terms[1], terms[2])); }));
  }
  return result;
}

llvm::Value* Lanes::splat(llvm::Value* scalar) {
  Builder& b = code_.builder();
  const unsigned lanes = loop_->lanes;
  if (llvm::isa<llvm::Constant>(scalar)) return b.CreateVectorSplat(lanes, scalar);
  Splat& known = splats_[{scalar, lanes}];
  if (known.vector && code_.open(known.level, known.serial)) return known.vector;
  const int level = std::max(code_.level(scalar), code_.arithmetic_floor());
  known.vector = code_.at(level, [&] { return b.CreateVectorSplat(lanes, scalar); });
  known.level = std::min(level, code_.level());
  known.serial = code_.serial(known.level);
  return known.vector;
}

llvm::Value* Lanes::variable(unsigned group) {
  if (variables_.empty()) {
    code_.at(code_.level(loop_->first), [&] {
      llvm::Value* first = code_.builder().CreateVectorSplat(loop_->lanes, loop_->first);
      for (unsigned each = 0; each < groups(); ++each)
        variables_.push_back(code_.builder().CreateAdd(first, counting(each * loop_->lanes)));
    });
  }
  return variables_[group];
}

llvm::Constant* Lanes::counting(std::int64_t first) {
  llvm::SmallVector<std::uint64_t, 64> numbers;
  for (unsigned lane = 0; lane < loop_->lanes; ++lane) numbers.push_back(first + lane);
  return llvm::ConstantDataVector::get(code_.function().getContext(), numbers);
}

}  // namespace theon::codegen
