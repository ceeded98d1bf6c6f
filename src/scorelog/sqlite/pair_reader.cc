#include "scorelog/sqlite/pair_reader.h"

#include <limits>

#include "scorelog/sqlite/rows.h"

namespace bascule::scorelog_sqlite {
namespace {

constexpr std::int64_t kPageRows = 2'000;
constexpr TimeUs kBeginningOfTime = std::numeric_limits<TimeUs>::min();
constexpr TimeUs kEndOfTime = std::numeric_limits<TimeUs>::max();

// A row that was refused does not make the corrected one that follows a later revision. The label
// in force is the newest that is no reversal and that no reversal takes back.
constexpr std::string_view kPage = R"sql(
SELECT s.seq, s.at, coalesce(s.event_time, s.at), s.key,
  EXISTS (SELECT 1 FROM score e WHERE e.model = s.model AND e.key = s.key
          AND e.revision < s.revision AND e.status = 'ok'),
  s.status, s.score, CASE WHEN $1 THEN s.outputs ELSE '' END, s.entity_group, s.segments,
  coalesce(d.action, s.action), coalesce(d.propensity, s.propensity), s.amount, s.log_sampling,
  h.status, h.score, CASE WHEN $1 THEN h.outputs ELSE '' END, h.shadow_sampling,
  l.seq, l.value, l.class, l.amount
FROM score s
LEFT JOIN shadow h ON h.digest = $2 AND h.score_seq = s.seq
LEFT JOIN label l ON l.seq = (
  SELECT x.seq FROM label x
  WHERE x.model = s.model AND x.key = s.key AND x.seq <= $3 AND NOT x.reverses AND NOT EXISTS (
    SELECT 1 FROM label r WHERE r.model = x.model AND r.key = x.key AND r.seq <= $3
    AND r.reverses AND r.supersedes = x.seq)
  ORDER BY x.seq DESC LIMIT 1)
LEFT JOIN decision d ON d.seq = (
  SELECT max(y.seq) FROM decision y WHERE y.model = s.model AND y.key = s.key AND y.seq <= $4)
WHERE s.model = $5 AND s.digest = $6 AND s.at >= $7 AND s.at < $8 AND s.seq <= $9
  AND (s.at, s.seq) > ($7, $10)
ORDER BY s.at, s.seq LIMIT $11
)sql";

// A candidate that was never asked misses every row, and the report shall say so.
constexpr std::string_view kBounds = R"sql(
SELECT (SELECT s.at FROM shadow h JOIN score s ON s.seq = h.score_seq
        WHERE h.digest = $1 AND s.model = $2 ORDER BY h.score_seq LIMIT 1),
  (SELECT coalesce(max(seq), 0) FROM score),
  (SELECT coalesce(max(seq), 0) FROM label),
  (SELECT coalesce(max(seq), 0) FROM decision)
)sql";

}  // namespace

Result<PairReader> PairReader::make(sqlite::Database& database, const PairQuery& query) {
  BASCULE_TRY(auto page, database.prepare(kPage));
  BASCULE_TRY(auto segments, database.prepare(kReadSegments));
  PairReader reader(query, std::move(page), std::move(segments));
  BASCULE_CHECK_OK(reader.find_bounds(database));
  return reader;
}

Status PairReader::find_bounds(sqlite::Database& database) {
  BASCULE_TRY(auto bounds, database.prepare(kBounds));
  bounds.bind_all(query_.candidate_digest, query_.model);
  BASCULE_TRY([[maybe_unused]] const bool row, bounds.step());
  const auto first_shadow = bounds.optional_integer(0);
  last_score_ = bounds.integer(1);
  last_label_ = bounds.integer(2);
  last_decision_ = bounds.integer(3);
  since_ = query_.since ? *query_.since : first_shadow.value_or(kBeginningOfTime);
  until_ = query_.until.value_or(kEndOfTime);
  return {};
}

