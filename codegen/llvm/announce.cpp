#include "codegen/llvm/announce.h"

#include "src/support/check.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

// The interface that gdb documents as "JIT Compilation Interface": it stops at the function and reads the list. Weak,
// since another compiler in the process may bring the same.
extern "C" {
struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  std::uint64_t symfile_size;
};
struct jit_descriptor {
  std::uint32_t version;
  std::uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};
__attribute__((weak, noinline, visibility("default"))) void __jit_debug_register_code() {
  asm volatile("" ::: "memory");
}
extern __attribute__((weak, visibility("default"))) jit_descriptor __jit_debug_descriptor;
jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
}

namespace theon::codegen {

namespace {

enum Action : std::uint32_t { no_action, register_code, unregister_code };

struct Tools {
  bool perf = false, gdb = false;
};

Tools wanted() {
  Tools tools;
  const char* list = std::getenv("THEON_JIT_SYMBOLS");
  for (std::string_view rest = list ? list : ""; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word != "perf" && word != "gdb")
      fail<ArgumentError>({}, "THEON_JIT_SYMBOLS lists '{}'; it is a list of perf, gdb", word);
    (word == "perf" ? tools.perf : tools.gdb) = true;
  }
  return tools;
}

/// One line for each, written at once: other threads append too. A link, or someone else's file, is not followed.
void append_to_map(std::span<const NamedCode> functions) {
  const std::string path = fmt::format("/tmp/perf-{}.map", ::getpid());
  std::string lines;
  for (const NamedCode& each : functions) lines += fmt::format("{:x} {:x} {}\n", each.address, each.bytes, each.name);
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
  struct stat status {};
  const bool is_own = file >= 0 && ::fstat(file, &status) == 0 && status.st_uid == ::geteuid();
  const bool is_written = is_own && ::write(file, lines.data(), lines.size()) == static_cast<ssize_t>(lines.size());
  const int reason = file >= 0 && !is_own ? EPERM : errno;
  if (file >= 0) ::close(file);
  if (!is_written) fail<FileError>({}, "THEON_JIT_SYMBOLS=perf: {} cannot be written: {}", path, std::strerror(reason));
}

/// Bytes and where they will lie in a file.
class ElfFile {
 public:
  template <class Record>
  std::size_t add(const Record& record) {
    const std::size_t at = bytes_.size();
    bytes_.append(reinterpret_cast<const char*>(&record), sizeof(record));
    return at;
  }
  std::size_t add_text(const std::string& text) {
    bytes_ += text;
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    return bytes_.size();
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// The names in an ELF string table.
class Strings {
 public:
  std::uint32_t add(const std::string& name) {
    const auto at = static_cast<std::uint32_t>(text_.size());
    text_ += name + '\0';
    return at;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_ = std::string(1, '\0');
};

/// An object without contents: a section where the code lies in memory, and the functions in it. What kind of machine
/// it is for, `object` says.
std::string symbol_file(std::span<const NamedCode> functions, std::string_view object) {
  std::uint64_t begin = UINT64_MAX, end = 0;
  for (const NamedCode& each : functions) {
    begin = std::min(begin, each.address);
    end = std::max(end, each.address + each.bytes);
  }
  Strings strings;
  std::vector<Elf64_Sym> symbols(1);
  for (const NamedCode& each : functions)
    symbols.push_back({.st_name = strings.add(each.name),
                       .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                       .st_other = STV_DEFAULT,
                       .st_shndx = 1,
                       .st_value = each.address - begin,
                       .st_size = each.bytes});
  std::vector<Elf64_Shdr> sections(4);
  const std::uint64_t symbols_at = sizeof(Elf64_Ehdr), strings_at = symbols_at + symbols.size() * sizeof(Elf64_Sym);
  sections[1] = {.sh_name = strings.add(".text"),
                 .sh_type = SHT_NOBITS,
                 .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                 .sh_addr = begin,
                 .sh_offset = symbols_at,
                 .sh_size = end - begin,
                 .sh_link = 0,
                 .sh_info = 0,
                 .sh_addralign = 1,
                 .sh_entsize = 0};
  sections[2] = {.sh_name = strings.add(".symtab"),
                 .sh_type = SHT_SYMTAB,
                 .sh_flags = 0,
                 .sh_addr = 0,
                 .sh_offset = symbols_at,
                 .sh_size = symbols.size() * sizeof(Elf64_Sym),
                 .sh_link = 3,
                 .sh_info = 1,
                 .sh_addralign = 8,
                 .sh_entsize = sizeof(Elf64_Sym)};
  const std::uint32_t strings_name = strings.add(".strtab");
  sections[3] = {.sh_name = strings_name,
                 .sh_type = SHT_STRTAB,
                 .sh_flags = 0,
                 .sh_addr = 0,
                 .sh_offset = strings_at,
                 .sh_size = strings.text().size(),
                 .sh_link = 0,
                 .sh_info = 0,
                 .sh_addralign = 1,
                 .sh_entsize = 0};
  Elf64_Ehdr header{};
  std::memcpy(&header, object.data(), sizeof(header));
  header.e_shoff = (strings_at + strings.text().size() + 7) / 8 * 8;
  header.e_shnum = static_cast<Elf64_Half>(sections.size());
  header.e_shstrndx = 3;
  ElfFile file;
  file.add(header);
  for (const Elf64_Sym& symbol : symbols) file.add(symbol);
  file.add_text(strings.text());
  for (const Elf64_Shdr& section : sections) file.add(section);
  return file.take();
}

/// Of the list that debuggers read.
std::mutex& list_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

struct Announcement::Entry {
  explicit Entry(std::string symbols) : file(std::move(symbols)) {
    const std::lock_guard lock(list_mutex());
    jit_descriptor& list = __jit_debug_descriptor;
    node = {list.first_entry, nullptr, file.data(), file.size()};
    if (node.next_entry) node.next_entry->prev_entry = &node;
    list.first_entry = &node;
    tell(register_code);
  }
  ~Entry() {
    const std::lock_guard lock(list_mutex());
    (node.prev_entry ? node.prev_entry->next_entry : __jit_debug_descriptor.first_entry) = node.next_entry;
    if (node.next_entry) node.next_entry->prev_entry = node.prev_entry;
    tell(unregister_code);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  void tell(Action action) {
    __jit_debug_descriptor.relevant_entry = &node;
    __jit_debug_descriptor.action_flag = action;
    __jit_debug_register_code();
  }

  const std::string file;
  jit_code_entry node{};
};

bool Announcement::is_wanted() {
  const Tools tools = wanted();
  return tools.perf || tools.gdb;
}

Announcement::Announcement(std::span<const NamedCode> functions, std::string_view object) {
  if (functions.empty()) return;
  const Tools tools = wanted();
  if (tools.perf) append_to_map(functions);
  if (tools.gdb) entry_ = std::make_unique<Entry>(symbol_file(functions, object));
}

Announcement::~Announcement() = default;

}  // namespace theon::codegen
