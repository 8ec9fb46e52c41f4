#include "src/ir/element.h"

#include "src/ir/opcode.h"
#include "src/support/pointer_numbers.h"

#include <utility>

namespace theon::ir {

std::string_view name(Opcode op) { return info(op).name; }

std::vector<Expr> postorder(std::span<const Expr> roots) {
  std::vector<Expr> order;
  PointerNumbers seen;
  std::vector<std::pair<Expr, std::size_t>> path;  // a node and how many of its arguments are done
  for (const Expr root : roots) {
    if (seen.add(root.get()).second) path.emplace_back(root, 0);
    while (!path.empty()) {
      auto& [node, next] = path.back();
      if (next == node->args.size()) {
        order.push_back(node);
        path.pop_back();
      } else if (const Expr arg = node->args[next++]; seen.add(arg.get()).second) {
        path.emplace_back(arg, 0);
      }
    }
  }
  return order;
}

}  // namespace theon::ir
