#include "engine/row_errors.h"

namespace bascule {

std::string_view row_code_name(RowCode code) noexcept {
  switch (code) {
    case RowCode::kFine:
      return "fine";
    case RowCode::kMissing:
      return "missing";
    case RowCode::kInfinite:
      return "infinite";
    case RowCode::kTooLarge:
      return "too_large";
    case RowCode::kOutOfRange:
      return "out_of_range";
    case RowCode::kUnknownCategory:
      return "unknown_category";
    case RowCode::kTooLong:
      return "too_long";
    case RowCode::kNoMemory:
      return "no_memory";
  }
  return "refused";
}

}  // namespace bascule
