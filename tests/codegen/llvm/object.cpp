// What a compiled object is made of: it may be kept in a file and loaded anywhere.
#include "codegen/llvm/jit.h"
#include "tests/codegen/llvm/trial.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include <elf.h>

using namespace theon;
using namespace theon::test;

namespace {

template <class T>
T at(std::string_view bytes, std::size_t offset) {
  T value;
  REQUIRE(offset + sizeof(T) <= bytes.size());
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// The kinds of relocations of an object for x86-64.
std::set<std::uint32_t> relocations(std::string_view object) {
  std::set<std::uint32_t> kinds;
  const auto header = at<Elf64_Ehdr>(object, 0);
  REQUIRE(header.e_machine == EM_X86_64);
  for (std::size_t k = 0; k < header.e_shnum; ++k) {
    const auto section = at<Elf64_Shdr>(object, header.e_shoff + k * header.e_shentsize);
    CHECK(section.sh_type != SHT_REL);
    if (section.sh_type == SHT_RELA)
      for (std::size_t r = 0; r < section.sh_size; r += sizeof(Elf64_Rela))
        kinds.insert(ELF64_R_TYPE(at<Elf64_Rela>(object, section.sh_offset + r).r_info));
  }
  return kinds;
}

}  // namespace

TEST_CASE("an object names places by their distance, never by an address") {
  // Distances to other places of the object, and calls of functions outside, which go through its own table.
  const std::set<std::uint32_t> relative{R_X86_64_PC32, R_X86_64_PC64, R_X86_64_PLT32};
  const codegen::Target target = codegen::host_target();
  std::set<std::uint32_t> all;
  for (const Trial& trial : all_trials())
    all.merge(relocations(codegen::compile_object(std::span(&trial.kernel, 1), trial.layout, target).bytes));
  CHECK(!all.empty());
  for (const std::uint32_t kind : all) {
    CAPTURE(kind);
    CHECK(relative.contains(kind));
  }
}

TEST_CASE("compiling again gives the same bytes") {
  for (const Trial& trial : all_trials()) {
    const auto compiled = [&] { return codegen::compile_object(std::span(&trial.kernel, 1), trial.layout, codegen::host_target()).bytes; };
    CHECK(compiled() == compiled());
  }
}
