// ROC AUC of two scores on the same rows: placements, paired DeLong, leave-one-group-out.
//
// One idea: everything follows from placements. The placement of a positive is the mass of the
// negatives below it (ties count half), of a negative the mass of the positives above it; they cost
// one sort (Sun and Xu 2014, IEEE SPL 21(11):1389-1393), the AUC is their mean, and the variance of
// DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44:837-845) is their scatter.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluate/report.h"

namespace bascule {

// Labelled rows as columns, all of one length. Mass is count x weight, squares is count x weight^2:
// 1 and 1 for a plain row, and then every formula below is the textbook's.
struct RocRows {
  std::vector<double> production;
  std::vector<double> candidate;
  std::vector<std::uint8_t> positive;  // 0 or 1
  std::vector<double> mass;
  std::vector<double> squares;
  std::vector<std::uint8_t> group;

  std::size_t size() const noexcept { return mass.size(); }
  void add(const CountedRow& row);
};

struct Placements {
  std::vector<double> of;  // one per row
  double pairs_won = 0;    // sum over positives of mass x placement
  double positive_mass = 0;
  double negative_mass = 0;
  double auc() const noexcept { return pairs_won / (positive_mass * negative_mass); }
};

// Ties count half. Rows of equal scores may stand in any order: sums do not depend on it as long as
// the rows themselves come in one order.
Placements place(std::span<const double> scores, std::span<const std::uint8_t> positive,
                 std::span<const double> mass);

// Both classes have at least two rows (by the effective number). `production` and `candidate` are
// the placements of the two scores.
DelongResult delong(const RocRows& rows, const Placements& production, const Placements& candidate);

// The AUC without the rows of one group, for each group; NaN where a class is empty then.
std::vector<double> auc_without_groups(const RocRows& rows, std::span<const double> scores,
                                       const Placements& placements);

}  // namespace bascule
