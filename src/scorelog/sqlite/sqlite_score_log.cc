#include "scorelog/sqlite/sqlite_score_log.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "scorelog/sqlite/log_reader.h"
#include "scorelog/sqlite/pair_reader.h"
#include "scorelog/sqlite/rows.h"
#include "scorelog/sqlite/schema.h"
#include "sqlite/sqlite.h"

namespace bascule {
namespace {

using scorelog_sqlite::ResetAtExit;
using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

// What the path of scores uses, prepared once.
struct Statements {
  Statement same_row;
  Statement last_revision;
  Statement insert_score;
  Statement score_seq;
  Statement insert_shadow;

  static Result<Statements> prepare(Database& database);
};

Result<Statements> Statements::prepare(Database& database) {
  namespace io = scorelog_sqlite;
  // A row that was refused is no event to answer again with: the next try may go well.
  BASCULE_TRY(auto same_row,
              database.prepare("SELECT event_id, row_index, revision FROM score WHERE model = $1 "
                               "AND key = $2 AND row_hash = $3 AND status = 'ok'"));
  BASCULE_TRY(auto last_revision,
              database.prepare("SELECT coalesce(max(revision), 0) FROM score WHERE model = $1 AND "
                               "key = $2"));
  BASCULE_TRY(auto insert_score,
              database.prepare(fmt::format(
                  "INSERT INTO score ({}) VALUES ({}) ON CONFLICT (event_id, row_index) DO NOTHING",
                  io::kScoreColumns, io::parameters(io::kScoreColumnCount))));
  BASCULE_TRY(auto score_seq,
              database.prepare("SELECT seq FROM score WHERE event_id = $1 AND row_index = $2"));
  BASCULE_TRY(auto insert_shadow,
              database.prepare(fmt::format(
                  "INSERT INTO shadow ({}) VALUES ({}) ON CONFLICT (digest, score_seq) DO UPDATE "
                  "SET tag = excluded.tag, version = excluded.version, score = excluded.score, "
                  "bin = excluded.bin, log_loss_if_1 = excluded.log_loss_if_1, "
                  "log_loss_if_0 = excluded.log_loss_if_0, outputs = excluded.outputs, "
                  "latency_us = excluded.latency_us, queue_us = excluded.queue_us, "
                  "status = excluded.status, shadow_sampling = excluded.shadow_sampling "
                  "WHERE shadow.status <> 'ok' AND excluded.status = 'ok'",
                  io::kShadowColumns, io::parameters(io::kShadowColumnCount))));
  return Statements{std::move(same_row), std::move(last_revision), std::move(insert_score),
                    std::move(score_seq), std::move(insert_shadow)};
}

class SqliteScoreLog final : public ScoreLog {
 public:
  SqliteScoreLog(std::unique_ptr<Database> database, Statements statements)
      : database_(std::move(database)), statements_(std::move(statements)) {}

  Result<AppendCounts> append(std::span<const ScoreRecord> scores,
                              std::span<const ShadowRecord> shadows) override;
  Result<LabelCounts> add_labels(std::span<const LabelRecord> labels) override;
  Result<std::size_t> add_decisions(std::span<const DecisionRecord> decisions) override;
  Result<KeyState> find_event(std::string_view model, std::string_view key,
                              const Digest& row_hash) override;
  Result<std::vector<LogEntry>> query(const LogQuery& query) override;
  Result<PairCounts> pairs(const PairQuery& query,
                           const std::function<void(const PairRow&)>& each) override;
  Result<std::size_t> prune(TimeUs before) override;

 private:
  // All of these with mutex_ held.
  Result<bool> insert_score(const ScoreRecord& record);
  Result<bool> insert_shadow(const ShadowRecord& record, AppendCounts& counts);
  Result<KeyState> key_state(std::string_view model, std::string_view key, const Digest& row_hash);

