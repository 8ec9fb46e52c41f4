#include "runtime/request.h"

#include "src/graph/specify.h"
#include "src/ir/dim_node.h"
#include "src/support/check.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace theon::runtime {

namespace {

class Checker {
 public:
  Checker(std::vector<In> inputs, std::vector<Variable> outputs, const FunctionOptions& options, Location where)
      : inputs_(std::move(inputs)), options_(options) {
    request_.outputs = std::move(outputs);
    request_.name = options.name.empty() ? "function" : options.name;
    request_.where = where;
  }

  Request run() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) check_input(i);
    for (std::size_t i = 0; i < request_.outputs.size(); ++i)
      check_value(request_.outputs[i], fmt::format("output {}", i));
    for (const Update& update : options_.updates) check_update(update);
    apply_givens();
    cut_at_inputs();
    check_leaves();
    return std::move(request_);
  }

 private:
  template <class E, class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> text, Args&&... args) const {
    throw E(request_.where, request_.name + ": " + fmt::format(text, std::forward<Args>(args)...));
  }

  void check_value(const Variable& x, const std::string& what) const {
    if (x.is_empty()) refuse<ArgumentError>("{} is an empty Variable", what);
    if (is_pattern(x)) refuse<ArgumentError>("{} is a pattern of a rewrite rule, and has no value", what);
  }

  void check_input(std::size_t i) {
    const Variable& x = inputs_[i].variable;
    check_value(x, fmt::format("input {}", i));
    if (as_constant(x))
      refuse<ArgumentError>("input {} is a constant, {}\n  hint: leave it out; constants carry their value", i,
                            described(x));
    if (as_shared(x))
      refuse<ArgumentError>(
          "input {} is the shared variable {}\n  hint: leave it out; a call reads its value. To replace it, use givens",
          i, described(x));
    if (!listed_.emplace(x, i).second)
      refuse<ArgumentError>("input {} repeats input {}, {}", i, listed_.at(x), described(x));
    if (inputs_[i].value) check_default(i);
    request_.inputs.push_back(x);
    request_.defaults.push_back(inputs_[i].value);
  }

  void check_default(std::size_t i) const {
    const Variable& x = inputs_[i].variable;
    const Tensor& value = *inputs_[i].value;
    if (value.ndim() != x.ndim())
      refuse<ShapeError>("the default of input {}, {}, has shape {}, and the input {}", i, described(x),
                         to_string(value.sizes()), to_string(x.dims()));
    if (value.ndim() > 0 && value.dtype() != x.dtype())
      refuse<DTypeError>("the default of input {}, {}, is {}, and the input {}", i, described(x), name(value.dtype()),
                         name(x.dtype()));
  }

  void check_update(const Update& update) {
    check_value(update.value, fmt::format("the update of {}", described(update.shared)));
    if (!updated_.insert(update.shared.node().get()).second)
      refuse<ArgumentError>("{} is updated twice", described(update.shared));
    if (update.value.dtype() != update.shared.dtype())
      refuse<DTypeError>("{} is {}, and its update {}\n  update: {}\n  hint: cast the update", described(update.shared),
                         name(update.shared.dtype()), name(update.value.dtype()), described(update.value));
    check_update_dims(update);
    request_.updated.push_back(update.shared);
    request_.updates.push_back(update.value);
  }

  void check_update_dims(const Update& update) const {
    const Shape &from = update.value.dims(), &to = update.shared.dims();
    bool fits = from.size() == to.size();
    for (std::size_t axis = 0; fits && axis < from.size(); ++axis) fits = equal(from[axis], to[axis]) != Answer::no;
    if (!fits)
      refuse<ShapeError>("{} has shape {}, and its update {}\n  update: {}", described(update.shared), to_string(to),
                         to_string(from), described(update.value));
  }

  /// Replaces what the givens say, below outputs and updates at once, so that all agree on the sizes that come with it.
  void apply_givens() {
    VariableMap<Variable> replacements;
    for (const Given& given : options_.givens) {
      check_value(given.variable, "the variable of a given");
      check_value(given.value, fmt::format("the value given for {}", described(given.variable)));
      if (listed_.contains(given.variable))
        refuse<ArgumentError>(
            "{} is an input, and a value is given for it too\n  hint: leave it out of one of the two lists",
            described(given.variable));
      if (!replacements.emplace(given.variable, given.value).second)
        refuse<ArgumentError>("{} is given two values", described(given.variable));
    }
    replace_everywhere(replacements);
    for (std::size_t i = 0; i < request_.updates.size(); ++i)
      request_.updates[i] = specify_dims(request_.updates[i], request_.updated[i].dims(), request_.where);
  }

  /// An input that an op computes becomes a leaf of its own: what is above it is cut off.
  void cut_at_inputs() {
    VariableMap<Variable> leaves;
    for (Variable& x : request_.inputs)
      if (x.owner()) {
        Variable leaf = input(x.dtype(), x.name(), x.dims(), x.where());
        leaves.emplace(x, leaf);
        x = leaf;
      }
    replace_everywhere(leaves);
  }

  void replace_everywhere(const VariableMap<Variable>& replacements) {
    if (replacements.empty()) return;
    std::vector<Variable> made = replace(request_.results(), replacements, request_.where);
    const auto first_update = made.begin() + static_cast<std::ptrdiff_t>(request_.outputs.size());
    request_.outputs.assign(made.begin(), first_update);
    request_.updates.assign(first_update, made.end());
  }

  void check_leaves() {
    VariableMap<bool> used;
    for (const Variable& x : leaves(request_.results())) used.emplace(x, true);
    VariableMap<bool> listed;
    for (const Variable& x : request_.inputs) listed.emplace(x, true);
    for (const Variable& x : leaves(request_.results()))
      if (x.node()->role == Node::Role::input && !listed.contains(x))
        refuse<ArgumentError>(
            "{} is needed, and is not among the inputs\n  hint: add it to the inputs, or give it a value with givens",
            described(x));
    for (std::size_t i = 0; i < request_.inputs.size(); ++i)
      if (!used.contains(request_.inputs[i]) && !gives_a_size(request_.inputs[i], used)) meet_unused(i);
  }

  /// Whether something that is computed mentions a size that only `x` has, of all that is used.
  bool gives_a_size(const Variable& x, const VariableMap<bool>& used) const {
    std::vector<Dim> own = symbols(x.dims());
    for (const auto& [other, yes] : used)
      std::erase_if(own, [&](const Dim& symbol) {
        return std::find(other.dims().begin(), other.dims().end(), symbol) != other.dims().end();
      });
    const std::vector<const Apply*> nodes = toposort(request_.results());
    return std::any_of(own.begin(), own.end(), [&](const Dim& symbol) {
      return std::any_of(nodes.begin(), nodes.end(), [&](const Apply* node) { return mentions(*node, symbol); });
    });
  }

  static bool mentions(const Apply& node, const Dim& symbol) {
    DimMap renamed;
    renamed.set(symbol, dim("renamed"));
    if (node.op->with(renamed)) return true;
    return std::any_of(node.types.begin(), node.types.end(),
                       [&](const TensorType& type) { return renamed(type.dims) != type.dims; });
  }

  void meet_unused(std::size_t i) {
    const std::string text =
        fmt::format("input {}, {}, is not used by any output or update", i, described(request_.inputs[i]));
    switch (options_.on_unused_input) {
      case OnUnusedInput::raise:
        refuse<ArgumentError>("{}\n  hint: leave it out, or set on_unused_input", text);
      case OnUnusedInput::warn:
        request_.warnings.push_back(text);
        return;
      case OnUnusedInput::ignore:
        return;
    }
  }

  std::vector<In> inputs_;
  const FunctionOptions& options_;
  VariableMap<std::size_t> listed_;
  std::unordered_set<const Node*> updated_;
  Request request_;
};

}  // namespace

std::vector<Variable> Request::results() const {
  std::vector<Variable> all = outputs;
  all.insert(all.end(), updates.begin(), updates.end());
  return all;
}

Request checked_request(std::vector<In> inputs, std::vector<Variable> outputs, const FunctionOptions& options,
                        Location where) {
  return Checker(std::move(inputs), std::move(outputs), options, where).run();
}

std::string described(const Variable& x) {
  const std::string what = x.name().empty() ? "an unnamed " + to_string(x.type()) : x.name();
  return x.where() ? fmt::format("{} ({})", what, to_string(x.where())) : what;
}

}  // namespace theon::runtime
