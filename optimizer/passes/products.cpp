#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"
#include "src/graph/traversal.h"
#include "src/ops/contraction.h"
#include "src/support/pointer_numbers.h"

#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace theon {

namespace {

/// Longer chains stay as they are.
constexpr std::size_t most_factors = 64;
/// A size that is not known is taken to be so large.
constexpr double unknown_size = 512;

double extent(const Variable& x, int axis) { return static_cast<double>(x.dim(axis).known().value_or(unknown_size)); }
/// A vector is a row where it stands on the left, a column on the right.
double rows(const Variable& first) { return first.ndim() == 2 ? extent(first, 0) : 1; }
double columns(const Variable& last) { return last.ndim() == 2 ? extent(last, 1) : 1; }

/// The products that only another product reads, as a factor whose own factors may be multiplied in any order.
std::unordered_set<const Apply*> links(std::span<const Variable> outputs) {
  std::unordered_map<const Apply*, int> readers;
  std::unordered_set<const Apply*> found;
  for (const Variable& x : outputs) ++readers[x.owner()];
  for (const Apply* node : toposort(outputs))
    for (std::size_t side = 0; side < node->inputs.size(); ++side) {
      const Apply* inner = node->inputs[side].owner();
      if (!inner) continue;
      ++readers[inner];
      // A vector in the middle of a chain is the end of two.
      if (is_dot(*node->op) && is_dot(*inner->op) && inner->inputs[1 - side].ndim() == 2) found.insert(inner);
    }
  std::erase_if(found, [&](const Apply* node) { return readers[node] > 1; });
  return found;
}

/// Factors multiplied in the order that takes the fewest multiplications, by dynamic programming over their runs.
class Chain {
 public:
  /// For the last product of the chain.
  Chain(const Apply& node, std::vector<Variable> factors)
      : node_(node), factors_(std::move(factors)), count_(factors_.size()), runs_(count_ * count_) {
    for (std::size_t length = 2; length <= count_; ++length)
      for (std::size_t first = 0; first + length <= count_; ++first) choose(first, first + length - 1);
  }

  double cost() const { return runs_[count_ - 1].cost; }
  Variable product() const { return product(0, count_ - 1); }

 private:
  struct Run {
    double cost = 0;
    std::size_t last_of_left = 0;
  };
  Run& run(std::size_t first, std::size_t last) { return runs_[first * count_ + last]; }

  void choose(std::size_t first, std::size_t last) {
    Run best{std::numeric_limits<double>::infinity(), first};
    for (std::size_t k = first; k < last; ++k) {
      const double inner = columns(factors_[k]);
      const double cost =
          run(first, k).cost + run(k + 1, last).cost + rows(factors_[first]) * inner * columns(factors_[last]);
      if (cost < best.cost) best = {cost, k};
    }
    run(first, last) = best;
  }

  /// As deep as there are factors.
  Variable product(std::size_t first, std::size_t last) const {
    if (first == last) return factors_[first];
    const std::size_t k = runs_[first * count_ + last].last_of_left;
    return apply(node_.op, {product(first, k), product(k + 1, last)}, node_.where);
  }

  const Apply& node_;
  const std::vector<Variable> factors_;
  const std::size_t count_;
  std::vector<Run> runs_;
};

/// The factors of a chain, and what multiplying them as they stand costs.
struct Flat {
  std::vector<Variable> factors;
  double cost = 0;
};

}  // namespace

Graph order_products(const Graph& graph) {
  const std::unordered_set<const Apply*> inside = links(graph.outputs);
  if (inside.empty()) return graph;
  std::unordered_map<const Apply*, Flat> chains;
  const auto flat = [&](const Variable& x) {
    const auto chain = x.owner() ? chains.find(x.owner()) : chains.end();
    return chain == chains.end() ? Flat{{x}, 0} : chain->second;
  };
  const auto selects = [](const Apply& node) { return is_dot(*node.op); };
  const auto remake = [&](const Apply& node, const std::vector<Variable>& inputs) {
    const bool is_same = same(inputs[0], node.inputs[0]) && same(inputs[1], node.inputs[1]);
    Variable whole = is_same ? node.output(0) : apply(node.op, {inputs[0], inputs[1]}, node.where);
    Flat chain = flat(inputs[0]);
    const Flat right = flat(inputs[1]);
    chain.cost +=
        right.cost + rows(chain.factors.front()) * columns(chain.factors.back()) * columns(right.factors.back());
    chain.factors.insert(chain.factors.end(), right.factors.begin(), right.factors.end());
    if (inside.contains(&node)) {
      chains.emplace(whole.owner(), std::move(chain));
    } else if (2 < chain.factors.size() && chain.factors.size() <= most_factors) {
      const Chain best(node, chain.factors);
      if (best.cost() < chain.cost) whole = best.product();
    }
    return std::vector{whole};
  };
  return {graph.inputs, rebuild_graph(graph.outputs, selects, remake)};
}

}  // namespace theon
