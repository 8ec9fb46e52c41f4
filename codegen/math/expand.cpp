#include "codegen/math/expand.h"

#include "codegen/math/functions.h"
#include "src/support/check.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace theon::codegen::math {

namespace {

using ir::Opcode;
using Memo = std::unordered_map<const ir::Node*, Expr>;

Expr expand_function(Opcode op, std::span<const Expr> args) {
  switch (op) {
    case Opcode::exp: return expand_exp(args[0]);
  }
}

}  // namespace

}  // namespace theon::codegen::math
