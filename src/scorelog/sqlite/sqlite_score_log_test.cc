#include "scorelog/sqlite/sqlite_score_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/limits.h"
#include "scorelog/entity.h"
#include "scorelog/sqlite/test_log.h"

namespace bascule::scorelog_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SqliteScoreLogTest : public testing::Test, protected TestLog {};

void expect_equal(const ScoreRecord& a, const ScoreRecord& b) {
  EXPECT_EQ(a.event_id, b.event_id);
  EXPECT_EQ(a.row, b.row);
  EXPECT_EQ(a.client_id, b.client_id);
  EXPECT_EQ(a.revision, b.revision);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.event_time, b.event_time);
  EXPECT_EQ(a.app, b.app);
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.tag, b.tag);
  EXPECT_EQ(a.tag_revision, b.tag_revision);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.entity_hash, b.entity_hash);
  EXPECT_EQ(a.group, b.group);
  EXPECT_EQ(a.segments, b.segments);
  EXPECT_EQ(a.score, b.score);
  EXPECT_EQ(a.bin, b.bin);
  EXPECT_EQ(a.outputs, b.outputs);
  EXPECT_EQ(a.latency_us, b.latency_us);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.policy_id, b.policy_id);
  EXPECT_EQ(a.policy_version, b.policy_version);
  EXPECT_EQ(a.threshold, b.threshold);
  EXPECT_EQ(a.action, b.action);
  EXPECT_EQ(a.propensity, b.propensity);
  EXPECT_EQ(a.explored, b.explored);
  EXPECT_EQ(a.action_source, b.action_source);
  EXPECT_EQ(a.amount, b.amount);
  EXPECT_EQ(a.log_sampling, b.log_sampling);
  EXPECT_EQ(a.features, b.features);
  EXPECT_EQ(a.schema_digest, b.schema_digest);
  EXPECT_EQ(a.row_hash, b.row_hash);
}

// Every member away from its default.
ScoreRecord full_score() {
  ScoreRecord record = score_of("0193-full", "ch_1");
  record.row = 3;
  record.client_id = "r1";
  record.event_time = kNow - 5;
  record.app = "checkout";
  record.tag_revision = 42;
  set_entity(record, "salt", "card_9");
  record.segments = {{"channel", "web \"shop\""}, {"area", "north"}};
  record.score = 0.1 + 0.2;
  record.bin = ScoreBin{511, 1'234'567'890'123, -4};
  record.outputs = R"({"predict_proba":[0.7,0.3]})";
  record.latency_us = 85;
  record.policy_id = "sha256:p";
  record.policy_version = 3;
  record.threshold = 0.75;
  record.action = "block";
  record.propensity = 0.05;
  record.explored = true;
  record.action_source = ActionSource::kReported;
  record.amount = 120.5;
  record.log_sampling = 0.25;
  record.features = R"({"amount":120.5})";
  record.schema_digest = "sha256:s";
  return record;
}

TEST_F(SqliteScoreLogTest, KeepsEveryColumnOfAScore) {
  const auto with = full_score();
  auto without = score_of("0193-bare", "");
  without.score.reset();
  without.status = "missing";
  append({with, without});
  const auto found = entries();
  ASSERT_EQ(found.size(), 2U);
  expect_equal(found[1].score, with);
  expect_equal(found[0].score, without);
}

