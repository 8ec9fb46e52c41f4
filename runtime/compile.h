// From a request to something that runs.
#pragma once

#include "runtime/arguments.h"
#include "runtime/executable.h"
#include "runtime/kernel_library.h"
#include "runtime/request.h"

#include <functional>
#include <memory>
#include <vector>

namespace theon::runtime {

struct Compilation {
  Request request;
  Graph graph;  // optimised: outputs, updates, then what has an effect
  std::unique_ptr<ir::Pool> pool;
  std::unique_ptr<KernelLibrary> kernels;
  std::unique_ptr<Executable> executable;
  std::unique_ptr<Arguments> arguments;
  std::vector<Function::Stage> stages;
  /// Makes optimised code in the place of `kernels`, where these are instant code. The executable outlives it.
  std::function<StoredCode()> optimise;
};

/// The stages of compiling, in order. Each is timed.
Compilation compile(Request request, const FunctionOptions& options);

}  // namespace theon::runtime
