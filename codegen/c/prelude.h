// The C that kernels lean on: the text of abi.h, and functions for operations that C leaves undefined or defines
// otherwise.
#pragma once

#include <theon/dtype.h>

#include <map>
#include <string>
#include <string_view>

namespace theon::codegen {

/// The includes, and the declarations of codegen/abi.h.
std::string_view c_declarations();

/// Collects the functions that a file needs, each once.
class Prelude {
 public:
  /// The name of a function such as "floor_div" for operands of a dtype; the text holds its definition from now on.
  /// Throws InternalError for an unknown function.
  std::string function(std::string_view function, DType dtype);
  /// The name of the conversion of a floating value to an integer.
  std::string saturation(DType from, DType to);

  std::string text() const;

 private:
  void add(const std::string& name, std::string definition);

  std::map<std::string, std::string> definitions_;
};

}  // namespace theon::codegen
