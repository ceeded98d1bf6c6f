// Found neighbours, as operators hand them on: f64[2k] of `nearest` (distances, then positions), or
// csr[n] of `within` (position and distance).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "engine/op_spec.h"
#include "engine/view.h"

namespace bascule {

// The weight of each neighbour. Source: sklearn.neighbors._base._get_weights.
enum class Weigh : std::uint8_t { kUniform, kDistance };

class FoundRow {
 public:
  FoundRow(const View& in, std::size_t row, std::size_t points) noexcept : points_(points) {
    if (in.kind() == ValueKind::kCsr) {
      count_ = in.starts()[row + 1] - in.starts()[row];
      distances_ = in.csr_values() + in.starts()[row];
      columns_ = in.csr_columns() + in.starts()[row];
    } else {
      count_ = in.width() / 2;
      distances_ = in.f64() + row * in.width();
    }
  }

  std::size_t count() const noexcept { return count_; }
  double distance(std::size_t i) const noexcept { return distances_[i]; }
  // A stored point; the first one where the position is none, which `nearest` never gives.
  std::size_t position(std::size_t i) const noexcept {
    if (columns_ != nullptr) {
      return columns_[i];
    }
    const double at = distances_[count_ + i];
    return at >= 0 && at < static_cast<double>(points_) ? static_cast<std::size_t>(at) : 0;
  }

  // Calls `take(position, weight)` for each. By distance the weight is its inverse; when one of
  // these is infinite, 1 for the infinite ones and 0 for the others.
  template <typename Take>
  void each(Weigh weigh, Take take) const noexcept {
    bool infinite = false;
    for (std::size_t i = 0; weigh == Weigh::kDistance && i < count_; ++i) {
      infinite = infinite || std::isinf(1 / distances_[i]);
    }
    for (std::size_t i = 0; i < count_; ++i) {
      const double inverse = 1 / distances_[i];
      const double weight = weigh == Weigh::kUniform ? 1.0
                            : !infinite              ? inverse
                            : std::isinf(inverse)    ? 1.0
                                                     : 0.0;
      take(position(i), weight);
    }
  }

 private:
  std::size_t points_;
  std::size_t count_ = 0;
  const double* distances_ = nullptr;
  const std::uint32_t* columns_ = nullptr;
};

// Checks that input 0 is neighbours among `points` stored points.
inline Status expect_found(OpSpec& spec, std::size_t points) {
  BASCULE_CHECK_OK(spec.expect_inputs(1));
  const ValueType type = spec.inputs()[0];
  const bool pairs = type.kind == ValueKind::kF64 && type.width % 2 == 0 && points > 0;
  if (pairs || (type.kind == ValueKind::kCsr && type.width == points)) {
    return {};
  }
  return spec.error("input 0 is {}, expected f64 of an even width or csr[{}]",
                    value_type_name(type), points);
}

}  // namespace bascule