TEST_F(SqliteScoreLogTest, KeepsEveryColumnOfAShadow) {
  auto with = shadow_of("e1", 0.25);
  with.bin = ScoreBin{7, 8, 9};
  with.outputs = R"({"predict":1})";
  with.latency_us = 11;
  with.queue_us = 12;
  with.shadow_sampling = 0.5;
  auto lost = lost_shadow("e1", ShadowStatus::kMissingFeature);
  lost.digest = "sha256:c";
  append({score_of("e1", "k")}, {lost, with});
  const auto found = entries();
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(found[0].shadows.size(), 2U);
  const auto& a = found[0].shadows[0];
  EXPECT_EQ(a.event_id, "e1");
  EXPECT_EQ(a.row, 0U);
  EXPECT_EQ(a.tag, with.tag);
  EXPECT_EQ(a.version, 8);
  EXPECT_EQ(a.digest, "sha256:b");
  EXPECT_EQ(a.score, 0.25);
  EXPECT_EQ(a.bin, with.bin);
  EXPECT_EQ(a.outputs, with.outputs);
  EXPECT_EQ(a.latency_us, 11);
  EXPECT_EQ(a.queue_us, 12);
  EXPECT_EQ(a.status, ShadowStatus::kOk);
  EXPECT_EQ(a.shadow_sampling, 0.5);
  const auto& b = found[0].shadows[1];
  EXPECT_EQ(b.status, ShadowStatus::kMissingFeature);
  EXPECT_EQ(b.score, std::nullopt);
  EXPECT_EQ(b.bin, std::nullopt);
}

TEST_F(SqliteScoreLogTest, KeepsEveryColumnOfALabel) {
  auto number = label_of("k1", 1.0);
  number.amount = 99.5;
  number.source = "chargeback";
  number.observed_at = kNow - 7;
  append({score_of("e1", "k1"), score_of("e2", "k2")});
  add({number, label_of("k2", std::string("late"))});
  const auto found = entries();
  const auto& a = *found[1].label;
  EXPECT_EQ(a.model, "fraud/charge");
  EXPECT_EQ(a.key, "k1");
  EXPECT_EQ(a.value, LabelValue(1.0));
  EXPECT_EQ(a.amount, 99.5);
  EXPECT_EQ(a.source, "chargeback");
  EXPECT_EQ(a.observed_at, kNow - 7);
  EXPECT_EQ(a.arrived_at, kNow + kDay);
  EXPECT_FALSE(a.reverses);
  EXPECT_EQ(a.supersedes, std::nullopt);
  const auto& b = *found[0].label;
  EXPECT_EQ(b.value, LabelValue(std::string("late")));
  EXPECT_EQ(b.amount, std::nullopt);
  EXPECT_EQ(b.observed_at, std::nullopt);
  EXPECT_GT(b.seq, a.seq);
}

TEST_F(SqliteScoreLogTest, StillHasEverythingAfterItIsReopened) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("bascule_score_log_" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const auto path = (folder / "scores.db").string();
  log = taken(open_sqlite_score_log(path));
  append({full_score()});
  add({label_of("ch_1", 1.0)});
  log.reset();
  log = taken(open_sqlite_score_log(path));
  const auto found = entries();
  ASSERT_EQ(found.size(), 1U);
  expect_equal(found[0].score, full_score());
  EXPECT_TRUE(found[0].label);
  EXPECT_EQ(append({full_score()}).duplicates, 1U);
  log.reset();
  std::filesystem::remove_all(folder);
}

TEST_F(SqliteScoreLogTest, TakesTheSameKeyWithTheSameRowAsOneEvent) {
  EXPECT_EQ(append({score_of("e1", "k", "row")}).scores, 1U);
  const auto counts = append({score_of("e2", "k", "row")}, {shadow_of("e2")});
  EXPECT_EQ(counts.scores, 0U);
  EXPECT_EQ(counts.duplicates, 1U);
  EXPECT_EQ(counts.orphans, 1U);
  EXPECT_EQ(entries().size(), 1U);
  const auto state = log->find_event("fraud/charge", "k", sha256("row"));
  ASSERT_TRUE(state && state->same_row);
  EXPECT_EQ(state->same_row->event_id, "e1");
  EXPECT_EQ(state->same_row->revision, 1);
  EXPECT_EQ(state->last_revision, 1);
}

TEST_F(SqliteScoreLogTest, GivesAnotherRowUnderAKeyTheNextRevision) {
  append({score_of("e1", "k", "row 1"), score_of("e2", "k", "row 2")});
  const auto found = entries();
  EXPECT_EQ(found[0].score.revision, 2);  // though its record said 1: two requests raced
  EXPECT_EQ(found[1].score.revision, 1);
  const auto state = log->find_event("fraud/charge", "k", sha256("row 3"));
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->same_row);
  EXPECT_EQ(state->last_revision, 2);
  EXPECT_EQ(log->find_event("fraud/other", "k", sha256("row 1"))->last_revision, 0);
}

