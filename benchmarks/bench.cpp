// Theon against programs written by hand in C and against fixed limits: CSV on standard output, Markdown into a file.
//
//   bench [--only ROW] [--seconds BUDGET] [--markdown FILE] [--mnist DIR]
#include "benchmarks/machine.h"
#include "benchmarks/rows.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include <cblas.h>

using namespace theon::benchmarks;

namespace {

struct Options {
  Report::Options report;
  std::string markdown, mnist;
};

[[noreturn]] void explain_usage(const char* program) {
  std::fprintf(stderr, "usage: %s [--only ROW] [--seconds BUDGET] [--markdown FILE] [--mnist DIR]\n", program);
  std::exit(2);
}

Options parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    if (i + 1 == count) explain_usage(words[0]);
    const std::string name = words[i], value = words[i + 1];
    if (name == "--only")
      options.report.only = value;
    else if (name == "--seconds")
      options.report.budget = std::stod(value);
    else if (name == "--markdown")
      options.markdown = value;
    else if (name == "--mnist")
      options.mnist = value;
    else
      explain_usage(words[0]);
  }
  return options;
}

void write_markdown(const std::string& path, const Report& report) {
  std::ofstream out(path);
  out << "# Benchmarks\n\nWritten by `benchmarks/run.sh`, never by hand. Theon and its rival run in turns; times are "
         "minima, with medians in\n"
         "brackets, and ratios are of minima. A ratio below 1 is faster than the rival, or within the limit.\n\n"
      << describe_machine() << "\n";
  report.write(out);
}

}  // namespace

int main(int count, char** words) {
  const Options options = parse(count, words);
  openblas_set_num_threads(1);

  Report report(std::cout, options.report);
  // First, while the heap is whole: walks through large graphs wait for memory.
  scaling_rows(report);
  training_rows(report);
  elementwise_rows(report);
  compile_rows(report);
  call_rows(report);
  mnist_rows(report, options.mnist);
  if (!options.markdown.empty()) write_markdown(options.markdown, report);
  return report.is_complete() ? 0 : 1;
}