  std::mutex mutex_;  // guards both, the database before its statements
  std::unique_ptr<Database> database_;
  Statements statements_;
};

Result<AppendCounts> SqliteScoreLog::append(std::span<const ScoreRecord> scores,
                                            std::span<const ShadowRecord> shadows) {
  const std::lock_guard lock(mutex_);
  BASCULE_TRY(auto transaction, Transaction::begin(*database_));
  AppendCounts counts;
  for (const auto& record : scores) {
    BASCULE_TRY(const bool inserted, insert_score(record));
    ++(inserted ? counts.scores : counts.duplicates);
  }
  for (const auto& record : shadows) {
    BASCULE_TRY(const bool known, insert_shadow(record, counts));
    counts.orphans += known ? 0 : 1;
  }
  BASCULE_CHECK_OK(transaction.commit());
  return counts;
}

// False when the log has the event.
Result<bool> SqliteScoreLog::insert_score(const ScoreRecord& record) {
  std::int64_t revision = record.revision;
  if (!record.key.empty()) {
    BASCULE_TRY(const auto state, key_state(record.model, record.key, record.row_hash));
    if (state.same_row && record.status == "ok") {
      return false;
    }
    revision = std::max(revision, state.last_revision + 1);
  }
  scorelog_sqlite::bind_score(statements_.insert_score, record, revision);
  BASCULE_CHECK_OK(statements_.insert_score.run());
  return database_->changes() > 0;
}

// False when the log does not have its event.
Result<bool> SqliteScoreLog::insert_shadow(const ShadowRecord& record, AppendCounts& counts) {
  const ResetAtExit reset(statements_.score_seq);
  statements_.score_seq.bind_all(record.event_id, std::int64_t{record.row});
  BASCULE_TRY(const bool known, statements_.score_seq.step());
  if (!known) {
    return false;
  }
  scorelog_sqlite::bind_shadow(statements_.insert_shadow, record, statements_.score_seq.integer(0));
  BASCULE_CHECK_OK(statements_.insert_shadow.run());
  counts.shadows += static_cast<std::size_t>(database_->changes());
  return true;
}

Result<KeyState> SqliteScoreLog::key_state(std::string_view model, std::string_view key,
                                           const Digest& row_hash) {
  KeyState state;
  const ResetAtExit reset_revision(statements_.last_revision);
  statements_.last_revision.bind_all(model, key);
  BASCULE_TRY([[maybe_unused]] const bool row, statements_.last_revision.step());
  state.last_revision = statements_.last_revision.integer(0);
  if (state.last_revision == 0) {
    return state;
  }
  auto& same_row = statements_.same_row;
  const ResetAtExit reset_row(same_row);
  same_row.bind_all(model, key, std::span<const std::byte>(row_hash));
  BASCULE_TRY(const bool found, same_row.step());
  if (found) {
    state.same_row = {.event_id = same_row.text(0),
                      .row = static_cast<std::uint32_t>(same_row.integer(1)),
                      .revision = same_row.integer(2)};
  }
  return state;
}

Result<KeyState> SqliteScoreLog::find_event(std::string_view model, std::string_view key,
                                            const Digest& row_hash) {
  const std::lock_guard lock(mutex_);
  return key_state(model, key, row_hash);
}

std::string value_text(const LabelValue& value) {
  if (const auto* number = std::get_if<double>(&value)) {
    return fmt::format("{}", *number);
  }
  return fmt::format("'{}'", *std::get_if<std::string>(&value));
}

Status check_label(const LabelRecord& label) {
  if (label.key.empty()) {
    return fail(Code::kInvalid, "a label of {} has no key; send the key of the row it is about",
                label.model);
  }
  const auto* number = std::get_if<double>(&label.value);
  if ((number != nullptr && !std::isfinite(*number)) ||
      (label.amount && !std::isfinite(*label.amount))) {
    return fail(Code::kInvalid,
                "the label of key '{}' has a value or an amount that is not a finite number",
                label.key);
  }
  return {};
}

// Adds labels inside one transaction.
class LabelWriter {
 public:
  static Result<LabelWriter> make(Database& database) {
    // The newest label of the key that is in force; with a value, the newest of that value.
    BASCULE_TRY(auto standing,
                database.prepare("SELECT x.seq FROM label x WHERE x.model = $1 AND x.key = $2 AND "
                                 "NOT x.reverses AND ($3 OR (x.value IS $4 AND x.class IS $5)) AND "
                                 "NOT EXISTS (SELECT 1 FROM label r WHERE r.model = $1 AND "
                                 "r.key = $2 AND r.reverses AND r.supersedes = x.seq) "
                                 "ORDER BY x.seq DESC LIMIT 1"));
    BASCULE_TRY(auto insert,
                database.prepare(fmt::format(
                    "INSERT INTO label ({}) VALUES ({})", scorelog_sqlite::kLabelColumns,
                    scorelog_sqlite::parameters(scorelog_sqlite::kLabelColumnCount))));
    BASCULE_TRY(auto known, database.prepare("SELECT EXISTS (SELECT 1 FROM score WHERE model = $1 "
                                             "AND key = $2)"));
    return LabelWriter(std::move(standing), std::move(insert), std::move(known));
  }

