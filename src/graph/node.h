// What Variables refer to: leaves and Apply nodes. Immutable, but for the name, which is an annotation.
#pragma once

#include <theon/variable.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace theon {

class Op;
using OpRef = std::shared_ptr<const Op>;

/// Set once, from any thread.
class Name {
 public:
  Name() = default;
  ~Name() { delete text_.load(); }
  Name(const Name&) = delete;
  Name& operator=(const Name&) = delete;
  std::string get() const {
    const std::string* text = text_.load();
    return text ? *text : std::string();
  }
  void set(std::string text) const;

 private:
  mutable std::atomic<const std::string*> text_ = nullptr;
};

/// While it lives, operands and nodes made on this thread belong to `where`, not to the line that makes them: a
/// derivative, or whatever else is made from a node, keeps the user's line. The innermost one counts; an unknown line
/// changes nothing.
class Attribution {
 public:
  explicit Attribution(Location where) noexcept;
  ~Attribution();
  Attribution(const Attribution&) = delete;
  Attribution& operator=(const Attribution&) = delete;

 private:
  Location outer_;
};

class Node {
 public:
  enum class Role : std::uint8_t { input, constant, shared, pattern, apply };

  const Role role;
  const Location where;
  /// Grows with creation: an Apply has a larger one than its inputs. A stable order.
  const std::uint64_t serial;

  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

 protected:
  Node(Role role, Location where);

 private:
  friend void detail::retain(const Node*) noexcept;
  friend void detail::release(const Node*) noexcept;
  mutable std::atomic<std::int64_t> references_ = 0;
  mutable const Node* next_dying_ = nullptr;
};

/// The state behind a Shared: the one value that outlives calls.
struct SharedState {
  std::mutex mutex;
  Tensor value;
};

class Leaf : public Node {
 public:
  Leaf(Role role, TensorType type, std::string name, Location where);

  const TensorType type;
  Name name;
};

class Constant : public Leaf {
 public:
  Constant(Tensor value, Location where);
  const Tensor value;  // contiguous, never written again
  /// The value of every element, where they all have the same bits.
  std::optional<Tensor> uniform() const;
};

class SharedLeaf : public Leaf {
 public:
  SharedLeaf(std::string name, Tensor value, Location where);
  const std::unique_ptr<SharedState> state;
};

/// A relation between sizes that could be neither proved nor refuted when the graph was built; a call checks it where
/// its symbols are first known.
struct Obligation {
  enum class Relation : std::uint8_t { equal, less_equal };
  Relation relation;
  Dim left, right;
  Location where;
  std::string message;  // "add: shapes [n] and [m] do not broadcast"
};

/// What an op says about its outputs: their types, and what must hold for them to exist.
struct Signature {
  std::vector<TensorType> outputs;
  std::vector<Obligation> obligations = {};
};

/// One application of an op. Never owns its own outputs: it hands Variables out on demand.
///
/// Walks through large graphs wait for memory, so a node is small and in one place: its operands lie behind it in the
/// same allocation, and it shares its signature with an operand where they are equal.
class Apply : public Node {
 public:
  static NodeRef make(OpRef op, std::span<Variable> inputs, Signature signature, Location where);
  /// With one output, of the type of `inputs[like]`, and no obligations.
  static NodeRef make_like(std::size_t like, OpRef op, std::span<Variable> inputs, Location where);
  ~Apply() override;

  const OpRef op;
  const std::span<const Variable> inputs;

 private:
  const std::shared_ptr<const Signature> signature_;

 public:
  /// One type per output; empty where a pattern is among the inputs.
  const std::vector<TensorType>& types;
  const std::vector<Obligation>& obligations;

  std::size_t outputs() const { return count_; }
  Variable output(std::size_t index) const { return Variable(NodeRef(this), static_cast<std::uint32_t>(index)); }
  std::vector<Variable> input_list() const { return {inputs.begin(), inputs.end()}; }
  std::vector<Variable> output_list() const;
  const Name& name(std::size_t output) const { return output == 0 ? name_ : more_names_[output - 1]; }
  bool is_pattern() const { return types.empty(); }

  static void operator delete(void* memory) { ::operator delete(memory); }

 private:
  /// What is allocated beyond the node itself.
  struct Room {
    std::size_t inputs;
  };
  static void* operator new(std::size_t size, Room room) {
    return ::operator new(size + room.inputs * sizeof(Variable));
  }
  static void operator delete(void* memory, Room) { ::operator delete(memory); }

  Apply(OpRef op, std::span<Variable> inputs, std::shared_ptr<const Signature> signature, Location where);
  static std::shared_ptr<const Signature> shared(Signature signature, std::span<const Variable> inputs);
  static std::shared_ptr<const Signature> signature_like(const Variable& x);

  const std::size_t count_;
  Name name_;
  const std::unique_ptr<Name[]> more_names_;  // of the outputs behind the first
};

const Leaf* as_leaf(const Variable& x);          // null for an Apply's output
const Constant* as_constant(const Variable& x);  // null for anything else
const SharedLeaf* as_shared(const Variable& x);  // null for anything else

/// The value of a shared variable, without a copy. An update in place needs sole ownership, so the memory is not
/// written while the Tensor lives.
Tensor snapshot(const Variable& shared);

/// A constant around a value that nobody else can write to; `constant` copies.
Variable own_constant(Tensor value, Location where);

/// Whether it is a pattern of a rewrite rule, or made from one: it has no type.
bool is_pattern(const Variable& x);

/// Builds the Apply: checks the inputs, infers the types, or skips inference where an input is a pattern.
std::vector<Variable> apply_all(OpRef op, std::vector<Variable> inputs, Location where);
/// The same for an op of one output.
Variable apply(OpRef op, std::vector<Variable> inputs, Location where);

}  // namespace theon
