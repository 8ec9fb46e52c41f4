// The rows of the record: what was measured, against what, and whether that is good enough.
#pragma once

#include "benchmarks/measure.h"

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace theon::benchmarks {

/// How a quantity is printed: its number times `scale`, and a name. Times are in seconds.
struct Unit {
  std::string name;
  double scale = 1;
};
inline const Unit milliseconds{"ms", 1e3}, microseconds{"us", 1e6}, nanoseconds{"ns", 1e9};

/// What a task needs at least: floating-point operations, and bytes to and from memory.
struct Work {
  double flops = 0, bytes = 0;
};

struct Task {
  std::string id, what;
  Unit unit;
  std::string rival;  // what Theon is held against
  double target;      // of Theon's time to the rival's, at most
  Work work = {};
};

struct Row {
  Task task;
  Timing measured, against;
  double seconds_per_flop = 0, seconds_per_byte = 0;  // what the probes reached; 0: not run

  double ratio() const { return measured.min / against.min; }
  bool is_met() const { return ratio() <= task.target; }
  /// The time that work and probes allow.
  double least() const;
};

/// A row that is held against a number.
Row against_limit(std::string id, std::string what, Unit unit, Timing measured, double limit);

/// What is compared, ready to run.
struct Sides {
  Turn theon, rival;
};

class Report {
 public:
  struct Options {
    double budget = 3;      // seconds for each row
    std::string only = "";  // rows whose id begins so; all, if empty
  };

  /// Prints each row as a line of CSV as soon as it is there. Rows that are not wanted are not prepared either; a row
  /// that throws is recorded with its message.
  Report(std::ostream& csv, Options options);

  /// Theon and a rival in turns, the probes in between.
  void contest(const Task& task, const std::function<Sides()>& prepare);
  /// Theon against a number of seconds.
  void trial(const std::string& id, const std::string& what, const Unit& unit, double limit,
             const std::function<Turn()>& prepare);
  /// Rows made otherwise, by measuring for about `budget` seconds.
  void add(const std::string& id, const std::string& what, const std::function<std::vector<Row>(double budget)>& make);
  /// A row that was not run.
  void omit(const std::string& id, const std::string& what, const std::string& reason);

  /// As Markdown.
  void write(std::ostream& out) const;
  /// Whether all that was wanted could be measured.
  bool is_complete() const { return failures_.empty(); }

 private:
  struct Omission {
    std::string id, what, reason;
  };

  std::ostream& csv_;
  Options options_;
  std::vector<Row> rows_;
  std::vector<Omission> omissions_, failures_;
};

}  // namespace theon::benchmarks