  Status add(const LabelRecord& label, LabelCounts& counts) {
    BASCULE_CHECK_OK(check_label(label));
    BASCULE_TRY(const auto supersedes, standing_label(label));
    if (label.reverses && !supersedes) {
      return fail(Code::kConflict,
                  "key '{}' has no label {} in force that could be reversed; send the label first, "
                  "or look at it with `bascule log`",
                  label.key, value_text(label.value));
    }
    scorelog_sqlite::bind_label(insert_, label, supersedes);
    BASCULE_CHECK_OK(insert_.run());
    known_.bind_all(label.model, label.key);
    const ResetAtExit reset(known_);
    BASCULE_TRY([[maybe_unused]] const bool row, known_.step());
    ++counts.accepted;
    counts.unknown_keys += known_.boolean(0) ? 0 : 1;
    return {};
  }

 private:
  LabelWriter(Statement standing, Statement insert, Statement known)
      : standing_(std::move(standing)), insert_(std::move(insert)), known_(std::move(known)) {}

  // The label that this one replaces or takes back.
  Result<std::optional<std::int64_t>> standing_label(const LabelRecord& label) {
    const auto* number = std::get_if<double>(&label.value);
    const auto* text = std::get_if<std::string>(&label.value);
    const ResetAtExit reset(standing_);
    standing_.bind_all(label.model, label.key, !label.reverses,
                       number != nullptr ? std::optional(*number) : std::nullopt,
                       text != nullptr ? std::optional(*text) : std::nullopt);
    BASCULE_TRY(const bool found, standing_.step());
    return found ? std::optional(standing_.integer(0)) : std::nullopt;
  }

