// Theon on the rows of rows.txt, for peers/run.py: reads lines `row id <tab> folder with the inputs and results`,
// answers each with a line.
//
//   worker SECONDS default|kept
//
// `default`: results in memory of the library's own, with all checks; `kept`: in the caller's. The answer is
// `ok <tab> version <tab> min <tab> median <tab> p90 <tab> error`, `absent`, or `failed <tab> why`.
#include "benchmarks/set/measure.h"
#include "benchmarks/set/overheads.h"
#include "benchmarks/set/program.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace theon::benchmarks {

namespace {

struct Options {
  double budget;
  bool is_raw;
};

std::vector<Tensor> load(const std::string& folder, const std::string& kind) {
  std::vector<Tensor> tensors;
  for (std::string path;
       path = fmt::format("{}/{}{:02}.npy", folder, kind, tensors.size()), std::filesystem::exists(path);)
    tensors.push_back(Tensor::load_npy(path));
  return tensors;
}

/// The largest difference, relative to the largest magnitude.
double relative_error(const Tensor& result, const Tensor& wanted) {
  if (result.sizes() != wanted.sizes()) throw std::runtime_error("a result of another shape than the reference has");
  const std::vector<double> a = result.to_vector<double>(), b = wanted.to_vector<double>();
  double error = 0, largest = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (std::isnan(a[i]) != std::isnan(b[i])) return INFINITY;
    error = std::max(error, std::abs(a[i] - b[i]));
    largest = std::max(largest, std::abs(b[i]));
  }
  return error / (largest == 0 ? 1 : largest);
}

double relative_error(const std::vector<Tensor>& results, const std::vector<Tensor>& wanted) {
  if (results.size() != wanted.size()) throw std::runtime_error("another number of results than the reference has");
  double error = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) error = std::max(error, relative_error(results[i], wanted[i]));
  return error;
}

Distribution exactly(double value) { return {value, value, value}; }

Distribution measured(const Row& row, const Formula& formula, const std::vector<Tensor>& inputs, const Program& program,
                      const Options& options) {
  const auto call_of = [&](const Program& p) { return options.is_raw ? raw_call(p) : checked_call(p); };
  if (row.task == "M6") return exactly(page_faults(call_of(program), static_cast<int>(row.extent())));
  if (row.task.starts_with("M")) return exactly(peak_bytes([&] { return call_of(compile(formula, inputs)); }));
  return time_of(call_of(program), options.budget);
}

std::string ok(const Distribution& d, double error) {
  return fmt::format("ok\t{}\t{:.6g}\t{:.6g}\t{:.6g}\t{:.6g}", THEON_VERSION, d.min, d.median, d.p90, error);
}

std::string answer(const std::string& line, const Options& options) {
  const std::size_t tab = line.find('\t');
  const Row row = row_of(line.substr(0, tab));
  if (const auto overhead = overhead_of(row)) return ok(overhead(options.budget), 0);
  const auto formula = formulas().find(row.key());
  if (formula == formulas().end()) return "absent";
  const std::string folder = line.substr(tab + 1);
  const std::vector<Tensor> inputs = load(folder, "input");
  const Program program = compile(formula->second, inputs);
  const double error = relative_error(results(program), load(folder, "result"));
  return ok(measured(row, formula->second, inputs, compile(formula->second, inputs), options), error);
}

std::string safe_answer(const std::string& line, const Options& options) {
  try {
    return answer(line, options);
  } catch (const std::exception& problem) {
    std::string why = problem.what();
    std::ranges::replace(why, '\n', ' ');
    return "failed\t" + why;
  }
}

}  // namespace

}  // namespace theon::benchmarks

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "usage: worker SECONDS default|kept\n";
    return 2;
  }
  const theon::benchmarks::Options options{std::atof(words[1]), words[2] == std::string("kept")};
  for (std::string line; std::getline(std::cin, line);)
    std::cout << theon::benchmarks::safe_answer(line, options) << std::endl;
}
