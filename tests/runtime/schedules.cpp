// Formulas that take every schedule, of sizes and operands drawn at random, against the reference evaluator. Operands and results lie between pages
// that nobody may touch. THEON_ROUNDS asks for more rounds, THEON_SEED for others.
#include <theon/theon.h>

#include "src/reference/evaluate.h"
#include "tests/runtime/fence.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>

using namespace theon;
using test::Fenced;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

using SizeList = std::vector<std::int64_t>;
// Where vectors, tiles, blocks and pieces of the work end well or badly.
const SizeList few{0, 1, 2, 3, 5, 7, 8, 13}, some{0, 1, 2, 3, 15, 16, 17, 31, 61, 64, 67, 127, 131}, many{0, 1, 3, 127, 1009, 2053, 4099, 16383, 16384, 16385};

const std::vector<DType> floating{DType::float32, DType::float64}, numbers{DType::int8,    DType::int16,    DType::int32,   DType::int64,  DType::uint8,
                                                                            DType::uint16,  DType::uint32,   DType::uint64,  DType::float16,
                                                                            DType::bfloat16, DType::float32, DType::float64};

/// What a formula draws: dtypes, axes, inputs. Sizes of axes that are not known are drawn again for every call.
class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed), is_known_(below(2)), is_wild_(below(4) == 0) {}

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[random_() % list.size()];
  }
  std::vector<int> order(int rank) {
    std::vector<int> axes(rank);
    std::iota(axes.begin(), axes.end(), 0);
    std::shuffle(axes.begin(), axes.end(), random_);
    return axes;
  }

  /// From here on no axis is empty.
  void fill() { least_ = 1; }
  Dim axis(const SizeList& sizes) {
    if (is_known_) return std::max(least_, pick(sizes));
    axes_.push_back({dim("n" + std::to_string(axes_.size())), sizes, least_, 0});
    return axes_.back().dim;
  }
  /// Of a matrix: long, wide or neither.
  Shape plane() {
    switch (below(3)) {
      case 0: return {axis(many), axis(few)};
      case 1: return {axis(few), axis(many)};
      default: return {axis(some), axis(some)};
    }
  }
  Shape box(int rank) {
    if (rank == 1) return {axis(many)};
    if (rank == 2) return plane();
    Shape dims{axis(few), axis(some), axis(some)};
    if (rank == 4) dims.insert(dims.begin(), axis({1, 2, 3}));
    return dims;
  }

  /// Of integers from low to high - 1, which are exact in every order of sums; some of them NaN or infinite in wild rounds.
  Variable integers(DType dtype, Shape dims, int low = -4, int high = 5) {
    return made({input(dtype, name(), std::move(dims)), [=, this](const Sizes& sizes) {
                   const int least = is_unsigned(dtype) ? std::max(low, 0) : low;
                   const Tensor whole = Tensor::uniform(DType::int32, sizes, random_(), least, high);
                   return (is_wild_ && is_floating(dtype) ? strewn(whole) : whole).astype(dtype);
                 }});
  }
  Variable reals(DType dtype, Shape dims) {
    return made({input(dtype, name(), std::move(dims)), [=, this](const Sizes& sizes) { return Tensor::randn(DType::float64, sizes, random_()).astype(dtype); }});
  }
  /// Places along an axis.
  Variable places(Shape dims, const Dim& along) {
    return made({input<std::int64_t>(name(), std::move(dims)), [=, this](const Sizes& sizes) {
                   const std::int64_t n = size(along);
                   return n == 0 ? Tensor::zeros<std::int64_t>(sizes) : Tensor::uniform(DType::int64, sizes, random_(), 0, static_cast<double>(n));
                 }});
  }
  Slice part() { return slice(below(4) - 1, below(2) ? Bound() : Bound(-below(3) - 1), pick<std::int64_t>({1, 1, 2, 3, 5, -1, -2})); }

  const std::vector<Variable>& inputs() const { return inputs_; }
  bool is_known() const { return is_known_; }

  std::vector<Tensor> values() {
    if (!is_known_)
      for (Axis& each : axes_) each.size = std::max(each.least, pick(each.sizes));
    std::vector<Tensor> list;
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      Sizes sizes;
      for (const Dim& dim : inputs_[k].dims()) sizes.push_back(size(dim));
      list.push_back(contents_[k](sizes));
    }
    return list;
  }

 private:
  struct Axis {
    Dim dim;
    SizeList sizes;
    std::int64_t least, size;
  };
  struct Made {
    Variable variable;
    std::function<Tensor(const Sizes&)> content;
  };

  Variable made(Made one) {
    inputs_.push_back(one.variable);
    contents_.push_back(std::move(one.content));
    return inputs_.back();
  }
  std::string name() const { return "x" + std::to_string(inputs_.size()); }

  std::int64_t size(const Dim& dim) const {
    if (dim.is_known()) return *dim.known();
    return std::find_if(axes_.begin(), axes_.end(), [&](const Axis& each) { return each.dim == dim; })->size;
  }

  Tensor strewn(const Tensor& x) {
    std::vector<double> values = x.to_vector<double>();
    for (double& value : values)
      if (const int which = below(40); which < 4) value = std::vector{nan, inf, -inf, -0.0}[which];
    return Tensor(values).reshape(x.sizes());
  }

  std::mt19937 random_;
  bool is_known_, is_wild_;
  std::int64_t least_ = 0;
  std::vector<Axis> axes_;
  std::vector<Variable> inputs_;
  std::vector<std::function<Tensor(const Sizes&)>> contents_;
};

