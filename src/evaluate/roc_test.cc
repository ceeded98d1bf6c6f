#include "evaluate/roc.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

namespace bascule {
namespace {

// The ovarian cancer example of DeLong, DeLong and Clarke-Pearson (1988), the 43 complete rows as
// printed in the SAS/STAT LOGISTIC example "Comparing Receiver Operating Characteristic Curves".
struct Patient {
  double albumin;
  double total_protein;
  double kg_score;  // 10 - kg_score is the marker
  double event;
};
constexpr std::array<Patient, 43> kPatients = {{
    {3.0, 5.8, 10, 0}, {3.2, 6.3, 5, 1}, {3.9, 6.8, 3, 1}, {2.8, 4.8, 6, 0}, {3.2, 5.8, 3, 1},
    {0.9, 4.0, 5, 0},  {2.5, 5.7, 8, 0}, {1.6, 5.6, 5, 1}, {3.8, 5.7, 5, 1}, {3.7, 6.7, 6, 1},
    {3.2, 5.4, 4, 1},  {3.8, 6.6, 6, 1}, {4.1, 6.6, 5, 1}, {3.6, 5.7, 5, 1}, {4.3, 7.0, 4, 1},
    {3.6, 6.7, 4, 0},  {2.3, 4.4, 6, 1}, {4.2, 7.6, 4, 0}, {4.0, 6.6, 6, 0}, {3.5, 5.8, 6, 1},
    {3.8, 6.8, 7, 1},  {3.0, 4.7, 8, 0}, {4.5, 7.4, 5, 1}, {3.7, 7.4, 5, 1}, {3.1, 6.6, 6, 1},
    {4.1, 8.2, 6, 1},  {4.3, 7.0, 5, 1}, {4.3, 6.5, 4, 1}, {3.2, 5.1, 5, 1}, {2.6, 4.7, 6, 1},
    {3.3, 6.8, 6, 0},  {1.7, 4.0, 7, 0}, {3.7, 6.1, 5, 1}, {3.3, 6.3, 7, 1}, {4.2, 7.7, 6, 1},
    {3.5, 6.2, 5, 1},  {2.9, 5.7, 9, 0}, {2.1, 4.8, 7, 1}, {2.8, 6.2, 8, 0}, {4.0, 7.0, 7, 1},
    {3.3, 5.7, 6, 1},  {3.7, 6.9, 5, 1}, {3.6, 6.6, 5, 1},
}};

CountedRow plain_row(double production, double candidate, double label) {
  CountedRow row;
  row.production = production;
  row.candidate = candidate;
  row.label = label;
  return row;
}

RocRows columns(const std::vector<CountedRow>& rows) {
  RocRows out;
  for (const auto& row : rows) {
    out.add(row);
  }
  return out;
}

DelongResult compare(const RocRows& rows) {
  return delong(rows, place(rows.production, rows.positive, rows.mass),
                place(rows.candidate, rows.positive, rows.mass));
}

template <typename Production, typename Candidate>
DelongResult compare_patients(Production production, Candidate candidate) {
  RocRows rows;
  for (const auto& patient : kPatients) {
    rows.add(plain_row(production(patient), candidate(patient), patient.event));
  }
  return compare(rows);
}

double albumin(const Patient& patient) {
  return patient.albumin;
}
double total_protein(const Patient& patient) {
  return patient.total_protein;
}
double kg(const Patient& patient) {
  return 10 - patient.kg_score;
}

constexpr double kPrinted = 0.5e-8;  // the expected values have eight digits

TEST(Delong, AgreesWithTheSasExampleOnAlbumin) {
  const auto result = compare_patients(kg, albumin);
  EXPECT_NEAR(result.production, 0.72580645, kPrinted);
  EXPECT_NEAR(result.candidate, 0.73655914, kPrinted);
  EXPECT_NEAR(result.production_error, 0.10282161, kPrinted);
  EXPECT_NEAR(result.candidate_error, 0.09269435, kPrinted);
  EXPECT_NEAR(result.difference, 0.01075269, kPrinted);
  EXPECT_NEAR(result.standard_error, 0.09534362, kPrinted);
}

TEST(Delong, AgreesWithTheSasExampleOnTotalProtein) {
  const auto result = compare_patients(kg, total_protein);
  EXPECT_NEAR(result.candidate, 0.64784946, kPrinted);
  EXPECT_NEAR(result.candidate_error, 0.10004738, kPrinted);
  EXPECT_NEAR(result.difference, -0.07795699, kPrinted);
  EXPECT_NEAR(result.standard_error, 0.10460959, kPrinted);
  ASSERT_TRUE(result.z && result.p && result.interval);
  EXPECT_NEAR(*result.z, -0.07795699 / 0.10460959, 1e-6);
  EXPECT_NEAR(*result.p, 0.4561, 1e-4);
  EXPECT_NEAR(result.interval->low, -0.07795699 - 1.95996398 * 0.10460959, 1e-7);
  EXPECT_NEAR(result.interval->high, -0.07795699 + 1.95996398 * 0.10460959, 1e-7);
}

TEST(Delong, FindsNoDifferenceBetweenIdenticalCurves) {
  const auto result = compare_patients(albumin, albumin);
  EXPECT_EQ(result.z, 0.0);
  EXPECT_EQ(result.p, 1.0);
  // The same ranks by another scale are the same curve.
  const auto scaled =
      compare_patients(albumin, [](const Patient& p) { return std::exp(p.albumin); });
  EXPECT_EQ(scaled.z, 0.0);
  EXPECT_EQ(scaled.p, 1.0);
}

TEST(Delong, HasNoTestWhereSeparationIsPerfectAndOpposite) {
  const auto result = compare(columns({plain_row(0.1, 0.9, 0), plain_row(0.2, 0.8, 0),
                                       plain_row(0.8, 0.2, 1), plain_row(0.9, 0.1, 1)}));
  EXPECT_EQ(result.difference, -1);
  EXPECT_FALSE(result.z);
  EXPECT_FALSE(result.p);
  EXPECT_FALSE(result.interval);
  EXPECT_FALSE(result.production_interval);
}

TEST(Delong, KeepsTheIntervalOfOneAucInsideZeroAndOne) {
  const auto result = compare_patients(albumin, total_protein);
  ASSERT_TRUE(result.production_interval);
  EXPECT_GT(result.production_interval->low, 0.5);
  EXPECT_LT(result.production_interval->high, 1);
  EXPECT_LT(result.production_interval->low, result.production);
  EXPECT_GT(result.production_interval->high, result.production);
}

TEST(Auc, IsAHalfWhenAllScoresTie) {
  const auto rows =
      columns({plain_row(3, 3, 0), plain_row(3, 3, 1), plain_row(3, 3, 1), plain_row(3, 3, 0)});
  EXPECT_EQ(place(rows.production, rows.positive, rows.mass).auc(), 0.5);
}

std::vector<CountedRow> random_rows(std::size_t count, unsigned seed) {
  std::mt19937 chance(seed);
  std::vector<CountedRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    // Few different scores, so that ties are common.
    auto row = plain_row(static_cast<double>(chance() % 20), static_cast<double>(chance() % 50),
                         chance() % 3 == 0 ? 1 : 0);
    row.count = 1 + chance() % 3;
    row.weight = 1 << chance() % 3;
    row.group = static_cast<std::uint8_t>(chance() % 8);
    rows.push_back(row);
  }
  return rows;
}

// Every pair, one by one.
double naive_auc(const RocRows& rows, const std::vector<double>& scores, int without_group = -1) {
  double won = 0;
  double pairs = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (rows.positive[i] == 0 || rows.positive[j] != 0 || rows.group[i] == without_group ||
          rows.group[j] == without_group) {
        continue;
      }
      const double mass = rows.mass[i] * rows.mass[j];
      pairs += mass;
      won += scores[i] > scores[j] ? mass : scores[i] == scores[j] ? mass / 2 : 0;
    }
  }
  return won / pairs;
}

