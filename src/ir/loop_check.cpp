// The promises of the loop language.
#include "src/ir/loop_walk.h"
#include "src/ir/opcode.h"
#include "src/support/check.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <unordered_map>
#include <vector>

namespace theon::ir {

namespace {

/// How far the offset moves in an iteration, where that is known.
std::optional<std::int64_t> step(Expr offset, const For& loop) {
  const auto is_variable = [&](Expr e) { return e->op == Opcode::local && e->number == loop.variable; };
  if (is_variable(offset)) return 1;
  if (std::ranges::none_of(postorder(std::span(&offset, 1)), is_variable)) return 0;
  if (offset->op != Opcode::add && offset->op != Opcode::sub) return std::nullopt;
  const auto left = step(offset->args[0], loop), right = step(offset->args[1], loop);
  if (!left || !right) return std::nullopt;
  return offset->op == Opcode::add ? *left + *right : *left - *right;
}

bool asks_ahead(const Statement& statement) {
  if (std::holds_alternative<Prefetch>(statement.node)) return true;
  const auto* branch = std::get_if<If>(&statement.node);
  return branch && std::ranges::all_of(branch->then, asks_ahead) &&
         std::ranges::all_of(branch->otherwise, asks_ahead);
}

class Checker {
 public:
  explicit Checker(const Kernel& kernel) : kernel_(kernel) {}

  void check() {
    for (const Buffer& buffer : kernel_.buffers) check(buffer);
    define(0, Kind::fixed, DType::int64, false);
    define(1, Kind::fixed, DType::int64, false);
    check(kernel_.body);
  }

 private:
  enum class Kind { fixed, var };

  struct Definition {
    Kind kind;
    DType dtype;
    bool varies;                     // between the lanes of the vector loop around it
    const For* vector_loop;          // the one around it; null outside of one
    const Monoid* monoid = nullptr;  // by which a vector loop accumulates into it
    bool visible = true;
  };

  template <class... Args>
  void require(bool condition, fmt::format_string<Args...> text, Args&&... args) const {
    if (!condition)
      fail<InternalError>({}, "kernel {}: {}", kernel_.name, fmt::format(text, std::forward<Args>(args)...));
  }

  void require_dtype(std::string_view what, Expr expr, DType dtype) const {
    require(expr->dtype == dtype, "{} is {}, not {}: {}", what, name(expr->dtype), name(dtype), to_string(expr));
  }

  void check(const Buffer& buffer) const {
    if (buffer.access != Access::scratch) {
      require(buffer.slot >= 0 && !buffer.size, "buffer {} must have a slot and no size", buffer.name);
      return;
    }
    require(bool(buffer.size), "scratch buffer {} has no size", buffer.name);
    require_dtype("the size of scratch memory", buffer.size, DType::int64);
    check_parameters("the size of scratch memory", buffer.size);
  }

  /// What a block defines is visible in it alone.
  void check(const Block& block) {
    const std::size_t outer = defined_.size();
    for (const Statement& statement : block) std::visit([&](const auto& each) { check(each); }, statement.node);
    for (; defined_.size() > outer; defined_.pop_back()) definitions_.at(defined_.back()).visible = false;
  }

  void check_parameters(std::string_view what, Expr expr) const {
    const bool uniform = std::ranges::none_of(postorder(std::span(&expr, 1)), [](Expr node) {
      return node->op == Opcode::local || node->op == Opcode::load;
    });
    require(uniform, "{} depends on more than parameters: {}", what, to_string(expr));
  }

  void check(const For& loop) {
    check_uniform("the begin of a loop", loop.begin);
    check_uniform("the end of a loop", loop.end);
    const bool vector = loop.lanes > 1;
    require(loop.lanes >= 1 && loop.lanes <= 64 && std::has_single_bit(static_cast<unsigned>(loop.lanes)),
            "{} lanes are no power of two up to 64", loop.lanes);
    require(loop.unroll >= 1 && (vector || loop.unroll == 1), "a loop of {} lanes cannot be unrolled {} times",
            loop.lanes, loop.unroll);
    require(!vector || !vector_loop_, "a vector loop stands in a vector loop");
    if (loop.streams) {
      require_dtype("whether a loop streams", loop.streams, DType::boolean);
      check_parameters("whether a loop streams", loop.streams);
      require(vector && stores_in_order(loop), "a loop that streams does more than store in its order");
    }

    const For* outer = vector_loop_;
    if (vector) vector_loop_ = &loop;
    define(loop.variable, Kind::fixed, DType::int64, vector);
    check(loop.body);
    definitions_.at(loop.variable).visible = false;
    defined_.pop_back();
    vector_loop_ = outer;
    for (auto& [local, definition] : definitions_) {
      if (vector) definition.monoid = nullptr;
    }
  }

