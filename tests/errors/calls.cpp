// Mistakes in calls. Whatever goes wrong, shared variables keep their values.
#include "tests/errors/mistakes.h"

#include "src/graph/node.h"

#include <exception>
#include <stdexcept>

using namespace theon;
using namespace theon::errors;

namespace {

/// A variable that every function here updates: a failed call must leave it at 1.
struct Counted {
  Shared count = shared("count", Tensor(1.0));

  FunctionOptions options(Mode mode = Mode::fast_run) const {
    return {.updates = {{count, count + 1}}, .mode = mode, .name = "f"};
  }
  bool is_unchanged() const { return count.value().item<double>() == 1; }
};

/// An error of no particular kind, with what was thrown inside.
bool is_nested(const Error& error) { return dynamic_cast<const std::nested_exception*>(&error) != nullptr; }

Tensor floats(Sizes sizes) { return Tensor::ones<float>(std::move(sizes)); }

}  // namespace

TEST_CASE("indices into an axis of size 0 are an error before anything is read, unless there are none") {
  const Counted counted;
  const Variable m = matrix<float>("m"), i = vector<std::int64_t>("i");
  const Location rows_line = next_line();
  const Variable rows = take(m, i) * 2;
  const Location columns_line = next_line();
  const Variable columns = sum(take(m, i % 3 + 1, 1));
  const Location added_line = next_line();
  const Variable added = inc_subtensor(m, {Index(i)}, 1.0f);
  const Function f = function({m, i}, {rows}, counted.options()), g = function({m, i}, {columns}, counted.options()),
                 h = function({m, i}, {added}, counted.options());
  // So long a row that what lies behind an array of no elements is no memory.
  const Tensor no_rows = floats({0, 50'000'000}), no_columns = floats({3, 0});
  const std::vector<std::int64_t> some{0, 0}, none;
  const auto mistake = [&](const char* name, const char* axis, const Function& called, const Tensor& x, Location at) {
    return Mistake{name, is<IndexError>, {axis, "has size 0"}, [&, at](Location& line) {
                     line = at;
                     called(x, some);
                   }};
  };
  check({mistake("rows", "axis 0", f, no_rows, rows_line), mistake("columns", "axis 1", g, no_columns, columns_line),
         mistake("added to rows", "axis 0", h, no_rows, added_line)});
  CHECK(counted.is_unchanged());
  CHECK(f(no_rows, none)[0].sizes() == Sizes{0, 50'000'000});
  CHECK(g(no_columns, none)[0].item<float>() == 0);
}

