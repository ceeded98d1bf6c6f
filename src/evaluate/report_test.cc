#include "evaluate/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace bascule {
namespace {

using testing::HasSubstr;
using testing::Not;

// Charges of 2,000 cards; the candidate ranks a little better than production.
std::vector<CountedRow> charges(std::size_t count, unsigned seed = 1) {
  std::mt19937 chance(seed);
  std::normal_distribution<double> noise;
  const auto probability = [](double logit) { return 1 / (1 + std::exp(-logit)); };
  std::vector<CountedRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const bool fraud = chance() % 10 == 0;
    const double signal = (fraud ? 2.0 : 0.0) - 2 + noise(chance);
    CountedRow row;
    row.label = fraud ? 1 : 0;
    row.production = probability(signal + 1.0 * noise(chance));
    row.candidate = probability(signal + 0.3 * noise(chance));
    row.group = static_cast<std::uint8_t>(chance() % 64);
    row.amount = static_cast<double>(chance() % 200);
    rows.push_back(row);
  }
  return rows;
}

ReportContext context_of(const std::vector<CountedRow>& rows,
                         ReportKind kind = ReportKind::kYesNo) {
  ReportContext context;
  context.model = "fraud/charge";
  context.kind = kind;
  context.production = {7, "sha256:" + std::string(64, 'a'), "production"};
  context.candidate = {8, "sha256:" + std::string(64, 'b'), "candidate/wider-trees"};
  context.first_at = 1'700'000'000'000'000;
  context.last_at = 1'700'086'400'000'000;
  context.mature_before = 1'700'090'000'000'000;
  for (const auto& row : rows) {
    context.production_rows += row.count;
  }
  return context;
}

Policy policy_at(double threshold) {
  Policy policy;
  policy.threshold = threshold;
  return policy;
}

Report report_on(const std::vector<CountedRow>& rows, const Policy& policy = policy_at(0.5),
                 ReportKind kind = ReportKind::kYesNo) {
  return make_report(rows, policy, context_of(rows, kind));
}

const Metric& metric(const Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.metrics, name, &Metric::name);
  EXPECT_NE(found, report.metrics.end()) << name;
  return *found;
}

const Gate& gate(const Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.gates, name, &Gate::name);
  EXPECT_NE(found, report.gates.end()) << name;
  return *found;
}

CountedRow row(double production, double candidate, std::optional<double> label) {
  CountedRow out;
  out.production = production;
  out.candidate = candidate;
  out.label = label;
  return out;
}

TEST(Report, PassesACandidateThatIsBetterOnEnoughRows) {
  const auto report = report_on(charges(5000));
  EXPECT_TRUE(report.passed) << render_text(report);
  const auto& auc = metric(report, "auc");
  ASSERT_TRUE(auc.interval);
  EXPECT_GT(auc.interval->low, 0);
  EXPECT_LT(auc.interval->low, *auc.difference);
  EXPECT_GT(auc.interval->high, *auc.difference);
}

TEST(Report, IsTheSameBytesInWhateverOrderTheRowsCome) {
  auto rows = charges(3000);
  rows[5].label.reset();
  rows[7].weight = 3.7;
  const auto before = report_on(rows);
  std::mt19937 chance(9);
  for (int i = 0; i < 5; ++i) {
    std::shuffle(rows.begin(), rows.end(), chance);
    const auto after = report_on(rows);
    ASSERT_EQ(render_json(before), render_json(after));
    ASSERT_EQ(render_text(before), render_text(after));
  }
}

TEST(Report, IsTheSameBytesForACountAndForThatManyRows) {
  auto counted = charges(300);
  std::vector<CountedRow> single;
  for (std::size_t i = 0; i < counted.size(); ++i) {
    single.insert(single.end(), 1 + i % 4, counted[i]);
    counted[i].count = 1 + i % 4;
  }
  EXPECT_EQ(render_json(report_on(counted)), render_json(report_on(single)));
}

TEST(Report, ComputesPrecisionRecallBrierAndShareByHand) {
  // Production flags rows 1 and 2, the candidate 2, 3 and 4.
  const auto report = report_on({row(0.9, 0.1, 0), row(0.8, 0.7, 1), row(0.2, 0.6, 1),
                                 row(0.1, 0.5, 0), row(0.4, 0.3, std::nullopt)});
  EXPECT_DOUBLE_EQ(*metric(report, "precision").production, 1.0 / 2);
  EXPECT_DOUBLE_EQ(*metric(report, "precision").candidate, 2.0 / 3);
  EXPECT_DOUBLE_EQ(*metric(report, "recall").production, 1.0 / 2);
  EXPECT_DOUBLE_EQ(*metric(report, "recall").candidate, 1);
  EXPECT_DOUBLE_EQ(*metric(report, "flag_rate").production, 2.0 / 5);
  EXPECT_DOUBLE_EQ(*metric(report, "flag_rate").candidate, 3.0 / 5);
  EXPECT_DOUBLE_EQ(*metric(report, "brier").production, (0.81 + 0.04 + 0.64 + 0.01) / 4);
  EXPECT_NEAR(*metric(report, "log_loss").candidate,
              -(std::log(0.9) + std::log(0.7) + std::log(0.6) + std::log(0.5)) / 4, 1e-15);
  EXPECT_DOUBLE_EQ(*metric(report, "auc").production, 2.0 / 4);
  EXPECT_DOUBLE_EQ(*metric(report, "auc").candidate, 1);
}