struct Formula {
  const char* name;
  double units;  // of the last place of the largest element, by which results may differ; 0: not at all
  std::function<std::vector<Variable>(Draw&)> build;
};

Variable swapped(const Variable& x) {
  std::vector<int> axes(x.ndim());
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return transpose(x, axes);
}
Variable unit(const Variable& x) {
  const Variable centred = x - mean(x, -1, true);
  return centred / sqrt(mean(sqr(centred), -1, true) + 1e-3);
}

const std::vector<Formula> formulas{
    {"elementwise, with rows, columns and numbers repeated", 0,
     [](Draw& d) {
       const DType dtype = d.pick(numbers);
       const Shape dims = d.box(1 + d.below(4));
       Shape column = dims;
       column.back() = 1;
       const Variable x = d.integers(dtype, dims), y = d.integers(dtype, dims), row = d.integers(dtype, {dims.back()}), columns = d.integers(dtype, column), number = d.integers(dtype, {});
       return std::vector{x * y + row, where(x > y, x - columns, y * number), maximum(x, row) - minimum(y, columns), (x == y) | (x < number)};
     }},
    {"axes in another order", 0,
     [](Draw& d) {
       const DType dtype = d.pick(numbers);
       const int rank = 2 + d.below(3);
       const Variable x = d.integers(dtype, d.box(rank)), turned = transpose(x, d.order(rank)), y = d.integers(dtype, turned.dims());
       return std::vector{turned + y, turned * 2, sum(turned, -1), transpose(turned - y, d.order(rank))};
     }},
    {"parts with steps", 0,
     [](Draw& d) {
       const DType dtype = d.pick(numbers);
       const Variable x = d.integers(dtype, d.box(1 + d.below(3)));
       std::vector<Index> parts;
       for (int axis = 0; axis < x.ndim(); ++axis) parts.push_back(d.part());
       const Variable part = index(x, parts);
       return std::vector{part * 2, where(part > 0, part, 3), sum(part, -1), set_subtensor(x, parts, part + 1), inc_subtensor(x, parts, 2) * x};
     }},
    {"joined and stacked", 0,
     [](Draw& d) {
       const DType dtype = d.pick(numbers);
       const Variable x = d.integers(dtype, d.box(1 + d.below(4)));
       const int axis = d.below(x.ndim());
       const Variable joined = concatenate({index(x, {d.part()}), x * 2, index(x, {d.part()}) + 1}, 0);
       return std::vector{concatenate({x, x + 1, x * x}, axis), stack({x, x * 2}, axis), concatenate({x, sum(x, axis, true)}, axis) * 2, flatten(x) + 1, joined};
     }},
    {"sums of rows", 0,
     [](Draw& d) {
       const DType dtype = d.pick(numbers);
       const Variable x = d.integers(dtype, d.box(2 + d.below(3))), y = d.integers(dtype, x.dims()), row = d.integers(dtype, {x.dims().back()});
       const Axes axes = x.ndim() > 2 && d.below(2) ? Axes{-2, -1} : Axes(-1);
       return std::vector{sum(x * y, axes), cast(sum(x, axes, true), dtype) + x, sum(abs(x - row), -1) * 2, any(x > y, axes), all(x < 4, -1), sum(x)};
     }},
    {"sums of columns", 0,
     [](Draw& d) {
       const DType dtype = d.pick(numbers);
       const Variable x = d.integers(dtype, d.box(2 + d.below(3))), row = d.integers(dtype, {x.dims().back()});
       const Axes axes = x.ndim() > 2 && d.below(2) ? Axes{0, 1} : Axes(d.below(x.ndim() - 1));
       return std::vector{sum(x, axes) + 1, sum(abs(x - row), 0), x - cast(sum(x, 0, true), dtype), any(x > row, axes), sum(where(x > 0, x, row), 0)};
     }},
    {"largest and smallest elements, and their places", 0,
     [](Draw& d) {
       d.fill();
       const DType dtype = d.pick(numbers);
       const Variable x = d.integers(dtype, d.box(1 + d.below(3))), y = d.integers(dtype, x.dims());
       const int axis = d.below(x.ndim());
       const auto [most, place] = max_and_argmax(x, axis);
       return std::vector{most, place, argmax(x * y, axis), min(x, axis, true) + y, max(x), min(abs(y - x)), max(x * y, -1)};
     }},
    {"products with what follows", 0,
     [](Draw& d) {
       const DType dtype = d.pick<DType>({DType::float32, DType::float64, DType::float32, DType::float64, DType::float16, DType::bfloat16, DType::int32, DType::int64});
       const SizeList inner = d.pick<SizeList>({few, some});
       const Dim m = d.axis(d.pick<SizeList>({few, some})), n = d.axis(d.pick<SizeList>({few, some})), k = d.axis(inner);
       const bool across = d.below(2), down = d.below(2);
       const Variable a = d.integers(dtype, across ? Shape{k, m} : Shape{m, k}), b = d.integers(dtype, down ? Shape{n, k} : Shape{k, n}), c = d.integers(dtype, {m, n}),
                      row = d.integers(dtype, {n}), column = d.integers(dtype, {m});
       const Variable y = dot(across ? a.T() : a, down ? b.T() : b);
       switch (d.below(5)) {
         case 0: return std::vector{y};
         case 1: return std::vector{c - y * 2, maximum(y + row, 0)};
         case 2: return std::vector{y.T() + 1, sum(y, 0)};
         case 3: return std::vector{where(y > 3, y, row) + minimum(y, row) * clip(y, -5, 5) - expand_dims(column, 1)};
         default: return std::vector{y + c, sum(y * 2 - row, 1)};
       }
     }},
    {"products of a matrix and a vector", 0,
     [](Draw& d) {
       const DType dtype = d.pick(floating);
       const Shape dims = d.plane();
       const Variable a = d.integers(dtype, dims), x = d.integers(dtype, {dims[1]}), y = d.integers(dtype, {dims[0]});
       return std::vector{dot(a, x) + y, dot(a.T(), y), sum(abs(a - x), 1), dot(y, a) * x, expand_dims(y, 1) * x + a};
     }},
    {"batches of products", 0,
     [](Draw& d) {
       const DType dtype = d.pick(floating);
       const Dim count = d.axis(d.pick<SizeList>({few, {0, 1, 31, 257}})), m = d.axis(few), n = d.axis(d.pick<SizeList>({few, some})), k = d.axis(few);
       const bool across = d.below(2), down = d.below(2), is_shared = d.below(3) == 0;
       const Variable a = d.integers(dtype, across ? Shape{count, k, m} : Shape{count, m, k});
       const Shape right = down ? Shape{n, k} : Shape{k, n};
       const Variable b = d.integers(dtype, is_shared ? right : Shape{count, right[0], right[1]}), c = d.integers(dtype, {count, m, n}), row = d.integers(dtype, {n});
       const Variable left = across ? swapped(a) : a, one = down ? swapped(b) : b;
       const Variable y = is_shared ? sum(expand_dims(left, 3) * one, 2) : sum(expand_dims(left, 3) * expand_dims(one, 1), 2);
       return d.below(2) ? std::vector{y} : std::vector{maximum(y - row, -3) + c};
     }},
    {"parts of matrices multiplied", 0,
     [](Draw& d) {
       const DType dtype = d.pick(floating);
       const Dim m = d.axis(some), n = d.axis(some), k = d.axis(some);
       const Variable a = d.integers(dtype, {m, k, Dim(2)}), b = d.integers(dtype, {k, n}), w = d.integers(dtype, {m, n});
       const Variable left = d.below(2) ? index(a, {slice(), slice(), 1}) : index(a, {slice(), slice({}, {}, -1), 0});
       return std::vector{dot(left, b) + w, dot(left.T(), index(w, {slice(), slice(0, Bound(), 2)})), dot(left, left.T())};
     }},
    {"running sums", 0,
     [](Draw& d) {
       const DType dtype = d.pick<DType>({DType::float32, DType::float64, DType::int32, DType::int64});
       const int rank = 1 + d.below(3);
       Shape dims;
       for (int axis = 0; axis < rank; ++axis) dims.push_back(d.axis(rank == 1 ? SizeList{0, 1, 2, 127, 1009, 2053} : axis == 0 ? few : some));
       const Variable x = d.integers(dtype, dims, -1, 2), y = d.integers(dtype, dims, -1, 2);
       const int axis = d.below(x.ndim());
       return std::vector{cumsum(x, axis), cumsum(x * y, axis) - x, sum(cumsum(x, axis), -1), index(cumsum(y, axis), {slice({}, {}, -1)})};
     }},
    {"elements that data choose", 0,
     [](Draw& d) {
       const DType dtype = d.pick<DType>({DType::float32, DType::float64, DType::int32, DType::int8});
       d.fill();
       const Shape dims = d.plane();
       const Dim n = d.axis(few);
       const Variable x = d.integers(dtype, dims), y = d.integers(dtype, {n, dims[1]}), rows = d.places({n}, dims[0]), columns = d.places({dims[0]}, dims[1]), chosen = d.places({n}, dims[1]);
       return std::vector{take(x, rows, 0) + y, take(x, chosen, 1), index(x, {arange(dims[0]), columns}), inc_subtensor(x, {rows}, y), set_subtensor(x, {arange(dims[0]), columns}, 1),
                          sum(where(expand_dims(columns, 1) == arange(dims[1]), x, 0), 1)};
     }},
    {"loops", 0,
     [](Draw& d) {
       const DType dtype = d.pick(floating);
       const Dim n = d.axis(few), steps = d.axis(few);
       const Variable x = d.integers(dtype, {n}), a = d.integers(dtype, {n, n}), z = d.integers(dtype, {steps, n});
       const ScanResult walk = scan({.over = {z}, .from = {x, a}}, [](Variable z_t, Variable v, Variable m) {
         return Step{.next = {clip(dot(m, v) + z_t, -9, 9), m.T() - v}, .emit = {v + 1, sum(m, 0)}};
       });
       return std::vector{walk.states[0], walk.states[1], walk.outputs[0], walk.outputs[1]};
     }},
    {"conversions", 0,
     [](Draw& d) {
       const Variable x = d.integers(d.pick(numbers), d.box(1 + d.below(2)));
       const DType to = d.pick(numbers), through = d.pick(numbers);
       return std::vector{cast(x, to), cast(cast(x, through), to), cast(x > 1, to), cast(sum(cast(x, through), -1), to)};
     }},
    {"sorted", 0,
     [](Draw& d) {
       const Variable x = d.integers(d.pick(numbers), d.box(1 + d.below(3)), -4, 100);
       const int axis = d.below(x.ndim());
       return std::vector{sort(x, axis), argsort(x * 2, axis)};
     }},
    {"functions", 4,
     [](Draw& d) {
       const Variable x = d.reals(d.pick(floating), d.box(1 + d.below(3))), y = d.reals(x.dtype(), x.dims());
       return std::vector{exp(x) + y, log(abs(x)), tanh(x) * sigmoid(y), erf(x), sin(x) + cos(y), log1p(abs(x)), expm1(y), sqrt(abs(y)) / (1 + sqr(x)), pow(abs(x), y)};
     }},
    {"normalised rows and columns", 64,
     [](Draw& d) {
       d.fill();
       const Variable x = d.reals(d.pick(floating), d.box(2 + d.below(3)));
       const int axis = d.below(x.ndim());
       return std::vector{softmax(x, axis), log_softmax(x, axis), logsumexp(x, axis), unit(x), sum(softmax(x), 0)};
     }},
    {"means and variances", 64,
     [](Draw& d) {
       d.fill();
       const Variable x = d.reals(d.pick(floating), d.box(1 + d.below(3))) + d.pick<double>({0, 3});
       const int axis = d.below(x.ndim());
       return std::vector{mean(x, axis), mean(sqr(x - mean(x, axis, true)), axis), mean(sqr(x - mean(x))), (x - mean(x)) / sqrt(mean(sqr(x - mean(x))) + 1)};
     }},
    {"gradients of normalised rows", 1024,
     [](Draw& d) {
       d.fill();
       const Variable x = d.reals(d.pick(floating), d.box(2 + d.below(2))), slope = d.reals(x.dtype(), x.dims()), gain = d.reals(x.dtype(), {x.dims().back()});
       std::vector<Variable> all = grad(sum(slope * unit(x) * gain), {x, gain});
       all.push_back(grad(sum(slope * softmax(x * gain)), gain));
       return all;
     }},
};

