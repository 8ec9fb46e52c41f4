#include "benchmarks/graphs.h"
#include "benchmarks/rows.h"
#include "optimizer/pipeline.h"

#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace theon::benchmarks {

namespace {

constexpr std::array sizes{1'000, 10'000, 100'000};

/// Rows of seconds a node at each size, and of the exponent with which the whole grows from the smallest to the
/// largest.
std::vector<Row> growth(const std::string& id, const std::string& what, double limit,
                        const std::function<void(const RandomGraph&)>& task, double budget) {
  std::vector<Timing> timings;
  for (const int nodes : sizes) {
    const RandomGraph graph = random_graph(nodes, Vocabulary::arithmetic);
    // One after the other: in turns, small graphs would be timed on the heap that the largest leaves behind.
    const Turn turn = [=] { return seconds([&] { task(graph); }) / nodes; };
    timings.push_back(in_turns({turn}, budget / sizes.size())[0]);
  }

  std::vector<Row> rows;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    rows.push_back(against_limit(fmt::format("{}.{}", id, sizes[i]), fmt::format("{}, a node of {}", what, sizes[i]),
                                 microseconds, timings[i], limit));
  const double ratio = timings.back().min / timings.front().min;
  const double exponent = 1 + std::log(ratio) / std::log(static_cast<double>(sizes.back()) / sizes.front());
  rows.push_back(against_limit(id + ".exponent", what + ", exponent of growth", {""}, {exponent, exponent}, 1.15));
  return rows;
}

void differentiate(const RandomGraph& graph) { grad(sum(graph.output), graph.inputs); }

void rewrite(const RandomGraph& graph) { optimize(Graph{graph.inputs, {graph.output}}); }

}  // namespace

void scaling_rows(Report& report) {
  report.add("gradient", "gradient",
             [](double budget) { return growth("gradient", "gradient", 5e-6, differentiate, budget); });
  report.add("rewriting", "rewriting",
             [](double budget) { return growth("rewriting", "rewriting", 20e-6, rewrite, budget); });
}

}  // namespace theon::benchmarks