TEST_CASE("arguments that do not fit the inputs") {
  const Counted counted;
  const Dim n = dim("n");
  const Variable x = input<float>("x", {n, 4}), y = input<float>("y", {n}), z = input<float>("z", {n + 1});
  const Variable i = scalar<std::int8_t>("i"), unnamed = scalar<double>();
  const Location f_line = next_line();
  const Function f = function({x, y, z}, {sum(x), sum(y), sum(z)}, counted.options());
  const Location g_line = next_line();
  const Function g = function({i, unnamed}, {i + 1, unnamed * 2}, counted.options());
  const Tensor a = floats({2, 4}), b = floats({2}), c = floats({3});
  check({
      {"too few",
       is<ArgumentError>,
       {"f: 2 arguments given, 3 wanted", "argument 2, z"},
       [&](Location& line) {
         line = f_line;
         f(a, b);
       }},
      {"too many",
       is<ArgumentError>,
       {"f: 4 arguments given, 3 wanted"},
       [&](Location& line) {
         line = f_line;
         f(a, b, c, c);
       }},
      {"none",
       is<ArgumentError>,
       {"f: 0 arguments given"},
       [&](Location& line) {
         line = f_line;
         f();
       }},
      {"another dtype",
       is<DTypeError>,
       {"f: argument 1, y is float32", "float64", "astype"},
       [&](Location& line) {
         line = y.where();
         f(a, Tensor(std::vector<double>{1, 2}), c);
       }},
      {"integers for floats",
       is<DTypeError>,
       {"argument 1, y", "int32"},
       [&](Location& line) {
         line = y.where();
         f(a, std::vector<int>{1, 2}, c);
       }},
      {"another rank",
       is<ShapeError>,
       {"f: argument 0, x has rank 2", "rank 1", "given:  [2]", "wanted: [n, 4]"},
       [&](Location& line) {
         line = x.where();
         f(b, b, c);
       }},
      {"another known size",
       is<ShapeError>,
       {"argument 0, x: axis 1 has size 4", "size 5 was given", "given:  [2, 5]"},
       [&](Location& line) {
         line = x.where();
         f(floats({2, 5}), b, c);
       }},
      {"another size than an earlier argument",
       is<ShapeError>,
       {"argument 1, y: axis 0 has size 2, which is n", "size 3 was given"},
       [&](Location& line) {
         line = y.where();
         f(a, floats({3}), c);
       }},
      {"another size than one that follows",
       is<ShapeError>,
       {"argument 2, z: axis 0 has size 3, which is n + 1", "size 4 was given"},
       [&](Location& line) {
         line = z.where();
         f(a, b, floats({4}));
       }},
      {"a number out of range",
       is<DTypeError>,
       {"g" /* of argument */, "argument 0, i is int8", "1000"},
       [&](Location& line) {
         line = i.where();
         g(1000, 1.0);
       }},
      {"a fraction for an integer",
       is<DTypeError>,
       {"argument 0, i is int8", "float64 0.5"},
       [&](Location& line) {
         line = i.where();
         g(0.5, 1.0);
       }},
      {"a boolean for a number",
       is<DTypeError>,
       {"argument 1 is float64", "bool"},
       [&](Location& line) {
         line = unnamed.where();
         g(1, true);
       }},
      {"an array for a number",
       is<ShapeError>,
       {"argument 1 has rank 0", "rank 1"},
       [&](Location& line) {
         line = unnamed.where();
         g(1, std::vector<double>{1});
       }},
      {"an unknown name",
       is<ArgumentError>,
       {"f: there is no input called v"},
       [&](Location& line) {
         line = f_line;
         f.call({{"x", a}, {"y", b}, {"z", c}, {"v", c}});
       }},
      {"an unknown name in place of another",
       is<ArgumentError>,
       {"f: there is no input called v"},
       [&](Location& line) {
         line = f_line;
         f.call({{"x", a}, {"y", b}, {"v", c}});
       }},
      {"a missing name",
       is<ArgumentError>,
       {"f: input 2, z", "is given no value"},
       [&](Location& line) {
         line = f_line;
         f.call({{"x", a}, {"y", b}});
       }},
      {"an input without a name",
       is<ArgumentError>,
       {"input 1", "is given no value"},
       [&](Location& line) {
         line = g_line;
         g.call({{"i", Tensor(1)}});
       }},
      {"sizes that do not fit",
       is<ShapeError>,
       {"argument 0, x: axis 1"},
       [&](Location& line) {
         line = x.where();
         f.prepare({{2, 5}, {2}, {3}});
       }},
      {"negative sizes",
       is<ShapeError>,
       {"argument 0, x", "-2"},
       [&](Location& line) {
         line = x.where();
         f.prepare({{-2, 4}, {-2}, {-1}});
       }},
      {"two results taken for one",
       is<ArgumentError>,
       {"outputs", "one of them"},
       [&](Location&) {
         function({i, unnamed}, {i, unnamed})(1, 2.0).item<double>();
       }},
  });
  CHECK(counted.is_unchanged());
}

TEST_CASE("sizes that turn out not to fit one another") {
  const Counted counted;
  const Variable x = matrix<float>("x"), y = matrix<float>("y"), v = vector<float>("v");
  const Location added = next_line();
  const Variable sum_of_both = x + y;
  const Location multiplied = next_line();
  const Variable product = dot(x, y);
  const Location reduced = next_line();
  const Variable largest = max(v);
  const Location reshaped = next_line();
  const Variable folded = reshape(v, {-1, 4});
  const Function add = function({x, y}, {sum_of_both}, counted.options()),
                 multiply = function({x, y}, {product}, counted.options());
  const Function reduce = function({v}, {largest}, counted.options()),
                 fold = function({v}, {folded}, counted.options());
  check({
      {"shapes that do not broadcast",
       is<ShapeError>,
       {"add", "2 and 3"},
       [&](Location& line) {
         line = added;
         add(floats({2, 4}), floats({3, 4}));
       }},
      {"an axis of size 1 that was not known to be 1",
       is<ShapeError>,
       {"add", "4 and 1"},
       [&](Location& line) {
         line = added;
         add(floats({2, 4}), floats({2, 1}));
       }},
      {"inner sizes of a product",
       is<ShapeError>,
       {"dot", "4 and 5"},
       [&](Location& line) {
         line = multiplied;
         multiply(floats({2, 4}), floats({5, 3}));
       }},
      {"the largest of nothing",
       is<ShapeError>,
       {"max", "1 and 0"},
       [&](Location& line) {
         line = reduced;
         reduce(floats({0}));
       }},
      {"a size that does not divide",
       is<ShapeError>,
       {"reshape"},
       [&](Location& line) {
         line = reshaped;
         fold(floats({6}));
       }},
  });
  CHECK(counted.is_unchanged());
  CHECK(add(floats({2, 4}), floats({2, 4})).size() == 1);
}