  void check_uniform(std::string_view what, Expr expr) {
    require_dtype(what, expr, DType::int64);
    require(!varies(expr), "{} differs between lanes: {}", what, to_string(expr));
  }

  void check(const Let& let) { define(let.local, Kind::fixed, let.value->dtype, varies(let.value)); }

  void check(const Var& var) {
    varies(var.initial);
    define(var.local, Kind::var, var.initial->dtype, vector_loop_ != nullptr);
  }

  void check(const Assign& assign) {
    varies(assign.value);
    const Definition& definition = var(assign.local);
    require_dtype("an assigned value", assign.value, definition.dtype);
    require(definition.vector_loop == vector_loop_, "v{} is assigned inside a vector loop and declared outside of it",
            assign.local);
  }

  void check(const Accumulate& accumulate) {
    const Monoid& monoid = *accumulate.monoid;
    require(accumulate.locals.size() == monoid.size() && accumulate.values.size() == monoid.size(),
            "{} combines {} components, not {} with {}", monoid.name, monoid.size(), accumulate.locals.size(),
            accumulate.values.size());
    for (std::size_t k = 0; k < monoid.size(); ++k) {
      varies(accumulate.values[k]);
      require_dtype("an accumulated value", accumulate.values[k], monoid.identity[k]->dtype);
      require(var(accumulate.locals[k]).dtype == monoid.identity[k]->dtype, "v{} is {}, not {}", accumulate.locals[k],
              name(var(accumulate.locals[k]).dtype), name(monoid.identity[k]->dtype));
      check_one_monoid(accumulate.locals[k], monoid);
    }
  }

  /// Partial states can be combined after a vector loop only if they were by one monoid in it.
  void check_one_monoid(Local local, const Monoid& monoid) {
    Definition& definition = definitions_.at(local);
    if (definition.vector_loop == vector_loop_) return;
    require(!definition.monoid || definition.monoid == &monoid, "v{} is accumulated by {} and {} in one vector loop",
            local, definition.monoid ? definition.monoid->name : "", monoid.name);
    definition.monoid = &monoid;
  }

  void check(const Store& store) {
    const Buffer& target = buffer(store.buffer);
    require_dtype("an offset", store.offset, DType::int64);
    require_dtype("a stored value", store.value, target.dtype);
    require(target.access != Access::read, "buffer {} is written, but read-only", target.name);
    const bool differs = varies(store.offset);
    varies(store.value);
    require(!vector_loop_ || differs, "all lanes store to one element of buffer {}: {}", target.name,
            to_string(store.offset));
    if (!store.combine) return;
    const OpcodeInfo& how = info(*store.combine);
    require(how.form == Form::arithmetic && how.arity == 2, "'{}' combines no stored values", how.name);
    require(target.access != Access::write, "buffer {} is combined with, but write-only", target.name);
  }

  void check(const Transpose& turn) {
    const Buffer &target = buffer(turn.target), &source = buffer(turn.source);
    require(!vector_loop_, "a transpose stands in a vector loop");
    for (const Expr expr : expressions({turn})) check_uniform("a bound of a transpose", expr);
    require(target.dtype == source.dtype, "buffer {} is {}, and transposed to {}", source.name, name(source.dtype),
            name(target.dtype));
    require(source.access != Access::write, "buffer {} is read, but write-only", source.name);
    require(target.access != Access::read, "buffer {} is written, but read-only", target.name);
    const bool apart = target.access == Access::scratch || source.access == Access::scratch
                           ? turn.target != turn.source
                           : target.slot != source.slot;
    require(apart, "buffer {} is transposed onto itself", source.name);
  }