bool agree(double is, double should, double allowed) {
  return is == should || (std::isnan(is) && std::isnan(should)) || std::abs(is - should) <= allowed;
}

double units_of(DType dtype) { return dtype == DType::float32 ? 0x1p-23 : 0x1p-52; }

/// Where the tensors differ, or nothing.
std::string difference(const Tensor& is, const Tensor& should, double units) {
  if (is.dtype() != should.dtype() || is.sizes() != should.sizes())
    return to_string(is.sizes()) + " instead of " + to_string(should.sizes());
  if (identical(is, should)) return "";
  const std::vector<double> a = is.to_vector<double>(), b = should.to_vector<double>();
  double largest = 1;
  for (const double each : b)
    if (std::isfinite(each)) largest = std::max(largest, std::abs(each));
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!agree(a[i], b[i], units * units_of(is.dtype()) * largest))
      return "element " + std::to_string(i) + " of " + to_string(is.sizes()) + " is " + std::to_string(a[i]) + " instead of " + std::to_string(b[i]);
  return "";
}

/// The same elements, lying in the other order, backwards, or apart.
Tensor elsewhere(const Tensor& x, int how) {
  if (x.ndim() == 0) return x;
  if (how == 0) return x.transpose().copy().transpose();
  const auto backwards = [](const Tensor& y) { return y.slice(0, -1, -y.size(0) - 1, -1); };
  if (how == 1) return backwards(backwards(x).copy());
  const std::size_t bytes = size_of(x.dtype());
  const Tensor room(x.dtype(), {2 * x.size()});
  for (std::int64_t i = 0; i < x.size(); ++i) std::memcpy(room.raw() + 2 * i * bytes, x.raw() + i * bytes, bytes);
  Sizes strides = x.strides();
  for (std::int64_t& stride : strides) stride *= 2;
  return Tensor::on(room.storage(), 0, x.dtype(), x.sizes(), strides);
}

