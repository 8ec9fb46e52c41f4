#include "benchmarks/serve.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include <fmt/format.h>

namespace theon::benchmarks {

namespace {

std::vector<Tensor> load(const std::string& folder, const std::string& kind) {
  std::vector<Tensor> tensors;
  for (std::string path;
       path = fmt::format("{}/{}{:02}.npy", folder, kind, tensors.size()), std::filesystem::exists(path);)
    tensors.push_back(Tensor::load_npy(path));
  return tensors;
}

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

std::string answer(const std::string& version, const Measure& measure, const std::string& line) {
  const std::size_t tab = line.find('\t');
  const std::optional<Measured> found = measure(row_of(line.substr(0, tab)), line.substr(tab + 1));
  if (!found) return "absent";
  const Distribution& d = found->distribution;
  return fmt::format("ok\t{}\t{:.6g}\t{:.6g}\t{:.6g}\t{:.6g}", version, d.min, d.median, d.p90, found->error);
}

std::string failure(std::string why) {
  std::ranges::replace(why, '\n', ' ');
  return "failed\t" + why;
}

}  // namespace

Data load(const std::string& folder) { return {load(folder, "input"), load(folder, "result")}; }

double max_error(const std::vector<Tensor>& results, const std::vector<Tensor>& wanted) {
  if (results.size() != wanted.size()) throw std::runtime_error("another number of results than the reference has");
  double error = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) error = std::max(error, relative_error(results[i], wanted[i]));
  return error;
}

void serve(const std::string& version, const Measure& measure) {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << answer(version, measure, line) << std::endl;
    } catch (const std::exception& problem) {  // the other rows are worth having
      std::cout << failure(problem.what()) << std::endl;
    }
  }
}

}  // namespace theon::benchmarks
