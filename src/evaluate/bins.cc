#include "evaluate/bins.h"

#include <algorithm>
#include <cmath>

#include "evaluate/statistics.h"

namespace bascule {

std::optional<std::int32_t> score_bin(double p) noexcept {
  if (!(p >= 0 && p <= 1)) {
    return std::nullopt;
  }
  const auto above = std::upper_bound(kScoreBinEdges.begin(), kScoreBinEdges.end(), p);
  return static_cast<std::int32_t>(above - kScoreBinEdges.begin());
}

std::int64_t fixed_log_loss(double p, bool positive) noexcept {
  return std::llround(std::ldexp(log_loss(p, positive), 32));
}

}  // namespace bascule