TEST(Auc, EqualsTheCountOverAllPairs) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto rows = columns(random_rows(200, seed));
    const auto placements = place(rows.production, rows.positive, rows.mass);
    EXPECT_NEAR(placements.auc(), naive_auc(rows, rows.production), 1e-14) << seed;
  }
}

TEST(Auc, WithoutAGroupEqualsTheCountOverTheOtherPairs) {
  const auto rows = columns(random_rows(200, 7));
  const auto placements = place(rows.candidate, rows.positive, rows.mass);
  const auto without = auc_without_groups(rows, rows.candidate, placements);
  for (int group = 0; group < 8; ++group) {
    EXPECT_NEAR(without[static_cast<std::size_t>(group)], naive_auc(rows, rows.candidate, group),
                1e-14);
  }
  EXPECT_EQ(without[63], placements.auc());  // nobody is in it
}

TEST(Auc, WithoutTheOnlyGroupOfAClassDoesNotExist) {
  auto negative = plain_row(1, 1, 0);
  negative.group = 5;
  const auto rows = columns({negative, plain_row(2, 2, 1), plain_row(3, 3, 1)});
  const auto placements = place(rows.production, rows.positive, rows.mass);
  EXPECT_TRUE(std::isnan(auc_without_groups(rows, rows.production, placements)[5]));
}

TEST(Delong, TreatsARowWithACountAsThatManyRows) {
  std::vector<CountedRow> one_by_one;
  auto counted = random_rows(100, 3);
  for (auto& row : counted) {
    row.weight = 1;
    for (std::uint64_t i = 0; i < row.count; ++i) {
      one_by_one.push_back(row);
      one_by_one.back().count = 1;
    }
  }
  const auto a = compare(columns(counted));
  const auto b = compare(columns(one_by_one));
  EXPECT_NEAR(a.difference, b.difference, 1e-14);
  EXPECT_NEAR(a.standard_error, b.standard_error, 1e-14);
}

TEST(Delong, DoesNotChangeWhenEveryWeightIsDoubled) {
  auto rows = random_rows(100, 4);
  const auto before = compare(columns(rows));
  for (auto& row : rows) {
    row.weight *= 2;
  }
  const auto after = compare(columns(rows));
  EXPECT_NEAR(before.difference, after.difference, 1e-14);
  EXPECT_NEAR(before.standard_error, after.standard_error, 1e-14);
}

}  // namespace
}  // namespace bascule
