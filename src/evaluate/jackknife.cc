#include "evaluate/jackknife.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "evaluate/statistics.h"

namespace bascule {

Jackknife::Jackknife(const Occupied& occupied)
    : occupied_(occupied), groups_(static_cast<std::size_t>(std::ranges::count(occupied, true))) {}

std::optional<Interval> Jackknife::interval(
    double estimate, const std::function<std::optional<double>(std::size_t)>& without,
    std::string& why_not) const {
  if (groups_ < kMinJackknifeGroups) {
    why_not = fmt::format("the rows fall into {} of {} entity groups, an interval needs {}",
                          groups_, limits::kReportGroups, kMinJackknifeGroups);
    return std::nullopt;
  }
  std::vector<double> answers;
  for (std::size_t group = 0; group < occupied_.size(); ++group) {
    if (!occupied_[group]) {
      continue;
    }
    const auto answer = without(group);
    if (!answer || !std::isfinite(*answer)) {
      why_not = "it does not exist without one of the entity groups";
      return std::nullopt;
    }
    answers.push_back(*answer);
  }
  const auto n = static_cast<double>(groups_);
  double mean = 0;
  for (const double answer : answers) {
    mean += answer / n;
  }
  double squares = 0;
  for (const double answer : answers) {
    squares += (answer - mean) * (answer - mean);
  }
  const double half = student_t_975(n - 1) * std::sqrt((n - 1) / n * squares);
  return Interval{estimate - half, estimate + half};
}

}  // namespace bascule
