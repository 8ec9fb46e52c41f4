// Faults in the middle of a call: in loops, beside updates in place, in every mode. Shared variables keep their values.
#include "tests/errors/mistakes.h"

#include <chrono>
#include <stdexcept>
#include <thread>

using namespace theon;
using namespace theon::errors;

namespace {

constexpr Mode modes[] = {Mode::fast_run, Mode::fast_compile, Mode::nan_guard, Mode::verify};

/// Weights and a counter that every function here updates, each in a way that can be done in place.
struct Trained {
  Shared w = shared("w", Tensor(std::vector<double>{1, 2})), steps = shared("steps", Tensor(std::int64_t{7}));

  FunctionOptions options(Mode mode, const Variable& step) const {
    return {.updates = {{w, w - step}, {steps, steps + 1}}, .mode = mode, .name = "f"};
  }
  bool is_unchanged() const {
    return w.value().to_vector<double>() == std::vector<double>{1, 2} && steps.value().item<std::int64_t>() == 7;
  }
};

TensorType first_type(const std::vector<TensorType>& types) { return types[0]; }

}  // namespace

TEST_CASE("an index out of range, wherever it is used") {
  const Trained trained;
  const Variable x = matrix<double>("x"), i = scalar<std::int64_t>("i"), rows = vector<std::int32_t>("rows");
  const Location taken = next_line();
  const Variable row = x[i];
  const Location gathered = next_line();
  const Variable pairs = index(x, {rows, rows});
  const Location set = next_line();
  const Variable replaced = set_subtensor(x, {rows}, 0.0);
  const Location increased = next_line();
  const Variable added = inc_subtensor(x, {rows}, 1.0);
  const Location chosen = next_line();
  const Variable masked = where(sum(x) > 1e9, take(x, rows), 0.0);
  Location looked;
  const ScanResult loop = scan({.over = {rows}, .from = {zeros<double>({2})}}, [&](Variable k, Variable s) {
    looked = next_line();
    return s + x[k];
  });
  const Tensor a = Tensor::ones<double>({3, 2});
  for (const Mode mode : modes) {
    INFO("mode " << static_cast<int>(mode));
    const auto call = [&](const Variable& input, const Variable& output, const Tensor& value) {
      function({x, input}, {output}, trained.options(mode, x[0]))(a, value);
    };
    check({
        {"a scalar index",
         is<IndexError>,
         {"index", "3", "size 3"},
         [&](Location& line) {
           line = taken;
           call(i, row, Tensor(std::int64_t{3}));
         }},
        {"a scalar index before the start",
         is<IndexError>,
         {"index", "-4", "size 3"},
         [&](Location& line) {
           line = taken;
           call(i, row, Tensor(std::int64_t{-4}));
         }},
        {"one index for two axes, too large for the second",
         is<IndexError>,
         {"index 2", "[1]", "axis 1", "size 2"},
         [&](Location& line) {
           line = gathered;
           call(rows, pairs, Tensor(std::vector<std::int32_t>{1, 2}));
         }},
        {"rows to replace",
         is<IndexError>,
         {"index 9", "axis 0", "size 3"},
         [&](Location& line) {
           line = set;
           call(rows, replaced, Tensor(std::vector<std::int32_t>{0, 9}));
         }},
        {"rows to add to",
         is<IndexError>,
         {"index -9", "axis 0", "size 3"},
         [&](Location& line) {
           line = increased;
           call(rows, added, Tensor(std::vector<std::int32_t>{-9}));
         }},
        {"elements that are not chosen",
         is<IndexError>,
         {"index 3", "size 3"},
         [&](Location& line) {
           line = chosen;
           call(rows, masked, Tensor(std::vector<std::int32_t>{3, 0}));
         }},
        {"in a loop",
         is<IndexError>,
         {"index 5", "size 3"},
         [&](Location& line) {
           line = looked;
           call(rows, loop.states[0], Tensor(std::vector<std::int32_t>{0, 1, 5, 0}));
         }},
    });
    CHECK(trained.is_unchanged());
  }
}

