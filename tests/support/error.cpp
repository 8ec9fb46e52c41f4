#include "src/support/check.h"

#include <catch2/catch.hpp>

#include <string>
#include <thread>

using namespace theon;

TEST_CASE("a location prints as file and line, without folders") {
  CHECK(to_string(Location("/home/ada/models/mlp.cpp", 31)) == "mlp.cpp:31");
  CHECK(to_string(Location("C:\\models\\mlp.cpp", 31)) == "mlp.cpp:31");
  CHECK(to_string(Location("mlp.cpp", 31)) == "mlp.cpp:31");
  CHECK(to_string(Location()) == "?");
}

TEST_CASE("locations are equal when file and line are, wherever the name is stored") {
  const std::string name = "mlp.cpp", same_name = "mlp.cpp";
  CHECK(Location(name.c_str(), 31) == Location(same_name.c_str(), 31));
  CHECK_FALSE(Location("mlp.cpp", 31) == Location("mlp.cpp", 32));
  CHECK_FALSE(Location("mlp.cpp", 31) == Location("rnn.cpp", 31));
  CHECK(Location() == Location());
}

TEST_CASE("here is the line that calls it") {
  const Location where = Location::here();
  CHECK(where.line == __LINE__ - 1);
  CHECK(to_string(where).starts_with("error.cpp:"));
}

TEST_CASE("an error begins with the user's line") {
  const ShapeError error(Location("models/mlp.cpp", 31), "add: shapes [4] and [5] do not broadcast");
  CHECK(std::string(error.what()) == "mlp.cpp:31: add: shapes [4] and [5] do not broadcast");
  CHECK(error.where() == Location("models/mlp.cpp", 31));
}

TEST_CASE("an error of an unknown line is its text alone") {
  CHECK(std::string(FileError({}, "x.npy: not a .npy file").what()) == "x.npy: not a .npy file");
}

TEST_CASE("open scopes name their callers, innermost first") {
  const Scope model("model", std::source_location::current());
  const unsigned outer = __LINE__ - 1;
  {
    const Scope encoder("encoder");
    const unsigned inner = __LINE__ - 1;
    CHECK(std::string(Error({}, "too wide").what()) == "too wide\n  in encoder, error.cpp:" + std::to_string(inner) +
                                                           "\n  in model, error.cpp:" + std::to_string(outer));
  }
  CHECK(std::string(Error({}, "too wide").what()) == "too wide\n  in model, error.cpp:" + std::to_string(outer));
}

TEST_CASE("a scope belongs to its thread") {
  const Scope scope("encoder");
  std::string text;
  std::thread([&] { text = Error({}, "too wide").what(); }).join();
  CHECK(text == "too wide");
}

TEST_CASE("a scope that an exception leaves is closed") {
  try {
    const Scope scope("encoder");
    fail<ShapeError>({}, "inner");
  } catch (const ShapeError&) {
  }
  CHECK(std::string(Error({}, "outer").what()) == "outer");
}

TEST_CASE("fail throws the error asked for, formatted") {
  CHECK_THROWS_AS(fail<IndexError>({}, "index {}", 7), IndexError);
  CHECK_THROWS_WITH(fail<IndexError>(Location("a.cpp", 2), "index {}", 7), "a.cpp:2: index 7");
}

TEST_CASE("a failed internal check says which promise broke and where") {
  CHECK_NOTHROW(THEON_CHECK(1 + 1 == 2));
  CHECK_THROWS_AS(THEON_CHECK(1 + 1 == 3), InternalError);
  CHECK_THROWS_WITH(THEON_CHECK(1 + 1 == 3), Catch::Contains("error.cpp:") && Catch::Contains("1 + 1 == 3"));
}
