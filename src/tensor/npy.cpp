// NumPy's .npy files, as `numpy.lib.format` documents them. What is read is not trusted.
#include <theon/tensor.h>

#include "src/support/check.h"
#include "src/tensor/layout.h"
#include "src/tensor/npy_header.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

namespace theon {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t header_alignment = 64;
/// NumPy writes about a hundred bytes; more than this is an attack or a mistake.
constexpr std::size_t longest_header = std::size_t{1} << 20;

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), stream_(path, std::ios::binary) {
    std::error_code error;
    const bool regular = std::filesystem::is_regular_file(path, error);
    if (regular) left_ = std::filesystem::file_size(path, error);
    if (!regular || error || !stream_) fail<FileError>({}, "{}: not a file that can be read", path);
  }

  std::uintmax_t left() const { return left_; }

  void read(char* to, std::size_t bytes) {
    if (bytes > left_) fail<FileError>({}, "{}: the file ends {} bytes too early", path_, bytes - left_);
    if (!stream_.read(to, static_cast<std::streamsize>(bytes))) fail<FileError>({}, "{}: reading failed", path_);
    left_ -= bytes;
  }

  std::string text(std::size_t bytes) {
    std::string result(bytes, '\0');
    read(result.data(), bytes);
    return result;
  }

  /// An unsigned integer, least significant byte first.
  std::size_t number(std::size_t bytes) {
    std::size_t value = 0, shift = 0;
    for (const char byte : text(bytes)) {
      value |= static_cast<std::size_t>(static_cast<unsigned char>(byte)) << shift;
      shift += 8;
    }
    return value;
  }

 private:
  const std::string& path_;
  std::ifstream stream_;
  std::uintmax_t left_ = 0;
};

NpyHeader read_header(Reader& reader, const std::string& path) {
  if (reader.left() < magic.size() || reader.text(magic.size()) != magic)
    fail<FileError>({}, "{}: not a .npy file: it does not begin with \\x93NUMPY", path);
  const std::size_t major = reader.number(1), minor = reader.number(1);
  if (major < 1 || major > 3 || minor != 0)
    fail<FileError>({}, "{}: version {}.{} of the .npy format is unknown; 1.0, 2.0 and 3.0 are read", path, major,
                    minor);
  const std::size_t length = reader.number(major == 1 ? 2 : 4);
  if (length > longest_header)
    fail<FileError>({}, "{}: a header of {} bytes; more than {} are refused", path, length, longest_header);
  return parse_npy_header(reader.text(length), path);
}

void check_data_size(const NpyHeader& header, std::uintmax_t bytes_left, const std::string& path) {
  const std::optional<std::size_t> bytes = bytes_of(header.dtype, header.sizes);
  const std::string sizes = to_string(header.sizes);
  const std::string_view type = name(header.dtype);
  if (!bytes) fail<FileError>({}, "{}: sizes {} of {} do not fit into the address space", path, sizes, type);
  if (*bytes != bytes_left)
    fail<FileError>({}, "{}: sizes {} of {} take {} bytes, but {} follow the header", path, sizes, type, *bytes,
                    bytes_left);
}

void reverse_each(std::byte* data, std::size_t bytes, std::size_t width) {
  for (std::size_t i = 0; i < bytes; i += width) std::reverse(data + i, data + i + width);
}

/// Makes true of every byte but 0, since a bool of any other value is undefined.
void normalise_booleans(std::byte* data, std::size_t bytes) {
  std::transform(data, data + bytes, data, [](std::byte byte) { return std::byte{byte != std::byte{0}}; });
}

}  // namespace

Tensor Tensor::load_npy(const std::string& path) {
  Reader reader(path);
  NpyHeader header = read_header(reader, path);
  check_data_size(header, reader.left(), path);

  if (header.column_major) std::ranges::reverse(header.sizes);
  Tensor result(header.dtype, std::move(header.sizes));
  const std::size_t bytes = result.storage()->bytes();
  reader.read(reinterpret_cast<char*>(result.raw()), bytes);
  if (header.swapped) reverse_each(result.raw(), bytes, size_of(header.dtype));
  if (is_boolean(header.dtype)) normalise_booleans(result.raw(), bytes);
  return header.column_major ? result.transpose().contiguous() : result;
}

void Tensor::save_npy(const std::string& path) const {
  std::string header = npy_dictionary(dtype_, sizes(), path);
  const std::size_t before = magic.size() + 4, unpadded = before + header.size() + 1;
  header.append((header_alignment - unpadded % header_alignment) % header_alignment, ' ').push_back('\n');
  if (header.size() > 0xffff) fail<FileError>({}, "{}: {} axes do not fit into a .npy header", path, ndim());
  const std::array<char, 4> version_and_length{1, 0, static_cast<char>(header.size() & 0xff),
                                               static_cast<char>(header.size() >> 8)};

  const Tensor row_major = contiguous();
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << magic;
  stream.write(version_and_length.data(), version_and_length.size());
  stream << header;
  stream.write(reinterpret_cast<const char*>(row_major.raw()), size() * static_cast<std::int64_t>(size_of(dtype_)));
  stream.close();
  if (!stream) fail<FileError>({}, "{}: cannot be written", path);
}

}  // namespace theon