class Isa {
 public:
  explicit Isa(const std::string& name) {
    if ((is_free_ = !getenv("THEON_ISA"))) setenv("THEON_ISA", name.c_str(), 1);
  }
  ~Isa() {
    if (is_free_) unsetenv("THEON_ISA");
  }

 private:
  bool is_free_;
};

/// One formula, its dtypes, axes and options drawn at random.
class Round {
 public:
  Round(const Formula& formula, unsigned seed) : formula_(formula), draw_(seed), isa_(draw_.pick<std::string>({"avx512", "avx2", "sse2"})), outputs_(formula.build(draw_)) {
    options_.on_unused_input = OnUnusedInput::ignore;
    options_.threads = 1 + draw_.below(3);
    if (draw_.below(8) == 0) options_.tier = Tier::instant;
  }

  void check() {
    const std::vector<In> in(draw_.inputs().begin(), draw_.inputs().end());
    const Function f = function(in, outputs_, options_);
    for (int call = draw_.is_known() ? 1 : 3; call > 0; --call) {
      const std::vector<Tensor> values = draw_.values();
      reference::Arguments arguments;
      for (std::size_t k = 0; k < values.size(); ++k) arguments.emplace_back(draw_.inputs()[k], values[k]);
      std::optional<std::vector<Tensor>> wanted;
      try {
        wanted = reference::evaluate(outputs_, arguments);
      } catch (const Error&) {
      }
      if (!wanted) {
        CHECK_THROWS_AS(f.call(values), Error);
        continue;
      }
      check_fenced(f, values, *wanted);
      check_elsewhere(f, values, *wanted);
      if (call == 1) check_in_place(values, *wanted);
    }
  }

