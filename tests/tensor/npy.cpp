#include <theon/tensor.h>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

using namespace theon;
using namespace std::string_literals;

namespace {

/// The name of a file that is deleted in the end.
class TemporaryFile {
 public:
  TemporaryFile()
      : path_(std::filesystem::temp_directory_path() / ("theon_" + std::to_string(std::random_device()()) + ".npy")) {}
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string bytes_saved(const Tensor& x) {
  const TemporaryFile file;
  x.save_npy(file.path());
  std::ifstream stream(file.path(), std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

Tensor loaded(const std::string& bytes) {
  const TemporaryFile file;
  std::ofstream(file.path(), std::ios::binary) << bytes;
  return Tensor::load_npy(file.path());
}

/// A file of version 1 with this dictionary and data.
std::string npy(const std::string& dictionary, const std::string& data) {
  return "\x93NUMPY\x01\x00"s + static_cast<char>(dictionary.size()) + '\0' + dictionary + data;
}

std::string dictionary(const std::string& descr, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
}

}  // namespace

TEST_CASE("saved bytes are those of NumPy") {
  CHECK(bytes_saved(Tensor(std::vector{1.5, -2.0, 3.0})) ==
        "\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"s + std::string(60, ' ') +
            "\n" + "\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x08\x40"s);
  CHECK(bytes_saved(Tensor(true)) == "\x93NUMPY\x01\x00v\x00{'descr': '|b1', 'fortran_order': False, 'shape': (), }"s +
                                         std::string(62, ' ') + "\n\x01");
}

TEST_CASE("the data of a saved file begin at a multiple of 64 bytes") {
  for (int axes = 0; axes < 40; ++axes)
    CHECK((bytes_saved(Tensor::zeros<std::int8_t>(Sizes(axes, 1))).size() - 1) % 64 == 0);
}

TEST_CASE("what is saved is loaded, for every dtype of the format") {
  for (const DTypeInfo& row : dtype_table) {
    if (row.dtype == DType::bfloat16) continue;
    for (const Sizes& sizes : {Sizes{}, Sizes{6}, Sizes{2, 3}, Sizes{0, 3}, Sizes{1, 2, 3}}) {
      const Tensor x = Tensor::uniform(row.dtype, sizes, 1, 0, 100);
      CHECK(identical(loaded(bytes_saved(x)), x));
    }
  }
}

TEST_CASE("views are saved in row-major order") {
  const Tensor x = Tensor::arange<int>(6).reshape({2, 3}).transpose();
  CHECK(identical(loaded(bytes_saved(x)), x));
}

TEST_CASE("bytes in the other order are turned round") {
  CHECK(loaded(npy(dictionary(">i2", "(2,)"), "\x01\x02\xff\xfe"s)).to_vector<int>() == std::vector{258, -2});
  CHECK(loaded(npy(dictionary("<i2", "(2,)"), "\x01\x02\xff\xfe"s)).to_vector<int>() == std::vector{513, -257});
  CHECK(loaded(npy(dictionary(">f4", "()"), "\x3f\x80\x00\x00"s)).item<float>() == 1.0f);
  CHECK(loaded(npy(dictionary(">f8", "()"), "\xc0\x00\x00\x00\x00\x00\x00\x00"s)).item<double>() == -2.0);
  CHECK(loaded(npy(dictionary(">f2", "()"), "\x3c\x00"s)).item<float>() == 1.0f);
}

TEST_CASE("columns first becomes rows first") {
  // np.save of np.asfortranarray(np.array([[1, 2, 3], [4, 5, 6]], '>i2')).
  const Tensor x = loaded(npy(dictionary(">i2", "(2, 3)", true), "\x00\x01\x00\x04\x00\x02\x00\x05\x00\x03\x00\x06"s));
  CHECK(x.sizes() == Sizes{2, 3});
  CHECK(x.to_vector<int>() == std::vector{1, 2, 3, 4, 5, 6});
  CHECK(x.is_contiguous());
}

TEST_CASE("bytes without order, and any nonzero boolean, are read") {
  CHECK(loaded(npy(dictionary("|u1", "(2,)"), "\x07\xff"s)).to_vector<int>() == std::vector{7, 255});
  CHECK(loaded(npy(dictionary("=i1", "(1,)"), "\xff"s)).to_vector<int>() == std::vector{-1});
  CHECK(identical(loaded(npy(dictionary("|b1", "(3,)"), "\x00\x01\xff"s)), Tensor(std::vector{false, true, true})));
}

TEST_CASE("versions 2 and 3 have a longer length") {
  const std::string header = dictionary("|u1", "(1,)");
  for (const char version : {'\2', '\3'})
    CHECK(loaded("\x93NUMPY"s + version + '\0' + static_cast<char>(header.size()) + "\0\0\0"s + header + "\x05")
              .to_vector<int>() == std::vector{5});
}

TEST_CASE("the dictionary may be written in any way that Python reads") {
  CHECK(loaded(npy("{ \"shape\" : ( 2 , 1 ) ,\n\t'fortran_order':False,'descr':\"|u1\"}  \n", "\x01\x02")).sizes() ==
        Sizes{2, 1});
  CHECK(loaded(npy(dictionary("|u1", "(2L,)"), "\x01\x02")).sizes() == Sizes{2});
}

TEST_CASE("a file that is missing or no file is refused") {
  CHECK_THROWS_AS(Tensor::load_npy("no/such/file.npy"), FileError);
  CHECK_THROWS_AS(Tensor::load_npy(std::filesystem::temp_directory_path().string()), FileError);
  CHECK_THROWS_AS(Tensor().save_npy("no/such/folder/x.npy"), FileError);
}

TEST_CASE("a refusal names the file and the mistake") {
  CHECK_THROWS_WITH(loaded("PK\x03\x04 not NumPy"),
                    Catch::Matches(".*theon_\\d+\\.npy: not a \\.npy file: it does not .*"));
  CHECK_THROWS_WITH(loaded(npy(dictionary("<f4", "(2, 3)"), std::string(25, '\0'))),
                    Catch::EndsWith("sizes [2, 3] of float32 take 24 bytes, but 25 follow the header"));
  CHECK_THROWS_WITH(loaded(npy(dictionary("<c8", "(1,)"), std::string(8, '\0'))), Catch::Contains("type '<c8'"));
  CHECK_THROWS_WITH(Tensor::zeros<BFloat16>({2}).save_npy("x.npy"),
                    Catch::Contains("x.npy: the .npy format has no bfloat16"));
}

TEST_CASE("malformed dictionaries are refused") {
  const std::string entries = "'descr': '|u1', 'fortran_order': False, 'shape': (1,)";
  for (const std::string& text : {
           ""s,
           "{"s,
           "{}"s,
           "{" + entries,
           entries + "}",
           "{" + entries + "} x",
           "{" + entries + ", 'more': 1}",
           "{" + entries + ", 'shape': (1,)}",
           "{'descr': '|u1', 'shape': (1,)}"s,
           dictionary("|u1", "(1)"),
           dictionary("|u1", "(-1,)"),
           dictionary("|u1", "(1.0,)"),
           dictionary("|u1", "(1,,)"),
           dictionary("|u1", "(1"),
           dictionary("|u1", "1"),
           dictionary("|u1", "(99999999999999999999,)"),
           dictionary("u1", "(1,)"),
           dictionary("|u1 ", "(1,)"),
           dictionary("", "(1,)"),
           dictionary("<", "(1,)"),
           dictionary("|O", "(1,)"),
           "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}"s,
           "{'descr': '|u1', 'fortran_order': 0, 'shape': (1,)}"s,
           "{'descr': '|u1"s,
       }) {
    INFO(text);
    CHECK_THROWS_AS(loaded(npy(text, "\x01")), FileError);
  }
}

TEST_CASE("sizes whose product overflows are refused, also next to a zero") {
  for (const char* shape : {"(4294967296, 4294967296)", "(9223372036854775807,)", "(0, 9223372036854775807, 4)"})
    CHECK_THROWS_WITH(loaded(npy(dictionary("<f8", shape), "")), Catch::EndsWith("do not fit into the address space"));
}

TEST_CASE("unknown versions and overlong headers are refused") {
  CHECK_THROWS_WITH(loaded("\x93NUMPY\x04\x00"s + std::string(100, ' ')), Catch::Contains("version 4.0"));
  CHECK_THROWS_WITH(loaded("\x93NUMPY\x02\x00\xff\xff\xff\xff"s), Catch::Contains("a header of 4294967295 bytes"));
}

TEST_CASE("a file cut anywhere is refused") {
  const std::string whole = bytes_saved(Tensor::arange<int>(3));
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_THROWS_AS(loaded(whole.substr(0, length)), FileError);
}

TEST_CASE("a file with any byte changed is loaded or refused") {
  const std::string whole = npy(dictionary("<i4", "(3,)"), std::string(12, '\1'));
  int loads = 0, refusals = 0;
  for (std::size_t position = 0; position < whole.size(); ++position) {
    for (const char byte : {'\0', '0', '9', ',', '(', '\'', '}', '\xff'}) {
      std::string changed = whole;
      changed[position] = byte;
      try {
        loaded(changed);
        ++loads;
      } catch (const FileError&) {
        ++refusals;
      }
    }
  }
  CHECK(loads >= 12 * 8);
  CHECK(loads + refusals == static_cast<int>(8 * whole.size()));
}

TEST_CASE("a refusal quotes foreign text in printable characters") {
  CHECK_THROWS_WITH(loaded(npy("{'descr': \xff\n\0u1"s, "")),
                    Catch::EndsWith("malformed header: ''' should stand where '???u1' does"));
  CHECK_THROWS_WITH(loaded(npy("{'" + std::string(50, 'x') + "': 1}", "")),
                    Catch::EndsWith("unknown entry '" + std::string(20, 'x') + "...'"));
}