TEST_CASE("a failure in a loop, or after one") {
  const Trained trained;
  const Variable x = vector<double>("x"), n = scalar<std::int64_t>("n");
  const auto fails_at_3 = external("fails_at_3", first_type, [](const std::vector<Tensor>& values) {
    if (values[0].to_vector<double>()[0] == 3) throw std::domain_error("three");
    return values[0];
  });
  Location failed, tested;
  const ScanResult throwing = scan({.from = {x}, .n_steps = n}, [&](Variable s) {
    failed = next_line();
    return fails_at_3(s + 1);
  });
  const ScanResult checking = scan({.from = {x}, .n_steps = n}, [&](Variable s) {
    tested = next_line();
    return check(s + 1, s < 2, "s stays below 2");
  });
  const Location last = next_line();
  const Variable after = fails_at_3(sum(exp(x)) * 0 + x);
  const Location decided = next_line();
  const Variable both = check(x, x > 0, "x is positive") + fails_at_3(x);
  for (const Mode mode : modes) {
    INFO("mode " << static_cast<int>(mode));
    const auto call = [&](const Variable& output, std::vector<double> value, std::int64_t steps) {
      FunctionOptions options = trained.options(mode, x);
      options.on_unused_input = OnUnusedInput::ignore;
      function({x, n}, {output}, options)(value, steps);
    };
    check({
        {"a user's op that throws at the third step",
         [](const Error& error) { return dynamic_cast<const std::nested_exception*>(&error) != nullptr; },
         {": fails_at_3: three"},
         [&](Location& line) {
           line = failed;
           call(throwing.states[0], {0, 0}, 5);
         }},
        {"a check that fails at the third step",
         is<CheckError>,
         {"s stays below 2"},
         [&](Location& line) {
           line = tested;
           call(checking.states[0], {0, 0}, 5);
         }},
        {"a user's op that throws at the end",
         [](const Error& error) { return dynamic_cast<const std::nested_exception*>(&error) != nullptr; },
         {": fails_at_3: three"},
         [&](Location& line) {
           line = last;
           call(after, {3, 3}, 0);
         }},
        {"a check beside a user's op",
         is<CheckError>,
         {"x is positive"},
         [&](Location& line) {
           line = decided;
           call(both, {-1, 1}, 0);
         }},
    });
    CHECK(trained.is_unchanged());
  }
}

TEST_CASE("sizes that no memory holds") {
  const Trained trained;
  const Variable n = scalar<std::int64_t>("n");
  const Location sum_of_many = next_line();
  const Variable many = zeros<double>({size(n), size(n), size(n)});
  const Location squared = next_line();
  const Variable vast = arange(n * n);
  const FunctionOptions options = trained.options(Mode::fast_run, constant(Tensor(1.0)));
  const Location made = next_line();
  const Function f = function({n}, {many}, options), g = function({n}, {vast}, options);
  check({
      {"a product of sizes",
       is<ShapeError>,
       {"n*n*n", "64 bits", "n is 3000000"},
       [&](Location& line) {
         line = sum_of_many;
         f(std::int64_t{3000000});
       }},
      {"a size that 64 bits do not hold",
       is<ShapeError>,
       {"n*n", "64 bits", "n is 1099511627776"},
       [&](Location& line) {
         line = squared;
         g(std::int64_t{1} << 40);
       }},
      {"more than the machine has",
       is<ShapeError>,
       {": f: no memory for an array of 35184372088832 bytes"},
       [&](Location& line) {
         line = made;
         g(std::int64_t{1} << 21);
       }},
      {"a constant of the user's",
       is<ShapeError>,
       {"[4294967296, 4294967296]", "address space"},
       [&](Location&) { Tensor::zeros<float>({std::int64_t{1} << 32, std::int64_t{1} << 32}); }},
  });
  CHECK(trained.is_unchanged());
}

TEST_CASE("a loop that is cancelled from another thread stops soon") {
  const Trained trained;
  const Variable x = vector<double>("x");
  const Variable n = scalar<std::int64_t>("n");
  const Variable last = scan({.from = {x}, .n_steps = n}, [](Variable s) { return cos(s); }).states[0];
  for (const Mode mode : {Mode::fast_run, Mode::fast_compile, Mode::nan_guard}) {
    const Function f = function({x, n}, {last}, trained.options(mode, x));
    CancelToken token;
    std::thread canceller([token]() mutable {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      token.cancel();
    });
    const Tensor start(std::vector<double>{0, 0});
    CHECK_THROWS_AS(f.call(std::vector{start, Tensor(std::int64_t{1} << 40)}, token), Cancelled);
    canceller.join();
    CHECK(trained.is_unchanged());
    CHECK(f(start, 1)[0].to_vector<double>() == std::vector<double>{1, 1});
    trained.steps.set_value(Tensor(std::int64_t{7}));
  }
}

TEST_CASE("an error inside of a helper names the line that called the helper") {
  const Variable x = input<float>("x", {3, 4}), v = input<float>("v", {5});
  Location called;
  const auto encoder = [&] {
    called = next_line();
    const Scope scope("encoder");
    return x + v;
  };
  CHECK_THROWS_WITH(encoder(), Catch::Contains("add") && Catch::Contains("in encoder, " + to_string(called)));
}

TEST_CASE("names cannot break out of what is printed or generated") {
  const std::string hostile[] = {"x\"; system(\"true\"); \"", "*/", "a\nb", "%s%n", "__device__", "int", "", "é", "x y",
                                 std::string(100000, 'n'), std::string("a\0b", 3)};
  for (const std::string& name : hostile) {
    const Variable x = vector<double>(name), y = exp(x).named(name);
    const Function f = function({x}, {y * 2}, {.name = name});
    CHECK(f(std::vector<double>{0})[0].item<double>() == 2);
    CHECK(!f.explain().empty());
    CHECK(!debugprint(f).empty());
    CHECK(!to_string(y).empty());
  }
}
