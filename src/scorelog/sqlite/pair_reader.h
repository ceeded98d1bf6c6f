// Reads, page by page, the rows that production answered in a window, each with the candidate's
// shadow, the label and the decision in force; and says what becomes of each in a report.
//
// The reader remembers how far the tables went when it was made, so that what arrives between two
// pages is not seen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "scorelog/score_log.h"
#include "sqlite/sqlite.h"

namespace bascule::scorelog_sqlite {

// One row of production, owning what a PairRow borrows.
struct WindowRow {
  std::int64_t seq = 0;
  TimeUs at = 0;
  TimeUs happened_at = 0;
  std::string key;
  bool later_revision = false;  // an earlier good row has this key
  std::string status;
  std::optional<double> score;
  std::string outputs;
  std::uint8_t group = 0;
  Segments segments;
  std::string action;  // this and propensity as in force
  double propensity = 1;
  std::optional<double> amount;
  double log_sampling = 1;
  std::optional<ShadowStatus> shadow;  // absent: no record
  std::optional<double> shadow_score;
  std::string shadow_outputs;
  double shadow_sampling = 1;
  std::optional<LabelValue> label;
  std::optional<double> label_amount;
};

class PairReader {
 public:
  // `query` and the database outlive the reader.
  static Result<PairReader> make(sqlite::Database& database, const PairQuery& query);

  // The next rows, in the order (at, seq); an empty page is the end.
  Result<std::vector<WindowRow>> next_page();

 private:
  PairReader(const PairQuery& query, sqlite::Statement page, sqlite::Statement segments)
      : query_(query), page_(std::move(page)), read_segments_(std::move(segments)) {}
  Status find_bounds(sqlite::Database& database);
  Result<WindowRow> read_row();

  const PairQuery& query_;
  sqlite::Statement page_;
  sqlite::Statement read_segments_;
  TimeUs since_ = 0;
  TimeUs until_ = 0;
  std::int64_t last_score_ = 0;
  std::int64_t last_label_ = 0;
  std::int64_t last_decision_ = 0;
  std::int64_t after_seq_ = 0;  // the next page begins at (since_, after_seq_), exclusive
};

// Adds the row to exactly one count. True when both scored it; then `out` is filled, borrowing from
// `row`.
bool classify(const WindowRow& row, const PairQuery& query, PairCounts& counts, PairRow& out);

}  // namespace bascule::scorelog_sqlite
