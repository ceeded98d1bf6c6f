// The sketch cell of a score, as the log keeps it: evaluate computes, scorelog stores.
#pragma once

#include <optional>

#include "evaluate/bins.h"
#include "scorelog/records.h"

namespace bascule {

inline std::optional<ScoreBin> log_bin(double score) noexcept {
  const auto bin = score_bin(score);
  if (!bin) {
    return std::nullopt;
  }
  return ScoreBin{*bin, fixed_log_loss(score, true), fixed_log_loss(score, false)};
}

}  // namespace bascule
