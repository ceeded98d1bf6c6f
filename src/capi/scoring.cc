#include "capi/scoring.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "base/limits.h"
#include "capi/error.h"

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
void erase_row(std::size_t row, OutputBatch& batch) {
  batch.valid[row / 8] &= static_cast<std::uint8_t>(~(1U << (row % 8)));
  for (auto& column : batch.columns) {
    for (std::size_t cell = row * column.width; cell < (row + 1) * column.width; ++cell) {
      if (column.integers) {
        column.i64[cell] = 0;
      } else {
        column.f64[cell] = std::numeric_limits<double>::quiet_NaN();
      }
    }
  }
}

// Takes a scorer from the pool for as long as it lives.
class Lease {
 public:
  explicit Lease(ScorerPool& pool) : pool_(pool), scorer_(pool.take()) {}
  ~Lease() {
    // Only when there is no memory for the list: then the scorer goes.
    guarded([&]() -> Status { return pool_.give_back(std::move(scorer_)), Status(); });
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Scorer& operator*() const noexcept { return *scorer_; }

 private:
  ScorerPool& pool_;
  std::unique_ptr<Scorer> scorer_;
};

// One batch, whose blocks the threads take in ascending order. Blocks share no byte of it.
class Batch {
 public:
  Batch(const Plan& plan, std::span<const ArrowColumn> columns, std::size_t rows, OutputMask wanted)
      : plan_(plan), columns_(columns), wanted_(wanted) {
    scores_.outputs = empty_batch(plan, rows, wanted);
  }

  std::size_t blocks() const noexcept {
    return (rows() + limits::kBlockRows - 1) / limits::kBlockRows;
  }

  // Scores blocks until none is left. Any thread.
  void work(Scorer& scorer) {
    std::vector<RefusedRow> refused;
    for (std::size_t block = next_++; block < blocks(); block = next_++) {
      if (Status status = score_block(block, scorer, refused); !status) {
        next_ = blocks();
        const std::lock_guard lock(mutex_);
        if (block < failed_block_) {
          failed_block_ = block;
          failed_ = std::move(status);
        }
      }
    }
    const std::lock_guard lock(mutex_);
    scores_.refused.insert(scores_.refused.end(), refused.begin(), refused.end());
  }

  // When all threads are done.
  Result<Scores> finish() {
    BASCULE_CHECK_OK(std::move(failed_));
    std::ranges::sort(scores_.refused, {}, &RefusedRow::row);
    for (RefusedRow& each : scores_.refused) {
      auto [message, added] = scores_.messages.try_emplace({each.error.code, each.error.column});
      if (added) {
        message->second = plan_.describe(each.error);
      }
      each.message = &message->second;
    }
    scores_.outputs.null_count = scores_.refused.size();
    return std::move(scores_);
  }

 private:
  std::size_t rows() const noexcept { return scores_.outputs.rows; }

  Status score_block(std::size_t block, Scorer& scorer, std::vector<RefusedRow>& refused) {
    const std::size_t first = block * limits::kBlockRows;
    const std::size_t count = std::min(limits::kBlockRows, rows() - first);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      BASCULE_TRY(scorer.views[i], columns_[i].read(first, count, scorer.buffers[i]));
    }
    const auto views = plan_.run(count, scorer.views, wanted_, scorer.refused, scorer.scratch);
    copy_block(views, wanted_, first, count, scores_.outputs);
    for (std::size_t i = 0; scorer.refused.any() && i < count; ++i) {
      if (scorer.refused.refused(i)) {
        erase_row(first + i, scores_.outputs);
        refused.push_back({static_cast<std::int64_t>(first + i), scorer.refused[i], nullptr});
      }
    }
    return {};
  }

  const Plan& plan_;
  const std::span<const ArrowColumn> columns_;
  const OutputMask wanted_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  Scores scores_;  // `refused` guarded by mutex_; of the outputs each block has its own rows
  Status failed_;  // guarded by mutex_, like failed_block_
  std::size_t failed_block_ = std::numeric_limits<std::size_t>::max();
};
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

Result<Scores> score(const Plan& plan, ScorerPool& scorers, ThreadTeam* team,
                     std::span<const ArrowColumn> columns, std::size_t rows, OutputMask wanted) {
  Batch batch(plan, columns, rows, wanted);
  const auto work = [&] {
    const Lease scorer(scorers);
    batch.work(*scorer);
  };
  if (team == nullptr || batch.blocks() < 2) {
    work();
  } else {
    team->run(batch.blocks() - 1, work);
  }
  return batch.finish();
}

}  // namespace bascule::capi