TEST_CASE("values that turn out to be wrong") {
  const Counted counted;
  const Shared table = shared("table", Tensor::zeros<float>({10, 2}));
  const Variable rows = vector<std::int64_t>("rows"), bytes = vector<std::uint8_t>("bytes"),
                 n = scalar<std::int64_t>("n"), x = vector<double>("x");
  const Location took = next_line();
  const Variable taken = take(table, rows);
  const Location took_bytes = next_line();
  const Variable by_bytes = take(table, bytes);
  const Location tested = next_line();
  const Variable checked = check(x, x > 0, "x must be positive");
  const Variable target = vector<std::int32_t>("target"), p = matrix<float>("p");
  const Location measured = next_line();
  const Variable cost = mean(categorical_crossentropy(softmax(p), target));
  const Location bound = next_line();
  const Variable counts = cast<std::int64_t>(sum(x));
  const Variable sized = arange(counts);
  FunctionOptions moving = counted.options();
  moving.updates.push_back({table, table - grad(sum(taken), table)});
  const Function look = function({rows}, {taken}, moving),
                 look_bytes = function({bytes}, {by_bytes}, counted.options());
  const Function count = function({n}, {arange(n)}, counted.options()),
                 test = function({x}, {checked}, counted.options());
  const Function loss = function({p, target}, {cost}, counted.options()),
                 measure = function({x}, {sized}, counted.options());
  using Indices = std::vector<std::int64_t>;
  check({
      {"an index past the end",
       is<IndexError>,
       {"index 10", "[2]", "axis 0", "size 10"},
       [&](Location& line) {
         line = took;
         look(Indices{0, 9, 10, 11});
       }},
      {"an index before the start",
       is<IndexError>,
       {"index -11", "[0]", "size 10"},
       [&](Location& line) {
         line = took;
         look(Indices{-11, 0});
       }},
      {"an unsigned index past the end",
       is<IndexError>,
       {"index 255", "size 10"},
       [&](Location& line) {
         line = took_bytes;
         look_bytes(std::vector<std::uint8_t>{255});
       }},
      {"a class that does not exist",
       is<IndexError>,
       {"index 3", "size 3"},
       [&](Location& line) {
         line = measured;
         loss(floats({2, 3}), std::vector<std::int32_t>{2, 3});
       }},
      {"a negative size",
       is<ShapeError>,
       {"f: argument 0, n", "-1"},
       [&](Location& line) {
         line = n.where();
         count(-1);
       }},
      {"a computed size that is negative",
       is<ShapeError>,
       {": cast(sum(x, axes=[0]), int64) is a size, and is -3"},
       [&](Location& line) {
         line = bound;
         measure(std::vector<double>{-1, -2});
       }},
      {"a size beyond the address space",
       is<ShapeError>,
       {"address space"},
       [&](Location& line) {
         line = sized.where();
         static_cast<void>(line);
         measure(std::vector<double>{4e18});
       }},
      {"a check that does not hold",
       is<CheckError>,
       {"x must be positive"},
       [&](Location& line) {
         line = tested;
         test(std::vector<double>{1, -1});
       }},
  });
  CHECK(counted.is_unchanged());
  CHECK(table.value().to_vector<float>() == std::vector<float>(20, 0.0f));
}

