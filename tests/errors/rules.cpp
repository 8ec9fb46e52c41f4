// Mistakes in rewrite rules of a user's own.
#include "tests/errors/mistakes.h"

using namespace theon;
using namespace theon::errors;

TEST_CASE("rules that cannot be right") {
  const Variable a = any("a"), b = any("b"), x = vector<double>("x"), nothing;
  check({
      {"sides that differ",
       is<ArgumentError>,
       {"exp(a) * exp(b) -> exp(a * b)", "differ"},
       [&](Location& line) {
         line = next_line();
         Rules wrong{{exp(a) * exp(b), exp(a * b)}};
       }},
      {"a right side of more than the left",
       is<ArgumentError>,
       {"rule: b stands only in the right side of exp(a) -> exp(a) + b"},
       [&](Location& line) {
         line = next_line();
         Rule(exp(a), exp(a) + b);
       }},
      {"a left side without a pattern",
       is<ArgumentError>,
       {"rule: the left side must be an operation on patterns"},
       [&](Location& line) {
         line = next_line();
         Rule(exp(x), x + 1);
       }},
      {"a left side that is no operation",
       is<ArgumentError>,
       {"rule"},
       [&](Location& line) {
         line = a.where();
         Rule(a, a + 0);
       }},
      {"an empty left side", is<ArgumentError>, {"rule"}, [&](Location&) { Rule(nothing, a); }},
      {"the derivative of a pattern",
       is<ArgumentError>,
       {"exp(a) is a pattern of a rewrite rule"},
       [&](Location& line) {
         line = next_line();
         grad(exp(a), a);
       }},
  });
}