 private:
  void check_fenced(const Function& f, const std::vector<Tensor>& values, const std::vector<Tensor>& wanted) {
    for (const Fenced::At at : {Fenced::At::begin, Fenced::At::end}) {
      std::vector<std::unique_ptr<Fenced>> in, out;
      std::vector<Sizes> sizes;
      std::vector<const void*> operands;
      std::vector<void*> results;
      for (const Tensor& value : values) {
        in.push_back(std::make_unique<Fenced>(value, at));
        operands.push_back(in.back()->data());
        sizes.push_back(value.sizes());
      }
      for (const Tensor& each : wanted) {
        out.push_back(std::make_unique<Fenced>(each.dtype(), each.sizes(), at));
        results.push_back(out.back()->data());
      }
      INFO((at == Fenced::At::begin ? "at the begin of a page" : "at the end of a page"));
      REQUIRE(f.prepare(sizes)(operands.data(), results.data()) == 0);
      for (std::size_t k = 0; k < values.size(); ++k) CHECK(identical(in[k]->tensor(), values[k].contiguous()));
      for (const std::unique_ptr<Fenced>& each : out) CHECK(each->is_outside_untouched());
      for (std::size_t k = 0; k < wanted.size(); ++k) expect(k, out[k]->tensor(), wanted[k]);
    }
  }

