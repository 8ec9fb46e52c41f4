// From an object file to code that runs.
#include "codegen/llvm/announce.h"
#include "codegen/llvm/emit.h"
#include "codegen/llvm/entry.h"
#include "codegen/llvm/jit.h"
#include "src/support/check.h"

#include <llvm/ExecutionEngine/RuntimeDyld.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/MemoryBuffer.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <vector>

namespace theon::codegen {

namespace {

std::uintptr_t page_size() {
  static const auto size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  return size;
}

std::uintptr_t rounded_up(std::uintptr_t size, std::uintptr_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

/// Pages for one object: written first, then code that cannot be written and data that cannot be run.
class Pages : public llvm::RuntimeDyld::MemoryManager {
 public:
  Pages() = default;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() override {
    if (begin_) munmap(begin_, size_);
  }

  bool needsToReserveAllocationSpace() override { return true; }

  void reserveAllocationSpace(std::uintptr_t code, llvm::Align code_align, std::uintptr_t constants,
                              llvm::Align constants_align, std::uintptr_t data, llvm::Align data_align) override {
    code_size_ = rounded_up(code + code_align.value(), page_size());
    size_ = code_size_ + rounded_up(constants + constants_align.value() + data + data_align.value(), page_size());
    void* pages = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) fail<Error>({}, "load: no memory for {} bytes of code", size_);
    begin_ = static_cast<std::uint8_t*>(pages);
    next_code_ = 0;
    next_data_ = code_size_;
  }

  std::uint8_t* allocateCodeSection(std::uintptr_t size, unsigned alignment, unsigned, llvm::StringRef) override {
    return take(next_code_, size, alignment, code_size_);
  }
  std::uint8_t* allocateDataSection(std::uintptr_t size, unsigned alignment, unsigned, llvm::StringRef, bool) override {
    return take(next_data_, size, alignment, size_);
  }

  bool finalizeMemory(std::string* error) override {
    const bool failed = mprotect(begin_, code_size_, PROT_READ | PROT_EXEC) != 0 ||
                        (size_ > code_size_ && mprotect(begin_ + code_size_, size_ - code_size_, PROT_READ) != 0);
    if (failed && error) *error = "the system does not allow pages of code";
    return failed;
  }

  // Nothing unwinds through kernels.
  void registerEHFrames(std::uint8_t*, std::uint64_t, std::size_t) override {}
  void deregisterEHFrames() override {}

 private:
  std::uint8_t* take(std::uintptr_t& next, std::uintptr_t size, std::uintptr_t alignment, std::uintptr_t limit) {
    next = rounded_up(next, alignment == 0 ? 16 : alignment);
    std::uint8_t* taken = begin_ + next;
    next += size;
    THEON_CHECK(next <= limit);
    return taken;
  }

  std::uint8_t* begin_ = nullptr;
  std::uintptr_t code_size_ = 0, size_ = 0, next_code_ = 0, next_data_ = 0;
};

/// The functions that LLVM calls where a target has no instruction for an operation, or a value is copied, and nothing
/// else.
class MathLibrary : public llvm::LegacyJITSymbolResolver {
 public:
  llvm::JITSymbol findSymbol(const std::string& name) override {
    const auto found = functions().find(name);
    if (found == functions().end()) return nullptr;
    return {found->second, llvm::JITSymbolFlags::Exported};
  }
  llvm::JITSymbol findSymbolInLogicalDylib(const std::string&) override { return nullptr; }

 private:
  template <class Number>
  static std::uint64_t address(Number (*function)(Number)) {
    return reinterpret_cast<std::uint64_t>(function);
  }
  template <class Number>
  static std::uint64_t address(Number (*function)(Number, Number)) {
    return reinterpret_cast<std::uint64_t>(function);
  }
  template <class Number>
  static std::uint64_t address(Number (*function)(Number, Number, Number)) {
    return reinterpret_cast<std::uint64_t>(function);
  }

