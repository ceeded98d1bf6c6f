// The history: events are chained as they are added, and the chain can be walked again.

#include <algorithm>
#include <array>
#include <utility>

#include "base/sha256.h"
#include "registry/checks.h"
#include "registry/sqlite/sqlite_catalog.h"

namespace bascule {
namespace {

constexpr std::string_view kEventColumns =
    "seq, model, tag, revision, kind, old_digest, new_digest, old_version, new_version, actor, "
    "reason, report_id, forced, policy, at, prev_hash, hash";

Result<TagEvent> read_event(const sqlite::Statement& row) {
  const auto kind = parse_event_kind(row.text_view(4));
  if (!kind) {
    return fail(Code::kInternal, "event {} of the history has the kind '{}', which nobody wrote",
                row.integer(0), row.text_view(4));
  }
  return TagEvent{.seq = row.integer(0),
                  .model = row.text(1),
                  .tag = row.text(2),
                  .revision = row.integer(3),
                  .kind = *kind,
                  .old_digest = row.text(5),
                  .new_digest = row.text(6),
                  .old_version = row.integer(7),
                  .new_version = row.integer(8),
                  .actor = row.text(9),
                  .reason = row.text(10),
                  .report_id = row.text(11),
                  .forced = row.boolean(12),
                  .policy = row.text(13),
                  .at = row.integer(14),
                  .prev_hash = row.text(15),
                  .hash = row.text(16)};
}

// What must hold between the tables and the chain, as queries for what breaks it: model and name.
struct TableRule {
  std::string_view broken;  // what is said about it
  std::string_view sql;
};
constexpr std::array<TableRule, 4> kTableRules{{
    {"tag is not where its last event put it",
     "SELECT t.model, t.name FROM tag t LEFT JOIN tag_event e ON e.seq = t.seq WHERE e.seq IS NULL "
     "OR e.model <> t.model OR e.tag <> t.name OR e.revision <> t.revision OR e.new_version <> "
     "COALESCE(t.version, 0) OR EXISTS (SELECT 1 FROM tag_event n WHERE n.model = t.model AND "
     "n.tag = t.name AND n.revision > t.revision) LIMIT 1"},
    {"tag has events and is gone",
     "SELECT e.model, e.tag FROM tag_event e WHERE e.kind <> 'policy' AND NOT EXISTS (SELECT 1 "
     "FROM tag t WHERE t.model = e.model AND t.name = e.tag) LIMIT 1"},
    {"event names another digest than its version has, tag",
     "SELECT e.model, e.tag FROM tag_event e LEFT JOIN version v ON v.model = e.model AND v.number "
     "= e.new_version WHERE e.new_version > 0 AND (v.digest IS NULL OR v.digest <> e.new_digest) "
     "LIMIT 1"},
    {"policy is not what its last event says",
     "SELECT m.name, '' FROM model m LEFT JOIN tag_event e ON e.model = m.name AND e.tag = '' AND "
     "e.revision = m.policy_revision WHERE e.seq IS NULL OR e.new_digest <> m.policy_id OR "
     "e.policy <> m.policy OR EXISTS (SELECT 1 FROM tag_event n WHERE n.model = m.name AND n.tag = "
     "'' AND n.revision > m.policy_revision) LIMIT 1"},
}};

}  // namespace

Status SqliteCatalog::append(TagEvent& event) {
  // First the head, and with it its lock: that orders the commits of all who add events.
  BASCULE_TRY(auto take, database_->prepare("UPDATE registry_head SET seq = seq + 1 WHERE id = 1 "
                                            "RETURNING seq, at, hash"));
  BASCULE_CHECK_OK(take.step());
  event.seq = take.integer(0);
  event.at = std::max(clock_.now_us(), take.integer(1) + 1);
  event.prev_hash = take.text(2);
  take.reset();
  event.hash = event_hash(event);
  BASCULE_TRY(auto insert, database_->prepare(fmt::format(
                               "INSERT INTO tag_event ({}) VALUES ($1, $2, $3, $4, $5, "
                               "$6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
                               kEventColumns)));
  insert.bind_all(event.seq, event.model, event.tag, event.revision, event_kind_name(event.kind),
                  event.old_digest, event.new_digest, event.old_version, event.new_version,
                  event.actor, event.reason, event.report_id, event.forced, event.policy, event.at,
                  event.prev_hash, event.hash);
  BASCULE_CHECK_OK(insert.run());
  BASCULE_TRY(auto move,
              database_->prepare("UPDATE registry_head SET at = $1, hash = $2 WHERE id = 1"));
  return move.bind_all(event.at, event.hash).run();
}

Result<TagEvent> SqliteCatalog::find_event(std::int64_t seq) {
  BASCULE_TRY(auto query, database_->prepare(fmt::format("SELECT {} FROM tag_event WHERE seq = $1",
                                                         kEventColumns)));
  BASCULE_TRY(const bool found, query.bind_all(seq).step());
  if (!found) {
    return fail(Code::kInternal, "event {} is missing from the history; restore a backup", seq);
  }
  return read_event(query);
}

Result<TagEvent> SqliteCatalog::find_policy_event(std::string_view model, std::int64_t revision) {
  BASCULE_TRY(auto query, database_->prepare("SELECT seq FROM tag_event WHERE model = $1 AND tag = "
                                             "'' AND revision = $2"));
  BASCULE_TRY(const bool found, query.bind_all(model, revision).step());
  return find_event(found ? query.integer(0) : 0);
}

Result<std::vector<TagEvent>> SqliteCatalog::history(const HistoryQuery& query) {
  BASCULE_CHECK_OK(check_page(query.limit));
  const std::lock_guard guard(mutex_);
  if (!query.model.empty()) {
    BASCULE_CHECK_OK(find_model(query.model));
  }
  BASCULE_TRY(auto select,
              database_->prepare(fmt::format("SELECT {} FROM tag_event WHERE seq > $1 AND ($2 = 0 "
                                             "OR seq < $2) AND ($3 = '' OR model = $3) "
                                             "AND ($4 = '' OR tag = $4) ORDER BY seq {} LIMIT $5",
                                             kEventColumns, query.newest_first ? "DESC" : "ASC")));
  select.bind_all(query.after_seq, query.before_seq, query.model, query.tag,
                  static_cast<std::int64_t>(query.limit));
  std::vector<TagEvent> events;
  for (;;) {
    BASCULE_TRY(const bool row, select.step());
    if (!row) {
      return events;
    }
    BASCULE_TRY(events.emplace_back(), read_event(select));
  }
}

Result<SqliteCatalog::Head> SqliteCatalog::head() {
  BASCULE_TRY(auto query, database_->prepare("SELECT seq, at, hash FROM registry_head"));
  BASCULE_TRY(const bool found, query.step());
  if (!found) {
    return fail(Code::kInternal, "'{}' has lost its head row; restore a backup", database_->path());
  }
  return Head{.seq = query.integer(0), .at = query.integer(1), .hash = query.text(2)};
}

Result<std::int64_t> SqliteCatalog::head_sequence() {
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(const auto last, head());
  return last.seq;
}

Result<HistoryCheck> SqliteCatalog::verify_history() {
  // Under one lock: between two pages the tables could move on, and would look broken.
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(const auto last, head());
  BASCULE_CHECK_OK(check_chain(last));
  BASCULE_CHECK_OK(check_tables());
  return HistoryCheck{.events = last.seq, .head_hash = last.hash};
}

Status SqliteCatalog::check_chain(const Head& last) {
  BASCULE_TRY(auto query, database_->prepare(
                              fmt::format("SELECT {} FROM tag_event ORDER BY seq", kEventColumns)));
  std::int64_t seq = 0;
  TimeUs at = 0;
  std::string hash(kNoHash);
  for (;;) {
    BASCULE_TRY(const bool row, query.step());
    if (!row) {
      break;
    }
    BASCULE_TRY(const auto event, read_event(query));
    if (event.seq != ++seq || event.at <= at || event.prev_hash != hash ||
        event.hash != event_hash(event)) {
      return fail(Code::kInternal,
                  "the history was changed at event {}: it no longer has the hash it was written "
                  "with; compare with a backup",
                  seq);
    }
    at = event.at;
    hash = event.hash;
  }
  if (seq != last.seq || hash != last.hash || at != last.at) {
    return fail(Code::kInternal,
                "the history ends at event {}, and {} were written; compare with a backup", seq,
                last.seq);
  }
  return {};
}

Status SqliteCatalog::check_tables() {
  for (const auto& rule : kTableRules) {
    BASCULE_TRY(auto query, database_->prepare(rule.sql));
    BASCULE_TRY(const bool found, query.step());
    if (found) {
      return fail(Code::kInternal, "{}: {} '{}'; compare with a backup", query.text_view(0),
                  rule.broken, query.text_view(1));
    }
  }
  return {};
}

}  // namespace bascule
