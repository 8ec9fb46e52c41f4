// The element language: what one element of a result is worth.
//
// Expressions are hash-consed in a Pool: equal expressions are one node, and a node's arguments come before it. Indices
// are int64. An index over an axis of the result is `index(axis, extent)`. An index bound by a reduction is named by
// its level, one more than the highest level free in the reduction's body and extent, so equal reductions are equal
// nodes wherever they stand. Levels from 32 on stand only in bodies being built. Arithmetic is defined everywhere and
// the same on every target: integers wrap, x / 0 and x % 0 are 0 for integers, % and floor_div follow Python's sign,
// shifts past the width give 0 or -1, min and max propagate NaN, float to integer saturates with NaN giving 0.
#pragma once

#include <theon/dim.h>
#include <theon/dtype.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace theon::ir {

enum class Opcode : std::uint8_t {
  // Leaves.
  literal,    // a number; `bits` holds its bit pattern, zero-extended
  index,      // over axis `number` of the result, in [0, dim)
  bound,      // bound by the enclosing reduction of level `number`, in [0, dim)
  parameter,  // the value of `dim`
  argument,   // parameter `number` of a monoid's combine, or of a function body
  local,      // loop language: the value of local variable `number`
  load,       // buffer `number` at the arguments: one per axis, or (loop language) one linear element offset
  // Arithmetic; both sides and the result have one dtype.
  add,
  sub,
  mul,
  div,
  floor_div,
  mod,
  min,
  max,
  pow,
  neg,
  abs,
  sqrt,
  floor,
  ceil,
  trunc,
  round,  // round: half to even
  fma,    // args 0 * args 1 + args 2, rounded once
  // Floating-point numbers taken apart, in one instruction on machines with Machine::tables; others are given none of these.
  scale,     // args 0 * 2^floor(args 1), rounded once; args 1 is finite or NaN
  exponent,  // floor(log2(|args 0|)): -infinity of 0, infinity of infinity
  mantissa,  // args 0 * 2^n in [3/4, 3/2), for an integer n: 1 of 0 and infinity, NaN below 0
  rsqrt_estimate,  // 1 / sqrt(args 0) but for a relative error below 2^-14: of zeros, infinity and what is below, as that
  // Comparisons; the result is boolean.
  lt,
  le,
  eq,
  ne,
  // Bits; logic when boolean. shift_right is arithmetic for signed types.
  bit_and,
  bit_or,
  bit_xor,
  bit_not,
  shift_left,
  shift_right,
  select,   // args 0 ? args 1 : args 2
  convert,  // to `dtype`, as Tensor::astype
  bitcast,  // to `dtype` of the same size
  // Functions that codegen/math expands and the reference evaluator takes from libm.
  exp,
  log,
  log1p,
  expm1,
  sin,
  cos,
  tanh,
  erf,
  // Iterations.
  reduce,   // args 0 is the extent, the rest one value per component of `monoid`; `number` is the level, `dim` an upper
            // bound of the extent
  project,  // component `number` of a reduction
};

std::string_view name(Opcode op);

class Pool;
struct Node;

/// A node of the element language. A plain pointer: the Pool owns the node and must outlive it.
class Expr {
 public:
  Expr() = default;
  Expr(const Node* node) : node_(node) {}
  const Node* operator->() const { return node_; }
  const Node& operator*() const { return *node_; }
  const Node* get() const { return node_; }
  explicit operator bool() const { return node_ != nullptr; }
  friend bool same(Expr a, Expr b) { return a.node_ == b.node_; }

 private:
  const Node* node_ = nullptr;
};

/// How values are combined: sum has one component; argmax has two, the value and its index. `combine[c]` is component c
/// of combining the state (a0, ..., an-1) = argument 0..n-1 with (b0, ..., bn-1) = argument n..2n-1; associative and
/// commutative up to rounding, so lanes and chunks may be combined in any order.
struct Monoid {
  std::string name;
  std::vector<Expr> identity;
  std::vector<Expr> combine;
  std::size_t size() const { return identity.size(); }
};

struct Node {
  Opcode op;
  DType dtype;
  std::uint32_t id;     // position in the pool; arguments have smaller ones
  std::int64_t number;  // axis, level, buffer, component, argument or local; 0 otherwise
  std::uint64_t bits;   // of a literal
  const Dim* dim;       // extent or parameter, owned by the pool; null otherwise
  const Monoid* monoid;
  Pool* pool;
  std::uint64_t free_axes;    // bit a: depends on index a
  std::uint64_t free_levels;  // bit l: depends on the bound index of level l from outside
  bool loads;                 // reads memory somewhere
  std::span<const Expr> args;
};

