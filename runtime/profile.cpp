#include <theon/profile.h>

#include "src/support/check.h"
#include "src/support/units.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <ostream>
#include <set>

namespace theon {

namespace {

/// In quotes, as JSON has it.
std::string quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      quoted += fmt::format("\\u{:04x}", static_cast<int>(c));
    else
      quoted += c;
  }
  return quoted + '"';
}

std::string optional_text(const std::optional<double>& number, const std::string& unit) {
  return number ? with_prefix(*number) + unit : "-";
}

using Row = std::array<std::string, 9>;

Row row_of(const Profile::Step& step, double total) {
  const std::optional<double> share = step.share();
  return {std::string(2 * static_cast<std::size_t>(step.depth), ' ') + step.name,
          std::to_string(step.times),
          with_prefix(step.seconds) + "s",
          with_prefix(step.median) + "s",
          total > 0 ? fmt::format("{:.0f}%", 100 * step.seconds / total) : "-",
          optional_text(step.predicted, "s"),
          optional_text(step.operations, "op"),
          optional_text(step.bytes, "B"),
          share ? fmt::format("{:.0f}%", 100 * *share) : "-"};
}

std::string line_of(const Row& row, const std::array<std::size_t, 9>& widths) {
  std::string line = fmt::format("{:<{}}", row[0], widths[0]);
  for (std::size_t k = 1; k < row.size(); ++k) line += fmt::format("  {:>{}}", row[k], widths[k]);
  return line;
}

}  // namespace

std::optional<double> Profile::Step::share() const {
  return limit && seconds > 0 ? std::optional(*limit / seconds) : std::nullopt;
}

std::string Profile::trace() const {
  std::string events =
      fmt::format(R"({{"name":"process_name","ph":"M","pid":1,"tid":0,"args":{{"name":{}}}}})", quoted(function));
  std::set<std::size_t> threads{0};
  for (const Span& span : spans) threads.insert(span.thread);
  for (const std::size_t thread : threads)
    events +=
        fmt::format(",\n{{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":{},\"args\":{{\"name\":\"{}\"}}}}",
                    thread, thread == 0 ? "the call" : fmt::format("worker {}", thread));
  for (const Span& span : spans) {
    const Step& step = steps.at(span.step);
    events += fmt::format(
        ",\n{{\"name\":{},\"cat\":\"step\",\"ph\":\"X\",\"ts\":{:.3f},\"dur\":{:.3f},\"pid\":1,\"tid\":{},"
        "\"args\":{{\"computes\":{}}}}}",
        quoted(step.name), span.begin * 1e6, (span.end - span.begin) * 1e6, span.thread, quoted(step.computes));
  }
  return "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n" + events + "\n]}\n";
}

void Profile::write_trace(const std::string& path, Location where) const {
  std::ofstream file(path);
  file << trace();
  file.close();
  if (!file) fail<FileError>(where, "the trace of {} cannot be written to {}", function, path);
}

std::string to_string(const Profile& profile) {
  std::vector<Row> rows{
      {"step", "times", "least", "median", "of call", "predicted", "operations", "memory", "of limit"}};
  for (const Profile::Step& step : profile.steps) rows.push_back(row_of(step, profile.seconds));
  std::array<std::size_t, 9> widths{};
  for (const Row& row : rows)
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
  std::string text =
      fmt::format("{}, threads {}: a call takes {}s, median {}s of {}\n", profile.function, profile.threads,
                  with_prefix(profile.seconds), with_prefix(profile.median), profile.runs);
  text += line_of(rows[0], widths) + "\n";
  for (std::size_t n = 0; n < profile.steps.size(); ++n)
    text += line_of(rows[n + 1], widths) + "  " + profile.steps[n].computes + "\n";
  return text;
}

std::ostream& operator<<(std::ostream& out, const Profile& profile) { return out << to_string(profile); }

}  // namespace theon
