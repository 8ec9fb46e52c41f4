// The names of machine code, for perf and gdb.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <elf.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

using namespace theon;

/// What gdb reads.
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
extern jit_descriptor __jit_debug_descriptor;
}

namespace {

struct Symbols {
  explicit Symbols(const char* tools) { setenv("THEON_JIT_SYMBOLS", tools, 1); }
  ~Symbols() {
    unsetenv("THEON_JIT_SYMBOLS");
    std::filesystem::remove(map());
  }
  static std::string map() { return "/tmp/perf-" + std::to_string(getpid()) + ".map"; }
};

struct Line {
  std::uint64_t address, bytes;
};

std::vector<Line> in_map(const std::string& name) {
  std::vector<Line> found;
  std::ifstream file(Symbols::map());
  for (std::string text; std::getline(file, text);) {
    std::istringstream words(text);
    Line line{};
    std::string symbol;
    words >> std::hex >> line.address >> line.bytes >> symbol;
    if (symbol == name) found.push_back(line);
  }
  return found;
}

/// Whether the address lies in pages that may be run.
bool is_code(std::uint64_t address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string text; std::getline(maps, text);) {
    std::uint64_t begin = 0, end = 0;
    char dash = 0;
    std::string rights;
    std::istringstream(text) >> std::hex >> begin >> dash >> end >> rights;
    if (begin <= address && address < end) return rights.find('x') != std::string::npos;
  }
  return false;
}

std::optional<Line> in_debugger(const std::string& name) {
  for (const jit_code_entry* entry = __jit_debug_descriptor.first_entry; entry; entry = entry->next_entry) {
    Elf64_Ehdr header;
    std::memcpy(&header, entry->symfile_addr, sizeof(header));
    std::vector<Elf64_Shdr> sections(header.e_shnum);
    std::memcpy(sections.data(), entry->symfile_addr + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
    for (const Elf64_Shdr& section : sections) {
      if (section.sh_type != SHT_SYMTAB) continue;
      for (std::uint64_t at = 0; at < section.sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        std::memcpy(&symbol, entry->symfile_addr + section.sh_offset + at, sizeof(symbol));
        const char* text = entry->symfile_addr + sections[section.sh_link].sh_offset + symbol.st_name;
        if (name == text) return Line{sections[symbol.st_shndx].sh_addr + symbol.st_value, symbol.st_size};
      }
    }
  }
  return std::nullopt;
}

Function named(const std::string& name, FunctionOptions options = {.cache = false}) {
  const Variable x = vector<double>("x");
  const Variable y = exp(x) * 3 + 1;
  y.named(name);
  return function({x}, {y}, std::move(options));
}

}  // namespace

TEST_CASE("perf learns the names and places of kernels") {
  const Symbols symbols("perf");
  const Function f = named("for_perf");
  const std::vector<Line> found = in_map("theon_for_perf_0");
  REQUIRE(found.size() == 1);
  CHECK(found[0].bytes > 16);
  CHECK(found[0].bytes < 100'000);
  CHECK(is_code(found[0].address));
  CHECK(is_code(found[0].address + found[0].bytes - 1));
}

TEST_CASE("kernels from the cache on disk have names as well") {
  char folder[] = "/tmp/theon_names_XXXXXX";
  REQUIRE(mkdtemp(folder));
  const char* before = getenv("THEON_CACHE");
  const std::string setting = before ? before : "";
  unsetenv("THEON_CACHE");
  setenv("THEON_CACHE_DIR", folder, 1);
  named("first", {});
  const Symbols symbols("perf,gdb");
  const Function f = named("second", {});
  unsetenv("THEON_CACHE_DIR");
  if (before) setenv("THEON_CACHE", setting.c_str(), 1);
  std::filesystem::remove_all(folder);
  for (const Function::Stage& stage : f.compile_times()) CHECK(stage.name != "native code");
  REQUIRE(in_map("theon_second_0").size() == 1);
  CHECK(in_debugger("theon_second_0").has_value());
}

TEST_CASE("debuggers know kernels as long as they live") {
  {
    const Symbols symbols("gdb");
    const Function f = named("for_gdb");
    const std::optional<Line> found = in_debugger("theon_for_gdb_0");
    REQUIRE(found);
    CHECK(found->bytes > 16);
    CHECK(is_code(found->address));
    CHECK_FALSE(std::filesystem::exists(Symbols::map()));
  }
  CHECK_FALSE(in_debugger("theon_for_gdb_0"));
  CHECK(__jit_debug_descriptor.version == 1);
}

TEST_CASE("nothing is announced unasked, and the list of tools is checked") {
  const Function f = named("silent");
  CHECK_FALSE(std::filesystem::exists(Symbols::map()));
  CHECK_FALSE(in_debugger("theon_silent_0"));
  const Symbols symbols("perf,vtune");
  CHECK_THROWS_WITH(named("other"), Catch::Contains("THEON_JIT_SYMBOLS lists 'vtune'; it is a list of perf, gdb"));
}
