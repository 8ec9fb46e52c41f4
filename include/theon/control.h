// Ops that carry graphs: loops, branches, and a user's own ops.
//
// What a lambda builds while it is called becomes part of the inner graph; what existed before is passed in from
// outside, computed once.
#pragma once

#include <theon/ops.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace theon {

using Variables = std::vector<Variable>;

/// One cotangent per input, given one per output. Linear in the cotangents; an empty Variable stands for "does not
/// depend".
using Pullback =
    std::function<Variables(const Variables& inputs, const Variables& outputs, const Variables& cotangents)>;

/// What one step of a scan gives: the states, of the types of the initial ones, and values to be kept for every step.
struct Step {
  Variables next = {};
  Variables emit = {};
};

struct ScanOptions {
  Variables over = {};  // each step gets the next slice along the first axis
  Variables from = {};  // states before the first step
  Bound n_steps = {};   // missing: the length of `over`; otherwise the first n_steps slices, and fewer are an error
  std::string name = "scan";
};

struct ScanResult {
  Variables
      states;  // after the last step; the initial ones where there is none. To keep those of every step, emit them.
  Variables outputs;  // what was emitted, stacked: of dims [n_steps, ...]
};

struct WhileOptions {
  Variables from = {};                         // states before the first step
  std::optional<std::int64_t> max_steps = {};  // missing: none
  std::string name = "while_loop";
};

namespace detail {

inline constexpr std::size_t most_arguments = 16;

[[noreturn]] void wrong_number_of_arguments(std::size_t given, Location where);

using ListFunction = std::function<Variables(const Variables&)>;

template <class F, std::size_t N>
inline constexpr bool takes = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::invocable<F&, decltype((void(I), std::declval<const Variable&>()))...>;
}
(std::make_index_sequence<N>());

/// Callable with one or more Variables.
template <class F>
concept Formula = []<std::size_t... I>(std::index_sequence<I...>) {
  return (takes<F, I + 1> || ...);
}
(std::make_index_sequence<most_arguments>());

template <std::size_t N, class F>
decltype(auto) call(F& function, const Variables& list) {
  return [&]<std::size_t... I>(std::index_sequence<I...>)->decltype(auto) { return function(list[I]...); }
  (std::make_index_sequence<N>());
}

/// A value as a list of one; a list, or a Step, as it is.
template <class Result, class T>
Result as(T value) {
  if constexpr (std::same_as<T, Result>)
    return value;
  else if constexpr (std::same_as<Result, Step>)
    return Step{.next = as<Variables>(std::move(value))};
  else
    return Result{std::move(value)};
}

/// function(list[0], list[1], ...), for a function of as many arguments.
template <class Result, std::size_t N = 0, class F>
Result spread(F& function, const Variables& list, Location where) {
  if constexpr (takes<F, N>)
    if (list.size() == N) return as<Result>(call<N>(function, list));
  if constexpr (N < most_arguments)
    return spread<Result, N + 1>(function, list, where);
  else
    wrong_number_of_arguments(list.size(), where);
}

template <class Result, class F>
std::function<Result(const Variables&)> spreading(F function, Location where = {}) {
  return [=](const Variables& list) mutable { return spread<Result>(function, list, where); };
}

/// Variable or Variables, whatever F returns.
template <class F, std::size_t N = 1>
auto result_of() {
  if constexpr (!takes<F, N>)
    return result_of<F, N + 1>();
  else if constexpr (std::convertible_to<decltype(call<N>(std::declval<F&>(), std::declval<const Variables&>())),
                                         Variable>)
    return std::type_identity<Variable>();
  else
    return std::type_identity<Variables>();
}
template <class F>
using ResultOf = typename decltype(result_of<F>())::type;

ScanResult scan(const ScanOptions& options, const std::function<Step(const Variables&)>& step, Location where);
Variables while_loop(const WhileOptions& options, const ListFunction& condition, const ListFunction& body,
                     Location where);
Variables ifelse(const Operand& condition, const std::function<Variables()>& then,
                 const std::function<Variables()>& otherwise);

struct CompositeDefinition {
  std::string name;
  ListFunction value;
  Pullback pullback;  // null: that of what the value is made of
};
Variables apply_composite(const std::shared_ptr<const CompositeDefinition>& definition,
                          const std::vector<Operand>& operands);
/// The pullback of an elementwise function with these partial derivatives, one per argument.
Pullback elementwise_pullback(std::vector<ListFunction> partials);

struct ExternalDefinition {
  std::string name;
  std::function<std::vector<TensorType>(const std::vector<TensorType>&)> infer;
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> run;
  Pullback pullback;  // null: there is none
};
Variables apply_external(const std::shared_ptr<const ExternalDefinition>& definition,
                         const std::vector<Operand>& operands);

}  // namespace detail