  static const std::unordered_map<std::string, std::uint64_t>& functions() {
    static const std::unordered_map<std::string, std::uint64_t> table{
        {"floorf", address<float>(std::floor)},
        {"floor", address<double>(std::floor)},
        {"ceilf", address<float>(std::ceil)},
        {"ceil", address<double>(std::ceil)},
        {"truncf", address<float>(std::trunc)},
        {"trunc", address<double>(std::trunc)},
        {"roundevenf", address<float>(std::nearbyint)},
        {"roundeven", address<double>(std::nearbyint)},
        {"fmodf", address<float>(std::fmod)},
        {"fmod", address<double>(std::fmod)},
        {"memmove", reinterpret_cast<std::uint64_t>(&std::memmove)},
        {"fmaf", address<float>(std::fma)},
        {"fma", address<double>(std::fma)},
    };
    return table;
  }
};

}  // namespace

struct NativeCode::Loaded {
  Pages pages;
  std::unordered_map<std::string, TheonKernel> kernels;
  TheonEntry entry = nullptr;
  std::optional<Announcement> announcement;  // goes before the pages do
};

NativeCode::NativeCode() = default;
NativeCode::NativeCode(std::unique_ptr<const Loaded> loaded) : loaded_(std::move(loaded)) {}
NativeCode::~NativeCode() = default;
NativeCode::NativeCode(NativeCode&&) noexcept = default;
NativeCode& NativeCode::operator=(NativeCode&&) noexcept = default;

TheonKernel NativeCode::kernel(std::string_view name) const {
  THEON_CHECK(loaded_ != nullptr);
  const auto found = loaded_->kernels.find(std::string(name));
  if (found == loaded_->kernels.end())
    fail<InternalError>({}, "native code: no kernel '{}' among {}", name, loaded_->kernels.size());
  return found->second;
}

TheonEntry NativeCode::entry() const { return loaded_ ? loaded_->entry : nullptr; }

namespace {

/// The functions of an object in memory: kernels by their own names, and what they call.
std::vector<NamedCode> functions(const llvm::object::ObjectFile& file, const llvm::LoadedObjectInfo& loaded,
                                 const std::vector<std::string>& kernels) {
  std::unordered_map<std::string, std::string> names;
  for (std::size_t k = 0; k < kernels.size(); ++k) names.emplace(kernel_symbol(k), kernels[k]);
  std::vector<NamedCode> found;
  for (const llvm::object::SymbolRef& symbol : file.symbols()) {
    const auto type = llvm::cantFail(symbol.getType());
    if (type != llvm::object::SymbolRef::ST_Function) continue;
    const std::string name = llvm::cantFail(symbol.getName()).str();
    const llvm::object::section_iterator section = llvm::cantFail(symbol.getSection());
    const auto known = names.find(name);
    found.push_back({"theon_" + (known == names.end() ? name : known->second),
                     loaded.getSectionLoadAddress(*section) + llvm::cantFail(symbol.getValue()),
                     llvm::object::ELFSymbolRef(symbol).getSize()});
  }
  return found;
}

}  // namespace

NativeCode load(const ObjectCode& object) {
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object.bytes, "kernels"));
  if (!file) fail<InternalError>({}, "load: {}", llvm::toString(file.takeError()));
  auto loaded = std::make_unique<NativeCode::Loaded>();
  MathLibrary library;
  llvm::RuntimeDyld linker(loaded->pages, library);
  const std::unique_ptr<llvm::RuntimeDyld::LoadedObjectInfo> places = linker.loadObject(**file);
  linker.resolveRelocations();
  std::string error;
  if (linker.hasError()) fail<InternalError>({}, "load: {}", linker.getErrorString().str());
  if (loaded->pages.finalizeMemory(&error)) fail<Error>({}, "load: {}", error);
  for (std::size_t k = 0; k < object.kernels.size(); ++k) {
    const auto address = linker.getSymbol(kernel_symbol(k)).getAddress();
    loaded->kernels.emplace(object.kernels[k], reinterpret_cast<TheonKernel>(address));
  }
  if (object.has_entry)
    loaded->entry = reinterpret_cast<TheonEntry>(linker.getSymbol(llvm::StringRef(entry_symbol)).getAddress());
  if (Announcement::is_wanted()) loaded->announcement.emplace(functions(**file, *places, object.kernels), object.bytes);
  return NativeCode(std::move(loaded));
}

NativeCode compile(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const Target& target) {
  return load(compile_object(kernels, layout, target));
}

}  // namespace theon::codegen
