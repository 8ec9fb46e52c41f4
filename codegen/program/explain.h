// A program as the decisions behind it.
#pragma once

#include "codegen/program/program.h"

#include <string>

namespace theon::codegen {

/// Of each kernel: the user's variables and lines that it computes, how it is scheduled, what it is predicted to take,
/// why it stores what it stores, and why it runs apart from the kernels whose results it reads.
std::string explain(const Program& program);

/// Whether threads share the iterations of a kernel, or why not.
std::string sharing(const KernelStep& step);

/// A line for each kernel: its name, and what of the user's it computes. Each begins with `comment`.
std::string contents(const Program& program, const std::string& comment);

/// The variables that a kernel computes, with their lines: "mlp.cpp:12: h, tanh, add; mlp.cpp:13: y".
std::string computed(const KernelStep& step, const Program& program);

}  // namespace theon::codegen
