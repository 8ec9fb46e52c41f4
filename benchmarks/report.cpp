#include "benchmarks/report.h"

#include "benchmarks/probes.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>

namespace theon::benchmarks {

namespace {

/// Three digits.
std::string number(double value) {
  if (value == 0 || value >= 99.95) return fmt::format("{:.0f}", value);
  return value >= 9.995 ? fmt::format("{:.1f}", value) : fmt::format("{:.2f}", value);
}

std::string quantity(const Timing& timing, const Unit& unit) {
  const std::string min = number(timing.min * unit.scale), median = number(timing.median * unit.scale);
  return min == median ? fmt::format("{} {}", min, unit.name) : fmt::format("{} ({}) {}", min, median, unit.name);
}

std::string probes_of(const Row& row) {
  if (row.seconds_per_flop == 0) return ",,";
  return fmt::format("{:.4g},{:.4g},{:.4g}", 1e-9 / row.seconds_per_flop, 1e-9 / row.seconds_per_byte, row.least());
}

void write_csv(std::ostream& out, const Row& row) {
  fmt::print(out, "{},{:.6g},{:.6g},{:.6g},{:.6g},{},{:.4g},{:.4g},{},{}\n", row.task.id, row.measured.min,
             row.measured.median, row.against.min, row.against.median, row.task.unit.name, row.ratio(), row.task.target,
             row.is_met() ? "yes" : "no", probes_of(row));
  out.flush();
}

void write_row(std::ostream& out, const Row& row) {
  fmt::print(out, "| {} | {} | {} | {}: {} | {} | at most {} | {} |\n", row.task.id, row.task.what,
             quantity(row.measured, row.task.unit), row.task.rival, quantity(row.against, row.task.unit),
             number(row.ratio()), number(row.task.target), row.is_met() ? "yes" : "**no**");
}

void write_limits(std::ostream& out, const Row& row) {
  fmt::print(out, "| {} | {} GF/s | {} GB/s | {} | {:.0f} % |\n", row.task.id, number(1e-9 / row.seconds_per_flop),
             number(1e-9 / row.seconds_per_byte), quantity({row.least(), row.least()}, row.task.unit),
             100 * row.least() / row.measured.min);
}

}  // namespace

double Row::least() const { return std::max(task.work.flops * seconds_per_flop, task.work.bytes * seconds_per_byte); }

Row against_limit(std::string id, std::string what, Unit unit, Timing measured, double limit) {
  return {
      .task = {.id = std::move(id), .what = std::move(what), .unit = std::move(unit), .rival = "limit", .target = 1},
      .measured = measured,
      .against = {limit, limit}};
}

Report::Report(std::ostream& csv, Options options) : csv_(csv), options_(std::move(options)) {
  csv_ << "row,min,median,against_min,against_median,unit,ratio,target,met,multiply_add_gflops,triad_gbytes,least\n";
}

void Report::contest(const Task& task, const std::function<Sides()>& prepare) {
  add(task.id, task.what, [&](double budget) {
    const Sides sides = prepare();
    const std::vector<Timing> timings =
        in_turns({sides.rival, sides.theon, multiply_add_probe(), triad_probe(task.work.bytes)}, budget);
    return std::vector<Row>{{.task = task,
                             .measured = timings[1],
                             .against = timings[0],
                             .seconds_per_flop = timings[2].min,
                             .seconds_per_byte = timings[3].min}};
  });
}

void Report::trial(const std::string& id, const std::string& what, const Unit& unit, double limit,
                   const std::function<Turn()>& prepare) {
  add(id, what, [&](double budget) {
    const Timing timing = in_turns({prepare()}, budget)[0];
    return std::vector<Row>{against_limit(id, what, unit, timing, limit)};
  });
}

void Report::add(const std::string& id, const std::string& what,
                 const std::function<std::vector<Row>(double budget)>& make) {
  if (!id.starts_with(options_.only)) return;
  try {
    for (Row& row : make(options_.budget)) {
      write_csv(csv_, row);
      rows_.push_back(std::move(row));
    }
  } catch (const std::exception& error) {  // the other rows are worth having
    fmt::print(csv_, "{},failed: {}\n", id, error.what());
    failures_.push_back({id, what, error.what()});
  }
}

void Report::omit(const std::string& id, const std::string& what, const std::string& reason) {
  if (id.starts_with(options_.only)) omissions_.push_back({id, what, reason});
}

void Report::write(std::ostream& out) const {
  out << "| row | what | measured | rival or limit | ratio | target | met |\n|---|---|---|---|---|---|---|\n";
  for (const Row& row : rows_) write_row(out, row);
  for (const auto& [id, what, reason] : failures_)
    fmt::print(out, "| {} | {} | failed: {} | | | | **no** |\n", id, what, reason);
  for (const auto& [id, what, reason] : omissions_) fmt::print(out, "| {} | {} | {} | | | | |\n", id, what, reason);

  out << "\nThe limits of the machine, measured between the turns of a row: float32 multiply-adds on the widest "
         "vectors,\n"
         "and a + 3 * b over as much memory as the row touches.\n\n"
         "| row | multiply-add | triad | least time | reached |\n|---|---|---|---|---|\n";
  for (const Row& row : rows_)
    if (row.seconds_per_flop > 0) write_limits(out, row);
}

}  // namespace theon::benchmarks
