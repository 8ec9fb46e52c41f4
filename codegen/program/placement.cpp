#include "codegen/program/placement.h"

#include "codegen/program/overwrite.h"
#include "codegen/program/steps.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace theon::codegen {

namespace {

using Home = Placement::Home;

constexpr std::size_t forever = std::numeric_limits<std::size_t>::max();

/// The sizes of the axes that are not known to be 1.
Shape proper_axes(const TensorType& type) {
  Shape dims = type.dims;
  std::erase(dims, Dim(1));
  return dims;
}

bool same_bytes(const TensorType& a, const TensorType& b) {
  return size_of(a.dtype) == size_of(b.dtype) && proper_axes(a) == proper_axes(b);
}

/// Lives from its first writer to its last reader.
struct Lifetime {
  std::size_t first = forever, last = 0;
  bool is_touched() const { return first != forever; }
};

class Placer {
 public:
  explicit Placer(Program& program)
      : program_(program), lifetimes_(program.values.size()), root_(program.values.size()) {
    program.placements.assign(program.values.size(), {});
    for (std::size_t v = 0; v < root_.size(); ++v) root_[v] = v;
  }

  void run() {
    find_lifetimes();
    for (std::size_t v = 0; v < program_.values.size(); ++v)
      if (lifetimes_[v].is_touched()) place_by_origin(v);
    number_leaves();
    place_results();
    for (std::size_t n = 0; n < program_.steps.size(); ++n) take_over(program_.steps[n], n);
    settle();
  }

 private:
  void find_lifetimes() {
    for (std::size_t n = 0; n < program_.steps.size(); ++n) {
      for (ValueId v : reads(program_.steps[n])) touch(v, n);
      for (ValueId v : writes(program_.steps[n])) touch(v, n);
    }
  }

  void touch(ValueId v, std::size_t step) {
    lifetimes_[v].first = std::min(lifetimes_[v].first, step);
    lifetimes_[v].last = std::max(lifetimes_[v].last, step);
  }

  void place_by_origin(std::size_t v) {
    Placement& placement = program_.placements[v];
    switch (program_.values[v].origin) {
      case Value::Origin::input:
        placement.home = Home::input;
        return;
      case Value::Origin::constant:
        placement.home = Home::constant;
        return;
      case Value::Origin::shared:
        placement.home = Home::shared;
        return;
      case Value::Origin::computed:
        placement = {is_late(program_, static_cast<ValueId>(v)) ? Home::late : Home::arena, v};
        return;
    }
  }

  void number_leaves() {
    for (std::size_t k = 0; k < program_.inputs.size(); ++k)
      if (program_.inputs[k] >= 0) program_.placements[program_.inputs[k]].number = k;
    for (std::size_t k = 0; k < program_.shared.size(); ++k)
      if (program_.shared[k].value) program_.placements[*program_.shared[k].value].number = k;
  }

  void place_results() {
    for (std::size_t k = 0; k < program_.outputs.size(); ++k) pin(program_.outputs[k], {Home::output, k});
    for (std::size_t k = 0; k < program_.shared.size(); ++k)
      if (const SharedUse& use = program_.shared[k]; use.update)
        pin(*use.update, {use.in_place ? Home::shared : Home::spare, k});
  }

  void pin(ValueId v, Placement placement) {
    program_.placements[v] = placement;
    lifetimes_[v].last = forever;
  }

  /// Results of the step move into memory that is free once the step has read it.
  void take_over(const Step& step, std::size_t n) {
    std::unordered_set<std::size_t> taken;
    for (ValueId result : writes(step)) {
      if (lifetimes_[result].first != n || !can_move(result)) continue;
      for (ValueId operand : reads(step)) {
        const std::size_t root = root_[operand];
        if (taken.contains(root) || !dies(operand, n) ||
            !same_bytes(program_.values[operand].type, program_.values[result].type))
          continue;
        if (!may_overwrite(step, operand, result, program_.kernels)) continue;
        taken.insert(root);
        join(root, result);
        break;
      }
    }
  }

  /// Whether other values may be asked to live where the result will.
  bool can_move(ValueId v) const {
    const Home home = program_.placements[v].home;
    return home == Home::arena || home == Home::output || home == Home::spare;
  }

  bool dies(ValueId v, std::size_t step) const {
    return program_.placements[root_[v]].home == Home::arena && lifetimes_[root_[v]].last == step &&
           lifetimes_[v].last == step;
  }

  /// `result` lives in the memory of `root`; where the result has a fixed home, that is the root's home too.
  void join(std::size_t root, ValueId result) {
    root_[result] = root;
    lifetimes_[root].last = lifetimes_[result].last;
    if (program_.placements[result].home != Home::arena) program_.placements[root] = program_.placements[result];
  }

  /// Every member of a root has the root's place.
  void settle() {
    for (std::size_t v = 0; v < root_.size(); ++v) {
      Placement& placement = program_.placements[v];
      placement = program_.placements[root_[v]];
      if (placement.home != Home::arena) continue;
      placement.first = lifetimes_[root_[v]].first;
      placement.last = lifetimes_[root_[v]].last;
    }
  }

  Program& program_;
  std::vector<Lifetime> lifetimes_;  // of a root: of all its members
  std::vector<std::size_t> root_;
};

}  // namespace

void place_values(Program& program) { Placer(program).run(); }

}  // namespace theon::codegen