Result<WindowRow> PairReader::read_row() {
  WindowRow row;
  row.seq = page_.integer(0);
  row.at = page_.integer(1);
  row.happened_at = page_.integer(2);
  row.key = page_.text(3);
  row.later_revision = page_.boolean(4);
  row.status = page_.text(5);
  row.score = page_.optional_number(6);
  row.outputs = page_.text(7);
  row.group = static_cast<std::uint8_t>(page_.integer(8));
  BASCULE_TRY(row.segments, read_segments(read_segments_, page_.text_view(9)));
  row.action = page_.text(10);
  row.propensity = page_.number(11);
  row.amount = page_.optional_number(12);
  row.log_sampling = page_.number(13);
  if (!page_.is_null(14)) {
    row.shadow = shadow_status(page_.text_view(14));
    row.shadow_score = page_.optional_number(15);
    row.shadow_outputs = page_.text(16);
    row.shadow_sampling = page_.number(17);
  }
  if (!page_.is_null(18)) {
    row.label = read_label_value(page_, 19);
    row.label_amount = page_.optional_number(21);
  }
  return row;
}

Result<std::vector<WindowRow>> PairReader::next_page() {
  const ResetAtExit reset(page_);
  page_.bind_all(query_.with_outputs, query_.candidate_digest, last_label_, last_decision_,
                 query_.model, query_.production_digest, since_, until_, last_score_, after_seq_,
                 kPageRows);
  std::vector<WindowRow> rows;
  for (;;) {
    BASCULE_TRY(const bool found, page_.step());
    if (!found) {
      break;
    }
    BASCULE_TRY(auto row, read_row());
    rows.push_back(std::move(row));
  }
  if (!rows.empty()) {
    since_ = rows.back().at;
    after_seq_ = rows.back().seq;
  }
  return rows;
}

namespace {

// Nothing when both scored it, else the count that takes the row.
std::uint64_t* reason_to_leave_out(const WindowRow& row, const PairQuery& query,
                                   PairCounts& counts) {
  if (row.status != "ok") {
    return &counts.production_failed;
  }
  if (row.later_revision && !query.all_revisions) {
    return &counts.later_revision;
  }
  if (!row.shadow) {
    return &counts.shadow_missing;
  }
  switch (*row.shadow) {
    case ShadowStatus::kOk:
      return nullptr;
    case ShadowStatus::kMissingFeature:
      return &counts.shadow_missing_feature;
    case ShadowStatus::kDropped:
      return &counts.shadow_dropped;
    case ShadowStatus::kError:
    case ShadowStatus::kTimeout:
      break;
  }
  return &counts.shadow_error;
}

LabelState label_state(const WindowRow& row, const PairQuery& query) {
  if (row.key.empty()) {
    return LabelState::kNoKey;
  }
  if (row.happened_at >= query.mature_before) {
    return LabelState::kImmature;
  }
  const bool blocked = !query.blocking_action.empty() && row.action == query.blocking_action;
  // Where blocking is drawn, the rows that were let through carry the weight of those that were
  // not; a blocked row that has a label all the same would count twice.
  if (blocked && (!row.label || row.propensity < 1)) {
    return LabelState::kBlocked;
  }
  return row.label ? LabelState::kKnown : LabelState::kNoneYet;
}

std::uint64_t& count_of(LabelState state, PairCounts& counts) {
  switch (state) {
    case LabelState::kKnown:
      return counts.labelled;
    case LabelState::kNoneYet:
      return counts.no_label;
    case LabelState::kImmature:
      return counts.immature;
    case LabelState::kBlocked:
      return counts.blocked;
    case LabelState::kNoKey:
      break;
  }
  return counts.no_key;
}

}  // namespace

bool classify(const WindowRow& row, const PairQuery& query, PairCounts& counts, PairRow& out) {
  ++counts.production_rows;
  counts.first_at = counts.first_at.value_or(row.at);
  counts.last_at = row.at;
  if (auto* reason = reason_to_leave_out(row, query, counts)) {
    ++*reason;
    return false;
  }
  ++counts.paired;
  out = {};
  out.label_state = label_state(row, query);
  ++count_of(out.label_state, counts);
  if (out.label_state == LabelState::kKnown) {
    out.label = row.label;
  }
  out.key = row.key;
  out.production = row.score;
  out.candidate = row.shadow_score;
  out.production_outputs = row.outputs;
  out.candidate_outputs = row.shadow_outputs;
  out.amount = row.label_amount ? row.label_amount : row.amount;
  out.weight = 1 / (row.propensity * row.log_sampling * row.shadow_sampling);
  out.group = row.group;
  out.segments = &row.segments;
  out.action = row.action;
  out.propensity = row.propensity;
  return true;
}

}  // namespace bascule::scorelog_sqlite
