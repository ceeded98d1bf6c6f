// A batch that has been answered, and what the score log says about it.
//
// The thread of the request keeps what it knows and no more; the records are made on the shadow's
// thread, so that no client waits for them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "scorelog/records.h"
#include "serving/live.h"
#include "serving/row_batch.h"
#include "serving/score.h"

namespace bascule {

// What a face writes down. Bad rows are marked in the batch.
struct Answer {
  const LiveTag* tag = nullptr;  // lives as long as the live set
  Scored scored;
  std::vector<std::string> event_ids;     // [rows], or none where nobody asks for them
  std::vector<Digest> row_hashes;         // [rows], or none: the shadow makes the others
  std::vector<std::string_view> actions;  // [rows], or none without a threshold; may be empty

  std::string_view action(std::size_t row) const noexcept {
    return actions.empty() ? std::string_view() : actions[row];
  }
};

struct Answered {
  std::shared_ptr<const LiveSet> set;
  Answer answer;  // by production of `set`
  RowBatch batch;
  std::string app;  // the actor that asked
  TimeUs at = 0;
  std::int64_t latency_us = 0;
};

// One record per row, without features. Takes the event ids out of `answered`.
std::vector<ScoreRecord> score_records(Answered& answered);

}  // namespace bascule
