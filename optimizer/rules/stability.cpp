#include "optimizer/rules/parts.h"
#include "optimizer/rules/rules.h"
#include "src/graph/traversal.h"
#include "src/ops/index.h"
#include "src/ops/neural.h"
#include "src/ops/reduce.h"
#include "src/ops/shape.h"

#include <algorithm>

namespace theon {

namespace {

struct SignedTerm {
  Variable term;
  bool is_negative;
};

void add_terms(const Variable& x, bool is_negative, std::vector<SignedTerm>& list) {
  if (is_op(x, "neg")) return add_terms(operand(x), !is_negative, list);
  const std::vector<Variable> parts = terms(x);
  if (parts.size() == 1) return list.push_back({x, is_negative});
  for (const Variable& part : parts) add_terms(part, is_negative, list);
}

std::vector<SignedTerm> signed_terms(const Variable& x, bool is_negative = false) {
  std::vector<SignedTerm> list;
  add_terms(x, is_negative, list);
  return list;
}

/// What the term takes the largest element of, to subtract it, in place or after a move; -min(-y) is max(y).
std::vector<SignedTerm> subtracted_maximum_of(SignedTerm t) {
  while (is_op(t.term, "neg") || op_of<DimShuffle>(t.term) || op_of<BroadcastTo>(t.term) || is_op(t.term, "where")) {
    t.is_negative = t.is_negative != is_op(t.term, "neg");
    t.term = operand(t.term, is_op(t.term, "where") ? 1 : 0);
  }
  if (!is_op(t.term, t.is_negative ? "max" : "min")) return {};
  return signed_terms(operand(t.term), !t.is_negative);
}

/// x - max(x), as the expansion of softmax has it and as users write it: exp of that does not overflow, so it stays as
/// it is.
bool is_shifted(const Variable& x) {
  const std::vector<SignedTerm> all = signed_terms(x);
  const auto is_term = [&](const SignedTerm& wanted) {
    return std::ranges::any_of(all, [&](const SignedTerm& each) {
      return each.is_negative == wanted.is_negative && same(each.term, wanted.term);
    });
  };
  return std::ranges::any_of(all, [&](const SignedTerm& each) {
    const std::vector<SignedTerm> of = subtracted_maximum_of(each);
    return !of.empty() && std::ranges::all_of(of, is_term);
  });
}

/// exp(x) / total, where total sums exp(x) along one axis and has that axis restored.
Variable softmax_of_quotient(const Variable& x, const Variable& sum, const Variable& total) {
  const std::vector<int>& axes = op_of<Reduce>(sum)->axes();
  if (axes.size() != 1 || is_shifted(x)) return {};
  const auto* restored = op_of<DimShuffle>(total);
  if (!restored) return x.ndim() == 1 ? softmax(x, 0) : Variable();
  const Variable wanted = restore_axes(sum, axes);
  return wanted.owner()->op->equals(*restored) ? softmax(x, axes[0]) : Variable();
}

Variable log_of_sum(const Variable& x, const Variable& sum) {
  if (is_shifted(x)) return {};
  Variable result = x;
  const std::vector<int>& axes = op_of<Reduce>(sum)->axes();
  for (std::size_t i = axes.size(); i-- > 0;) result = logsumexp(result, axes[i]);
  return result;
}

/// The logarithm of exponentials added up, of these dims: the arguments side by side along a new first axis. Empty
/// where a term is no exponential.
Variable log_of_exponentials(const std::vector<Variable>& terms, const Shape& dims) {
  std::vector<Variable> arguments;
  for (const Variable& term : terms) {
    if (!is_op(term, "exp")) return {};
    arguments.push_back(broadcast_to(operand(term), dims));
  }
  return logsumexp(stack(arguments), 0);
}

/// exp(x) / (exp(x) + exp(a) + ...), as the derivative of log(exp(x) + exp(a) + ...) has it; `others` is exp(a) + ...
Variable share_of_exponentials(const Variable& x, const Variable& others, const Shape& dims) {
  if (is_op(others, "exp")) return sigmoid(x - operand(others));
  std::vector<Variable> all = terms(others);
  all.push_back(exp(x));
  const Variable log_of_all = log_of_exponentials(all, dims);
  return log_of_all.is_empty() ? log_of_all : exp(x - log_of_all);
}

Variable times_share(const Variable& y, const Variable& x, const Variable& others, const Shape& dims) {
  const Variable share = share_of_exponentials(x, others, dims);
  return share.is_empty() ? share : y * share;
}

/// exp(x) * (y / sum(exp(x))), as the derivative of exp(x) / sum(exp(x)) has it.
Variable times_softmax(const Variable& x, const Variable& y, const Variable& sum, const Variable& total) {
  const Variable p = softmax_of_quotient(x, sum, total);
  return p.is_empty() ? p : y * p;
}

bool is_sum_of_exponentials(const Variable& x) { return is_op(x, "sum") && is_op(operand(x), "exp"); }

/// The logarithm of `x` where it has a better form than log(x); empty otherwise.
Variable stable_logarithm(const Variable& x) {
  if (is_sum_of_exponentials(x)) return log_of_sum(operand(operand(x)), x);
  if (const auto* op = op_of<Softmax>(x)) return log_softmax(operand(x), op->axis());
  if (is_op(x, "sigmoid")) return -softplus(-operand(x));
  if (is_op(x, "exp")) return operand(x);
  return {};
}

/// The sum of logarithms of what is positive, whose product underflows.
Variable log_of_product(const Variable& x, const Variable& product) {
  const Variable logarithm = stable_logarithm(x);
  return logarithm.is_empty() ? logarithm
                              : reduce(Reduction::sum, logarithm, op_of<Reduce>(product)->axes(), product.where());
}

/// The same for a move of such: elements are picked after the logarithm has been taken.
Variable better_logarithm(const Variable& x) {
  const bool is_move =
      op_of<DimShuffle>(x) || op_of<Reshape>(x) || op_of<BroadcastTo>(x) || op_of<StridedSlice>(x) || op_of<Gather>(x);
  const Variable logarithm = stable_logarithm(is_move ? operand(x) : x);
  if (logarithm.is_empty() || !is_move) return logarithm;
  std::vector<Variable> inputs = x.owner()->input_list();
  inputs[0] = logarithm;
  return rebuild(*x.owner(), std::move(inputs))[0];
}

/// Factors with a better logarithm are positive: the logarithm of the product is a sum.
Variable log_of_factors(const Variable& whole) {
  std::vector<Variable> logarithms, rest;
  for (const Variable& factor : factors(operand(whole))) {
    const Variable logarithm = better_logarithm(factor);
    (logarithm.is_empty() ? rest : logarithms).push_back(logarithm.is_empty() ? factor : logarithm);
  }
  if (logarithms.empty()) return {};
  if (!rest.empty()) logarithms.push_back(log(product(rest)));
  return total(logarithms);
}

Variable log_of_quotient(const Variable& x, const Variable& y) {
  const Variable above = better_logarithm(x), below = better_logarithm(y);
  if (above.is_empty() && below.is_empty()) return {};
  return (above.is_empty() ? log(x) : above) - (below.is_empty() ? log(y) : below);
}

}  // namespace

std::vector<Rule> stability_rules() {
  const Variable x = any("x"), y = any("y"), z = any("z");
  const AnyOp sum_of("sum"), restored("dimshuffle"), softmax_of("softmax"), log_softmax_of("log_softmax"),
      product_of("prod");
  const Variable sum_exp = sum_of(exp(x)), restored_sum = restored(sum_exp), p = softmax_of(x),
                 log_p = log_softmax_of(x);
  return of_class(
      RuleClass::stabilising,
      {
          {log(1 + x), log1p(x)},
          {exp(x) - 1, expm1(x)},
          {1 - exp(x), -expm1(x)},
          {log(exp(x)), x},
          {log(sigmoid(x)), -softplus(-x)},
          {log(p), "log_softmax(x)", [=](const Match& m) { return better_logarithm(m(p)); }},
          {log(sum_exp), "logsumexp(x)", [=](const Match& m) { return better_logarithm(m(sum_exp)); }},
          Rule(log(x * y), "log(x) + log(y)", [=](const Match& m) { return log_of_factors(m.whole()); })
              .tested_on(log(exp(x) * y)),
          Rule(log(x / y), "log(x) - log(y)", [=](const Match& m) { return log_of_quotient(m(x), m(y)); })
              .tested_on(log(y / exp(x))),
          Rule(log(x), "a move of log(x)", [=](const Match& m) { return better_logarithm(m(x)); })
              .tested_on(log(restored(sigmoid(x)))),
          {log(1 / x), -log(x)},
          {log1p(expm1(x)), x},
          {log1p(exp(x)), softplus(x)},
          {sqrt(x * x), abs(x)},

          {1 - sigmoid(x), sigmoid(-x)},
          {sigmoid(x) - 1, -sigmoid(-x)},
          {y / (1 + exp(x)), y * sigmoid(-x)},
          {exp(x) * sigmoid(-x), sigmoid(x)},
          {exp(-x) * sigmoid(x), sigmoid(-x)},
          {log1p(-sigmoid(x)), -softplus(x)},
          {exp(-softplus(x)), sigmoid(-x)},
          {softplus(x) - x, softplus(-x)},
          {x - softplus(x), -softplus(-x)},
          {(exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)},
          {sigmoid(x) - sigmoid(x) * sigmoid(x), sigmoid(x) * sigmoid(-x)},
          {y * sigmoid(x) - y * sigmoid(x) * sigmoid(x), y * sigmoid(x) * sigmoid(-x)},

          {exp(x) / sum_exp, "softmax(x)",
           [=](const Match& m) { return softmax_of_quotient(m(x), m(sum_exp), m(sum_exp)); }},
          {exp(x) / restored_sum, "softmax(x)",
           [=](const Match& m) { return softmax_of_quotient(m(x), m(sum_exp), m(restored_sum)); }},
          {exp(x) * (y / sum_exp), "y * softmax(x)",
           [=](const Match& m) { return times_softmax(m(x), m(y), m(sum_exp), m(sum_exp)); }},
          {exp(x) * (y / restored_sum), "y * softmax(x)",
           [=](const Match& m) { return times_softmax(m(x), m(y), m(sum_exp), m(restored_sum)); }},
          {log(product_of(x)), "sum(log(x))", [=](const Match& m) { return log_of_product(m(x), operand(m.whole())); }},
          {log(exp(x) + exp(y)), "logsumexp(stack(x, y))",
           [=](const Match& m) { return log_of_exponentials(terms(operand(m.whole())), m.whole().dims()); }},
          Rule(exp(x) / (exp(x) + z), "its share",
               [=](const Match& m) { return share_of_exponentials(m(x), m(z), m.whole().dims()); })
              .tested_on(exp(x) / (exp(x) + exp(z))),
          Rule(exp(x) * (y / (exp(x) + z)), "y * its share",
               [=](const Match& m) { return times_share(m(y), m(x), m(z), m.whole().dims()); })
              .tested_on(exp(x) * (y / (exp(x) + exp(z)))),
          {exp(log_p), "softmax(x)",
           [=](const Match& m) { return softmax(m(x), op_of<LogSoftmax>(m(log_p))->axis()); }},
      });
}

}  // namespace theon