TEST_CASE("a user's op that fails") {
  const Counted counted;
  const auto same_type = [](const std::vector<TensorType>& types) { return types[0]; };
  const Variable x = vector<double>("x");
  const auto fails = external("fails", same_type,
                              [](const std::vector<Tensor>&) -> Tensor { throw std::runtime_error("no luck today"); });
  const auto refuses =
      external("refuses", same_type, [](const std::vector<Tensor>&) -> Tensor { throw CheckError({}, "not today"); });
  const auto lies_about_size = external("lies_about_size", same_type, [](const std::vector<Tensor>&) {
    return Tensor(std::vector<double>{1, 2, 3});
  });
  const auto lies_about_dtype = external("lies_about_dtype", same_type,
                                         [](const std::vector<Tensor>& values) { return values[0].astype<float>(); });
  const Location failed = next_line();
  const Variable y = fails(x);
  const Location refused = next_line();
  const Variable z = refuses(x);
  const Location lied = next_line();
  const Variable s = lies_about_size(x);
  const Location lied_again = next_line();
  const Variable d = lies_about_dtype(x);
  const auto call = [&](const Variable& output) {
    function({x}, {output}, counted.options())(std::vector<double>{1, 2});
  };
  check({
      {"with an exception",
       is_nested,
       {": fails: no luck today"},
       [&](Location& line) {
         line = failed;
         call(y);
       }},
      {"with an error of Theon's",
       is<CheckError>,
       {": refuses: not today"},
       [&](Location& line) {
         line = refused;
         call(z);
       }},
      {"by sizes it did not promise",
       is<ShapeError>,
       {": lies_about_size: it gives sizes [3] where it promised [2]"},
       [&](Location& line) {
         line = lied;
         call(s);
       }},
      {"by a dtype it did not promise",
       is<DTypeError>,
       {": lies_about_dtype: it gives float32 where it promised float64"},
       [&](Location& line) {
         line = lied_again;
         call(d);
       }},
  });
  CHECK(counted.is_unchanged());
}

TEST_CASE("what a user's op threw can be had again") {
  const Variable x = scalar<double>("x");
  const auto fails = external(
      "fails", [](const std::vector<TensorType>& types) { return types[0]; },
      [](const std::vector<Tensor>&) -> Tensor { throw std::out_of_range("far"); });
  const Function f = function({x}, {fails(x)});
  try {
    f(1.0);
    FAIL("nothing was thrown");
  } catch (const std::exception& error) {
    CHECK_THROWS_AS(std::rethrow_if_nested(error), std::out_of_range);
  }
}

TEST_CASE("a cancelled call") {
  const Counted counted;
  const Variable x = vector<double>("x");
  const Location f_line = next_line();
  const Function f = function({x}, {x * 2}, counted.options());
  CancelToken before;
  before.cancel();
  CancelToken during;
  const auto cancels = external(
      "cancels", [](const std::vector<TensorType>& types) { return types[0]; },
      [during](const std::vector<Tensor>& values) {
        CancelToken(during).cancel();
        return values[0];
      });
  const Location g_line = next_line();
  const Function g = function({x}, {sum(cancels(x) * 2)}, counted.options());
  const std::vector<Tensor> arguments{Tensor(std::vector<double>{1, 2})};
  check({
      {"before it begins",
       is<Cancelled>,
       {": f: the call was cancelled"},
       [&](Location& line) {
         line = f_line;
         f.call(arguments, before);
       }},
      {"between two steps",
       is<Cancelled>,
       {": f: the call was cancelled"},
       [&](Location& line) {
         line = g_line;
         g.call(arguments, during);
       }},
  });
  CHECK(counted.is_unchanged());
  CHECK(f.call(arguments)[0].to_vector<double>() == std::vector<double>{2, 4});
}

TEST_CASE("values that debugging modes reject") {
  const Counted counted;
  const Variable x = vector<double>("x");
  const Location made = next_line();
  const Variable y = log(x).named("the logarithm");
  const Location grown = next_line();
  const Variable z = exp(x);
  const Function f = function({x}, {sum(y * 2), y}, counted.options(Mode::nan_guard)),
                 g = function({x}, {z}, counted.options(Mode::nan_guard));
  check({
      {"a NaN",
       is<CheckError>,
       {"the logarithm", "nan", "[1]"},
       [&](Location& line) {
         line = made;
         f(std::vector<double>{1, -1});
       }},
      {"an infinity",
       is<CheckError>,
       {"exp", "inf", "[0]"},
       [&](Location& line) {
         line = grown;
         g(std::vector<double>{1000});
       }},
  });
  CHECK(counted.is_unchanged());
}

TEST_CASE("memory that cannot be prepared") {
  const Variable x = vector<double>("x"), n = scalar<std::int64_t>("n");
  const Location made = next_line();
  const Function f = function({x}, {nonzero(x)[0]}), g = function({n}, {arange(n)});
  check({
      {"an output whose size depends on data",
       is<ArgumentError>,
       {"output 0", "depends on data"},
       [&](Location& line) {
         line = made;
         f.prepare({{3}});
       }},
      {"an argument whose value is a size",
       is<ArgumentError>,
       {"argument 0, n", "is a size"},
       [&](Location& line) {
         line = made;
         g.prepare({{}});
       }},
  });
}
