// Every rule is tried on instances of its own left side.
#include "optimizer/rules/rules.h"

#include "optimizer/agree.h"
#include "optimizer/instances.h"
#include "optimizer/order.h"
#include "optimizer/rewrite.h"
#include "src/reference/evaluate.h"
#include "tests/optimizer/self_test/oracle.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace theon;

namespace {

std::vector<Rule> all_rules() {
  std::vector<Rule> all;
  for (const auto& list : {stability_rules(), cancellation_rules(), algebra_rules(), shape_rules(), finite_only_rules()})
    all.insert(all.end(), list.begin(), list.end());
  return all;
}

std::vector<Rule> rules_of(RuleClass rule_class) {
  std::vector<Rule> list = all_rules();
  std::erase_if(list, [&](const Rule& rule) { return rule.rule_class() != rule_class; });
  return list;
}

std::string described(const Instance& instance) {
  std::string text = to_string(instance.left) + " -> " + to_string(instance.right);
  for (const auto& [x, value] : instance.arguments) text += "\n  " + x.name() + " = " + to_string(value);
  return text;
}

/// The two sides, evaluated as they stand.
std::pair<Tensor, Tensor> sides(const Instance& instance) {
  const auto values = reference::evaluate({instance.left, instance.right}, instance.arguments);
  return {values[0], values[1]};
}

bool same_number(const Tensor& left, const Tensor& right) {
  if (!is_floating(left.dtype())) return identical(left, right);
  const auto x = left.to_vector<double>(), y = right.to_vector<double>();
  return std::ranges::equal(x, y, [](double a, double b) {
    return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
  });
}

double epsilon(DType dtype) { return dtype == DType::float64 ? 0x1p-52 : dtype == DType::float32 ? 0x1p-23 : 0x1p-10; }
double largest(DType dtype) { return dtype == DType::float64 ? 1e308 : dtype == DType::float32 ? 3e38 : 65504; }

test::Real distance(double x, const test::Real& exact) {
  return std::isnan(x) ? test::Real(1e300) : boost::multiprecision::abs(test::Real(x) - exact);
}

/// Nearer to the exact value than the left side, or at least within a few units in the last place, of the value or of the
/// exponent where it is the exponential of a rounded one; NaN only where that is NaN.
bool is_nearer(double left, double right, const test::Real& exact, DType dtype) {
  if (boost::multiprecision::isnan(exact)) return std::isnan(right) || !std::isfinite(left);
  if (std::isnan(right)) return false;
  if (boost::multiprecision::abs(exact) > largest(dtype)) return std::isinf(right) || std::abs(right) > largest(dtype) / 2;
  const test::Real magnitude = boost::multiprecision::abs(exact);
  const double exponent = exact == 0 ? 1 : std::max(1.0, std::abs(boost::multiprecision::log(magnitude).convert_to<double>()));
  const test::Real few_ulps = 8 * epsilon(dtype) * exponent * magnitude + (dtype == DType::float64 ? 1e-290 : dtype == DType::float32 ? 1e-37 : 1e-4);
  return distance(right, exact) <= 4 * distance(left, exact) + few_ulps;
}

/// Whether a NaN goes only where the value exists, and the left side lost it by overflow on the way.
bool keeps_missing(const Instance& instance, const Tensor& left, const Tensor& right) {
  const auto x = left.to_vector<double>(), y = right.to_vector<double>();
  if (std::ranges::equal(x, y, [](double a, double b) { return !std::isnan(a) || !std::isfinite(b); })) return true;
  const auto exact = test::exact(instance.left, instance.arguments);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::isnan(x[i]) && std::isfinite(y[i]) && !boost::multiprecision::isfinite(exact[i])) return false;
  return true;
}

}  // namespace

TEST_CASE("exact rules keep every bit, of infinities and zeros of both signs too") {
  for (const Rule& rule : rules_of(RuleClass::exact)) {
    INFO(rule.name());
    int count = 0;
    for (const Numbers numbers : {Numbers::moderate, Numbers::wide, Numbers::special})
      for (const Instance& instance : instances(rule, numbers, 12, 3)) {
        const auto [left, right] = sides(instance);
        INFO(described(instance) << "\n" << left << " " << right);
        CHECK(left.dtype() == right.dtype());
        CHECK(left.sizes() == right.sizes());
        CHECK(same_number(left, right));
        ++count;
      }
    CHECK(count > 0);
  }
}

TEST_CASE("rounding rules change the last digits only, and keep what is missing") {
  for (const Rule& rule : rules_of(RuleClass::rounding)) {
    INFO(rule.name());
    const auto list = instances(rule, Numbers::moderate, 16, 5);
    CHECK_FALSE(list.empty());
    for (const Instance& instance : list) {
      const auto [left, right] = sides(instance);
      INFO(described(instance) << "\n" << left << " " << right);
      CHECK(agree(left, right, Missing::equal));
    }
    for (const Instance& instance : instances(rule, Numbers::special, 16, 6)) {
      const auto [left, right] = sides(instance);
      INFO(described(instance) << "\n" << left << " " << right);
      CHECK(keeps_missing(instance, left, right));
    }
  }
}

TEST_CASE("stabilising rules are nearer to the exact value, and never NaN where there is one") {
  for (const Rule& rule : rules_of(RuleClass::stabilising)) {
    INFO(rule.name());
    int count = 0;
    for (const Numbers numbers : {Numbers::moderate, Numbers::wide})
      for (const Instance& instance : instances(rule, numbers, 12, 7)) {
        if (!is_floating(instance.left.dtype())) continue;
        const auto exact = test::exact(instance.left, instance.arguments);
        const auto [left, right] = sides(instance);
        const auto x = left.to_vector<double>(), y = right.to_vector<double>();
        INFO(described(instance) << "\n" << left << " " << right);
        for (std::size_t i = 0; i < x.size(); ++i) {
          INFO(i << ": " << exact[i].str(20));
          CHECK(is_nearer(x[i], y[i], exact[i], left.dtype()));
        }
        ++count;
      }
    CHECK(count > 0);
  }
}

TEST_CASE("finite-only rules hold for finite numbers") {
  for (const Rule& rule : rules_of(RuleClass::finite_only)) {
    INFO(rule.name());
    const auto list = instances(rule, Numbers::moderate, 16, 8);
    CHECK_FALSE(list.empty());
    for (const Instance& instance : list) {
      const auto [left, right] = sides(instance);
      INFO(described(instance) << "\n" << left << " " << right);
      CHECK(agree(left, right, Missing::improved));
    }
  }
}

TEST_CASE("the right side of every rule precedes the left one") {
  for (const Rule& rule : all_rules()) {
    INFO(rule.name());
    for (const Instance& instance : instances(rule, Numbers::moderate, 6, 9)) {
      const Variable left = canonical_form(instance.left), right = canonical_form(instance.right);
      INFO(left << "  ->  " << right);
      CHECK((same(left, right) || precedes(right, left)));
    }
  }
}
