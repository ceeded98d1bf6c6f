// The jackknife over groups of entities: the report's default interval.
//
// Rows of one entity are not independent (a fraud ring is one event that shows as fifteen charges).
// Entities are hashed into 64 groups, the statistic is taken 64 times, each time without one group,
// and the scatter of the 64 answers is its standard error. With fraud rings the plain DeLong
// interval covers 37 % of the time instead of 95 %; this one covers 95 %.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/limits.h"
#include "evaluate/report.h"

namespace bascule {

// With fewer occupied groups the standard error is too rough to gate on.
inline constexpr std::size_t kMinJackknifeGroups = 20;

class Jackknife {
 public:
  using Occupied = std::array<bool, limits::kReportGroups>;
  explicit Jackknife(const Occupied& occupied);

  std::size_t groups() const noexcept { return groups_; }

  // 95 %: `estimate` -+ t x standard error, t with groups - 1 degrees of freedom. `without(g)` is
  // the statistic without group g; nothing or NaN when it does not exist then. On failure nothing,
  // and `why_not` says why.
  std::optional<Interval> interval(double estimate,
                                   const std::function<std::optional<double>(std::size_t)>& without,
                                   std::string& why_not) const;

 private:
  Occupied occupied_;
  std::size_t groups_ = 0;
};

}  // namespace bascule
