// The graphs that several rows share.
#pragma once

#include <theon/theon.h>

#include <cstdint>
#include <vector>

namespace theon::benchmarks {

/// Operations that a random graph draws from.
enum class Vocabulary : std::uint8_t {
  arithmetic,  // add, mul, sub, max
  functions,   // the same and exp, log, tanh
};

/// `nodes` elementwise operations on float32 vectors of one length, drawn with a fixed seed; operands are among the
/// last twelve nodes, of which four are inputs at first. The output is the sum of the last twelve.
struct RandomGraph {
  std::vector<Variable> inputs;
  Variable output;
};
RandomGraph random_graph(int nodes, Vocabulary vocabulary);

/// A classifier of rows of x: its mean cross-entropy against the labels t, and its parameters.
struct Classifier {
  Variable x, t, cost;
  std::vector<Shared> parameters;
};
Classifier softmax_regression();
/// With one hidden layer of 500 tanh units.
Classifier tanh_network();

/// A step of gradient descent: function of x and t, gives the cost.
Function training_step(const Classifier& model, float rate);

}  // namespace theon::benchmarks
