// Records to rows and back: the one place that knows the order of columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "scorelog/records.h"
#include "sqlite/sqlite.h"

namespace bascule::scorelog_sqlite {

// Columns and parameters of a score, in the order that bind_score and read_score use.
inline constexpr std::string_view kScoreColumns =
    "event_id, row_index, client_id, revision, at, event_time, app, model, tag, tag_revision, "
    "version, digest, key, entity_hash, entity_group, segments, score, bin, log_loss_if_1, "
    "log_loss_if_0, outputs, latency_us, status, policy_id, policy_version, threshold, action, "
    "propensity, explored, action_source, amount, log_sampling, features, schema_digest, row_hash";
inline constexpr int kScoreColumnCount = 35;
void bind_score(sqlite::Statement& statement, const ScoreRecord& record, std::int64_t revision);
// `first` is the position of event_id. Segments are read by read_segments.
ScoreRecord read_score(const sqlite::Statement& statement, int first);

inline constexpr std::string_view kShadowColumns =
    "digest, score_seq, tag, version, score, bin, log_loss_if_1, log_loss_if_0, outputs, "
    "latency_us, queue_us, status, shadow_sampling";
inline constexpr int kShadowColumnCount = 13;
void bind_shadow(sqlite::Statement& statement, const ShadowRecord& record, std::int64_t score_seq);
ShadowRecord read_shadow(const sqlite::Statement& statement, int first);  // without its event

inline constexpr std::string_view kLabelColumns =
    "model, key, value, class, amount, source, observed_at, arrived_at, reverses, supersedes";
inline constexpr int kLabelColumnCount = 10;
void bind_label(sqlite::Statement& statement, const LabelRecord& record,
                std::optional<std::int64_t> supersedes);
LabelRecord read_label(const sqlite::Statement& statement, int first);  // without its seq

LabelValue read_label_value(const sqlite::Statement& statement, int value_column);

// Segments are kept as a JSON object, so that SQL can group by them.
std::string segments_json(const Segments& segments);
// SELECT key, value FROM json_each($1)
inline constexpr std::string_view kReadSegments = "SELECT key, value FROM json_each($1)";
Result<Segments> read_segments(sqlite::Statement& read, std::string_view json);

// "$1, $2, ..., $count"
std::string parameters(int count);

// The status by its name; our own table holds no other.
ShadowStatus shadow_status(std::string_view name);

// A cached statement lets go of its rows at the end of the scope that used it: an open one would
// hold back the checkpoint of the log.
class ResetAtExit {
 public:
  explicit ResetAtExit(sqlite::Statement& statement) : statement_(statement) {}
  ~ResetAtExit() { statement_.reset(); }
  ResetAtExit(const ResetAtExit&) = delete;
  ResetAtExit& operator=(const ResetAtExit&) = delete;

 private:
  sqlite::Statement& statement_;
};

}  // namespace bascule::scorelog_sqlite
