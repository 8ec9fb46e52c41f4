#include "codegen/llvm/memory.h"

#include <algorithm>

namespace theon::codegen {

namespace {

/// Terms from the outermost scope to the innermost, so that sums are formed as far out as they can be; constants last,
/// where they become displacements.
void sort_by_scope(Values& terms, const Code& code) {
  const auto rank = [&](llvm::Value* term) {
    return llvm::isa<llvm::Constant>(term) ? code.level() + 1 : code.level(term);
  };
  std::ranges::stable_sort(terms, {}, rank);
}

std::int64_t constant_or(llvm::Value* value, std::int64_t otherwise) {
  const auto* constant = llvm::dyn_cast_or_null<llvm::ConstantInt>(value);
  return constant ? constant->getSExtValue() : otherwise;
}

std::uint64_t bytes_of(llvm::Type* type) { return type->getPrimitiveSizeInBits() / 8; }

}  // namespace

Operand Memory::load(std::int64_t buffer, const Offset& offset, std::uint64_t written) {
  Builder& b = code_.builder();
  if (const std::int64_t stride = short_stride(offset); stride > 1 && lanes_.loop()->active.empty())
    return every_other(buffer, offset, stride, written);
  const DType dtype = kernel_.buffers[buffer].dtype;
  llvm::Type* element = this->element(buffer);
  const Place from = place(buffer, offset);
  Values values;
  for (unsigned group = 0; group < from.pointers.size(); ++group) {
    llvm::Value* pointer = from.pointers[group];
    llvm::Value* active = from.pattern == Pattern::alike ? nullptr : lanes_.active(group);
    const int level = std::max({code_.load_floor(written), code_.level(pointer), active ? code_.level(active) : 0});
    values.push_back(code_.at(level, [&] {
      llvm::Value* loaded = load_group(element, from.pattern, pointer, active);
      return is_boolean(dtype) ? b.CreateIsNotNull(loaded) : loaded;
    }));
  }
  return from.pattern == Pattern::alike ? Operand::uniform(values[0]) : Operand::vector(std::move(values));
}

/// A stride of few elements, where the lanes are so far apart; 0 otherwise.
std::int64_t Memory::short_stride(const Offset& offset) {
  constexpr std::int64_t most = 4;
  const std::int64_t stride = offset.vectors.empty() ? constant_or(offset.stride, 0) : 0;
  return stride > 0 && stride <= most ? stride : 0;
}

/// Reads what lies between the lanes too, which takes fewer instructions than reading each for itself.
Operand Memory::every_other(std::int64_t buffer, const Offset& offset, std::int64_t stride, std::uint64_t written) {
  Builder& b = code_.builder();
  llvm::Type* element = this->element(buffer);
  llvm::Value* pointer = common_pointer(element, buffer, offset);
  const std::int64_t lanes = lanes_.loop()->lanes;
  Values values;
  for (unsigned group = 0; group < lanes_.groups(); ++group) {
    llvm::Value* first = advance(element, pointer, b.getInt64(group * lanes * stride));
    values.push_back(code_.at(std::max(code_.load_floor(written), code_.level(first)), [&] {
      llvm::Value* loaded = load_every_other(element, first, stride);
      return is_boolean(kernel_.buffers[buffer].dtype) ? b.CreateIsNotNull(loaded) : loaded;
    }));
  }
  return Operand::vector(std::move(values));
}

/// As many vectors as the stride; the last one ends with the last lane, behind which nothing may be read.
llvm::Value* Memory::load_every_other(llvm::Type* element, llvm::Value* first, std::int64_t stride) {
  Builder& b = code_.builder();
  const std::int64_t lanes = lanes_.loop()->lanes;
  llvm::Type* vector = widened(element, static_cast<unsigned>(lanes));
  llvm::Value* result = llvm::PoisonValue::get(vector);
  for (std::int64_t k = 0; k < stride; ++k) {
    const std::int64_t begin = k + 1 < stride ? k * lanes : (lanes - 1) * stride + 1 - lanes;
    llvm::Value* loaded = b.CreateAlignedLoad(vector, b.CreateConstGEP1_64(element, first, begin), alignment(element));
    llvm::SmallVector<int, 64> taken;
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const bool here = std::min(lane * stride / lanes, stride - 1) == k;
      taken.push_back(static_cast<int>(here ? lanes + lane * stride - begin : lane));
    }
    result = b.CreateShuffleVector(result, loaded, taken);
  }
  return result;
}

