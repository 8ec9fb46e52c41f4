// A program that starts, compiles one function and calls it: a process of its own for each time.
#pragma once

#include <functional>
#include <string>

namespace theon::benchmarks {

/// What the process does when `word` is its only argument; false for any other word. An elementwise function of ten
/// operations, and a training step: it prints the seconds from asking for the step to its first result.
bool is_first_result(const std::string& word);

/// Measures seconds, once a call.
using Turn = std::function<double()>;

/// From starting a process to its end, with the results of the elementwise function; compiled in it, or by an earlier
/// one.
Turn cold_start();
Turn cached_start();

/// From asking for the training step to its first result, in a process after one that has compiled it.
Turn second_process();

}  // namespace theon::benchmarks