/// Owns and interns expressions. Building simplifies: literals fold, x * 1 and the like vanish where that is exact, and
/// int64 arithmetic is kept in a canonical polynomial form in which floor_div and mod fold by the ranges of their
/// indices. Not thread-safe: one per compilation.
class Pool {
 public:
  Pool();
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  Expr literal(DType dtype, double value);
  Expr literal(DType dtype, std::int64_t value);
  Expr literal(std::int64_t value) { return literal(DType::int64, value); }
  Expr literal_bits(DType dtype, std::uint64_t bits);
  Expr index(int axis, const Dim& extent);
  /// A literal for a known dim, otherwise the polynomial over its symbols.
  Expr parameter(const Dim& dim);
  Expr argument(int number, DType dtype);
  Expr local(std::int64_t number, DType dtype);
  Expr load(std::int64_t buffer, DType dtype, std::span<const Expr> indices);
  /// The simplifying constructor of every operation of fixed arity; checks dtypes.
  Expr make(Opcode op, std::span<const Expr> args, DType dtype);
  Expr make(Opcode op, std::initializer_list<Expr> args, DType dtype) {
    return make(op, std::span<const Expr>(args.begin(), args.size()), dtype);
  }

  /// The reduction of `body(k)`, one value per component, for k in [0, extent). `limit` bounds the extent where it is
  /// not a plain Dim. Returns one expression per component: the reduction itself where there is one, otherwise its
  /// projections. What is known to run at most once is no reduction any more.
  std::vector<Expr> reduce(const Monoid* monoid, Expr extent, const Dim& limit,
                           const std::function<std::vector<Expr>(Expr)>& body);
  Expr reduce(const Monoid* monoid, const Dim& extent, const std::function<Expr(Expr)>& body);

  /// What a reduction combines at `index`, one value per component.
  std::vector<Expr> body(Expr reduction, Expr index);

  /// Interned monoids: add, mul, min, max, and, or of a dtype.
  const Monoid* monoid(Opcode combine, DType dtype);
  /// Any other, interned by name and component dtypes.
  const Monoid* monoid(Monoid monoid);

  /// The expression with nodes replaced: `replacement` is asked for every leaf, and every load once its indices were
  /// replaced, and returns what stands in its place, or null to keep it. Memoised and iterative. A replacement may
  /// mention bound indices of enclosing reductions; it captures none.
  Expr substitute(Expr root, const std::function<Expr(Expr)>& replacement);
  /// The same from the root downwards: `replacement` is asked for every node before its arguments are looked at, and
  /// what it returns is final. Reductions keep their levels, so a replacement inside a body may mention the bound index
  /// by the level that the replaced node knew it by, and no other index.
  Expr replace(Expr root, const std::function<Expr(Expr)>& replacement);

  std::size_t size() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// An operand of the syntax below: an expression, or a C++ number that takes the other operand's dtype, where it must
/// fit.
class Term {
 public:
  Term(Expr expr) : expr_(expr) {}
  template <std::integral T>
  Term(T number) : is_integer_(true), integer_(static_cast<std::int64_t>(number)) {}
  template <std::floating_point T>
  Term(T number) : number_(static_cast<double>(number)) {}

  /// Null for a number.
  Expr expr() const { return expr_; }
  /// The operand as an expression; a number becomes a literal of `dtype`.
  Expr in(Pool& pool, DType dtype) const;

 private:
  Expr expr_;
  bool is_integer_ = false;
  std::int64_t integer_ = 0;
  double number_ = 0;
};

// The syntax of definitions: `1 / (1 + exp(-x))`. At least one operand is an expression.
Expr operator+(Term a, Term b);
Expr operator-(Term a, Term b);
Expr operator*(Term a, Term b);
Expr operator/(Term a, Term b);  // integers: truncated towards zero
Expr operator%(Term a, Term b);
Expr operator<(Term a, Term b);
Expr operator<=(Term a, Term b);
Expr operator>(Term a, Term b);
Expr operator>=(Term a, Term b);
Expr operator==(Term a, Term b);
Expr operator!=(Term a, Term b);
Expr operator&(Term a, Term b);
Expr operator|(Term a, Term b);
Expr operator^(Term a, Term b);
Expr operator<<(Term a, Term b);
Expr operator>>(Term a, Term b);
Expr operator-(Expr a);
Expr operator~(Expr a);
Expr floor_div(Term a, Term b);
Expr min(Term a, Term b);
Expr max(Term a, Term b);
Expr pow(Term a, Term b);
Expr fma(Term a, Term b, Term c);
Expr select(Expr condition, Term yes, Term no);
Expr convert(Expr a, DType dtype);
Expr bitcast(Expr a, DType dtype);
Expr abs(Expr a);
Expr sqrt(Expr a);
Expr scale(Term a, Term n);
Expr exponent(Expr a);
Expr mantissa(Expr a);
Expr rsqrt_estimate(Expr a);
Expr floor(Expr a);
Expr ceil(Expr a);
Expr trunc(Expr a);
Expr round(Expr a);
Expr exp(Expr a);
Expr log(Expr a);
Expr log1p(Expr a);
Expr expm1(Expr a);
Expr sin(Expr a);
Expr cos(Expr a);
Expr tanh(Expr a);
Expr erf(Expr a);

/// Every node that `roots` need, arguments first, each once; not those of monoids. Iterative.
std::vector<Expr> postorder(std::span<const Expr> roots);

/// "reduce(add, k0 < K, load b0[i0, k0] * load b1[k0, i1])"; nodes used twice are printed once and named.
std::string to_string(Expr expr);

}  // namespace theon::ir
