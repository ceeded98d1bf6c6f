#include "scorelog/sqlite/log_reader.h"

#include <limits>

#include "base/limits.h"
#include "scorelog/sqlite/rows.h"

namespace bascule::scorelog_sqlite {
namespace {

// The same parameters in both: model, since, before_seq, key. The plus sign keeps SQLite on the
// index by key.
constexpr std::string_view kAll =
    "model = $1 AND at >= $2 AND seq < $3 AND $4 = '' ORDER BY seq DESC";
constexpr std::string_view kOfKey =
    "model = $1 AND at >= $2 AND +seq < $3 AND key = $4 ORDER BY revision DESC";

// The statements that fill one entry.
struct Details {
  sqlite::Statement segments;
  sqlite::Statement shadows;
  sqlite::Statement label;
  sqlite::Statement decision;

  static Result<Details> prepare(sqlite::Database& database) {
    BASCULE_TRY(auto segments, database.prepare(kReadSegments));
    BASCULE_TRY(auto shadows,
                database.prepare(fmt::format(
                    "SELECT {} FROM shadow WHERE score_seq = $1 ORDER BY digest", kShadowColumns)));
    BASCULE_TRY(auto label, database.prepare(fmt::format(
                                "SELECT seq, {} FROM label x WHERE model = $1 AND key = $2 AND NOT "
                                "reverses AND NOT EXISTS (SELECT 1 FROM label r WHERE r.model = $1 "
                                "AND r.key = $2 AND r.reverses AND r.supersedes = x.seq) "
                                "ORDER BY seq DESC LIMIT 1",
                                kLabelColumns)));
    BASCULE_TRY(auto decision,
                database.prepare("SELECT action, propensity, explored FROM decision "
                                 "WHERE model = $1 AND key = $2 ORDER BY seq DESC LIMIT 1"));
    return Details{std::move(segments), std::move(shadows), std::move(label), std::move(decision)};
  }
};

Status add_shadows(Details& details, LogEntry& entry) {
  details.shadows.bind_all(entry.seq);
  for (;;) {
    BASCULE_TRY(const bool row, details.shadows.step());
    if (!row) {
      return {};
    }
    auto& shadow = entry.shadows.emplace_back(read_shadow(details.shadows, 0));
    shadow.event_id = entry.score.event_id;
    shadow.row = entry.score.row;
  }
}

Status add_label_and_decision(Details& details, LogEntry& entry) {
  auto& score = entry.score;
  if (score.key.empty()) {
    return {};
  }
  const ResetAtExit reset_label(details.label);
  details.label.bind_all(score.model, score.key);
  BASCULE_TRY(const bool has_label, details.label.step());
  if (has_label) {
    entry.label = read_label(details.label, 1);
    entry.label->seq = details.label.integer(0);
  }
  const ResetAtExit reset_decision(details.decision);
  details.decision.bind_all(score.model, score.key);
  BASCULE_TRY(const bool has_decision, details.decision.step());
  if (has_decision) {
    score.action = details.decision.text(0);
    score.propensity = details.decision.number(1);
    score.explored = details.decision.boolean(2);
    score.action_source = ActionSource::kReported;
  }
  return {};
}

}  // namespace

Result<std::vector<LogEntry>> read_log(sqlite::Database& database, const LogQuery& query) {
  if (query.limit == 0 || query.limit > limits::kPageRows) {
    return fail(Code::kInvalid, "limit is {}, expected 1 to {}", query.limit, limits::kPageRows);
  }
  BASCULE_TRY(auto details, Details::prepare(database));
  BASCULE_TRY(auto events,
              database.prepare(fmt::format("SELECT seq, segments, {} FROM score WHERE {} LIMIT $5",
                                           kScoreColumns, query.key.empty() ? kAll : kOfKey)));
  events.bind_all(query.model, query.since.value_or(std::numeric_limits<TimeUs>::min()),
                  query.before_seq.value_or(std::numeric_limits<std::int64_t>::max()), query.key,
                  static_cast<std::int64_t>(query.limit));
  std::vector<LogEntry> entries;
  for (;;) {
    BASCULE_TRY(const bool row, events.step());
    if (!row) {
      return entries;
    }
    LogEntry entry;
    entry.seq = events.integer(0);
    entry.score = read_score(events, 2);
    BASCULE_TRY(entry.score.segments, read_segments(details.segments, events.text_view(1)));
    BASCULE_CHECK_OK(add_shadows(details, entry));
    BASCULE_CHECK_OK(add_label_and_decision(details, entry));
    entries.push_back(std::move(entry));
  }
}

}  // namespace bascule::scorelog_sqlite
