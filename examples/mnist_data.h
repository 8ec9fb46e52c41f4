#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

// Labelled images of handwritten digits.
struct Digits {
  static constexpr std::int64_t pixels = 28 * 28;

  std::int64_t count = 0;
  std::vector<float> images;         // [count, pixels], row by row, 0 is background and 1 is ink
  std::vector<std::int32_t> labels;  // [count], 0 to 9
};

struct Mnist {
  Digits train, test;
};

// Reads the four files of MNIST, train- and t10k-, images-idx3-ubyte.gz and labels-idx1-ubyte.gz, from a folder.
// Throws std::runtime_error naming the file if one is missing, damaged, or does not hold what its name says.
// The format is described by LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998.
Mnist load_mnist(const std::filesystem::path& folder);