  void check_elsewhere(const Function& f, const std::vector<Tensor>& values, const std::vector<Tensor>& wanted) {
    std::vector<Tensor> moved;
    for (const Tensor& value : values) moved.push_back(elsewhere(value, draw_.below(3)));
    const Results got = f.call(moved);
    for (std::size_t k = 0; k < wanted.size(); ++k) expect(k, got[k], wanted[k]);
  }

  /// A result takes the place of an input of its type.
  void check_in_place(const std::vector<Tensor>& values, const std::vector<Tensor>& wanted) {
    for (std::size_t k = 0; k < wanted.size(); ++k)
      for (std::size_t i = 0; i < values.size(); ++i) {
        const Variable& x = draw_.inputs()[i];
        if (x.dtype() != outputs_[k].dtype() || x.dims() != outputs_[k].dims() || draw_.below(2)) continue;
        const Shared state = shared("state", values[i]);
        FunctionOptions options = options_;
        options.givens = {{x, state}};
        options.updates = {{state, outputs_[k]}};
        std::vector<In> in;
        std::vector<Tensor> rest;
        for (std::size_t other = 0; other < values.size(); ++other)
          if (other != i) {
            in.push_back(draw_.inputs()[other]);
            rest.push_back(values[other]);
          }
        INFO("in the place of input " << i);
        const std::size_t beside = (k + 1) % wanted.size();
        const Results got = function(in, {outputs_[beside]}, options).call(rest);
        expect(k, state.value(), wanted[k]);
        expect(beside, got[0], wanted[beside]);
        return;
      }
  }

  void expect(std::size_t k, const Tensor& is, const Tensor& should) const {
    INFO("output " << k << ": " << to_string(outputs_[k]));
    CHECK(difference(is, should, formula_.units) == "");
  }

  const Formula& formula_;
  Draw draw_;
  Isa isa_;
  std::vector<Variable> outputs_;
  FunctionOptions options_;
};

unsigned from_environment(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text ? static_cast<unsigned>(std::stoul(text)) : otherwise;
}

}  // namespace

TEST_CASE("formulas of sizes and operands drawn at random agree with the reference, and touch nothing beside them") {
  const unsigned first = from_environment("THEON_SEED", 0), rounds = from_environment("THEON_ROUNDS", 6);
  for (const Formula& formula : formulas)
    DYNAMIC_SECTION(formula.name) {
      for (unsigned seed = first; seed < first + rounds; ++seed) {
        INFO("seed " << seed);
        Round(formula, seed).check();
      }
    }
}
