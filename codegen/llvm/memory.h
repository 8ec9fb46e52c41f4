// Loads and stores. Inside the LLVM back end only.
#pragma once

#include "codegen/llvm/changes.h"
#include "codegen/llvm/code.h"
#include "codegen/llvm/lanes.h"
#include "src/ir/loop.h"

#include <map>
#include <utility>
#include <vector>

namespace theon::codegen {

/// A place in a buffer, in elements, as a sum: terms alike for all lanes, a multiple of the loop variable, and terms of
/// every lane's own.
struct Offset {
  Values terms;
  llvm::Value* stride = nullptr;  // null for 0
  Values vectors;                 // one for each group; empty for 0
};

class Memory {
 public:
  Memory(const ir::Kernel& kernel, Code& code, Lanes& lanes)
      : kernel_(kernel), code_(code), lanes_(lanes), bases_(kernel.buffers.size()) {}

  /// Says where a buffer begins, before its first use.
  void bind(std::int64_t buffer, llvm::Value* pointer) { bases_[buffer] = pointer; }

  /// `written` is the memory read that the kernel also writes.
  Operand load(std::int64_t buffer, const Offset& offset, std::uint64_t written);
  /// Whether a group of lanes that begins at element `first` of the buffer is aligned as `streaming` demands.
  llvm::Value* is_aligned(std::int64_t buffer, llvm::Value* first, unsigned lanes);
  /// Whether none of the buffers that the kernel reads begins where this one does.
  llvm::Value* is_apart(std::int64_t buffer);
  /// From here on whole groups of lanes are stored past the caches, or no longer so.
  void set_streaming(bool streaming) { streaming_ = streaming; }

  llvm::Type* element(std::int64_t buffer) const;
  /// Of an element of the buffer.
  llvm::Value* address(std::int64_t buffer, llvm::Value* offset);

  /// One value for each group.
  void store(std::int64_t buffer, const Offset& offset, const Values& values);
  void prefetch(std::int64_t buffer, const Offset& offset);

 private:
  /// How the lanes of a group lie in memory.
  enum class Pattern { alike, forward, backward, scattered };

  struct Place {
    Pattern pattern;
    Values pointers;  // one for each group: of lane 0, where the lanes are in a row; vectors where scattered
  };

  static std::int64_t short_stride(const Offset& offset);
  Operand every_other(std::int64_t buffer, const Offset& offset, std::int64_t stride, std::uint64_t written);
  llvm::Value* load_every_other(llvm::Type* element, llvm::Value* first, std::int64_t stride);
  Place place(std::int64_t buffer, const Offset& offset);
  Place scattered(llvm::Type* element, llvm::Value* pointer, const Offset& offset);
  llvm::Value* advance(llvm::Type* element, llvm::Value* pointer, llvm::Value* by);
  llvm::Value* common_pointer(llvm::Type* element, std::int64_t buffer, const Offset& offset);
  llvm::Value* load_group(llvm::Type* element, Pattern pattern, llvm::Value* pointer, llvm::Value* active);
  void store_group(Pattern pattern, llvm::Value* pointer, llvm::Value* value, llvm::Value* active);
  void stream(llvm::Value* pointer, llvm::Value* vector);
  llvm::Value* reversed(llvm::Value* vector);
  llvm::Align alignment(llvm::Type* element) const { return llvm::Align(element->getPrimitiveSizeInBits() / 8); }

  struct Advanced {
    llvm::Value* pointer;
    int level;
    std::uint64_t serial;
  };

  const ir::Kernel& kernel_;
  Code& code_;
  Lanes& lanes_;
  std::vector<llvm::Value*> bases_;
  bool streaming_ = false;
  std::map<std::pair<llvm::Value*, std::pair<llvm::Value*, llvm::Type*>>, Advanced> advanced_;
};

}  // namespace theon::codegen