  void check(const Prefetch& prefetch) {
    buffer(prefetch.buffer);
    require_dtype("the offset of a prefetch", prefetch.offset, DType::int64);
    varies(prefetch.offset);
  }

  void check(const If& branch) {
    require_dtype("a condition", branch.condition, DType::boolean);
    varies(branch.condition);
    check(branch.then);
    check(branch.otherwise);
  }

  void check(const Report& report) {
    require(report.code != 0, "code 0 reports nothing");
    require_dtype("a condition", report.condition, DType::boolean);
    require_dtype("a reported value", report.first, DType::int64);
    require_dtype("a reported value", report.second, DType::int64);
    for (const Expr expr : {report.condition, report.first, report.second}) varies(expr);
  }

  void define(Local local, Kind kind, DType dtype, bool varies) {
    require(local >= 0 && local < kernel_.locals, "v{} is none of {} locals", local, kernel_.locals);
    require(!definitions_.contains(local), "v{} is defined twice", local);
    definitions_[local] = {kind, dtype, varies, vector_loop_};
    defined_.push_back(local);
  }

  const Definition& var(Local local) const {
    const auto found = definitions_.find(local);
    require(found != definitions_.end() && found->second.visible, "v{} is changed where it is not defined", local);
    require(found->second.kind == Kind::var, "v{} is changed, but no Var", local);
    return found->second;
  }

  const Buffer& buffer(std::int64_t number) const {
    require(number >= 0 && number < static_cast<std::int64_t>(kernel_.buffers.size()), "there is no buffer {}", number);
    return kernel_.buffers[number];
  }

  /// Checks an expression; says whether it differs between lanes.
  bool varies(Expr expr) {
    bool result = false;
    for (const Expr node : postorder(std::span(&expr, 1))) {
      check(*node);
      if (node->op == Opcode::local) result |= definitions_.at(node->number).varies;
    }
    return result;
  }

  void check(const Node& node) const {
    switch (info(node.op).form) {
      case Form::leaf:
        check_leaf(node);
        break;
      case Form::memory:
        check_load(node);
        break;
      case Form::arithmetic:
      case Form::comparison:
      case Form::selection:
      case Form::conversion:
      case Form::call:
        break;
      case Form::iteration:
        require(false, "'{}' is left over", name(node.op));
        break;
    }
  }

  void check_leaf(const Node& node) const {
    const bool known = node.op == Opcode::literal || node.op == Opcode::parameter || node.op == Opcode::local;
    require(known, "'{}' is left over", name(node.op));
    if (node.op != Opcode::local) return;
    const auto found = definitions_.find(node.number);
    require(found != definitions_.end() && found->second.visible, "v{} is used where it is not defined", node.number);
    require(found->second.dtype == node.dtype, "v{} is {}, and used as {}", node.number, name(found->second.dtype),
            name(node.dtype));
    const bool partial = found->second.kind == Kind::var && found->second.monoid != nullptr;
    require(!partial, "v{} is read in the vector loop that accumulates into it", node.number);
  }

  void check_load(const Node& node) const {
    const Buffer& from = buffer(node.number);
    require(node.args.size() == 1, "a load from buffer {} has {} offsets", from.name, node.args.size());
    require(node.dtype == from.dtype, "buffer {} is {}, and loaded as {}", from.name, name(from.dtype),
            name(node.dtype));
    require(from.access != Access::write, "buffer {} is read, but write-only", from.name);
  }

  const Kernel& kernel_;
  const For* vector_loop_ = nullptr;
  std::unordered_map<Local, Definition> definitions_;
  std::vector<Local> defined_;  // in the open blocks
};

}  // namespace

bool stores_in_order(const For& loop) {
  return std::ranges::all_of(loop.body, [&](const Statement& statement) {
    if (std::holds_alternative<Let>(statement.node) || asks_ahead(statement)) return true;
    const auto* store = std::get_if<Store>(&statement.node);
    return store && !store->combine && step(store->offset, loop) == 1;
  });
}

void check(const Kernel& kernel) { Checker(kernel).check(); }

}  // namespace theon::ir
