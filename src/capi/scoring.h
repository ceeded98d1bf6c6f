// A batch through a plan, block by block, on one thread or several.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "capi/arrow_export.h"
#include "capi/arrow_import.h"
#include "capi/thread_team.h"
#include "engine/plan.h"

namespace bascule::capi {

// What one thread needs to score with a plan.
struct Scorer {
  explicit Scorer(const Plan& plan);
  Scratch scratch;
  RowErrors refused;
  std::vector<ColumnBuffer> buffers;  // one per input column
  std::vector<View> views;            // likewise
};

// Scorers that no thread is using: after warm-up a call takes one and gives it back. Any thread.
class ScorerPool {
 public:
  explicit ScorerPool(const Plan& plan) : plan_(plan) {}
  std::unique_ptr<Scorer> take();
  void give_back(std::unique_ptr<Scorer> scorer);

 private:
  const Plan& plan_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Scorer>> idle_;  // guarded by mutex_
};

struct RefusedRow {
  std::int64_t row = 0;
  RowError error;
  const std::string* message = nullptr;  // in Scores::messages
};

struct Scores {
  OutputBatch outputs;
  std::vector<RefusedRow> refused;
  std::map<std::pair<RowCode, std::int32_t>, std::string> messages;  // one per kind of refusal
};

// The same bits and the same refused rows whoever helps. An error is that of the first block that
// has one. `team` may be null: the caller's thread alone.
Result<Scores> score(const Plan& plan, ScorerPool& scorers, ThreadTeam* team,
                     std::span<const ArrowColumn> columns, std::size_t rows, OutputMask wanted);

}  // namespace bascule::capi
