// What Theon has to beat beside the Python peers, as a worker of peers/run.py.
//
//   rivals c|openblas|onednn|probe SECONDS
//
// `probe` answers rows `probe.any.DTYPE.BYTES` with what the machine can do: for min and median, bytes a second of a
// triad and of reading over as many bytes; for p90, multiply-adds of the dtype, in operations a second.
#include "benchmarks/rivals/probes.h"
#include "benchmarks/rivals/rivals.h"
#include "benchmarks/serve.h"

#include <cstdlib>
#include <iostream>

#include <fmt/format.h>

namespace theon::benchmarks {

namespace {

Rivals by_hand() {
  Rivals all;
  for (const auto& family : {elementwise_rivals, reduction_rivals, product_rivals, training_rivals, science_rivals})
    all.merge(family());
  return all;
}

std::optional<Measured> measured(const Rivals& rivals, const Row& row, const std::string& folder, double budget) {
  const auto found = rivals.find(row.key());
  if (found == rivals.end()) return std::nullopt;
  const Data data = load(folder);
  const Rival rival = found->second(data.inputs, *parse_dtype(row.dtype));
  if (!rival.call) return std::nullopt;
  rival.call();
  const double error = max_error(rival.results, data.results);
  return Measured{time_of(rival.call, budget), error};
}

Measured probed(const Row& row, double budget) {
  const Bandwidth bandwidth = probe_bandwidth(row.extent(), budget);
  const double rate = row.dtype == "float32" ? probe_multiply_add<float>(budget) : probe_multiply_add<double>(budget);
  return {{bandwidth.triad, bandwidth.read, rate}};
}

std::string compiler() { return fmt::format("g++ {} -Ofast -march=native", __VERSION__); }

int run(const std::string& name, double budget) {
  const auto answer = [&](const std::string& version, const Rivals& rivals) {
    serve(version, [&](const Row& row, const std::string& folder) { return measured(rivals, row, folder, budget); });
    return 0;
  };
  if (name == "c") return answer(fmt::format("{}, {}", compiler(), openblas_version()), by_hand());
  if (name == "openblas") return answer(openblas_version(), openblas_rivals());
  if (name == "onednn") return answer(onednn_version(), onednn_rivals());
  if (name != "probe") return 2;
  serve(fmt::format("{}-bit vectors", probe_vector_bits()),
        [&](const Row& row, const std::string&) { return probed(row, budget); });
  return 0;
}

}  // namespace

}  // namespace theon::benchmarks

int main(int count, char** words) {
  const int status = count == 3 ? theon::benchmarks::run(words[1], std::atof(words[2])) : 2;
  if (status != 0) std::cerr << "usage: rivals c|openblas|onednn|probe SECONDS\n";
  return status;
}
