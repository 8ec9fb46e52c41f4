#include "codegen/partition/account.h"

#include "src/graph/op.h"
#include "src/support/check.h"

#include <algorithm>

namespace theon::codegen {

std::string to_string(Stored reason) {
  switch (reason) {
    case Stored::no_need:
      return "not computed";
    case Stored::result:
      return "a result";
    case Stored::factor:
      return "a factor, which a product reads many times over";
    case Stored::operand:
      return "read whole";
    case Stored::opaque:
      return "computed whole";
    case Stored::reduction:
      return "a reduction, which each reader would compute again";
    case Stored::recomputation:
      return "read at several places: computing it for each takes longer than storing it";
    case Stored::tangled:
      return "read at an index of many divisions";
    case Stored::budget:
      return "stored between two kernels, since one of all operations would have too many";
    case Stored::handed_on:
      return "left by one phase of the kernel to the next";
    case Stored::strips:
      return "running results of strips of rows, combined afterwards";
  }
  broken_promise("the reason is known", __FILE__, __LINE__);
}

std::string to_string(Apart reason) {
  switch (reason) {
    case Apart::running_value:
      return "a running value needs a loop order of its own";
    case Apart::no_loop:
      return "no outer loop in common";
    case Apart::row_reduction:
      return "a reduction along rows would step through memory by whole rows";
    case Apart::later_operand:
      return "it also reads what is computed in between";
    case Apart::streams:
      return "one loop would go through too many arrays";
    case Apart::budget:
      return "one kernel would have too many operations";
    case Apart::distance:
      return "too many kernels in between";
    case Apart::shared_product:
      return "others read the product, too";
    case Apart::narrow_product:
      return "the product has few columns or rows: the rest is done for whole rows of them";
    case Apart::shared_factor:
      return "others read the factor, too";
    case Apart::packed_again:
      return "each thread or batch would compute the factor again";
    case Apart::packed_across:
      return "packing the factor would step through memory by whole rows";
    case Apart::row_kernel:
      return "the factor comes out of a kernel that computes more";
    case Apart::all_rows:
      return "it needs what all rows come to";
    case Apart::product_index:
      return "it reads more of the product than the element of its own index";
  }
  broken_promise("the reason is known", __FILE__, __LINE__);
}

void Account::add(Separation separation) {
  const auto is_known = [&](const Separation& known) { return known.from == separation.from; };
  if (std::ranges::none_of(apart, is_known)) apart.push_back(separation);
}

std::string title(const Variable& x) {
  if (x.is_empty()) return "";
  if (!x.name().empty() || !x.owner()) return x.name();
  return x.owner()->op->name();
}

std::string described(const Apply& node) {
  return node.op->name() + (node.where ? " at " + to_string(node.where) : "");
}

}  // namespace theon::codegen
