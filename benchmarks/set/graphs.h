// The graphs of the rows about compiling.
#pragma once

#include <theon/theon.h>

#include <cstdint>
#include <vector>

namespace theon::benchmarks {

/// `nodes` elementwise operations on vectors of one length, drawn with a fixed seed; operands are among the last twelve
/// nodes, of which four are inputs at first. The output is the sum of the last twelve.
struct RandomGraph {
  std::vector<Variable> inputs;
  Variable output;
};
RandomGraph random_graph(std::int64_t nodes, DType dtype);

/// A classifier of rows of x: its mean cross-entropy against the labels t, and its parameters.
struct Classifier {
  Variable x, t, cost;
  std::vector<Shared> parameters;
};
/// With one hidden layer of 500 tanh units: 784-500-10.
Classifier tanh_network();

/// A step of gradient descent: function of x and t, gives the cost.
Function training_step(const Classifier& model, float rate);

}  // namespace theon::benchmarks
