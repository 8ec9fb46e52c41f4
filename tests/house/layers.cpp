// The house has a left and a right: these tests read every #include in it and hold each against the rows below.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <catch2/catch.hpp>

namespace {

using Path = std::string;
using Violations = std::vector<std::string>;

// Left to right. A file may include from its own row and from every row above; examples see what users see.
const std::vector<std::vector<std::string_view>> rows = {
    {"include/theon"},
    {"examples"},
    {"src/support"},
    {"src/tensor"},
    {"src/ir"},
    {"src/graph"},
    {"src/ops"},
    {"src/gradient"},
    {"src/control"},
    {"src/transform"},
    {"src/reference"},
    {"optimizer"},
    {"codegen/abi.h"},
    {"codegen/partition", "codegen/schedule", "codegen/math", "codegen/program"},
    {"codegen/c"},
    {"codegen/llvm"},
    {"codegen/cuda"},
    {"runtime"},
    {"tests", "benchmarks"},
};

struct Include {
  int line;
  std::string text;    // #include <theon/dim.h>
  std::string header;  // include/theon/dim.h
  bool is_ours;
};

bool is_in(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

// The row a file stands in, counted from the left; rows.size() if in none.
std::size_t row_of(std::string_view path) {
  auto row = std::ranges::find_if(rows, [&](const auto& folders) {
    return std::ranges::any_of(folders, [&](std::string_view folder) { return is_in(path, folder); });
  });
  return row - rows.begin();
}

std::vector<Include> includes_of(const std::string& text) {
  static const std::regex directive(R"(^\s*(#\s*include\s*([<"])([^>"]+)[>"]))");
  std::vector<Include> found;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::smatch match;
    if (!std::regex_search(line, match, directive)) continue;
    const std::string header = match[3];
    const bool is_public = match[2] == "<" && is_in(header, "theon");
    found.push_back({number, match[1], is_public ? "include/" + header : header, is_public || match[2] == "\""});
  }
  return found;
}

bool is_standard(const std::string& header) { return header.find_first_of("./") == std::string::npos; }

bool matches(const std::string& header, const char* pattern) { return std::regex_search(header, std::regex(pattern)); }

// What is wrong with including one of Theon's own headers; empty if nothing is.
std::string wrong_way(const Path& file, const Path& header) {
  if (row_of(header) == rows.size()) return "is not spelled from the root";
  if (row_of(header) > row_of(file)) return "looks to the right";
  return "";
}

// What is wrong with including a header from outside; empty if nothing is.
std::string wrong_place(const Path& file, const std::string& header) {
  const Path place = file.starts_with("tests/") ? file.substr(6) : file;
  const bool place_of_cuda = is_in(place, "codegen/cuda") || is_in(place, "runtime/cuda");
  if (is_in(file, "include/theon") && !is_standard(header)) return "is not for users: standard headers only";
  if (matches(header, "^llvm(-c)?/") && !is_in(place, "codegen/llvm")) return "belongs in codegen/llvm";
  if (matches(header, "^(cuda|cublas|cudnn|cufft|curand|cusolver|nvJitLink|nvrtc)") && !place_of_cuda)
    return "belongs in codegen/cuda or runtime/cuda";
  // Boost.Graph costs seconds in every file that includes it; a test's oracle may be a header.
  if (matches(header, "^boost/") && !file.ends_with(".cpp") && !is_in(file, "tests")) return "belongs in a .cpp file";
  return "";
}

