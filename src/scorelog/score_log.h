// The score log: append what was scored, add what became known later, read pairs for a report.
//
// An event is one row that was answered. The same key with the same row is one event, however often
// it is sent; with another row it is a new event with the next revision. Labels and decisions join
// on (model, key), whenever they come, and never on time; they may come before the score.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "scorelog/records.h"

namespace bascule {

struct AppendCounts {
  std::size_t scores = 0;
  std::size_t shadows = 0;
  std::size_t duplicates = 0;  // scores of an event that the log has; the first one stays
  std::size_t orphans = 0;     // shadows whose event the log does not have
};

// What the log knows about a key.
struct KeyState {
  struct Event {
    std::string event_id;
    std::uint32_t row = 0;
    std::int64_t revision = 1;
  };
  std::optional<Event> same_row;   // the event of this very row
  std::int64_t last_revision = 0;  // 0: the key was never seen; a new row is last_revision + 1
};

struct LabelCounts {
  std::size_t accepted = 0;
  std::size_t unknown_keys = 0;  // kept all the same: the score may come later
};

// For people: what happened, newest first.
struct LogQuery {
  std::string model;
  std::string key;                         // empty: every key
  std::optional<TimeUs> since;             // answered at or after
  std::optional<std::int64_t> before_seq;  // the next page: `seq` of the last entry of this one
  std::size_t limit = 100;                 // at most limits::kPageRows
};

struct LogEntry {
  std::int64_t seq = 0;
  ScoreRecord score;  // action, propensity, explored and action_source as they are in force
  std::vector<ShadowRecord> shadows;  // by digest
  std::optional<LabelRecord> label;   // the one in force
};

// For a report: the rows that production and a candidate have both scored.
struct PairQuery {
  std::string model;
  std::string production_digest;
  std::string candidate_digest;
  // When the row was answered, [since, until). Without `since`: from the first row that the
  // candidate was asked for; earlier rows cannot have a shadow and would look like lost ones.
  std::optional<TimeUs> since;
  std::optional<TimeUs> until;
  // Labels of rows that happened at or after this are still coming in, frauds first: they are left
  // out even when they are there. A row happened at its event_time, or when it was answered.
  TimeUs mature_before = 0;
  // The action that keeps the outcome from happening, so that no label follows ("block"); empty:
  // none does.
  std::string blocking_action;
  bool all_revisions = false;  // else only the first row of each key
  bool with_outputs = false;   // fill the outputs, for kinds without a score
};

enum class LabelState : std::uint8_t {
  kKnown,
  kNoneYet,   // nobody has told
  kImmature,  // the row is younger than the label window
  kBlocked,   // no label can come, or rows that were let through by exploration stand for it
  kNoKey,     // nothing to join on
};

// Views are good until the callback returns.
struct PairRow {
  std::string_view key;
  std::optional<double> production;  // absent only when the kind has no score
  std::optional<double> candidate;
  std::string_view production_outputs;  // JSON; empty unless asked for
  std::string_view candidate_outputs;
  LabelState label_state = LabelState::kNoneYet;
  std::optional<LabelValue> label;  // present when kKnown
  std::optional<double> amount;     // the label's, else the row's
  // 1 / (propensity x log sampling x shadow sampling): how many rows of the traffic it stands for.
  double weight = 1;
  std::uint8_t group = 0;
  const Segments* segments = nullptr;
  std::string_view action;
  double propensity = 1;
};

// Every row that production answered in the window is in exactly one of `paired` and the reasons
// below it; every paired row in exactly one of the label states.
struct PairCounts {
  std::uint64_t production_rows = 0;
  std::uint64_t paired = 0;
  std::uint64_t later_revision = 0;
  std::uint64_t production_failed = 0;  // a bad row: nothing to compare with
  std::uint64_t shadow_missing = 0;     // no record at all
  std::uint64_t shadow_dropped = 0;
  std::uint64_t shadow_error = 0;  // errors and timeouts
  std::uint64_t shadow_missing_feature = 0;

  // Rows that both should have scored: the base of a report's coverage.
  std::uint64_t comparable() const noexcept {
    return paired + shadow_missing + shadow_dropped + shadow_error + shadow_missing_feature;
  }

  std::uint64_t labelled = 0;
  std::uint64_t no_label = 0;
  std::uint64_t immature = 0;
  std::uint64_t blocked = 0;
  std::uint64_t no_key = 0;

  std::optional<TimeUs> first_at;  // of the rows of the window
  std::optional<TimeUs> last_at;
};

// Every method may be called from any thread; calls are serialised inside. Failures of the store
// are kStorageFull or kUnavailable, and leave the log as it was before the call.
class ScoreLog {
 public:
  virtual ~ScoreLog() = default;

  // All or nothing, in one transaction. A shadow may come with its score or in a later batch; a
  // shadow with a score replaces a lost one of the same row and digest. Where two requests raced
  // for one key, the later one gets the next free revision, whatever its record says.
  virtual Result<AppendCounts> append(std::span<const ScoreRecord> scores,
                                      std::span<const ShadowRecord> shadows) = 0;

  // All or nothing. kConflict when a reversal finds no label of its key and value; kInvalid for
  // an empty key or a number that is not finite.
  virtual Result<LabelCounts> add_labels(std::span<const LabelRecord> labels) = 0;

  // All or nothing. The newest decision of a key is in force, for all its revisions. kInvalid for
  // an empty key or action and for a propensity outside (0, 1].
  virtual Result<std::size_t> add_decisions(std::span<const DecisionRecord> decisions) = 0;

  virtual Result<KeyState> find_event(std::string_view model, std::string_view key,
                                      const Digest& row_hash) = 0;

  virtual Result<std::vector<LogEntry>> query(const LogQuery& query) = 0;

  // Calls `each` for every row scored by both, in the order they were answered. What arrives while
  // it runs is not seen, except a shadow of a row that is. Appends go on in between: the log is
  // never held while `each` runs.
  virtual Result<PairCounts> pairs(const PairQuery& query,
                                   const std::function<void(const PairRow&)>& each) = 0;

  // Forgets scores answered before `before` with their shadows, and the labels and decisions that
  // arrived before it and join no score any more. Returns the number of scores forgotten.
  virtual Result<std::size_t> prune(TimeUs before) = 0;
};

}  // namespace bascule