TEST(Report, CountsFlipsByLabelAndMoney) {
  auto up_fraud = row(0.4, 0.5, 1);  // at the threshold is above it
  up_fraud.amount = 100;
  up_fraud.count = 3;
  auto up_unknown = row(0.1, 0.9, std::nullopt);
  up_unknown.amount = 7;
  const auto report = report_on({up_fraud, up_unknown, row(0.9, 0.2, 0), row(0.9, 0.3, 1),
                                 row(0.9, 0.8, 1), row(0.1, 0.2, 0)});
  const auto& flips = *report.flips;
  EXPECT_EQ(flips.same, 2);
  EXPECT_EQ(flips.up.positive, 3);
  EXPECT_EQ(flips.up.negative, 0);
  EXPECT_EQ(flips.up.unknown, 1);
  EXPECT_EQ(flips.up.amount, 307);
  EXPECT_EQ(flips.down.positive, 1);
  EXPECT_EQ(flips.down.negative, 1);
  EXPECT_EQ(flips.candidate_right, 4);   // three frauds caught, one good row let go
  EXPECT_EQ(flips.production_right, 1);  // one fraud let go
  EXPECT_TRUE(flips.exact);
  EXPECT_NEAR(*flips.p, 2 * 6 / 32.0, 1e-15);
  EXPECT_THAT(render_text(report),
              HasSubstr("4 rows from 'pass' to 'flag': 3 positive, 0 negative, 1 unlabelled; "
                        "amount 307"));
}

TEST(Report, SaysNotEstimableInsteadOfNaN) {
  const std::vector<std::vector<CountedRow>> hopeless = {
      {},
      {row(0.5, 0.5, std::nullopt)},
      {row(0.2, 0.3, 0), row(0.3, 0.2, 0)},                    // one class only
      {row(0.2, 0.3, 0), row(0.3, 0.2, 0), row(0.9, 0.8, 1)},  // one positive
  };
  for (const auto& rows : hopeless) {
    const auto report = report_on(rows);
    EXPECT_FALSE(report.passed);
    EXPECT_FALSE(metric(report, "auc").production);
    EXPECT_FALSE(gate(report, "auc_loss").passed);
    EXPECT_FALSE(gate(report, "auc_loss").value);
    const auto json = render_json(report);
    EXPECT_THAT(json, HasSubstr(R"("not_estimable":)"));
    EXPECT_THAT(json, Not(HasSubstr("nan")));
    EXPECT_THAT(json, Not(HasSubstr("inf")));
    EXPECT_THAT(render_text(report), Not(HasSubstr("nan")));
  }
}

TEST(Report, GivesNoIntervalFromAFewEntityGroups) {
  auto rows = charges(5000);
  for (auto& one : rows) {
    one.group %= 19;
  }
  const auto report = report_on(rows);
  EXPECT_TRUE(metric(report, "auc").difference);
  EXPECT_FALSE(metric(report, "auc").interval);
  EXPECT_FALSE(report.passed);
  EXPECT_THAT(gate(report, "auc_loss").sentence, HasSubstr("19 of 64 entity groups"));
  EXPECT_TRUE(report.delong->interval) << "the reference stays";
}

TEST(Report, GivesWiderIntervalsWhereEntitiesRepeat) {
  const auto width = [](const Interval& interval) { return interval.high - interval.low; };
  auto rows = charges(1000);
  const auto alone = report_on(rows);
  EXPECT_NEAR(width(*metric(alone, "auc").interval) / width(*alone.delong->interval), 1, 0.3);
  // Fifteen near-identical charges for one: nothing new is known, and only the jackknife sees it.
  for (auto& one : rows) {
    one.count = 15;
  }
  const auto rings = report_on(rows);
  EXPECT_NEAR(width(*metric(rings, "auc").interval), width(*metric(alone, "auc").interval), 1e-9);
  EXPECT_LT(width(*rings.delong->interval), 0.3 * width(*alone.delong->interval));
}

