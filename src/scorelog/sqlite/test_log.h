// What the tests of the SQLite score log share: records with something in them, and a log in
// memory. Included by tests only.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
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

// The value; a failure ends the test program with its sentence.
template <typename T>
T taken(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message);
  }
  BASCULE_ASSERT(result);
  return *std::move(result);
}

// A log in memory, with a hand in its database.
struct TestLog {
  TestLog() {
    auto opened = taken(sqlite::Database::open(":memory:"));
    database = opened.get();
    log = taken(make_sqlite_score_log(std::move(opened)));
  }

  AppendCounts append(const std::vector<ScoreRecord>& scores,
                      const std::vector<ShadowRecord>& shadows = {}) {
    return taken(log->append(scores, shadows));
  }

  LabelCounts add(const std::vector<LabelRecord>& labels) { return taken(log->add_labels(labels)); }

  void decide(const std::vector<DecisionRecord>& decisions) {
    taken(log->add_decisions(decisions));
  }

  std::vector<LogEntry> entries(LogQuery query = {}) {
    query.model = "fraud/charge";
    return taken(log->query(query));
  }

  static PairQuery pair_query() {
    PairQuery query;
    query.model = "fraud/charge";
    query.production_digest = "sha256:a";
    query.candidate_digest = "sha256:b";
    query.mature_before = kNow + kDay;
    return query;
  }

  // By key.
  PairCounts pairs(const PairQuery& query, std::map<std::string, Pair>& out) {
    out.clear();
    return taken(log->pairs(query, [&](const PairRow& row) {
      out[std::string(row.key)] = {.state = row.label_state,
                                   .label = row.label,
                                   .weight = row.weight,
                                   .candidate = row.candidate.value_or(-1),
                                   .amount = row.amount,
                                   .action = std::string(row.action),
                                   .segments = *row.segments};
    }));
  }

  sqlite::Database* database = nullptr;  // owned by log
  std::unique_ptr<ScoreLog> log;
};

}  // namespace bascule::scorelog_test
