// Graphs node by node: debugprint and Graphviz.
#include "src/graph/boost_view.h"
#include "src/graph/print.h"
#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <deque>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace theon {

namespace {

std::string type_text(const Variable& x) { return is_pattern(x) ? "pattern" : to_string(x.type()); }

std::string label(const Apply& node) {
  const std::string attributes = node.op->attributes();
  return attributes.empty() ? node.op->name() : fmt::format("{}({})", node.op->name(), attributes);
}

/// A, B, ..., Z, AA, AB, ...
std::string letters(std::size_t number) {
  std::string text;
  for (number += 1; number > 0; number = (number - 1) / 26)
    text.insert(text.begin(), static_cast<char>('A' + (number - 1) % 26));
  return text;
}

class DebugPrinter {
 public:
  std::string operator()(std::span<const Variable> outputs) {
    for (const Variable& x : outputs) print_tree(x);
    print_postponed();
    while (!inner_.empty()) {
      const Apply* node = inner_.front();
      inner_.pop_front();
      print_inner(*node);
    }
    return std::move(text_);
  }

 private:
  // Deeper parts start again at the margin, or the indentation alone of a long chain would fill the memory.
  static constexpr std::size_t deepest = 32;

  struct Place {
    Variable x;
    std::size_t depth;
  };

  void print_tree(const Variable& root) {
    std::vector<Place> waiting{{root, 0}};
    while (!waiting.empty()) {
      const Place place = std::move(waiting.back());
      waiting.pop_back();
      if (!print_line(place)) continue;
      const std::span<const Variable> inputs = place.x.owner()->inputs;
      for (auto x = inputs.rbegin(); x != inputs.rend(); ++x) waiting.push_back({*x, place.depth + 1});
    }
  }

  /// Says whether the operands are to follow.
  bool print_line(const Place& place) {
    text_.append(2 * place.depth, ' ');
    const Apply* node = place.x.owner();
    if (!node) return print_leaf(place.x);
    const std::string output = node->outputs() > 1 ? fmt::format(".{}", place.x.index()) : "";
    const std::string id = fmt::format("{}{} [{}]", label(*node), output, id_of(*node));
    if (printed_.contains(node)) return end_line(id, false);
    if (place.depth == deepest) {
      postponed_.push_back(place.x);
      return end_line(id + " below", false);
    }
    printed_.insert(node);
    if (!node->op->inner().empty()) inner_.push_back(node);
    return end_line(fmt::format("{} {}{}{}", id, type_text(place.x), quoted(place.x.name()), at(node->where)), true);
  }

  bool print_leaf(const Variable& x) {
    const Phrase name = phrase(*as_leaf(x));
    return end_line(fmt::format("{} {}", name.text, type_text(x)), false);
  }

  bool end_line(const std::string& line, bool operands_follow) {
    text_ += line + "\n";
    return operands_follow;
  }

  void print_postponed() {
    while (!postponed_.empty()) {
      const Variable x = postponed_.front();
      postponed_.pop_front();
      if (!printed_.contains(x.owner())) print_tree(x);
    }
  }

  void print_inner(const Apply& node) {
    for (const Graph& graph : node.op->inner()) {
      text_ += fmt::format("\ninside {} [{}]:\n", node.op->name(), id_of(node));
      for (const Variable& x : graph.outputs) print_tree(x);
      print_postponed();
    }
  }

  static std::string quoted(const std::string& name) { return name.empty() ? "" : " '" + name + "'"; }
  static std::string at(Location where) { return where ? "  " + to_string(where) : ""; }

  std::string id_of(const Apply& node) { return letters(ids_.emplace(&node, ids_.size()).first->second); }

  std::string text_;
  std::unordered_map<const Apply*, std::size_t> ids_;
  std::unordered_set<const Apply*> printed_;
  std::deque<Variable> postponed_;
  std::deque<const Apply*> inner_;
};

std::string vertex_label(const Node& node) {
  if (node.role == Node::Role::apply) return label(static_cast<const Apply&>(node));
  const auto& leaf = static_cast<const Leaf&>(node);
  return fmt::format("{}\n{}", phrase(leaf).text, to_string(leaf.type));
}

/// The type that flows along each edge, in the order of the view's edges.
std::vector<std::string> edge_labels(const GraphView& view) {
  std::vector<std::string> labels;
  for (const Node* node : view.nodes)
    if (node->role == Node::Role::apply)
      for (const Variable& x : static_cast<const Apply*>(node)->inputs) labels.push_back(x.owner() ? type_text(x) : "");
  return labels;
}

}  // namespace

std::string debugprint(std::span<const Variable> outputs) { return DebugPrinter()(outputs); }
std::string debugprint(const Variable& output) { return debugprint(std::span(&output, 1)); }

std::string to_dot(std::span<const Variable> outputs) {
  const GraphView view(outputs);
  std::vector<std::string> labels;
  for (const Node* node : view.nodes) labels.push_back(vertex_label(*node));
  std::ostringstream out;
  write_dot(out, view.digraph, labels, edge_labels(view));
  return out.str();
}

}  // namespace theon