void Memory::store(std::int64_t buffer, const Offset& offset, const Values& values) {
  Builder& b = code_.builder();
  const DType dtype = kernel_.buffers[buffer].dtype;
  llvm::Type* element = this->element(buffer);
  const Place to = place(buffer, offset);
  for (unsigned group = 0; group < values.size(); ++group) {
    llvm::Value* value = values[group];
    if (is_boolean(dtype)) value = b.CreateZExt(value, widened(element, lanes_of(value)));
    store_group(to.pattern, to.pointers[to.pattern == Pattern::alike ? 0 : group], value, lanes_.active(group));
  }
}

/// Into the second-level cache: to the first-level one lines come in time once they are there. Groups that lie in one
/// line ask for it once.
void Memory::prefetch(std::int64_t buffer, const Offset& offset) {
  Builder& b = code_.builder();
  enum { read, second_level = 2, data = 1 };
  constexpr std::size_t line_bytes = 64;
  const Place from = place(buffer, offset);
  if (from.pattern == Pattern::scattered) return;
  const std::size_t lanes = lanes_.loop() ? lanes_.loop()->lanes : 1;
  const std::size_t groups_of_line =
      std::max<std::size_t>(line_bytes / (lanes * size_of(kernel_.buffers[buffer].dtype)), 1);
  for (std::size_t group = 0; group < from.pointers.size(); group += groups_of_line)
    b.CreateIntrinsic(llvm::Intrinsic::prefetch, {from.pointers[group]->getType()},
                      {from.pointers[group], b.getInt32(read), b.getInt32(second_level), b.getInt32(data)});
}

llvm::Type* Memory::element(std::int64_t buffer) const {
  return memory_type(code_.function().getContext(), kernel_.buffers[buffer].dtype);
}

llvm::Value* Memory::address(std::int64_t buffer, llvm::Value* offset) {
  return code_.builder().CreateGEP(element(buffer), bases_[buffer], offset);
}

Memory::Place Memory::place(std::int64_t buffer, const Offset& offset) {
  Builder& b = code_.builder();
  llvm::Type* element = this->element(buffer);
  llvm::Value* pointer = common_pointer(element, buffer, offset);
  const std::int64_t stride = constant_or(offset.stride, offset.stride ? 2 : 0);
  if (!offset.vectors.empty() || (stride != 0 && stride != 1 && stride != -1))
    return scattered(element, pointer, offset);
  if (stride == 0) return {Pattern::alike, {pointer}};

  const std::int64_t lanes = lanes_.loop()->lanes;
  Place in_a_row{stride > 0 ? Pattern::forward : Pattern::backward, {}};
  for (unsigned group = 0; group < lanes_.groups(); ++group)
    in_a_row.pointers.push_back(
        advance(element, pointer, b.getInt64(stride > 0 ? group * lanes : 1 - (group + 1) * lanes)));
  return in_a_row;
}

/// Of lane 0 of group 0, but for terms of the lanes' own.
llvm::Value* Memory::common_pointer(llvm::Type* element, std::int64_t buffer, const Offset& offset) {
  Builder& b = code_.builder();
  Values terms = offset.terms;
  if (offset.stride) {
    llvm::Value* first = lanes_.loop()->first;
    const int level = std::max({code_.level(first), code_.level(offset.stride), code_.arithmetic_floor()});
    terms.push_back(code_.at(level, [&] { return b.CreateMul(first, offset.stride); }));
  }
  sort_by_scope(terms, code_);
  llvm::Value* pointer = bases_[buffer];
  std::int64_t displacement = 0;
  for (llvm::Value* term : terms) {
    if (const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(term))
      displacement += constant->getSExtValue();
    else
      pointer = advance(element, pointer, term);
  }
  return advance(element, pointer, b.getInt64(displacement));
}

Memory::Place Memory::scattered(llvm::Type* element, llvm::Value* pointer, const Offset& offset) {
  Builder& b = code_.builder();
  Place place{Pattern::scattered, {}};
  const std::int64_t lanes = lanes_.loop()->lanes;
  for (unsigned group = 0; group < lanes_.groups(); ++group) {
    llvm::Value* index = offset.vectors.empty() ? nullptr : offset.vectors[group];
    if (offset.stride) {
      llvm::Value* stride = lanes_.splat(offset.stride);
      const int level = std::max(code_.level(stride), code_.arithmetic_floor());
      llvm::Value* steps = code_.at(level, [&] { return b.CreateMul(stride, lanes_.counting(group * lanes)); });
      index = index ? b.CreateAdd(index, steps) : steps;
    }
    const int level = std::max({code_.level(pointer), code_.level(index), code_.arithmetic_floor()});
    place.pointers.push_back(code_.at(level, [&] { return b.CreateGEP(element, pointer, index); }));
  }
  return place;
}

