#include "benchmarks/machine.h"

#include "benchmarks/rivals/probes.h"

#include <fstream>
#include <string>

#include <cblas.h>
#include <fmt/format.h>

namespace theon::benchmarks {

namespace {

/// What /proc/cpuinfo says first about `key`.
std::string processor(const std::string& key) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (const std::size_t colon = line.find(": "); line.starts_with(key) && colon != std::string::npos)
      return line.substr(colon + 2);
  return "?";
}

}  // namespace

std::string describe_machine() {
  return fmt::format(
      "* Processor: {} (family {}, model {}), {}-bit vectors, one core\n"
      "* OpenBLAS: {}, core {}, one thread\n"
      "* LLVM {}, g++ {}; rivals: gcc -Ofast -march=native\n",
      processor("model name"), processor("cpu family"), processor("model\t"), probe_vector_bits(),
      openblas_get_config(), openblas_get_corename(), THEON_LLVM_VERSION, __VERSION__);
}

}  // namespace theon::benchmarks
