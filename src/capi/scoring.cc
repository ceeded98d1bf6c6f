#include "capi/scoring.h"

#include <algorithm>
#include <limits>

#include "base/limits.h"

namespace bascule::capi {
namespace {
// The wanted outputs, all rows valid until one is refused.
OutputBatch empty_batch(const Plan& plan, std::size_t rows, OutputMask wanted) {
  OutputBatch batch;
  batch.rows = rows;
  const auto& outputs = plan.manifest().outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if ((wanted >> i & 1) == 0) {
      continue;
    }
    OutputColumn column;
    column.name = outputs[i].name;
    column.width = outputs[i].width;
    column.integers = outputs[i].type != OutputType::kNumber;
    if (column.integers) {
      column.i64.resize(rows * column.width);
    } else {
      column.f64.resize(rows * column.width);
    }
    batch.columns.push_back(std::move(column));
  }
  batch.valid.assign((rows + 7) / 8, 0xFF);
  return batch;
}

void copy_block(std::span<const View> views, OutputMask wanted, std::size_t first, std::size_t rows,
                OutputBatch& batch) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    if ((wanted >> i & 1) == 0) {
      continue;
    }
    OutputColumn& column = batch.columns[at++];
    const std::size_t cells = rows * column.width;
    if (column.integers) {
      std::copy_n(views[i].i64(), cells, column.i64.data() + first * column.width);
    } else {
      std::copy_n(views[i].f64(), cells, column.f64.data() + first * column.width);
    }
  }
}

// What was computed for a refused row means nothing: nobody shall see it.
void refuse(const Plan& plan, std::size_t row, const RowError& error, Scores& scores) {
  OutputBatch& batch = scores.outputs;
  batch.valid[row / 8] &= static_cast<std::uint8_t>(~(1U << (row % 8)));
  ++batch.null_count;
  for (auto& column : batch.columns) {
    for (std::size_t cell = row * column.width; cell < (row + 1) * column.width; ++cell) {
      if (column.integers) {
        column.i64[cell] = 0;
      } else {
        column.f64[cell] = std::numeric_limits<double>::quiet_NaN();
      }
    }
  }
  auto [message, added] = scores.messages.try_emplace({error.code, error.column});
  if (added) {
    message->second = plan.describe(error);
  }
  scores.refused.push_back({static_cast<std::int64_t>(row), error, &message->second});
}
}  // namespace

Scorer::Scorer(const Plan& plan) : scratch(plan.make_scratch()), views(plan.input_types().size()) {
  for (const ValueType type : plan.input_types()) {
    buffers.emplace_back(type);
  }
}

std::unique_ptr<Scorer> ScorerPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto scorer = std::move(idle_.back());
      idle_.pop_back();
      return scorer;
    }
  }
  return std::make_unique<Scorer>(plan_);
}

void ScorerPool::give_back(std::unique_ptr<Scorer> scorer) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(scorer));
}

Result<Scores> score(const Plan& plan, Scorer& scorer, std::span<const ArrowColumn> columns,
                     std::size_t rows, OutputMask wanted) {
  Scores scores;
  scores.outputs = empty_batch(plan, rows, wanted);
  for (std::size_t first = 0; first < rows; first += limits::kBlockRows) {
    const std::size_t count = std::min(limits::kBlockRows, rows - first);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      BASCULE_TRY(scorer.views[i], columns[i].read(first, count, scorer.buffers[i]));
    }
    const auto views = plan.run(count, scorer.views, wanted, scorer.refused, scorer.scratch);
    copy_block(views, wanted, first, count, scores.outputs);
    if (!scorer.refused.any()) {
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (scorer.refused.refused(i)) {
        refuse(plan, first + i, scorer.refused[i], scores);
      }
    }
  }
  return scores;
}

}  // namespace bascule::capi