  Statement standing_;
  Statement insert_;
  Statement known_;
};

Result<LabelCounts> SqliteScoreLog::add_labels(std::span<const LabelRecord> labels) {
  const std::lock_guard lock(mutex_);
  BASCULE_TRY(auto writer, LabelWriter::make(*database_));
  BASCULE_TRY(auto transaction, Transaction::begin(*database_));
  LabelCounts counts;
  for (const auto& label : labels) {
    BASCULE_CHECK_OK(writer.add(label, counts));
  }
  BASCULE_CHECK_OK(transaction.commit());
  return counts;
}

Status check_decision(const DecisionRecord& decision) {
  if (decision.key.empty() || decision.action.empty()) {
    return fail(Code::kInvalid,
                "a decision of {} has no {}; send the key of the row and the action that was taken",
                decision.model, decision.key.empty() ? "key" : "action");
  }
  if (!(decision.propensity > 0 && decision.propensity <= 1)) {
    return fail(Code::kInvalid,
                "the decision of key '{}' has propensity {}, expected above 0 and at most 1: the "
                "chance with which this action was taken",
                decision.key, decision.propensity);
  }
  return {};
}

Result<std::size_t> SqliteScoreLog::add_decisions(std::span<const DecisionRecord> decisions) {
  const std::lock_guard lock(mutex_);
  BASCULE_TRY(auto insert,
              database_->prepare("INSERT INTO decision (model, key, action, propensity, explored, "
                                 "at) VALUES ($1, $2, $3, $4, $5, $6)"));
  BASCULE_TRY(auto transaction, Transaction::begin(*database_));
  for (const auto& decision : decisions) {
    BASCULE_CHECK_OK(check_decision(decision));
    insert.bind_all(decision.model, decision.key, decision.action, decision.propensity,
                    decision.explored, decision.at);
    BASCULE_CHECK_OK(insert.run());
  }
  BASCULE_CHECK_OK(transaction.commit());
  return decisions.size();
}

Result<std::vector<LogEntry>> SqliteScoreLog::query(const LogQuery& query) {
  const std::lock_guard lock(mutex_);
  return scorelog_sqlite::read_log(*database_, query);
}

Result<PairCounts> SqliteScoreLog::pairs(const PairQuery& query,
                                         const std::function<void(const PairRow&)>& each) {
  // The reader's statements are the database's too: they are made, used and let go under the lock.
  std::unique_lock lock(mutex_);
  BASCULE_TRY(auto reader, scorelog_sqlite::PairReader::make(*database_, query));
  PairCounts counts;
  for (;;) {
    BASCULE_TRY(const auto page, reader.next_page());
    if (page.empty()) {
      return counts;
    }
    lock.unlock();
    PairRow pair;
    for (const auto& row : page) {
      if (scorelog_sqlite::classify(row, query, counts, pair)) {
        each(pair);
      }
    }
    lock.lock();
  }
}

Result<std::size_t> SqliteScoreLog::prune(TimeUs before) {
  const std::lock_guard lock(mutex_);
  BASCULE_TRY(auto transaction, Transaction::begin(*database_));
  BASCULE_TRY(auto allow, database_->prepare(
                              "UPDATE retention SET forgotten_before = max(forgotten_before, $1)"));
  BASCULE_CHECK_OK(allow.bind_all(before).run());
  BASCULE_TRY(auto scores, database_->prepare("DELETE FROM score WHERE at < $1"));
  BASCULE_CHECK_OK(scores.bind_all(before).run());
  const auto forgotten = static_cast<std::size_t>(database_->changes());
  BASCULE_TRY(auto labels, database_->prepare(
                               "DELETE FROM label WHERE arrived_at < $1 AND NOT EXISTS (SELECT 1 "
                               "FROM score s WHERE s.model = label.model AND s.key = label.key)"));
  BASCULE_CHECK_OK(labels.bind_all(before).run());
  BASCULE_TRY(auto decisions,
              database_->prepare("DELETE FROM decision WHERE at < $1 AND NOT EXISTS (SELECT 1 FROM "
                                 "score s WHERE s.model = decision.model AND "
                                 "s.key = decision.key)"));
  BASCULE_CHECK_OK(decisions.bind_all(before).run());
  BASCULE_CHECK_OK(transaction.commit());
  return forgotten;
}

}  // namespace

Result<std::unique_ptr<ScoreLog>> make_sqlite_score_log(std::unique_ptr<Database> database) {
  BASCULE_CHECK_OK(database->run("PRAGMA synchronous = NORMAL"));
  BASCULE_CHECK_OK(database->migrate(scorelog_sqlite::kMigrations));
  BASCULE_TRY(auto statements, Statements::prepare(*database));
  return std::make_unique<SqliteScoreLog>(std::move(database), std::move(statements));
}

Result<std::unique_ptr<ScoreLog>> open_sqlite_score_log(const std::string& path) {
  BASCULE_TRY(auto database, Database::open(path));
  return make_sqlite_score_log(std::move(database));
}

}  // namespace bascule