llvm::Value* Memory::advance(llvm::Type* element, llvm::Value* pointer, llvm::Value* by) {
  if (constant_or(by, 1) == 0) return pointer;
  Advanced& known = advanced_[{pointer, {by, element}}];
  if (known.pointer && code_.open(known.level, known.serial)) return known.pointer;
  const int level = std::max({code_.level(pointer), code_.level(by), code_.arithmetic_floor()});
  known.pointer = code_.at(level, [&] { return code_.builder().CreateGEP(element, pointer, by); });
  known.level = std::min(level, code_.level());
  known.serial = code_.serial(known.level);
  return known.pointer;
}

llvm::Value* Memory::load_group(llvm::Type* element, Pattern pattern, llvm::Value* pointer, llvm::Value* active) {
  Builder& b = code_.builder();
  if (pattern == Pattern::alike) return b.CreateAlignedLoad(element, pointer, alignment(element));
  llvm::Type* vector = widened(element, lanes_.loop()->lanes);
  if (pattern == Pattern::scattered)
    return b.CreateMaskedGather(vector, pointer, alignment(element), active, llvm::Constant::getNullValue(vector));
  if (active && pattern == Pattern::backward) active = reversed(active);
  llvm::Value* loaded = active ? static_cast<llvm::Value*>(b.CreateMaskedLoad(
                                     vector, pointer, alignment(element), active, llvm::Constant::getNullValue(vector)))
                               : b.CreateAlignedLoad(vector, pointer, alignment(element));
  return pattern == Pattern::backward ? reversed(loaded) : loaded;
}

void Memory::store_group(Pattern pattern, llvm::Value* pointer, llvm::Value* value, llvm::Value* active) {
  Builder& b = code_.builder();
  const llvm::Align align = alignment(value->getType()->getScalarType());
  if (pattern == Pattern::alike && lanes_.loop()) {
    pointer = lanes_.splat(pointer);
    pattern = Pattern::scattered;
  }
  if (pattern == Pattern::scattered) {
    b.CreateMaskedScatter(value, pointer, align, active);
    return;
  }
  if (pattern == Pattern::backward) {
    value = reversed(value);
    active = active ? reversed(active) : nullptr;
  }
  if (active)
    b.CreateMaskedStore(value, pointer, align, active);
  else if (streaming_ && pattern == Pattern::forward)
    stream(pointer, value);
  else
    b.CreateAlignedStore(value, pointer, align);
}

void Memory::stream(llvm::Value* pointer, llvm::Value* vector) {
  Builder& b = code_.builder();
  llvm::StoreInst* store = b.CreateAlignedStore(vector, pointer, llvm::Align(bytes_of(vector->getType())));
  store->setMetadata(llvm::LLVMContext::MD_nontemporal,
                     llvm::MDNode::get(b.getContext(), llvm::ConstantAsMetadata::get(b.getInt32(1))));
}

llvm::Value* Memory::is_aligned(std::int64_t buffer, llvm::Value* first, unsigned lanes) {
  Builder& b = code_.builder();
  llvm::Type* element = this->element(buffer);
  llvm::Value* address = b.CreatePtrToInt(b.CreateGEP(element, bases_[buffer], first), b.getInt64Ty());
  return b.CreateIsNull(b.CreateAnd(address, b.getInt64(bytes_of(widened(element, lanes)) - 1)));
}

llvm::Value* Memory::is_apart(std::int64_t buffer) {
  Builder& b = code_.builder();
  llvm::Value* apart = b.getTrue();
  for (std::size_t k = 0; k < kernel_.buffers.size(); ++k)
    if (kernel_.buffers[k].access == ir::Access::read)
      apart = b.CreateAnd(apart, b.CreateICmpNE(bases_[k], bases_[buffer]));
  return apart;
}

llvm::Value* Memory::reversed(llvm::Value* vector) { return code_.builder().CreateVectorReverse(vector); }

}  // namespace theon::codegen
