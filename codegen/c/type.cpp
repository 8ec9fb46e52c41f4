#include "codegen/c/type.h"

#include "src/support/check.h"

namespace theon::codegen {

std::string_view c_type(DType dtype) {
  switch (dtype) {
    case DType::boolean:
      return "bool";
    case DType::int8:
      return "int8_t";
    case DType::int16:
      return "int16_t";
    case DType::int32:
      return "int32_t";
    case DType::int64:
      return "int64_t";
    case DType::uint8:
      return "uint8_t";
    case DType::uint16:
    case DType::float16:
    case DType::bfloat16:
      return "uint16_t";
    case DType::uint32:
      return "uint32_t";
    case DType::uint64:
      return "uint64_t";
    case DType::float32:
      return "float";
    case DType::float64:
      return "double";
  }
  broken_promise("the dtype is one of the table", __FILE__, __LINE__);
}

std::string_view c_memory_type(DType dtype) { return is_boolean(dtype) ? "uint8_t" : c_type(dtype); }

std::string_view c_wrapping_type(DType dtype) { return size_of(dtype) == 8 ? "uint64_t" : "uint32_t"; }

}  // namespace theon::codegen
