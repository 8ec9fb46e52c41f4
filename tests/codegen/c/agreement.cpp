#include "codegen/c/emit.h"
#include "tests/codegen/llvm/trial.h"

#include <dlfcn.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace theon::test {

namespace {

namespace fs = std::filesystem;

/// A folder that goes with it.
struct Folder {
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "theon-c-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

bool has_compiler() { return std::system("cc --version > /dev/null 2>&1") == 0; }

fs::path compiled(const Folder& folder, const std::string& source) {
  std::ofstream(folder.path / "kernels.c") << source;
  // Functions of the prelude are the same for types with a sign and without.
  const std::string build = "cc -std=c11 -O1 -ffp-contract=off -Wall -Wextra -Werror -Wno-type-limits -shared -fPIC -o " +
                            (folder.path / "kernels.so").string() + " " + (folder.path / "kernels.c").string() + " -lm";
  REQUIRE(std::system(build.c_str()) == 0);
  return folder.path / "kernels.so";
}

std::string source_of(const std::vector<Trial>& trials) {
  std::vector<ir::Kernel> kernels;
  for (const Trial& trial : trials) kernels.push_back(trial.kernel);
  return codegen::c_source(kernels, trials.front().layout);
}

void check_agreement(const Trial& trial, TheonKernel kernel) {
  Random random(2);
  for (const std::int64_t n : {0, 1, 16, 33}) {
    INFO(trial.kernel.name << " for n = " << n << "\n" << to_string(trial.kernel));
    const std::vector<Array> data = trial.data(n, 37, random);
    CHECK(difference(called(kernel, trial, data, n, 37), interpreted(trial, data, n, 37)) == "");
  }
}

}  // namespace

TEST_CASE("exported C computes what the interpreter computes, bit for bit") {
  if (!has_compiler()) {
    WARN("no C compiler to try exported sources with");
    return;
  }
  const std::vector<Trial> trials = all_trials();
  const Folder folder;
  void* library = dlopen(compiled(folder, source_of(trials)).c_str(), RTLD_NOW);
  REQUIRE(library != nullptr);
  for (std::size_t k = 0; k < trials.size(); ++k) {
    void* kernel = dlsym(library, ("k_" + std::to_string(k)).c_str());
    REQUIRE(kernel != nullptr);
    check_agreement(trials[k], reinterpret_cast<TheonKernel>(kernel));
  }
  dlclose(library);
}

TEST_CASE("exported C spells out sizes, effects and failures") {
  Trial trial("user's \"name\" */");
  const std::int64_t x = trial.buffer(DType::float32, ir::Access::read, {});
  const std::int64_t out = trial.buffer(DType::int64, ir::Access::write, {});
  const ir::Local i = trial.new_local();
  const ir::Expr value = trial.load(x, trial.local(i));
  trial.kernel.body = {{ir::For{i, trial.local(0), trial.local(1), 16, 4,
                                {{ir::Report{value < 0, 3, trial.local(i), trial.n_value()}},
                                 {ir::Store{out, trial.local(i), convert(value, DType::int64)}}}}}};
  const std::string source = codegen::c_source(std::span(&trial.kernel, 1), trial.layout);
  CHECK(source.substr(source.find("\nint32_t k_0")) == R"(
int32_t k_0(const struct TheonFrame* frame, int64_t v0, int64_t v1) {
  const float* b0 = (const float*)frame->buffers[0];
  int64_t* b1 = (int64_t*)frame->buffers[1];
  for (int64_t v2 = v0; v2 < v1; ++v2) {
    const float t0 = b0[v2];
    const bool t1 = t0 < (0x0p+0f);
    if (frame->failure->code == 0 && t1) {
      const int64_t t2 = frame->symbols[0];
      frame->failure->first = v2;
      frame->failure->second = t2;
      frame->failure->code = 3;
    }
    const float t3 = b0[v2];
    const int64_t t4 = float32_to_int64(t3);
    b1[v2] = t4;
  }
  (void)v0, (void)v1;
  return frame->failure->code;
}
)");
  CHECK(source.find("name") == std::string::npos);
}

}  // namespace theon::test
