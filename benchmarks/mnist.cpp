#include "benchmarks/rows.h"

#include <array>
#include <cstdio>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

namespace theon::benchmarks {

namespace {

/// What a command prints.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, decltype(&pclose)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) throw std::runtime_error(command + ": cannot be run");
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t got = fread(part.data(), 1, part.size(), pipe.get())) text.append(part.data(), got);
  return text;
}

/// The test error of a model in the example's final table, in percent.
double test_error(const std::string& table, const std::string& model) {
  std::smatch match;
  if (!std::regex_search(table, match, std::regex("\n" + model + " +([0-9.]+) %")))
    throw std::runtime_error("the MNIST example printed no test error of the " + model);
  return std::stod(match[1]);
}

Row error_row(const std::string& id, const std::string& model, const std::string& table, double limit) {
  const double error = test_error(table, model);
  return against_limit(id, model + ", MNIST test error", {"%"}, {error, error}, limit);
}

}  // namespace

void mnist_rows(Report& report, const std::string& folder) {
  if (folder.empty()) return report.omit("mnist", "test errors of the MNIST example", "not run");
  report.add("mnist", "test errors of the MNIST example", [&](double) {
    const std::string table = output_of(THEON_MNIST_EXAMPLE " --data '" + folder + "'");
    return std::vector<Row>{error_row("mnist.regression", "softmax regression", table, 7.8),
                            error_row("mnist.network", "784-500-10 tanh network", table, 2.0)};
  });
}

}  // namespace theon::benchmarks
