#include "runtime/dim_table.h"

#include "src/support/check.h"

#include <algorithm>

namespace theon::runtime {

/// What `ir::lower` writes to: operands in front of their operation.
class DimTable::Writer {
 public:
  struct Written {};

  explicit Writer(std::vector<Instruction>& code) : code_(code) {}
  Written literal(std::int64_t value) { return write(Kind::literal, value); }
  Written symbol(std::size_t place) { return write(Kind::symbol, static_cast<std::int64_t>(place)); }
  Written add(Written, Written) { return write(Kind::add, 0); }
  Written mul(Written, Written) { return write(Kind::mul, 0); }
  Written floor_div(Written, Written) { return write(Kind::floor_div, 0); }
  Written mod(Written, Written) { return write(Kind::mod, 0); }
  Written min(Written, Written) { return write(Kind::min, 0); }
  Written max(Written, Written) { return write(Kind::max, 0); }

 private:
  Written write(Kind kind, std::int64_t operand) {
    code_.push_back({kind, operand});
    return {};
  }
  std::vector<Instruction>& code_;
};

DimTable::DimTable(std::span<const Dim> symbols) : layout_(symbols), dependents_(symbols.size()) {
  for (std::size_t place = 0; place < symbols.size(); ++place) places_.emplace(symbols[place], place);
}

bool DimTable::has_place(const Dim& symbol) const { return places_.contains(symbol); }

std::size_t DimTable::add(const Dim& dim, Location where) {
  const auto [it, fresh] = numbers_.try_emplace(dim, dims_.size());
  if (!fresh) return it->second;
  lines_.push_back(where);
  const std::size_t first = instructions_.size();
  Writer writer(instructions_);
  if (is_symbol(dim))
    writer.symbol(place(dim));
  else
    ir::lower(dim, layout_, writer);
  codes_.push_back({first, instructions_.size()});
  dims_.push_back(dim);
  for (const Dim& symbol : theon::symbols(dim)) dependents_[place(symbol)].push_back(it->second);
  return it->second;
}

void DimTable::evaluate(std::span<const std::int64_t> symbols, std::span<std::int64_t> values) const {
  for (std::size_t number = 0; number < size(); ++number) values[number] = run(number, symbols);
}

void DimTable::evaluate_after(std::size_t place, std::span<const std::int64_t> symbols,
                              std::span<std::int64_t> values) const {
  for (std::size_t number : dependents_[place]) values[number] = run(number, symbols);
}

std::int64_t DimTable::run(std::size_t number, std::span<const std::int64_t> symbols) const {
  // Deep enough for sizes nested as deep as Dims may be; deeper ones take the slow way.
  constexpr std::size_t depth = 32;
  std::int64_t stack[depth];
  std::size_t top = 0;
  for (std::size_t at = codes_[number].first; at < codes_[number].last; ++at) {
    const Instruction& instruction = instructions_[at];
    if (instruction.kind == Kind::literal || instruction.kind == Kind::symbol) {
      if (top == depth) return layout_.value(dims_[number], symbols.data());
      stack[top++] = instruction.kind == Kind::literal ? instruction.operand : symbols[instruction.operand];
    } else if (--top; !apply(instruction.kind, stack[top - 1], stack[top], stack[top - 1])) {
      refuse(number, symbols);
    }
  }
  return stack[0];
}

void DimTable::refuse(std::size_t number, std::span<const std::int64_t> values) const {
  std::string known;
  for (const Dim& symbol : theon::symbols(dims_[number]))
    known += fmt::format("{}{} is {}", known.empty() ? "" : ", ", to_string(symbol), values[place(symbol)]);
  fail<ShapeError>(lines_[number], "the size {} does not fit 64 bits where {}", to_string(dims_[number]), known);
}

/// False where the result does not fit.
bool DimTable::apply(Kind kind, std::int64_t a, std::int64_t b, std::int64_t& result) {
  switch (kind) {
    case Kind::add:
      return !__builtin_add_overflow(a, b, &result);
    case Kind::mul:
      return !__builtin_mul_overflow(a, b, &result);
    case Kind::floor_div: {
      // The smallest number has no counterpart.
      if (b == -1) return !__builtin_sub_overflow(std::int64_t{0}, a, &result);
      result = b == 0 ? 0 : a / b - ((a % b != 0) && ((a % b < 0) != (b < 0)));
      return true;
    }
    case Kind::mod: {
      const std::int64_t rest = b == 0 || b == -1 ? 0 : a % b;
      result = rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
      return true;
    }
    case Kind::min:
      result = std::min(a, b);
      return true;
    case Kind::max:
      result = std::max(a, b);
      return true;
    case Kind::literal:
    case Kind::symbol:
      break;
  }
  broken_promise("the instruction is an operation", __FILE__, __LINE__);
}

}  // namespace theon::runtime