TEST(Report, FailsAWorseCandidate) {
  auto rows = charges(5000);
  for (auto& one : rows) {
    std::swap(one.production, one.candidate);
  }
  const auto report = report_on(rows);
  EXPECT_FALSE(report.passed);
  EXPECT_FALSE(gate(report, "auc_loss").passed);
  EXPECT_TRUE(gate(report, "labelled_rows").passed);
  EXPECT_TRUE(gate(report, "positives").passed);
  EXPECT_TRUE(gate(report, "coverage").passed);
}

TEST(Report, GatesOnTheIntervalAndNotOnTheDifference) {
  auto rows = charges(600);
  std::mt19937 chance(5);
  std::normal_distribution<double> noise(0, 0.15);
  for (auto& one : rows) {
    one.candidate = std::clamp(one.production + noise(chance), 0.0, 1.0);
  }
  auto policy = policy_at(0.5);
  const auto auc = metric(report_on(rows, policy), "auc");
  policy.max_auc_loss = std::abs(*auc.difference) + 0.001;  // the difference alone would pass
  ASSERT_LT(auc.interval->low, -policy.max_auc_loss);
  EXPECT_FALSE(gate(report_on(rows, policy), "auc_loss").passed) << "too few rows to know";
  policy.max_auc_loss = -auc.interval->low;
  EXPECT_TRUE(gate(report_on(rows, policy), "auc_loss").passed);
  policy.max_auc_loss = std::nextafter(policy.max_auc_loss, 0.0);
  EXPECT_FALSE(gate(report_on(rows, policy), "auc_loss").passed);
}

TEST(Report, GatesAtTheLimitAndOneBelow) {
  auto rows = charges(2000);
  std::uint64_t positives = 0;
  for (const auto& one : rows) {
    positives += *one.label == 1 ? 1 : 0;
  }
  auto policy = policy_at(0.5);
  policy.min_labelled = 2000;
  policy.min_positives = positives;
  EXPECT_TRUE(gate(report_on(rows, policy), "labelled_rows").passed);
  EXPECT_TRUE(gate(report_on(rows, policy), "positives").passed);
  policy.min_labelled = 2001;
  policy.min_positives = positives + 1;
  EXPECT_FALSE(gate(report_on(rows, policy), "labelled_rows").passed);
  EXPECT_FALSE(gate(report_on(rows, policy), "positives").passed);

  auto context = context_of(rows);
  policy.min_coverage = 0.8;
  context.production_rows = 2500;
  EXPECT_TRUE(gate(make_report(rows, policy, context), "coverage").passed);
  context.production_rows = 2501;
  EXPECT_FALSE(gate(make_report(rows, policy, context), "coverage").passed);
  context.production_rows = 0;
  EXPECT_FALSE(gate(make_report({}, policy, context), "coverage").passed);
}

TEST(Report, CountsWeightedRowsByWhatTheySay) {
  auto rows = charges(1000);
  rows[0].weight = 1000;  // one row that stands for a thousand says little
  const auto report = report_on(rows);
  EXPECT_EQ(report.labelled, 1000);
  EXPECT_NEAR(report.effective_labelled, 1999.0 * 1999 / (999 + 1e6), 1e-9);
  EXPECT_FALSE(gate(report, "labelled_rows").passed);
  EXPECT_THAT(render_text(report), HasSubstr("plain rows would say as much"));
  EXPECT_THAT(render_text(report), HasSubstr("weighted by 1 / (propensity x sampling)"));
}

TEST(Report, LeavesOutScoresAndLabelsThatAreNoNumbers) {
  auto rows = charges(100);
  rows[0].candidate = std::numeric_limits<double>::quiet_NaN();
  rows[1].production = std::numeric_limits<double>::infinity();
  rows[2].label = 0.5;
  const auto report = report_on(rows);
  EXPECT_EQ(report.rows, 98);
  EXPECT_EQ(report.labelled, 97);
  EXPECT_THAT(render_json(report), HasSubstr(R"("not_compared":{"score_not_finite":2})"));
  EXPECT_THAT(render_json(report), HasSubstr(R"("not_labelled":{"label_not_usable":1})"));
}

TEST(Report, HasNoBrierScoreForScoresThatAreNoProbabilities) {
  auto rows = charges(1000);
  for (auto& one : rows) {
    one.production = 10 * one.production - 5;
  }
  const auto report = report_on(rows);
  EXPECT_THAT(render_json(report), Not(HasSubstr("brier")));
  EXPECT_THAT(render_text(report), HasSubstr("they are no probabilities"));
  EXPECT_TRUE(metric(report, "auc").interval);
}

TEST(Report, SaysThatBlockedRowsAreMissing) {
  const auto rows = charges(1000);
  auto context = context_of(rows);
  context.not_labelled = {{"blocked", "the action was 'block'", 12}};
  EXPECT_THAT(render_text(make_report(rows, policy_at(0.5), context)),
              HasSubstr("allowed traffic only"));
}

