// What the tests of the SQLite score log share: records with something in them, and a log in
// memory.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "scorelog/sqlite/sqlite_score_log.h"
#include "sqlite/sqlite.h"

namespace bascule::scorelog_test {

inline constexpr TimeUs kDay = 86'400'000'000;
inline constexpr TimeUs kNow = 20'000 * kDay;

inline ScoreRecord score_of(const std::string& event_id, const std::string& key,
                            const std::string& row = "") {
  ScoreRecord record;
  record.event_id = event_id;
  record.at = kNow;
  record.model = "fraud/charge";
  record.tag = "production";
  record.version = 7;
  record.digest = "sha256:a";
  record.key = key;
  record.score = 0.5;
  record.action = "pass";
  record.row_hash = sha256(row.empty() ? key : row);
  return record;
}

inline ShadowRecord shadow_of(const std::string& event_id, double score = 0.6) {
  ShadowRecord record;
  record.event_id = event_id;
  record.tag = "candidate/wider-trees";
  record.version = 8;
  record.digest = "sha256:b";
  record.score = score;
  return record;
}

inline ShadowRecord lost_shadow(const std::string& event_id, ShadowStatus status) {
  auto record = shadow_of(event_id);
  record.score.reset();
  record.status = status;
  return record;
}

inline LabelRecord label_of(const std::string& key, LabelValue value) {
  LabelRecord record;
  record.model = "fraud/charge";
  record.key = key;
  record.value = std::move(value);
  record.arrived_at = kNow + kDay;
  return record;
}

inline LabelRecord reversal_of(const std::string& key, LabelValue value) {
  auto record = label_of(key, std::move(value));
  record.reverses = true;
  return record;
}

inline DecisionRecord decision_of(const std::string& key, const std::string& action,
                                  double propensity) {
  DecisionRecord record;
  record.model = "fraud/charge";
  record.key = key;
  record.action = action;
  record.propensity = propensity;
  record.explored = true;
  record.at = kNow + 1;
  return record;
}

// A row of a report, owning its text.
struct Pair {
  LabelState state = LabelState::kNoneYet;
  std::optional<LabelValue> label;
  double weight = 0;
  double candidate = 0;
  std::optional<double> amount;
  std::string action;
  Segments segments;
};

class SqliteScoreLogTest : public testing::Test {
 protected:
  void SetUp() override { use_memory(); }

  void use_memory() {
    auto database = sqlite::Database::open(":memory:");
    ASSERT_TRUE(database);
    database_ = database->get();
    auto log = make_sqlite_score_log(*std::move(database));
    ASSERT_TRUE(log) << log.error().message;
    log_ = *std::move(log);
  }

  AppendCounts append(const std::vector<ScoreRecord>& scores,
                      const std::vector<ShadowRecord>& shadows = {}) {
    const auto counts = log_->append(scores, shadows);
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(AppendCounts{});
  }

  LabelCounts add(const std::vector<LabelRecord>& labels) {
    const auto counts = log_->add_labels(labels);
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(LabelCounts{});
  }

  std::vector<LogEntry> entries(LogQuery query = {}) {
    query.model = "fraud/charge";
    auto found = log_->query(query);
    EXPECT_TRUE(found) << found.error().message;
    return std::move(found).value_or(std::vector<LogEntry>{});
  }

  static PairQuery pair_query() {
    PairQuery query;
    query.model = "fraud/charge";
    query.production_digest = "sha256:a";
    query.candidate_digest = "sha256:b";
    query.mature_before = kNow + kDay;
    return query;
  }

  PairCounts pairs(const PairQuery& query, std::map<std::string, Pair>& out) {
    out.clear();
    const auto counts = log_->pairs(query, [&](const PairRow& row) {
      out[std::string(row.key)] = {.state = row.label_state,
                                   .label = row.label,
                                   .weight = row.weight,
                                   .candidate = row.candidate.value_or(-1),
                                   .amount = row.amount,
                                   .action = std::string(row.action),
                                   .segments = *row.segments};
    });
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(PairCounts{});
  }

  sqlite::Database* database_ = nullptr;  // owned by log_
  std::unique_ptr<ScoreLog> log_;
};

}  // namespace bascule::scorelog_test
