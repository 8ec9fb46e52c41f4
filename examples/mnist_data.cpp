#include "examples/mnist_data.h"

#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include <zlib.h>

namespace {

using Bytes = std::vector<unsigned char>;
using Path = std::filesystem::path;

[[noreturn]] void fail(const Path& file, const std::string& what) {
  throw std::runtime_error(file.string() + ": " + what);
}

Bytes inflate(const Path& file) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> in(gzopen(file.c_str(), "rb"), &gzclose);
  if (!in) fail(file, "cannot be opened");

  constexpr unsigned chunk = 1 << 20;
  Bytes bytes;
  while (true) {
    const std::size_t size = bytes.size();
    bytes.resize(size + chunk);
    const int got = gzread(in.get(), bytes.data() + size, chunk);
    bytes.resize(size + std::max(got, 0));

    int status = Z_OK;
    const char* message = gzerror(in.get(), &status);
    if (status == Z_BUF_ERROR) fail(file, "is truncated, after " + std::to_string(bytes.size()) + " bytes of content");
    if (got < 0) fail(file, std::string("cannot be decompressed, ") + message);
    if (got == 0) return bytes;
  }
}

std::uint32_t big_endian(std::span<const unsigned char, 4> b) {
  return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
}

void expect(const Path& file, const std::string& what, std::uint64_t expected, std::uint64_t given) {
  if (given != expected) fail(file, what + " is " + std::to_string(given) + ", expected " + std::to_string(expected));
}

// The items of an IDX file of bytes, without its header. The header is a magic number, which tells the type and the
// rank, the number of items and the extents of an item.
Bytes read_items(const Path& file, const std::vector<std::uint32_t>& extents) {
  constexpr std::uint32_t unsigned_bytes = 0x0800;
  Bytes bytes = inflate(file);
  const std::size_t header_size = 4 * (2 + extents.size());
  if (bytes.size() < header_size) fail(file, "is truncated, within its header");

  const auto field = [&](std::size_t i) { return big_endian(std::span(bytes).subspan(4 * i).first<4>()); };
  expect(file, "the magic number", unsigned_bytes + 1 + extents.size(), field(0));
  std::uint64_t size = field(1);
  for (std::size_t i = 0; i < extents.size(); ++i) {
    expect(file, "an extent of its items", extents[i], field(2 + i));
    size *= extents[i];
  }
  expect(file, "the size of its content in bytes", size, bytes.size() - header_size);
  bytes.erase(bytes.begin(), bytes.begin() + header_size);
  return bytes;
}

Digits load(const Path& folder, const std::string& part) {
  const Path image_file = folder / (part + "-images-idx3-ubyte.gz");
  const Path label_file = folder / (part + "-labels-idx1-ubyte.gz");
  const Bytes images = read_items(image_file, {28, 28});
  const Bytes labels = read_items(label_file, {});
  const std::int64_t count = images.size() / Digits::pixels;
  expect(label_file, "the number of labels", count, labels.size());

  Digits digits{.count = count, .images = {}, .labels = {labels.begin(), labels.end()}};
  digits.images.reserve(images.size());
  for (unsigned char pixel : images) digits.images.push_back(pixel / 255.0f);
  return digits;
}

}  // namespace

Mnist load_mnist(const Path& folder) { return {load(folder, "train"), load(folder, "t10k")}; }
