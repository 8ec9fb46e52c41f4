#include "runtime/dim_table.h"

#include <theon/error.h>

#include <catch2/catch.hpp>

#include <limits>

using namespace theon;
using runtime::DimTable;

namespace {

/// The values of all sizes of a table.
std::vector<std::int64_t> values(const DimTable& table, const std::vector<std::int64_t>& symbols) {
  std::vector<std::int64_t> result(table.size());
  table.evaluate(symbols, result);
  return result;
}

}  // namespace

TEST_CASE("sizes are computed from symbols") {
  const Dim n = dim("n"), m = dim("m");
  const std::vector<Dim> sizes{7,         n,         n * m + 2 * n - 3,    floor_div(n, m), mod(n, m),
                               min(n, m), max(n, m), floor_div(n - 20, 3), mod(n - 20, 3),  n * n * n};
  const std::vector<Dim> symbols{n, m};
  DimTable table(symbols);
  for (const Dim& size : sizes) table.add(size);
  CHECK(values(table, {10, 4}) == std::vector<std::int64_t>{7, 10, 57, 2, 2, 4, 10, -4, 2, 1000});
  CHECK(values(table, {3, 0}) == std::vector<std::int64_t>{7, 3, 3, 0, 0, 0, 3, -6, 1, 27});
}

TEST_CASE("equal sizes share a number") {
  const Dim n = dim("n");
  DimTable table(std::vector<Dim>{n});
  CHECK(table.add(n + 1) == table.add(1 + n));
  CHECK(table.add(n) != table.add(n + 1));
}

TEST_CASE("a size that does not fit 64 bits is an error") {
  const Dim n = dim("n");
  DimTable table(std::vector<Dim>{n});
  table.add(n * n, Location("mlp.cpp", 7));
  CHECK_THROWS_WITH(values(table, {std::int64_t{1} << 32}),
                    "mlp.cpp:7: the size n*n does not fit 64 bits where n is 4294967296");
  CHECK(values(table, {std::int64_t{1} << 31}) == std::vector<std::int64_t>{std::int64_t{1} << 62});
}

TEST_CASE("only sizes that mention a symbol are computed again for it") {
  const Dim n = dim("n"), m = dim("m");
  DimTable table(std::vector<Dim>{n, m});
  const std::size_t of_n = table.add(n + 1), of_both = table.add(n + m);
  std::vector<std::int64_t> result{-1, -1};
  const std::vector<std::int64_t> symbols{5, 2};
  table.evaluate_after(1, symbols, result);
  CHECK(result[of_n] == -1);
  CHECK(result[of_both] == 7);
}

TEST_CASE("sizes nested deeper than the stack are computed too") {
  const Dim n = dim("n");
  Dim deep = n;
  for (int k = 0; k < 12; ++k) deep = max(floor_div(deep + k, 2), min(n, deep - k));
  DimTable table(std::vector<Dim>{n});
  const std::size_t number = table.add(deep);
  CHECK(values(table, {100})[number] == evaluate(deep, [](SymbolId) { return 100; }));
}
