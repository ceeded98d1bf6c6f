// Scoring a batch with one live version: the path of a request.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/plan.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"
#include "engine/view.h"
#include "serving/live.h"
#include "serving/row_batch.h"

namespace bascule {

// What scoring a batch works in; of one plan and one thread.
struct ScoreScratch {
  explicit ScoreScratch(const Plan& of) : plan(of.make_scratch()) {}

  Scratch plan;
  RowErrors refused;
  std::vector<View> inputs;
};

// The scratch of one thread, per plan; forgets plans that are gone.
class ScratchPool {
 public:
  ScoreScratch& of(const std::shared_ptr<const Plan>& plan);

 private:
  struct Entry {
    std::weak_ptr<const Plan> plan;
    const Plan* key;
    std::unique_ptr<ScoreScratch> scratch;
  };
  std::vector<Entry> entries_;
};

// One output of a batch, all rows; the cells of bad rows are unspecified.
struct ScoredOutput {
  std::size_t index = 0;  // in the manifest
  std::size_t width = 1;
  std::vector<double> numbers;         // [rows, width] of a number output
  std::vector<std::int64_t> integers;  // [rows, width] of a label or integer output
};

struct Scored {
  std::vector<ScoredOutput> outputs;  // the ones asked for and the score's, as in the manifest
  std::vector<double> score;          // [rows]; empty when the kind has no score
};

// Takes a problem of a row; whether it takes another one of that row.
using Refuse = std::function<bool(std::size_t row, RowProblem)>;

// Scores the rows of `batch` with `tag`'s version. The columns that the version needs and a row
// lacks are handed to `refuse`, and so is what the engine says about a row that has no other
// problem. One batch gives the same bits as its rows one by one.
Scored score_batch(const LiveTag& tag, const RowBatch& batch, OutputMask wanted,
                   ScoreScratch& scratch, const Refuse& refuse);

}  // namespace bascule