TEST_F(SqliteScoreLogTest, DoesNotAnswerARetryWithARowThatWasRefused) {
  auto refused = score_of("e1", "k", "row");
  refused.status = "missing";
  refused.score.reset();
  append({refused});
  const auto state = log->find_event("fraud/charge", "k", sha256("row"));
  EXPECT_FALSE(state->same_row);
  EXPECT_EQ(state->last_revision, 1);
  EXPECT_EQ(append({score_of("e2", "k", "row")}, {shadow_of("e2")}).scores, 1U);
  std::map<std::string, Pair> found;
  const auto counts = pairs(pair_query(), found);
  EXPECT_EQ(counts.paired, 1U);
  EXPECT_EQ(counts.production_failed, 1U);
}

TEST_F(SqliteScoreLogTest, KeepsRowsWithoutAKeyApart) {
  append({score_of("e1", ""), score_of("e2", "")});
  EXPECT_EQ(entries().size(), 2U);
}

TEST_F(SqliteScoreLogTest, ReplacesALostShadowByAScoreAndNeverTheOtherWay) {
  append({score_of("e1", "k")}, {lost_shadow("e1", ShadowStatus::kDropped)});
  EXPECT_EQ(append({}, {shadow_of("e1", 0.9)}).shadows, 1U);
  EXPECT_EQ(append({}, {lost_shadow("e1", ShadowStatus::kTimeout)}).shadows, 0U);
  EXPECT_EQ(append({}, {shadow_of("e1", 0.1)}).shadows, 0U);
  const auto found = entries();
  ASSERT_EQ(found[0].shadows.size(), 1U);
  EXPECT_EQ(found[0].shadows[0].score, 0.9);
}

TEST_F(SqliteScoreLogTest, WritesAllOfABatchOrNothing) {
  auto impossible = score_of("e2", "k2");
  impossible.propensity = 0;
  EXPECT_FALSE(log->append(std::vector{score_of("e1", "k1"), impossible}, {}));
  EXPECT_TRUE(entries().empty());
  EXPECT_FALSE(log->add_labels(std::vector{label_of("k1", 1.0), label_of("", 1.0)}));
  EXPECT_EQ(append({score_of("e1", "k1")}).scores, 1U);
  EXPECT_FALSE(entries()[0].label);
}

TEST_F(SqliteScoreLogTest, RefusesAReversalOfNothing) {
  add({label_of("k", 1.0)});
  for (const auto& reversal :
       {reversal_of("k", 0.0), reversal_of("other", 1.0), reversal_of("k", std::string("1"))}) {
    const auto status = log->add_labels(std::vector{reversal});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::kConflict);
  }
  add({reversal_of("k", 1.0)});
  EXPECT_FALSE(log->add_labels(std::vector{reversal_of("k", 1.0)})) << "it is reversed already";
}

TEST_F(SqliteScoreLogTest, RefusesLabelsAndDecisionsThatSayNothing) {
  EXPECT_FALSE(log->add_labels(std::vector{label_of("k", std::nan(""))}));
  for (const double propensity : {0.0, -0.1, 1.1, std::nan("")}) {
    const auto status = log->add_decisions(std::vector{decision_of("k", "pass", propensity)});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::kInvalid);
    EXPECT_THAT(status.error().message, HasSubstr("propensity"));
  }
  EXPECT_FALSE(log->add_decisions(std::vector{decision_of("k", "", 1)}));
  EXPECT_FALSE(log->add_decisions(std::vector{decision_of("", "pass", 1)}));
}

TEST_F(SqliteScoreLogTest, NeverChangesLabelsAndDecisions) {
  add({label_of("k", 1.0)});
  decide({decision_of("k", "pass", 1)});
  EXPECT_FALSE(database->run("UPDATE label SET value = 0"));
  EXPECT_FALSE(database->run("DELETE FROM label"));
  EXPECT_FALSE(database->run("UPDATE decision SET propensity = 0.5"));
  EXPECT_FALSE(database->run("DELETE FROM decision"));
}

