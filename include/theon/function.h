// Compiling graphs to callable functions.
#pragma once

#include <theon/executor.h>
#include <theon/gradient.h>
#include <theon/math.h>
#include <theon/profile.h>
#include <theon/rules.h>

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace theon {

enum class Mode : std::uint8_t {
  fast_run,      // everything
  fast_compile,  // only the rewrites that are cheap or needed for correctness
  verify,        // like fast_run, and every call is compared with the reference evaluator; throws CheckError where they
                 // differ
  nan_guard,  // like fast_run, one step at a time; throws CheckError naming the first value with a NaN or an infinity
              // and the user's line
};

/// Which code calls run first.
enum class Tier : std::uint8_t {
  optimised,  // the code that runs fastest: `function` returns once it is compiled
  instant,    // code that is compiled fastest, several times as fast. The other is compiled on a thread in the
              // background, and calls that begin once it is there run it. Both keep the same bounds of error, but round
              // differently: from one call to the next a result may change in its last digits
};

/// What to do about an input that no output uses.
enum class OnUnusedInput : std::uint8_t { raise, warn, ignore };

/// An argument of a function: a variable, and the value it takes when a call by name leaves it out.
struct In {
  In(const Variable& variable) : variable(variable) {}
  In(const Variable& variable, Tensor value) : variable(variable), value(std::make_shared<Tensor>(std::move(value))) {}
  Variable variable;
  std::shared_ptr<const Tensor> value = nullptr;
};

struct Update {
  Shared shared;
  Variable value;
};

struct Given {
  Variable variable;
  Variable value;
};

/// For FunctionOptions::threads.
inline constexpr int all_threads = 0;

struct FunctionOptions {
  /// New values of shared variables, all computed from the old ones and committed together after the outputs.
  std::vector<Update> updates = {};
  /// Replaces variables under the outputs and updates: `{{x, train_x[slice(i * 600, (i + 1) * 600)]}}`.
  std::vector<Given> givens = {};
  Mode mode = Mode::fast_run;
  Tier tier = Tier::optimised;
  OnUnusedInput on_unused_input = OnUnusedInput::raise;
  std::string name = "";
  /// The user's own rewrites; and those to leave out, by name.
  std::vector<Rules> rules = {};
  std::vector<std::string> disabled = {};
  /// Check every rewrite numerically while compiling.
  bool verify = false;
  /// Take machine code from the cache on disk, see theon/cache.h, and keep it there.
  bool cache = true;
  /// How many threads a call may run on; `all_threads`: as many as the machine has. Where it is not said, what the
  /// environment variable THEON_THREADS says, a number or `all`; otherwise 1. Results do not depend on it.
  std::optional<int> threads = {};
  /// Whose threads they are: Theon's own where it is null. Its number of workers is the most that a call runs on, and
  /// what `threads` is where it is not said.
  std::shared_ptr<Executor> executor = nullptr;
  Math math = Math::strict;
};

/// Set from any thread to stop a call at its next step; the call throws Cancelled and shared variables keep their
/// values.
class CancelToken {
 public:
  void cancel() { flag_->store(1, std::memory_order_relaxed); }
  const std::atomic<std::int32_t>* flag() const { return flag_.get(); }

 private:
  std::shared_ptr<std::atomic<std::int32_t>> flag_ = std::make_shared<std::atomic<std::int32_t>>(0);
};

/// For `Function::code`: the loops that the schedule wrote, and what they become for LLVM, for the processor, and in C.
enum class Code : std::uint8_t { loops, llvm_ir, assembly, c };

/// The outputs of a call. One output converts to Tensor.
class Results {
 public:
  explicit Results(std::shared_ptr<const std::vector<Tensor>> values) : values_(std::move(values)) {}
  std::size_t size() const { return list().size(); }
  const Tensor& operator[](std::size_t i) const { return list().at(i); }
  /// Throws ArgumentError unless there is exactly one.
  operator Tensor() const;
  template <Scalar T>
  T item() const {
    return static_cast<Tensor>(*this).item<T>();
  }
  auto begin() const { return list().begin(); }
  auto end() const { return list().end(); }

 private:
  /// Of what was moved from, an empty one.
  const std::vector<Tensor>& list() const;

  std::shared_ptr<const std::vector<Tensor>> values_;  // shared with the function, which takes the list again
};

/// Bytes, as planned for a call.
struct Memory {
  std::int64_t inputs = 0, shared = 0, constants = 0, outputs = 0;
  std::int64_t spare = 0;    // second buffers of shared variables whose new values cannot be written in place
  std::int64_t arena = 0;    // values between steps
  std::int64_t scratch = 0;  // what kernels keep for themselves, on all threads
  /// The most bytes of values in the arena that one step has computed and a later one needs, between any two steps in
  /// the order in which they run.
  std::int64_t live = 0;

  std::int64_t peak() const { return inputs + shared + constants + outputs + spare + arena + scratch; }
  /// No placement needs less, for these steps in this order.
  std::int64_t bound() const { return inputs + shared + constants + outputs + live; }
};

namespace detail {
class CompiledFunction;
}

/// A compiled function. Cheap to copy; calls are const and thread-safe. A call that throws has changed nothing.
class Function {
 public:
  /// A signature with arguments in order: Tensor, number, std::vector, std::span.
  template <class... Arguments>
  requires(std::convertible_to<Arguments, Tensor>&&...) Results operator()(const Arguments&... arguments) const {
    const std::array<Tensor, sizeof...(Arguments)> list{Tensor(arguments)...};
    return call(std::span<const Tensor>(list));
  }
  /// Arguments in order; inputs with a default may be left out at the end. Throws ArgumentError, DTypeError or
  /// ShapeError for arguments that do not fit the inputs, and what the steps of the call report: IndexError,
  /// CheckError, ShapeError. What a user's op throws becomes an Error of its kind that names the op and its line, and
  /// nests what was thrown (std::rethrow_if_nested) where that is none of Theon's.
  Results call(std::span<const Tensor> arguments) const;
  Results call(std::span<const Tensor> arguments, const CancelToken& token) const;
  Results call(const std::vector<Tensor>& arguments) const { return call(std::span<const Tensor>(arguments)); }
  Results call(std::initializer_list<Tensor> arguments) const {
    return call(std::span<const Tensor>(arguments.begin(), arguments.size()));
  }
  Results call(const std::vector<Tensor>& arguments, const CancelToken& token) const {
    return call(std::span<const Tensor>(arguments), token);
  }
  /// By input name; inputs with a default may be left out.
  Results call(const std::map<std::string, Tensor>& arguments) const;

  /// The unchecked entry for hot loops: contiguous memory of the inputs in order, outputs likewise, of the sizes that
  /// `prepare` was given; allocates nothing. No output may share memory with an input or another output. Returns 0, or
  /// a failure code (the same that makes `call` throw).
  class Raw;
  Raw prepare(const std::vector<Sizes>& input_sizes) const;

  /// The memory that a call with inputs of these sizes takes. Sizes that are learnt during a call say nothing yet:
  /// values that have one are not counted. Throws ShapeError for sizes that do not fit the inputs.
  Memory memory(const std::vector<Sizes>& input_sizes) const;

  const std::string& name() const;
  /// Theano's debugprint of the optimised graph.
  std::string debugprint() const;
  /// What each kernel computes, with the user's names and lines, how it is scheduled, what it is predicted to take; why
  /// it stores what it stores, and why it runs apart from the kernels whose results it reads. Then the values, the
  /// steps, the kernels as loops, and the times of compiling.
  std::string explain() const;
  /// The kernels as text, each under its name and the user's lines. Nothing of it is kept: it is made anew.
  std::string code(Code language) const;
  /// Calls the function, and measures each step. Updates of shared variables are made, as by any other calls. Throws
  /// what `call` throws, and ArgumentError for less than one run.
  Profile profile(const std::vector<Tensor>& arguments, ProfileOptions options = {}) const;
  /// Seconds spent in each stage of compiling.
  struct Stage {
    std::string name;
    double seconds;
  };
  std::vector<Stage> compile_times() const;
  /// Waits for what a function of Tier::instant compiles in the background. Returns whether calls run optimised code
  /// from now on; explain() says why not.
  bool wait_until_optimised() const;

  explicit Function(std::shared_ptr<const detail::CompiledFunction> compiled) : compiled_(std::move(compiled)) {}

 private:
  std::shared_ptr<const detail::CompiledFunction> compiled_;
};

/// A function bound to sizes: an arena of its own, so one thread at a time.
class Function::Raw {
 public:
  std::int32_t operator()(const void* const* inputs, void* const* outputs) const noexcept {
    return state_->run(*state_, inputs, outputs);
  }
  /// Sizes of the outputs.
  const std::vector<Sizes>& output_sizes() const;

  /// What begins the state of a prepared call: the way in which it runs.
  struct Start {
    std::int32_t (*run)(Start& state, const void* const* inputs, void* const* outputs) noexcept;
  };
  explicit Raw(std::shared_ptr<Start> state) : state_(std::move(state)) {}

 private:
  struct State;
  friend class Function;
  std::shared_ptr<Start> state_;
};

/// Compiles. Throws ArgumentError for a missing, repeated or unused input, or an update given twice; DTypeError or
/// ShapeError for an update or a given that does not fit.
Function function(std::vector<In> inputs, std::vector<Variable> outputs, FunctionOptions options = {},
                  Location where = Location::here());

std::string debugprint(const Function& f);

/// The value of an expression for quick looks: compiles, calls, forgets.
Tensor eval(const Variable& y, const std::vector<std::pair<Variable, Tensor>>& arguments = {},
            Location where = Location::here());

template <class Signature>
class TypedFunction;

namespace detail {
/// What a C++ type can stand for, where it says something about that.
struct Expected {
  std::optional<int> ndim = {};
  std::optional<DType> dtype = {};
};
/// A Tensor: anything. Numbers are converted, arrays are not.
template <class T>
inline constexpr Expected expected = {};
template <Scalar T>
inline constexpr Expected expected<T> = {.ndim = 0};
template <Scalar T>
inline constexpr Expected expected<std::vector<T>> = {.ndim = 1, .dtype = dtype_of<T>};
template <class T, std::size_t extent>
inline constexpr Expected expected<std::span<T, extent>> = {.ndim = 1, .dtype = dtype_of<std::remove_const_t<T>>};

template <class T>
struct FromTensor {
  static T get(const Tensor& x) { return x.dtype() == dtype_of<T> && x.ndim() == 0 ? *x.data<T>() : x.item<T>(); }
};
template <>
struct FromTensor<Tensor> {
  static Tensor get(const Tensor& x) { return x; }
};
template <Scalar T>
struct FromTensor<std::vector<T>> {
  static std::vector<T> get(const Tensor& x) { return x.to_vector<T>(); }
};

template <class R>
inline constexpr bool is_number = Scalar<R>;

template <class R>
struct FromResults {
  static R get(const Results& r) { return FromTensor<R>::get(r[0]); }
  static constexpr std::array types{is_number<R>};
};
template <class... R>
struct FromResults<std::tuple<R...>> {
  static std::tuple<R...> get(const Results& r) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return std::tuple<R...>(FromTensor<R>::get(r[I])...); }
    (std::index_sequence_for<R...>());
  }
  static constexpr std::array<bool, sizeof...(R)> types{is_number<R>...};
};
/// `results`: which are numbers.
void expect_signature(std::span<const In> inputs, std::span<const Expected> arguments,
                      std::span<const Variable> outputs, std::span<const bool> results, const std::string& function,
                      Location where);
}  // namespace detail

