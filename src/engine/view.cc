#include "engine/view.h"

#include <fmt/format.h>

namespace bascule {
namespace {
std::string_view kind_text(ValueKind kind) noexcept {
  switch (kind) {
    case ValueKind::kF64:
      return "f64";
    case ValueKind::kF32:
      return "f32";
    case ValueKind::kI64:
      return "i64";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kStrings:
      return "string";
    case ValueKind::kTokens:
      return "tokens";
    case ValueKind::kCsr:
      return "csr";
  }
  return "?";
}
}  // namespace

std::string value_type_name(ValueType type) {
  const auto kind = kind_text(type.kind);
  if (type.kind == ValueKind::kStrings || type.kind == ValueKind::kTokens) {
    return std::string(kind);
  }
  return fmt::format("{}[{}]", kind, type.width);
}

std::size_t cell_bytes(ValueKind kind) noexcept {
  switch (kind) {
    case ValueKind::kF32:
      return sizeof(float);
    case ValueKind::kBool:
      return 1;
    case ValueKind::kStrings:
    case ValueKind::kTokens:
      return sizeof(std::string_view);
    case ValueKind::kF64:
    case ValueKind::kI64:
    case ValueKind::kCsr:
      return sizeof(double);
  }
  return sizeof(double);
}

}  // namespace bascule
