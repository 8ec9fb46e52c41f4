// Equality, hash, printing and dim substitution of ops, derived from one list of fields.
//
//   struct Sum : Defined<Sum, ElementOp> {
//     std::vector<int> axes;
//     static auto fields(auto& self) { return std::tie(self.axes); }
//     ...
//   };
//
// A field may be a number, an enumeration, a string, a Dim, a Graph, a Tensor, an optional or vector of these, a shared
// pointer (of which the identity counts), or a type with such a static `fields` of its own.
#pragma once

#include "src/graph/op.h"
#include "src/graph/traversal.h"
#include "src/support/hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace theon {

namespace field {

template <class T>
concept Composed = requires(const T& x) {
  T::fields(x);
};
template <class T>
concept List = std::same_as<T, std::vector<typename T::value_type>>;
template <class T>
concept Maybe = std::same_as<T, std::optional<typename T::value_type>>;
template <class T>
concept Pointer = std::same_as<T, std::shared_ptr<typename T::element_type>>;

template <class T>
bool equal(const T& a, const T& b) {
  if constexpr (Composed<T>) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (field::equal(std::get<I>(T::fields(a)), std::get<I>(T::fields(b))) && ...);
    }
    (std::make_index_sequence<std::tuple_size_v<decltype(T::fields(a))>>());
  } else if constexpr (List<T>) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return field::equal(x, y); });
  } else if constexpr (Maybe<T>) {
    return a.has_value() == b.has_value() && (!a || field::equal(*a, *b));
  } else if constexpr (std::same_as<T, Graph>) {
    return same_graph(a, b);
  } else if constexpr (std::same_as<T, Tensor>) {
    return identical(a, b);
  } else {
    return a == b;
  }
}

/// Equal for graphs that `same_graph` calls equal.
std::size_t hash_graph(const Graph& graph);
std::size_t hash_tensor(const Tensor& tensor);

template <class T>
std::size_t hash(const T& x) {
  if constexpr (Composed<T>) {
    return std::apply(
        [](const auto&... part) {
          std::size_t seed = 0;
          ((seed = combine(seed, field::hash(part))), ...);
          return seed;
        },
        T::fields(x));
  } else if constexpr (List<T>) {
    std::size_t seed = x.size();
    for (const typename T::value_type& item : x) seed = combine(seed, field::hash(item));
    return seed;
  } else if constexpr (Maybe<T>) {
    return x ? field::hash(*x) : 0;
  } else if constexpr (std::same_as<T, Graph>) {
    return hash_graph(x);
  } else if constexpr (std::same_as<T, Tensor>) {
    return hash_tensor(x);
  } else if constexpr (std::same_as<T, Dim>) {
    return x.hash();
  } else {
    return std::hash<T>()(x);
  }
}

template <class T>
std::string text(const T& x);

template <class... T>
std::string text_of_fields(const std::tuple<T...>& parts) {
  std::string out;
  std::apply([&](const auto&... part) { ((out += (out.empty() ? "" : ", ") + field::text(part)), ...); }, parts);
  return out;
}

template <class T>
std::string text(const T& x) {
  if constexpr (Composed<T>) {
    return "(" + text_of_fields(T::fields(x)) + ")";
  } else if constexpr (List<T>) {
    std::string out;
    for (const typename T::value_type& item : x) out += (out.empty() ? "" : ", ") + field::text(item);
    return "[" + out + "]";
  } else if constexpr (Maybe<T>) {
    return x ? field::text(*x) : "none";
  } else if constexpr (Pointer<T>) {
    return "...";
  } else if constexpr (std::same_as<T, Graph>) {
    return fmt::format("graph({} -> {})", x.inputs.size(), x.outputs.size());
  } else if constexpr (std::same_as<T, Tensor> || std::same_as<T, Dim>) {
    return to_string(x);
  } else if constexpr (std::same_as<T, DType>) {
    return std::string(name(x));
  } else if constexpr (std::is_enum_v<T>) {
    return fmt::format("{}", static_cast<int>(x));
  } else {
    return fmt::format("{}", x);
  }
}

/// Replaces symbols in place; says whether anything changed.
bool substitute_dim(Dim& dim, const DimMap& map);
bool substitute_graph(Graph& graph, const DimMap& map);

template <class T>
bool substitute(T& x, const DimMap& map) {
  bool changed = false;
  if constexpr (Composed<T>) {
    std::apply([&](auto&... part) { ((changed |= field::substitute(part, map)), ...); }, T::fields(x));
  } else if constexpr (List<T>) {
    if constexpr (!std::same_as<T, std::vector<bool>>)
      for (typename T::value_type& item : x) changed |= field::substitute(item, map);
  } else if constexpr (Maybe<T>) {
    changed = x && field::substitute(*x, map);
  } else if constexpr (std::same_as<T, Dim>) {
    changed = substitute_dim(x, map);
  } else if constexpr (std::same_as<T, Graph>) {
    changed = substitute_graph(x, map);
  }
  return changed;
}

/// Whether a Dim in it is not a number.
template <class T>
bool has_symbols(const T& x) {
  if constexpr (Composed<T>)
    return std::apply([](const auto&... part) { return (field::has_symbols(part) || ...); }, T::fields(x));
  else if constexpr (List<T> && !std::same_as<T, std::vector<bool>>)
    return std::ranges::any_of(x, [](const auto& item) { return field::has_symbols(item); });
  else if constexpr (Maybe<T>)
    return x && field::has_symbols(*x);
  else if constexpr (std::same_as<T, Dim>)
    return !x.is_known();
  else
    return false;
}

}  // namespace field

template <class Self, class Base>
class Defined : public Base {
 public:
  bool equals(const Op& other) const final {
    return typeid(other) == typeid(Self) && field::equal(self(), static_cast<const Self&>(other));
  }
  std::size_t hash() const final { return combine(typeid(Self).hash_code(), field::hash(self())); }
  std::string attributes() const override { return field::text_of_fields(Self::fields(self())); }
  bool has_symbols() const override { return field::has_symbols(self()); }
  OpRef with(const DimMap& map) const override {
    Self copy = self();
    return field::substitute(copy, map) ? std::make_shared<const Self>(std::move(copy)) : nullptr;
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace theon