/// A function with a C++ signature: `auto f = function<double(double, double)>({x, y}, {z});`. Arguments that
/// are numbers stand for scalars of any dtype, vectors and spans for one axis and their own dtype, Tensors for
/// anything. Results that are numbers stand for one element, vectors for all in row-major order, both converted.
template <class Result, class... Arguments>
class TypedFunction<Result(Arguments...)> {
 public:
  explicit TypedFunction(Function untyped) : untyped_(std::move(untyped)) {}
  Result operator()(const Arguments&... arguments) const {
    return detail::FromResults<Result>::get(untyped_(arguments...));
  }
  const Function& untyped() const { return untyped_; }
  static constexpr std::array<detail::Expected, sizeof...(Arguments)> arguments{
      detail::expected<std::remove_cvref_t<Arguments>>...};
  static constexpr auto results = detail::FromResults<Result>::types;

 private:
  Function untyped_;
};

template <class Signature>
TypedFunction<Signature> function(std::vector<In> inputs, std::vector<Variable> outputs, FunctionOptions options = {},
                                  Location where = Location::here()) {
  detail::expect_signature(inputs, TypedFunction<Signature>::arguments, outputs, TypedFunction<Signature>::results,
                           options.name, where);
  return TypedFunction<Signature>(function(std::move(inputs), std::move(outputs), std::move(options), where));
}

}  // namespace theon