/// A loop over the first axis of arrays, or over n_steps:
///
///   auto [states, outputs] = scan({.over = {x}, .from = {h0}}, [&](Variable x_t, Variable h) {
///     Variable next = tanh(dot(x_t, w) + dot(h, u));
///     return Step{.next = {next}, .emit = {next}};
///   });
///
/// `step` is called once, with symbolic slices and states, and returns a Step, or just the next state or states. Throws
/// ArgumentError for a number of states or arguments that differs, DTypeError or ShapeError for a state that changes
/// its type, ShapeError for arrays of different lengths.
template <class F>
ScanResult scan(const ScanOptions& options, F step, Location where = Location::here()) {
  return detail::scan(options, detail::spreading<Step>(std::move(step), where), where);
}

/// Replaces the states by body(states) while condition(states), a boolean scalar, holds. Gives the last states. There
/// is no reverse derivative: the number of steps is not known; a scan of fixed length with `where` has one.
template <class Condition, class Body>
Variables while_loop(const WhileOptions& options, Condition condition, Body body, Location where = Location::here()) {
  return detail::while_loop(options, detail::spreading<Variables>(std::move(condition), where),
                            detail::spreading<Variables>(std::move(body), where), where);
}

/// The result of `then` where the condition, a boolean scalar, holds, otherwise that of `otherwise`: a Variable each,
/// or as many of them. Only what the chosen lambda builds is computed; sizes inside must agree either way, for a call
/// checks them before it begins. Throws ArgumentError, DTypeError or ShapeError for branches of different types.
template <std::invocable Then, std::invocable Otherwise>
auto ifelse(Operand condition, Then then, Otherwise otherwise) {
  constexpr bool is_single = std::convertible_to<std::invoke_result_t<Then>, Variable>;
  Variables results = detail::ifelse(
      condition, [&] { return detail::as<Variables>(then()); }, [&] { return detail::as<Variables>(otherwise()); });
  if constexpr (is_single)
    return results.at(0);
  else
    return results;
}

/// A user's own op, called like a function of Variables and numbers.
template <class Result, auto apply, class Definition>
class UserOp {
 public:
  explicit UserOp(Definition definition) : definition_(std::make_shared<const Definition>(std::move(definition))) {}

  Result operator()(Operand first, const auto&... others) const {
    Variables results = apply(definition_, {first, Operand(others)...});
    if constexpr (std::same_as<Result, Variable>)
      return results.at(0);
    else
      return results;
  }

 private:
  std::shared_ptr<const Definition> definition_;
};

/// An expression with a name: `auto layer = composite("layer", [](Variable x, Variable w) { return tanh(dot(x, w));
/// });`. Rules may know the name; afterwards the op stands for the expression. With a gradient of its own it must not
/// use variables from outside.
template <detail::Formula F>
auto composite(std::string name, F value, Pullback gradient = nullptr, Location where = Location::here()) {
  return UserOp<detail::ResultOf<F>, detail::apply_composite, detail::CompositeDefinition>(
      {std::move(name), detail::spreading<Variables>(std::move(value), where), std::move(gradient)});
}

/// An elementwise function with its derivative, or one for each argument:
/// `elementwise("huber", [](auto x) { return where(abs(x) < 1, 0.5 * x * x, abs(x) - 0.5); }, [](auto x) { return
/// clip(x, -1, 1); })`.
template <detail::Formula F, detail::Formula... Partials>
auto elementwise(std::string name, F value, Partials... derivatives) {
  static_assert(sizeof...(Partials) > 0, "an elementwise function needs a derivative for each argument");
  return UserOp<Variable, detail::apply_composite, detail::CompositeDefinition>(
      {std::move(name), detail::spreading<Variables>(std::move(value)),
       detail::elementwise_pullback({detail::spreading<Variables>(std::move(derivatives))...})});
}

/// A C++ function on tensors, called from compiled code. `infer` gives the type of the result from those of the
/// operands, or a vector of types; `run` the result, or as many, from row-major operands. It must be a function of its
/// operands alone, and not call a Function that reads or updates a shared variable that the running one updates: it
/// would wait for itself. Throws (at the call) ShapeError or DTypeError for a result of another type.
template <class Infer, class Run>
auto external(std::string name, Infer infer, Run run, Pullback gradient = nullptr) {
  using Types = std::invoke_result_t<Infer, const std::vector<TensorType>&>;
  using Result = std::conditional_t<std::same_as<Types, TensorType>, Variable, Variables>;
  return UserOp<Result, detail::apply_external, detail::ExternalDefinition>(
      {std::move(name),
       [infer](const std::vector<TensorType>& types) { return detail::as<std::vector<TensorType>>(infer(types)); },
       [run](const std::vector<Tensor>& values) { return detail::as<std::vector<Tensor>>(run(values)); },
       std::move(gradient)});
}

}  // namespace theon
