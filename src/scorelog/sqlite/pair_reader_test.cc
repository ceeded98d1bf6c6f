// What a report is given: which rows, with which label and weight, and what is left out and why.

#include "scorelog/sqlite/pair_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scorelog/sqlite/test_log.h"

namespace bascule::scorelog_test {
namespace {

using testing::ElementsAre;

class SqlitePairsTest : public testing::Test, protected TestLog {};

TEST_F(SqlitePairsTest, JoinsALabelThatComesBeforeItsScoreAndLongAfter) {
  EXPECT_EQ(add({label_of("early", 1.0)}).unknown_keys, 1U);
  append({score_of("e1", "early"), score_of("e2", "late")}, {shadow_of("e1"), shadow_of("e2")});
  std::map<std::string, Pair> found;
  EXPECT_EQ(pairs(pair_query(), found).labelled, 1U);
  EXPECT_EQ(found["late"].state, LabelState::kNoneYet);
  auto late = label_of("late", 0.0);
  late.arrived_at = kNow + 90 * kDay;
  EXPECT_EQ(add({late}).unknown_keys, 0U);
  EXPECT_EQ(pairs(pair_query(), found).labelled, 2U);
  EXPECT_EQ(found["early"].label, LabelValue(1.0));
  EXPECT_EQ(found["late"].label, LabelValue(0.0));
}

TEST_F(SqlitePairsTest, TakesTheNewestLabelAndLetsItBeReversed) {
  append({score_of("e1", "k")}, {shadow_of("e1")});
  const auto label_now = [&] {
    std::map<std::string, Pair> found;
    pairs(pair_query(), found);
    const auto entry = entries()[0];
    EXPECT_EQ(found["k"].label, entry.label ? std::optional(entry.label->value) : std::nullopt)
        << "people and reports see the same";
    return found["k"].label;
  };
  add({label_of("k", 0.0)});
  EXPECT_EQ(label_now(), LabelValue(0.0));
  add({label_of("k", 1.0)});
  EXPECT_EQ(label_now(), LabelValue(1.0));
  add({reversal_of("k", 1.0)});
  EXPECT_EQ(label_now(), LabelValue(0.0)) << "what stood before is in force again";
  add({label_of("k", 1.0), reversal_of("k", 0.0)});
  EXPECT_EQ(label_now(), LabelValue(1.0)) << "an older one may be taken back too";
  add({reversal_of("k", 1.0)});
  EXPECT_EQ(label_now(), std::nullopt);
}

TEST_F(SqlitePairsTest, LetsADecisionOverrideTheAction) {
  append({score_of("e1", "k1"), score_of("e2", "k2")}, {shadow_of("e1"), shadow_of("e2")});
  decide({decision_of("k1", "block", 0.9), decision_of("k1", "review", 0.25)});
  const auto found = entries();
  EXPECT_EQ(found[1].score.action, "review") << "the newest is in force";
  EXPECT_EQ(found[1].score.propensity, 0.25);
  EXPECT_TRUE(found[1].score.explored);
  EXPECT_EQ(found[1].score.action_source, ActionSource::kReported);
  EXPECT_EQ(found[0].score.action, "pass");
  EXPECT_EQ(found[0].score.propensity, 1);
  EXPECT_EQ(found[0].score.action_source, ActionSource::kDerived);
  std::map<std::string, Pair> rows;
  pairs(pair_query(), rows);
  EXPECT_EQ(rows["k1"].action, "review");
  EXPECT_EQ(rows["k1"].weight, 4);
  EXPECT_EQ(rows["k2"].weight, 1);
}

TEST_F(SqlitePairsTest, PairsOnlyTheFirstRowOfAKeyUnlessTold) {
  append({score_of("e1", "k", "row 1"), score_of("e2", "k", "row 2")},
         {shadow_of("e1", 0.1), shadow_of("e2", 0.2)});
  add({label_of("k", 1.0)});
  std::map<std::string, Pair> found;
  auto query = pair_query();
  auto counts = pairs(query, found);
  EXPECT_EQ(counts.paired, 1U);
  EXPECT_EQ(counts.later_revision, 1U);
  EXPECT_EQ(found["k"].candidate, 0.1);
  query.all_revisions = true;
  counts = pairs(query, found);
  EXPECT_EQ(counts.paired, 2U);
  EXPECT_EQ(counts.labelled, 2U) << "labels join both";
}

TEST_F(SqlitePairsTest, CountsEveryRowOnceAndSaysWhyItIsLeftOut) {
  auto refused = score_of("e6", "k6");
  refused.status = "wrong_type";
  auto other_model = score_of("e7", "k7");
  other_model.model = "fraud/refund";
  auto other_version = score_of("e8", "k8");
  other_version.digest = "sha256:z";
  append({score_of("e0", "k0"), score_of("e1", "k1"), score_of("e2", "k2"), score_of("e3", "k3"),
          score_of("e4", "k4"), score_of("e5", "k5"), refused, other_model, other_version},
         {shadow_of("e0"), lost_shadow("e1", ShadowStatus::kDropped),
          lost_shadow("e2", ShadowStatus::kError), lost_shadow("e3", ShadowStatus::kTimeout),
          lost_shadow("e4", ShadowStatus::kMissingFeature), shadow_of("e7"), shadow_of("e8")});
  std::map<std::string, Pair> found;
  const auto counts = pairs(pair_query(), found);
  EXPECT_EQ(counts.production_rows, 7U);
  EXPECT_EQ(counts.paired, 1U);
  EXPECT_EQ(counts.shadow_dropped, 1U);
  EXPECT_EQ(counts.shadow_error, 2U);
  EXPECT_EQ(counts.shadow_missing_feature, 1U);
  EXPECT_EQ(counts.shadow_missing, 1U);
  EXPECT_EQ(counts.production_failed, 1U);
  EXPECT_EQ(counts.comparable(), 6U);
}

TEST_F(SqlitePairsTest, LeavesTheLabelOffARowThatIsTooYoung) {
  auto old_event = score_of("e1", "old");
  old_event.event_time = kNow - 100 * kDay;
  append({old_event, score_of("e2", "young")}, {shadow_of("e1"), shadow_of("e2")});
  add({label_of("old", 1.0), label_of("young", 1.0)});
  auto query = pair_query();
  query.mature_before = kNow;  // the younger one happened at kNow
  std::map<std::string, Pair> found;
  const auto counts = pairs(query, found);
  EXPECT_EQ(counts.labelled, 1U);
  EXPECT_EQ(counts.immature, 1U);
  EXPECT_EQ(found["old"].label, LabelValue(1.0));
  EXPECT_EQ(found["young"].state, LabelState::kImmature);
  EXPECT_EQ(found["young"].label, std::nullopt);
}

TEST_F(SqlitePairsTest, TellsBlockedRowsFromRowsWithoutALabelYet) {
  append({score_of("e1", "blocked"), score_of("e2", "reviewed"), score_of("e3", "drawn"),
          score_of("e4", "let through"), score_of("e5", "waiting"), score_of("e6", "")},
         {shadow_of("e1"), shadow_of("e2"), shadow_of("e3"), shadow_of("e4"), shadow_of("e5"),
          shadow_of("e6")});
  decide({decision_of("blocked", "block", 1), decision_of("reviewed", "block", 1),
          decision_of("drawn", "block", 0.95), decision_of("let through", "pass", 0.05)});
  add({label_of("reviewed", 1.0), label_of("drawn", 1.0), label_of("let through", 1.0)});
  auto query = pair_query();
  query.blocking_action = "block";
  std::map<std::string, Pair> found;
  const auto counts = pairs(query, found);
  EXPECT_EQ(found["blocked"].state, LabelState::kBlocked);
  EXPECT_EQ(found["reviewed"].state, LabelState::kKnown);
  EXPECT_EQ(found["drawn"].state, LabelState::kBlocked) << "rows let through stand for it";
  EXPECT_EQ(found["let through"].state, LabelState::kKnown);
  EXPECT_DOUBLE_EQ(found["let through"].weight, 20);
  EXPECT_EQ(found["waiting"].state, LabelState::kNoneYet);
  EXPECT_EQ(found[""].state, LabelState::kNoKey);
  EXPECT_EQ(counts.blocked, 2U);
  EXPECT_EQ(counts.labelled, 2U);
  EXPECT_EQ(counts.no_label, 1U);
  EXPECT_EQ(counts.no_key, 1U);
}

TEST_F(SqlitePairsTest, WeighsARowByAllThatCouldHaveHiddenIt) {
  auto score = score_of("e1", "k");
  score.log_sampling = 0.5;
  score.propensity = 0.2;
  score.amount = 10;
  score.segments = {{"channel", "web"}};
  auto shadow = shadow_of("e1");
  shadow.shadow_sampling = 0.1;
  append({score}, {shadow});
  std::map<std::string, Pair> found;
  pairs(pair_query(), found);
  EXPECT_DOUBLE_EQ(found["k"].weight, 100);
  EXPECT_EQ(found["k"].amount, 10);
  EXPECT_THAT(found["k"].segments,
              ElementsAre(std::pair<std::string, std::string>("channel", "web")));
  auto label = label_of("k", 1.0);
  label.amount = 7;
  add({label});
  pairs(pair_query(), found);
  EXPECT_EQ(found["k"].amount, 7) << "the label's amount is what was lost";
}

TEST_F(SqlitePairsTest, BeginsWhereTheCandidateWasFirstAsked) {
  std::vector<ScoreRecord> scores;
  for (int i = 0; i < 10; ++i) {
    scores.push_back(score_of("e" + std::to_string(i), "k" + std::to_string(i)));
    scores.back().at = kNow + i;
  }
  append(scores, {shadow_of("e6"), shadow_of("e7"), shadow_of("e9")});
  std::map<std::string, Pair> found;
  auto query = pair_query();
  auto counts = pairs(query, found);
  EXPECT_EQ(counts.production_rows, 4U);
  EXPECT_EQ(counts.shadow_missing, 1U);
  EXPECT_EQ(counts.first_at, kNow + 6);
  EXPECT_EQ(counts.last_at, kNow + 9);
  query.since = kNow + 5;
  query.until = kNow + 9;
  counts = pairs(query, found);
  EXPECT_EQ(counts.production_rows, 4U);
  EXPECT_EQ(counts.paired, 2U);
  query = pair_query();
  query.candidate_digest = "sha256:never";
  EXPECT_EQ(pairs(query, found).shadow_missing, 10U) << "and not an empty window";
}

TEST_F(SqlitePairsTest, PairsMoreThanAPageOnceAndIgnoresWhatArrivesMeanwhile) {
  std::vector<ScoreRecord> scores;
  std::vector<ShadowRecord> shadows;
  for (int i = 0; i < 5'000; ++i) {  // all at the same two instants
    scores.push_back(score_of("e" + std::to_string(i), "k" + std::to_string(i)));
    scores.back().at = kNow + i % 2;
    shadows.push_back(shadow_of("e" + std::to_string(i)));
  }
  append(scores, shadows);
  std::map<std::string, int> seen;
  const auto counts = log->pairs(pair_query(), [&](const PairRow& row) {
    if (seen.empty()) {  // the log is not held: this would never return
      auto late = score_of("late", "late");
      late.at = kNow + 1;
      append({late}, {shadow_of("late")});
      add({label_of("k4999", 1.0)});
    }
    ++seen[std::string(row.key)];
  });
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->paired, 5'000U);
  EXPECT_EQ(counts->labelled, 0U);
  EXPECT_EQ(seen.size(), 5'000U);
  EXPECT_FALSE(seen.contains("late"));
}

TEST_F(SqlitePairsTest, GivesOutputsOnlyWhenAsked) {
  auto score = score_of("e1", "k");
  score.outputs = R"({"predict":"cat"})";
  score.score.reset();
  auto shadow = shadow_of("e1");
  shadow.outputs = R"({"predict":"dog"})";
  append({score}, {shadow});
  std::string outputs;
  const auto read = [&](const PairRow& row) {
    outputs = std::string(row.production_outputs) + std::string(row.candidate_outputs);
  };
  auto query = pair_query();
  ASSERT_TRUE(log->pairs(query, read));
  EXPECT_EQ(outputs, "");
  query.with_outputs = true;
  ASSERT_TRUE(log->pairs(query, read));
  EXPECT_EQ(outputs, R"({"predict":"cat"}{"predict":"dog"})");
}

}  // namespace
}  // namespace bascule::scorelog_test