TEST_F(SqliteScoreLogTest, ShowsPagesNewestFirst) {
  std::vector<ScoreRecord> scores;
  for (int i = 0; i < 5; ++i) {
    scores.push_back(
        score_of("e" + std::to_string(i), "k" + std::to_string(i % 2), "row" + std::to_string(i)));
    scores.back().at = kNow + i;
  }
  append(scores);
  const auto ids = [&](const LogQuery& query) {
    std::vector<std::string> out;
    for (const auto& entry : entries(query)) {
      out.push_back(entry.score.event_id);
    }
    return out;
  };
  LogQuery query;
  query.limit = 2;
  EXPECT_THAT(ids(query), ElementsAre("e4", "e3"));
  query.before_seq = entries(query).back().seq;
  EXPECT_THAT(ids(query), ElementsAre("e2", "e1"));
  query.before_seq = entries(query).back().seq;
  EXPECT_THAT(ids(query), ElementsAre("e0"));
  query = {};
  query.key = "k0";
  EXPECT_THAT(ids(query), ElementsAre("e4", "e2", "e0"));
  query.since = kNow + 2;
  EXPECT_THAT(ids(query), ElementsAre("e4", "e2"));
  query.limit = 0;
  EXPECT_FALSE(log->query(query));
  query.limit = limits::kPageRows + 1;
  EXPECT_FALSE(log->query(query));
}

TEST_F(SqliteScoreLogTest, ForgetsWhatIsOldAndWhatHangsOnIt) {
  auto old = score_of("e1", "old");
  old.at = kNow - 100 * kDay;
  append({old, score_of("e2", "new")}, {shadow_of("e1"), shadow_of("e2")});
  auto old_label = label_of("old", 1.0);
  old_label.arrived_at = kNow - 50 * kDay;
  auto early_label = label_of("new", 1.0);
  early_label.arrived_at = kNow - 50 * kDay;
  auto fresh_label = label_of("waits for its score", 1.0);
  add({old_label, early_label, fresh_label});
  auto old_decision = decision_of("old", "block", 1);
  old_decision.at = kNow - 99 * kDay;
  decide({old_decision});

  EXPECT_EQ(log->prune(kNow - 10 * kDay).value_or(0), 1U);
  const auto found = entries();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].label) << "an old label of a row that stays, stays";
  const auto count = [&](const std::string& table) {
    auto query = database->prepare("SELECT count(*) FROM " + table);
    EXPECT_TRUE(query && query->step());
    return query->integer(0);
  };
  EXPECT_EQ(count("shadow"), 1);
  EXPECT_EQ(count("label"), 2);
  EXPECT_EQ(count("decision"), 0);
  EXPECT_FALSE(database->run("DELETE FROM label")) << "the fresh one is still guarded";
  EXPECT_EQ(append({score_of("e3", "old")}).scores, 1U) << "the key may be used again";
}

TEST_F(SqliteScoreLogTest, SaysThatTheDiskIsFullAndGoesOnWhenThereIsSpace) {
  append({score_of("e1", "k1")});
  ASSERT_TRUE(database->run("PRAGMA max_page_count = 1"));  // no page more than there are
  auto large = score_of("e2", "k2");
  large.features = std::string(1 << 20, 'x');
  const auto full = log->append(std::vector{score_of("e0", "k0"), large}, {});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::kStorageFull);
  EXPECT_EQ(entries().size(), 1U) << "nothing of the batch";
  ASSERT_TRUE(database->run("PRAGMA max_page_count = 1000000"));
  EXPECT_EQ(append({score_of("e0", "k0"), large}).scores, 2U);
}

TEST_F(SqliteScoreLogTest, RefusesAFileOfANewerBuild) {
  auto database = sqlite::Database::open(":memory:");
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->run("PRAGMA user_version = 99"));
  const auto log = make_sqlite_score_log(*std::move(database));
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace bascule::scorelog_test
