#include "codegen/program/overwrite.h"

#include "codegen/program/steps.h"
#include "src/ir/loop_walk.h"

#include <algorithm>

namespace theon::codegen {

namespace {

using ir::Expr;
using ir::Opcode;

/// Where the store of an element stands.
struct StorePlace {
  const ir::Block* block;
  std::size_t position;
  const ir::Store* store;
  std::vector<ir::Local> loops;  // variables of the loops around it
};

/// Finds the stores to a buffer.
class StoreSearch {
 public:
  explicit StoreSearch(std::int64_t buffer) : buffer_(buffer) {}

  std::vector<StorePlace> run(const ir::Block& body) {
    search(body);
    return std::move(found_);
  }

 private:
  void search(const ir::Block& block) {
    for (std::size_t position = 0; position < block.size(); ++position)
      std::visit([&](const auto& s) { search(s, block, position); }, block[position].node);
  }
  void search(const ir::Store& store, const ir::Block& block, std::size_t position) {
    if (store.buffer == buffer_) found_.push_back({&block, position, &store, loops_});
  }
  void search(const ir::For& loop, const ir::Block&, std::size_t) {
    loops_.push_back(loop.variable);
    search(loop.body);
    loops_.pop_back();
  }
  void search(const ir::If& branch, const ir::Block&, std::size_t) {
    search(branch.then);
    search(branch.otherwise);
  }
  void search(const ir::Let&, const ir::Block&, std::size_t) {}
  void search(const ir::Var&, const ir::Block&, std::size_t) {}
  void search(const ir::Assign&, const ir::Block&, std::size_t) {}
  void search(const ir::Accumulate&, const ir::Block&, std::size_t) {}
  void search(const ir::Transpose&, const ir::Block&, std::size_t) {}
  void search(const ir::Prefetch&, const ir::Block&, std::size_t) {}
  void search(const ir::Report&, const ir::Block&, std::size_t) {}

  std::int64_t buffer_;
  std::vector<ir::Local> loops_;
  std::vector<StorePlace> found_;
};

/// The load nodes of a buffer in a statement itself.
std::vector<Expr> loads(const ir::Statement& statement, std::int64_t buffer) {
  std::vector<Expr> found = ir::postorder(ir::expressions(statement));
  std::erase_if(found, [&](Expr e) { return e->op != Opcode::load || e->number != buffer; });
  return found;
}

bool reads_buffer(const ir::Statement& statement, std::int64_t buffer) { return !loads(statement, buffer).empty(); }

std::size_t count_readers(const ir::Block& body, std::int64_t buffer) {
  std::size_t count = 0;
  ir::for_each_statement(body, [&](const ir::Statement& statement) { count += reads_buffer(statement, buffer); });
  return count;
}

bool mentions(Expr offset, ir::Local local) {
  const std::vector<Expr> nodes = ir::postorder(std::span(&offset, 1));
  return std::any_of(nodes.begin(), nodes.end(), [&](Expr e) { return e->op == Opcode::local && e->number == local; });
}

/// Whether no two iterations store the same element: nests store each element of their result once, so a loop that
/// moves the offset never comes back.
bool stores_each_element_once(const StorePlace& place) {
  return std::all_of(place.loops.begin(), place.loops.end(),
                     [&](ir::Local loop) { return mentions(place.store->offset, loop); });
}

/// Whether every load of `from` stands in the block of the stores, before the first of them or in it, and at the offset
/// of one of them.
bool loads_what_it_stores(const ir::Kernel& kernel, std::int64_t from, std::span<const StorePlace> stores) {
  const StorePlace& first = stores.front();
  const auto is_stored = [&](Expr load) {
    return std::any_of(stores.begin(), stores.end(),
                       [&](const StorePlace& place) { return same(load->args[0], place.store->offset); });
  };
  std::size_t readers = 0;
  for (std::size_t position = 0; position <= first.position; ++position) {
    const std::vector<Expr> found = loads((*first.block)[position], from);
    if (!std::all_of(found.begin(), found.end(), is_stored)) return false;
    readers += !found.empty();
  }
  return readers == count_readers(kernel.body, from);
}

/// Such a statement moves elements to places of other ones.
bool is_transposed(const ir::Kernel& kernel, std::int64_t buffer) {
  bool found = false;
  ir::for_each_statement(kernel.body, [&](const ir::Statement& statement) {
    const auto* turn = std::get_if<ir::Transpose>(&statement.node);
    found = found || (turn && (turn->source == buffer || turn->target == buffer));
  });
  return found;
}

std::optional<std::int64_t> buffer_of(const ir::Kernel& kernel, ValueId value) {
  for (std::size_t buffer = 0; buffer < kernel.buffers.size(); ++buffer)
    if (kernel.buffers[buffer].access != ir::Access::scratch && kernel.buffers[buffer].slot == value)
      return static_cast<std::int64_t>(buffer);
  return std::nullopt;
}

bool reads_value(const Step& step, ValueId value) {
  const std::vector<ValueId> read = reads(step);
  return std::find(read.begin(), read.end(), value) != read.end();
}

/// Whether a step that reads `from` may write `to` over it.
struct MayOverwrite {
  ValueId from, to;
  std::span<const ir::Kernel> kernels;

  bool operator()(const KernelStep& step) const {
    return std::ranges::find(step.own, from) != step.own.end() || may_overwrite(kernels[step.kernel], from, to);
  }
  bool operator()(const CopyStep&) const { return true; }
  // A host function may read its inputs after it has begun to write; what inner steps read, they may read again.
  bool operator()(const HostStep&) const { return false; }
  bool operator()(const LoopStep&) const { return false; }
  bool operator()(const BranchStep&) const { return false; }
  bool operator()(const BindStep&) const { return false; }
  bool operator()(const CheckStep&) const { return false; }
  bool operator()(const IndexStep&) const { return false; }
};

}  // namespace

bool may_overwrite(const ir::Kernel& kernel, ValueId from, ValueId to) {
  const std::optional<std::int64_t> source = buffer_of(kernel, from), target = buffer_of(kernel, to);
  if (!source || !target || is_transposed(kernel, *source) || is_transposed(kernel, *target)) return false;
  const std::vector<StorePlace> stores = StoreSearch(*target).run(kernel.body);
  const auto is_plain = [&](const StorePlace& place) {
    return place.block == stores.front().block && !place.store->combine && stores_each_element_once(place);
  };
  return !stores.empty() && std::all_of(stores.begin(), stores.end(), is_plain) &&
         loads_what_it_stores(kernel, *source, stores);
}

bool may_overwrite(const Step& step, ValueId from, ValueId to, std::span<const ir::Kernel> kernels) {
  return !reads_value(step, from) || std::visit(MayOverwrite{from, to, kernels}, step.node);
}

}  // namespace theon::codegen
