// The expected texts are those of NumPy 2.4 for the same arrays.
#include <theon/tensor.h>

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <locale>
#include <sstream>

using namespace theon;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string text(std::initializer_list<double> values) { return to_string(Tensor(std::vector<double>(values))); }

}  // namespace

TEST_CASE("scalars print with the fewest digits that tell them apart") {
  CHECK(to_string(Tensor(3.0)) == "3.0");
  CHECK(to_string(Tensor(-0.0)) == "-0.0");
  CHECK(to_string(Tensor(0.1f)) == "0.1");
  CHECK(to_string(Tensor(Half{0x2e66})) == "0.1");
  CHECK(to_string(Tensor(BFloat16{0x4049})) == "3.14");
  CHECK(to_string(Tensor(1e16)) == "1e+16");
  CHECK(to_string(Tensor(1e-5)) == "1e-05");
  CHECK(to_string(Tensor(1.0 / 3)) == "0.3333333333333333");
  CHECK(to_string(Tensor(-infinity)) == "-inf");
  CHECK(to_string(Tensor(-std::nan(""))) == "nan");
  CHECK(to_string(Tensor(-7)) == "-7");
  CHECK(to_string(Tensor(std::uint8_t{65})) == "65");
  CHECK(to_string(Tensor(true)) == "True");
}

TEST_CASE("floats stand with their points below each other") {
  CHECK(text({1, 2.5, 3}) == "[1.  2.5 3. ]");
  CHECK(text({std::acos(-1), 100}) == "[  3.14159265 100.        ]");
  CHECK(text({1.0 / 3, 2.0 / 3}) == "[0.33333333 0.66666667]");
  CHECK(text({0, 0}) == "[0. 0.]");
  CHECK(text({std::nan(""), 1.5, -infinity}) == "[ nan  1.5 -inf]");
  CHECK(text({infinity, std::nan("")}) == "[inf nan]");
  CHECK(to_string(Tensor(std::vector{0.1f, 0.2f})) == "[0.1 0.2]");
  CHECK(to_string(Tensor(std::vector{0.010595755f})) == "[0.01059575]");  // The exact number is below the tie.
  CHECK(to_string(Tensor(std::vector{0.1, 1.0 / 3}).astype<Half>()) == "[0.1    0.3333]");
}

TEST_CASE("floats that are large, small or far apart have exponents") {
  CHECK(text({1e10, 1}) == "[1.e+10 1.e+00]");
  CHECK(text({1e100, 1, -2.5}) == "[ 1.0e+100  1.0e+000 -2.5e+000]");
  CHECK(text({1e-5, 1}) == "[1.e-05 1.e+00]");
  CHECK(text({1.0 / 3, 1e-7}) == "[3.33333333e-01 1.00000000e-07]");
  CHECK(text({123456789, 2}) == "[1.23456789e+08 2.00000000e+00]");
}

TEST_CASE("integers and booleans stand to the right") {
  CHECK(to_string(Tensor::of({1, -20, 300, 4}, {2, 2})) == "[[  1 -20]\n [300   4]]");
  CHECK(to_string(Tensor(std::vector{true, false})) == "[ True False]");
  CHECK(to_string(Tensor(std::vector{true, true})) == "[ True  True]");
}

TEST_CASE("outer axes are set apart by empty lines") {
  CHECK(to_string(Tensor::arange<int>(8).reshape({2, 2, 2})) == "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]");
}

TEST_CASE("a tensor without elements prints as brackets") { CHECK(to_string(Tensor::zeros<float>({0, 3})) == "[]"); }

TEST_CASE("lines break before the seventy-sixth character") {
  std::vector<int> thousands;
  for (int i = 0; i < 30; ++i) thousands.push_back(1000 * i);
  CHECK(to_string(Tensor(thousands)) ==
        "[    0  1000  2000  3000  4000  5000  6000  7000  8000  9000 10000 11000\n"
        " 12000 13000 14000 15000 16000 17000 18000 19000 20000 21000 22000 23000\n"
        " 24000 25000 26000 27000 28000 29000]");
}

TEST_CASE("of more than a thousand elements the edges are shown") {
  CHECK(to_string(Tensor::arange<int>(1001)) == "[   0    1    2 ...  998  999 1000]");
  CHECK(to_string(Tensor::arange<int>(1200).reshape({30, 40})) ==
        "[[   0    1    2 ...   37   38   39]\n"
        " [  40   41   42 ...   77   78   79]\n"
        " [  80   81   82 ...  117  118  119]\n"
        " ...\n"
        " [1080 1081 1082 ... 1117 1118 1119]\n"
        " [1120 1121 1122 ... 1157 1158 1159]\n"
        " [1160 1161 1162 ... 1197 1198 1199]]");
}

TEST_CASE("the locale of the program changes nothing") {
  struct German : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
    char do_thousands_sep() const override { return '.'; }
  };
  std::ostringstream out;
  out.imbue(std::locale(std::locale::classic(), new German));
  const std::locale before = std::locale::global(out.getloc());
  out << Tensor(std::vector{1234.5}) << Tensor(1234567) << Tensor(0.5);
  std::locale::global(before);
  CHECK(out.str() == "[1234.5]12345670.5");
}

TEST_CASE("sizes print in brackets") {
  CHECK(to_string(Sizes{3, 4}) == "[3, 4]");
  CHECK(to_string(Sizes{}) == "[]");
}