TEST(Report, WithoutAThresholdSaysNothingAboutDecisions) {
  const auto report = report_on(charges(1000), Policy{});
  EXPECT_FALSE(report.flips);
  EXPECT_THAT(render_text(report), HasSubstr("no threshold"));
}

TEST(ClassReport, ComparesAccuracyAndAnswers) {
  std::vector<CountedRow> rows;
  for (int i = 0; i < 1000; ++i) {
    auto one = row(i % 4, i % 10 == 0 ? 9 : i % 5, i % 5);  // right on 40 %; on 90 %
    one.group = static_cast<std::uint8_t>(i % 64);
    rows.push_back(one);
  }
  const auto report = report_on(rows, Policy{}, ReportKind::kClasses);
  EXPECT_TRUE(report.passed) << render_text(report);
  EXPECT_DOUBLE_EQ(*metric(report, "accuracy").candidate, 0.9);
  EXPECT_NEAR(*metric(report, "accuracy").production, 0.2, 0.005);
  EXPECT_GT(report.flips->candidate_right, 600);
  EXPECT_THAT(render_text(report), HasSubstr("does not compute top-k"));
  EXPECT_THAT(render_json(report), HasSubstr(R"("changed":)"));
}

TEST(NumberReport, ComparesErrorsByHand) {
  const auto report =
      report_on({row(1, 2, 2), row(5, 4, 2), row(2, 2, 2)}, Policy{}, ReportKind::kNumber);
  EXPECT_DOUBLE_EQ(*metric(report, "rmse").production, std::sqrt(10.0 / 3));
  EXPECT_DOUBLE_EQ(*metric(report, "rmse").candidate, std::sqrt(4.0 / 3));
  EXPECT_DOUBLE_EQ(*metric(report, "mae").production, 4.0 / 3);
  EXPECT_DOUBLE_EQ(*metric(report, "bias").production, 2.0 / 3);
  EXPECT_DOUBLE_EQ(*metric(report, "bias").candidate, 2.0 / 3);
}

TEST(NumberReport, GatesOnTheIncreaseRelativeToProduction) {
  std::vector<CountedRow> rows;
  for (int i = 0; i < 1280; ++i) {
    auto one = row(100, 100 + (i % 2 == 0 ? 0.05 : -0.05), i % 2 == 0 ? 90 : 110);
    one.group = static_cast<std::uint8_t>(i % 64);
    rows.push_back(one);
  }
  auto policy = Policy{};
  EXPECT_TRUE(report_on(rows, policy, ReportKind::kNumber).passed);  // 0.5 % worse
  policy.max_rmse_increase = 0.001;
  EXPECT_FALSE(report_on(rows, policy, ReportKind::kNumber).passed);
}

TEST(ShapeReport, ComparesScoresWithoutLabelsAndSaysWhatItCannot) {
  std::vector<CountedRow> rows;
  for (int i = 1; i <= 1000; ++i) {
    rows.push_back(row(i, 2 * i, std::nullopt));
  }
  const auto report = report_on(rows, Policy{}, ReportKind::kShape);
  EXPECT_TRUE(report.passed);
  EXPECT_EQ(report.shape->production[4], 500);  // the median
  EXPECT_EQ(report.shape->candidate[0], 20);
  EXPECT_EQ(report.shape->candidate_mean, 1001);
  EXPECT_THAT(render_text(report), HasSubstr("cannot say which of the two is better"));
  auto context = context_of(rows, ReportKind::kShape);
  context.production_rows = 2000;
  EXPECT_FALSE(make_report(rows, Policy{}, context).passed);
}

TEST(RenderText, FitsATerminalAndTellsWhatIsCompared) {
  auto rows = charges(5000);
  auto context = context_of(rows);
  context.production_rows += 40;
  context.not_compared = {{"shadow_dropped", "the shadow queue was full", 40}};
  context.not_labelled = {{"blocked", "the action was 'block'", 12}};  // adds a long note
  const auto text = render_text(make_report(rows, policy_at(0.5), context));
  EXPECT_THAT(text, HasSubstr("v7 (production, sha256:aaaaaaaaaaaa)"));
  EXPECT_THAT(text, HasSubstr("v8 (candidate/wider-trees, sha256:bbbbbbbbbbbb)"));
  EXPECT_THAT(text, HasSubstr("5,040  answered by production"));
  EXPECT_THAT(text, HasSubstr("40  left out: the shadow queue was full"));
  EXPECT_THAT(text, HasSubstr("Verdict: PASS"));
  for (std::size_t start = 0; start < text.size();) {
    const auto end = text.find('\n', start);
    EXPECT_LE(end - start, 100) << text.substr(start, end - start);
    EXPECT_TRUE(end == start || text[end - 1] != ' ') << text.substr(start, end - start);
    start = end + 1;
  }
}

}  // namespace
}  // namespace bascule
