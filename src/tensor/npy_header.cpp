#include "src/tensor/npy_header.h"

#include "src/support/check.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <set>

namespace theon {

namespace {

constexpr char native_order = std::endian::native == std::endian::little ? '<' : '>';

char kind_letter(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return 'b';
    case Kind::signed_integer:
      return 'i';
    case Kind::unsigned_integer:
      return 'u';
    case Kind::floating:
      return 'f';
  }
  broken_promise("the kind is one of the four", __FILE__, __LINE__);
}

/// "f4" and the like; nothing for a dtype that the format lacks.
std::optional<std::string> type_code(DType dtype) {
  if (dtype == DType::bfloat16) return std::nullopt;
  return fmt::format("{}{}", kind_letter(info(dtype).kind), size_of(dtype));
}

std::optional<DType> dtype_of_code(std::string_view code) {
  for (const DTypeInfo& row : dtype_table)
    if (type_code(row.dtype) == code) return row.dtype;
  return std::nullopt;
}

/// The beginning of foreign text, fit for a message.
std::string printable(std::string_view text) {
  constexpr std::size_t most = 20;
  std::string result(text.substr(0, most));
  for (char& c : result)
    if (c < ' ' || c > '~') c = '?';
  return text.size() > most ? result + "..." : result;
}

class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      entry();
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_spaces();
    if (!text_.empty()) refuse("the dictionary should end");
    for (const char* key : {"descr", "fortran_order", "shape"})
      if (!seen_.contains(key)) fail<FileError>({}, "{}: the header has no '{}'", path_, key);
    return header_;
  }

 private:
  void entry() {
    const std::string_view key = string();
    if (!seen_.insert(key).second) fail<FileError>({}, "{}: the header has '{}' twice", path_, printable(key));
    expect(':');
    if (key == "descr")
      element_type();
    else if (key == "fortran_order")
      header_.column_major = boolean();
    else if (key == "shape")
      header_.sizes = sizes();
    else
      fail<FileError>({}, "{}: the header has an unknown entry '{}'", path_, printable(key));
  }

  /// A byte order and a type code: "<f4".
  void element_type() {
    if (accept('[')) fail<FileError>({}, "{}: arrays of records are not supported; save each field by itself", path_);
    const std::string_view text = string();
    const bool ordered = !text.empty() && std::string_view("<>|=").find(text[0]) != std::string_view::npos;
    const std::optional<DType> dtype = ordered ? dtype_of_code(text.substr(1)) : std::nullopt;
    if (!dtype)
      fail<FileError>({}, "{}: elements of type '{}' are not supported; convert to bool, an integer or a float first",
                      path_, printable(text));
    header_.dtype = *dtype;
    header_.swapped = (text[0] == '<' || text[0] == '>') && text[0] != native_order;
  }

  Sizes sizes() {
    Sizes result;
    expect('(');
    while (!accept(')')) {
      result.push_back(number());
      if (accept(',')) continue;
      expect(')');
      if (result.size() == 1) refuse("a comma should follow the only size");
      break;
    }
    return result;
  }

  std::int64_t number() {
    skip_spaces();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) refuse("a size from 0 to 2^63 - 1 should stand");
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    accept('L');  // Python 2 ended long integers so.
    return value;
  }

  bool boolean() {
    skip_spaces();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      return word == "True";
    }
    refuse("True or False should stand");
  }

  /// Text between single or double quotes, without escapes.
  std::string_view string() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const std::size_t end = text_.find(quote);
    if (end == std::string_view::npos) refuse("a quote should end");
    const std::string_view content = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return content;
  }

  void skip_spaces() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size())); }

  bool accept(char c) {
    skip_spaces();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c)) refuse(fmt::format("'{}' should stand", c));
  }

  [[noreturn]] void refuse(const std::string& demand) const {
    if (text_.empty()) fail<FileError>({}, "{}: malformed header: {} where it ends", path_, demand);
    fail<FileError>({}, "{}: malformed header: {} where '{}' does", path_, demand, printable(text_));
  }

  std::string_view text_;
  const std::string& path_;
  std::set<std::string_view> seen_;
  NpyHeader header_;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& path) { return HeaderParser(text, path).parse(); }

std::string npy_dictionary(DType dtype, const Sizes& sizes, const std::string& path) {
  const std::optional<std::string> code = type_code(dtype);
  if (!code)
    fail<FileError>({}, "{}: the .npy format has no {}; save astype<float>(), which holds every such number", path,
                    name(dtype));
  return fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                     size_of(dtype) == 1 ? '|' : native_order, *code, fmt::join(sizes, ", "),
                     sizes.size() == 1 ? "," : "");
}

}  // namespace theon
