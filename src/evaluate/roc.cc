#include "evaluate/roc.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/limits.h"
#include "evaluate/statistics.h"

namespace bascule {

void RocRows::add(const CountedRow& row) {
  const auto count = static_cast<double>(row.count);
  production.push_back(row.production);
  candidate.push_back(row.candidate);
  positive.push_back(*row.label == 1 ? 1 : 0);
  mass.push_back(count * row.weight);
  squares.push_back(count * row.weight * row.weight);
  group.push_back(row.group);
}

namespace {

std::vector<std::uint32_t> order_by(std::span<const double> scores) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : a < b;
  });
  return order;
}

}  // namespace

Placements place(std::span<const double> scores, std::span<const std::uint8_t> positive,
                 std::span<const double> mass) {
  Placements out;
  out.of.resize(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    (positive[i] != 0 ? out.positive_mass : out.negative_mass) += mass[i];
  }
  const auto order = order_by(scores);
  double positives_below = 0;
  double negatives_below = 0;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    double positives = 0;  // of this score
    double negatives = 0;
    for (; end < order.size() && scores[order[end]] == scores[order[first]]; ++end) {
      (positive[order[end]] != 0 ? positives : negatives) += mass[order[end]];
    }
    const double below = negatives_below + negatives / 2;
    const double above = out.positive_mass - positives_below - positives / 2;
    for (std::size_t i = first; i < end; ++i) {
      out.of[order[i]] = positive[order[i]] != 0 ? below : above;
    }
    out.pairs_won += positives * below;
    positives_below += positives;
    negatives_below += negatives;
    first = end;
  }
  return out;
}

namespace {

struct Covariance {
  double production = 0;
  double candidate = 0;
  double both = 0;
  double difference() const noexcept { return production + candidate - 2 * both; }
};

// S10 / P for the positives, S01 / N for the negatives: the scatter of one class's placements.
Covariance scatter(const RocRows& rows, const Placements& production, const Placements& candidate,
                   bool positives) {
  const double other = positives ? production.negative_mass : production.positive_mass;
  const double own = positives ? production.positive_mass : production.negative_mass;
  const double auc_production = production.auc();
  const double auc_candidate = candidate.auc();
  Covariance sum;
  double squares = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if ((rows.positive[i] != 0) != positives) {
      continue;
    }
    const double a = production.of[i] / other - auc_production;
    const double b = candidate.of[i] / other - auc_candidate;
    sum.production += rows.squares[i] * a * a;
    sum.candidate += rows.squares[i] * b * b;
    sum.both += rows.squares[i] * a * b;
    squares += rows.squares[i];
  }
  // For plain rows: 1 / P^2 x P / (P - 1), the divisors of the paper.
  const double effective = own * own / squares;
  const double scale = effective / (effective - 1) / (own * own);
  return {sum.production * scale, sum.candidate * scale, sum.both * scale};
}

// On the logit scale, so that the interval stays inside (0, 1).
std::optional<Interval> auc_interval(double auc, double standard_error) {
  if (auc <= 0 || auc >= 1) {
    return std::nullopt;
  }
  const double logit = std::log(auc / (1 - auc));
  const double half = kNormal975 * standard_error / (auc * (1 - auc));
  const auto back = [](double x) { return 1 / (1 + std::exp(-x)); };
  return Interval{back(logit - half), back(logit + half)};
}

}  // namespace

DelongResult delong(const RocRows& rows, const Placements& production,
                    const Placements& candidate) {
  const auto of_positives = scatter(rows, production, candidate, true);
  const auto of_negatives = scatter(rows, production, candidate, false);
  DelongResult out;
  out.production = production.auc();
  out.candidate = candidate.auc();
  out.difference = out.candidate - out.production;
  out.production_error = std::sqrt(of_positives.production + of_negatives.production);
  out.candidate_error = std::sqrt(of_positives.candidate + of_negatives.candidate);
  out.production_interval = auc_interval(out.production, out.production_error);
  out.candidate_interval = auc_interval(out.candidate, out.candidate_error);
  const double variance = of_positives.difference() + of_negatives.difference();
  out.standard_error = std::sqrt(std::max(0.0, variance));
  if (out.standard_error > 0) {
    const double half = kNormal975 * out.standard_error;
    out.interval = Interval{out.difference - half, out.difference + half};
    out.z = out.difference / out.standard_error;
    out.p = normal_two_sided_p(*out.z);
  } else if (out.difference == 0) {  // the same curve
    out.interval = Interval{0, 0};
    out.z = 0;
    out.p = 1;
  }
  return out;
}

namespace {

// The sums that leaving out one group takes away.
struct GroupShare {
  double positive_mass = 0;
  double negative_mass = 0;
  double pairs_touched = 0;  // pairs won with a member of the group on either side
  std::vector<std::uint32_t> rows;
};

// Pairs won between two rows of one group: they were counted on both sides.
double pairs_within(const RocRows& rows, std::span<const double> scores, const GroupShare& group) {
  std::vector<double> own_scores;
  std::vector<std::uint8_t> own_positive;
  std::vector<double> own_mass;
  for (const auto i : group.rows) {
    own_scores.push_back(scores[i]);
    own_positive.push_back(rows.positive[i]);
    own_mass.push_back(rows.mass[i]);
  }
  return place(own_scores, own_positive, own_mass).pairs_won;
}

}  // namespace

std::vector<double> auc_without_groups(const RocRows& rows, std::span<const double> scores,
                                       const Placements& placements) {
  std::array<GroupShare, limits::kReportGroups> groups;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& group = groups[rows.group[i]];
    (rows.positive[i] != 0 ? group.positive_mass : group.negative_mass) += rows.mass[i];
    group.pairs_touched += rows.mass[i] * placements.of[i];
    group.rows.push_back(static_cast<std::uint32_t>(i));
  }
  std::vector<double> out;
  for (const auto& group : groups) {
    const double positives = placements.positive_mass - group.positive_mass;
    const double negatives = placements.negative_mass - group.negative_mass;
    const double won =
        placements.pairs_won - group.pairs_touched + pairs_within(rows, scores, group);
    out.push_back(positives > 0 && negatives > 0 ? won / (positives * negatives)
                                                 : std::numeric_limits<double>::quiet_NaN());
  }
  return out;
}

}  // namespace bascule
