// Theon on the rows of rows.txt, as a worker of peers/run.py.
//
//   worker SECONDS default|kept
//
// `default`: results in memory of the library's own, with all checks; `kept`: in the caller's.
#include "benchmarks/serve.h"
#include "benchmarks/set/overheads.h"
#include "benchmarks/set/program.h"
#include "benchmarks/set/start.h"

#include <cstdlib>
#include <iostream>
#include <string>

namespace theon::benchmarks {

namespace {

struct Options {
  double budget;
  bool is_raw;
};

/// As the other workers count it, which compile before they place their inputs: these lie here already.
double bytes_needed(const std::function<std::function<void()>()>& prepare, const std::vector<Tensor>& inputs) {
  double bytes = peak_bytes(prepare);
  for (const Tensor& input : inputs)
    bytes += static_cast<double>(input.size()) * static_cast<double>(size_of(input.dtype()));
  return bytes;
}

Distribution distribution_of(const Row& row, const Formula& formula, const std::vector<Tensor>& inputs,
                             const Options& options) {
  const Program program = compile(formula, inputs);
  const auto prepared = [&] { return options.is_raw ? raw_call(program) : checked_call(program); };
  if (row.task == "M6") return exactly(page_faults(prepared(), static_cast<int>(row.extent())));
  if (row.task.starts_with("M")) return exactly(bytes_needed(prepared, inputs));
  return time_of(prepared(), options.budget);
}

std::optional<Measured> measured(const Row& row, const std::string& folder, const Options& options) {
  if (const auto overhead = overhead_of(row)) return Measured{overhead(options.budget)};
  const auto formula = formulas().find(row.key());
  if (formula == formulas().end()) return std::nullopt;
  const Data data = load(folder);
  const double error = max_error(results(compile(formula->second, data.inputs)), data.results);
  return Measured{distribution_of(row, formula->second, data.inputs, options), error};
}

}  // namespace

}  // namespace theon::benchmarks

int main(int count, char** words) {
  using namespace theon::benchmarks;
  if (count == 2 && is_first_result(words[1])) return 0;
  setenv("THEON_CACHE", "off", 1);  // what is compiled again is not found
  if (count != 3) {
    std::cerr << "usage: worker SECONDS default|kept\n";
    return 2;
  }
  const Options options{std::atof(words[1]), words[2] == std::string("kept")};
  serve(THEON_VERSION, [&](const Row& row, const std::string& folder) { return measured(row, folder, options); });
}