Violations violations(const Path& file, const std::string& text) {
  if (row_of(file) == rows.size()) return {file + ": stands in no folder of the house"};
  Violations found;
  for (const auto& [line, written, header, is_ours] : includes_of(text)) {
    const std::string wrong = is_ours ? wrong_way(file, header) : wrong_place(file, header);
    if (!wrong.empty()) found.push_back(file + ":" + std::to_string(line) + ": " + written + " " + wrong);
  }
  return found;
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Path> source_files() {
  std::vector<Path> files;
  std::error_code missing;  // a folder that is not there holds no file
  for (const char* top : {"include", "src", "optimizer", "codegen", "runtime", "tests", "examples", "benchmarks"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top, missing))
      if (entry.path().extension() == ".h" || entry.path().extension() == ".cpp")
        files.push_back(entry.path().generic_string());
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("every include in the house looks to the left") {
  const std::vector<Path> files = source_files();
  REQUIRE(std::ranges::count(files, "tests/house/layers.cpp") == 1);
  for (const Path& file : files)
    for (const std::string& violation : violations(file, contents(file))) FAIL_CHECK(violation);
}

TEST_CASE("a folder includes itself and what stands to its left") {
  CHECK(violations("src/graph/apply.cpp",
                   "#include \"src/graph/apply.h\"\n#include \"src/ir/dim.h\"\n#include <theon/variable.h>\n") ==
        Violations{});
  CHECK(violations("codegen/partition/nest.cpp", "#include \"codegen/math/exp.h\"") == Violations{});
  CHECK(violations("examples/mnist.cpp", "#include <theon/theon.h>\n#include \"examples/mnist_data.h\"") ==
        Violations{});
}

TEST_CASE("an include that looks to the right is named with its line") {
  CHECK(violations("src/ir/dim.h", "#pragma once\n#include <vector>\n  #  include \"src/graph/apply.h\"\n") ==
        Violations{"src/ir/dim.h:3: #  include \"src/graph/apply.h\" looks to the right"});
  CHECK(violations("optimizer/passes/fold.cpp", "#include \"runtime/stepper.h\"").size() == 1);
  CHECK(violations("codegen/abi.h", "#include \"codegen/program/step.h\"").size() == 1);
  CHECK(violations("include/theon/variable.h", "#include \"src/graph/apply.h\"").size() == 1);
  CHECK(violations("examples/mnist.cpp", "#include \"src/tensor/npy.h\"").size() == 1);
}

TEST_CASE("an include names its layer") {
  CHECK(violations("src/ir/dim.cpp", "#include \"dim.h\"") ==
        Violations{"src/ir/dim.cpp:1: #include \"dim.h\" is not spelled from the root"});
  CHECK(violations("src/ir/dim.cpp", "#include \"../support/error.h\"").size() == 1);
}

TEST_CASE("a file belongs to a layer") {
  CHECK(violations("src/utils/misc.h", "") == Violations{"src/utils/misc.h: stands in no folder of the house"});
  CHECK(violations("src/irregular/dim.h", "").size() == 1);
}

TEST_CASE("public headers include the standard library and one another") {
  CHECK(violations("include/theon/variable.h", "#include <memory>\n#include <theon/type.h>") == Violations{});
  for (const char* header : {"fmt/format.h", "boost/graph/graph_traits.hpp", "llvm/IR/Module.h", "cuda.h", "unistd.h"})
    CHECK(violations("include/theon/variable.h", "#include <" + std::string(header) + ">").size() == 1);
}

TEST_CASE("LLVM stays in codegen/llvm, CUDA with CUDA, Boost out of headers") {
  const std::string llvm = "#include <llvm/IR/IRBuilder.h>", boost = "#include <boost/graph/topological_sort.hpp>",
                    nvrtc = "#include <nvrtc.h>", cuda = "#include <cuda.h>";
  CHECK(violations("codegen/llvm/emit.cpp", llvm) == Violations{});
  CHECK(violations("tests/codegen/llvm/emit.cpp", llvm) == Violations{});
  CHECK(violations("runtime/function.cpp", llvm) ==
        Violations{"runtime/function.cpp:1: #include <llvm/IR/IRBuilder.h> belongs in codegen/llvm"});
  CHECK(violations("codegen/cuda/compile.cpp", nvrtc) == Violations{});
  CHECK(violations("runtime/cuda/driver.cpp", cuda) == Violations{});
  CHECK(violations("codegen/llvm/emit.cpp", nvrtc).size() == 1);
  CHECK(violations("runtime/arena.h", cuda).size() == 1);
  CHECK(violations("src/graph/view.cpp", boost) == Violations{});
  CHECK(violations("src/graph/view.h", boost).size() == 1);
}
