#include "serving/shadow.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <span>
#include <utility>

#include "serving/log_bin.h"
#include "serving/outputs.h"
#include "serving/score.h"

namespace bascule {
namespace {

constexpr std::int64_t kNsPerUs = 1'000;
// While rows wait to be written, the thread looks for more at this interval, unasked.
constexpr int kNapMs = 5;

// About what a batch holds in memory while it waits.
std::size_t bytes_of(const Answered& answered) noexcept {
  constexpr std::size_t kEventId = sizeof(std::string) + 48;
  const Answer& answer = answered.answer;
  std::size_t outputs = answer.scored.score.size();
  for (const ScoredOutput& output : answer.scored.outputs) {
    outputs += output.numbers.size() + output.integers.size();
  }
  return sizeof answered + answered.batch.memory_bytes() + outputs * sizeof(double) +
         answer.event_ids.size() * kEventId + answer.row_hashes.size() * sizeof(Digest) +
         answer.actions.size() * sizeof(std::string_view);
}

// Yields to the threads that answer, but not for ever: an idle-class thread would starve on a busy
// machine, and the report waits for it.
void lower_priority() noexcept {
  constexpr int kNice = 10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  pthread_setname_np(pthread_self(), "shadow");
}

ShadowStatus status_of(const RowProblem& bad, const RowBatch& batch, std::size_t row) {
  if (bad.code != "missing") {
    return ShadowStatus::kError;
  }
  const auto column = batch.columns().find(bad.column);
  const bool absent = column && batch.state(row, *column) == CellState::kAbsent;
  return absent ? ShadowStatus::kMissingFeature : ShadowStatus::kError;
}

// The shadow records of one candidate over a batch. Rows that production refused have none.
void score_candidate(const LiveTag& tag, const RowBatch& batch, std::span<const ScoreRecord> scores,
                     const Clock& clock, std::int64_t queue_us, ScratchPool& scratch,
                     std::vector<ShadowRecord>& out) {
  const std::int64_t started = clock.monotonic_ns();
  const OutputMask wanted = tag.live->plan->default_outputs();
  std::vector<std::unique_ptr<RowProblem>> bad(batch.rows());
  const Scored scored = score_batch(tag, batch, wanted, scratch.of(tag.live->plan),
                                    [&](std::size_t row, RowProblem why) {
                                      bad[row] = std::make_unique<RowProblem>(std::move(why));
                                      return false;
                                    });
  const auto rows = static_cast<std::int64_t>(batch.rows());
  const std::int64_t latency_us = (clock.monotonic_ns() - started) / kNsPerUs / rows;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (scores[row].status != "ok") {
      continue;
    }
    ShadowRecord record;
    record.event_id = scores[row].event_id;
    record.row = scores[row].row;
    record.tag = tag.tag;
    record.version = tag.live->version;
    record.digest = tag.live->digest;
    record.latency_us = latency_us;
    record.queue_us = queue_us;
    if (bad[row] != nullptr) {
      record.status = status_of(*bad[row], batch, row);
    } else {
      if (!scored.score.empty()) {
        record.score = scored.score[row];
        record.bin = log_bin(scored.score[row]);
      }
      JsonWriter json(record.outputs);
      write_outputs(json, tag.live->plan->manifest(), scored, wanted, row);
    }
    out.push_back(std::move(record));
  }
}

void drop_candidate(const LiveTag& tag, std::span<const ScoreRecord> scores,
                    std::vector<ShadowRecord>& out) {
  for (const ScoreRecord& score : scores) {
    if (score.status != "ok") {
      continue;
    }
    ShadowRecord record;
    record.event_id = score.event_id;
    record.row = score.row;
    record.tag = tag.tag;
    record.version = tag.live->version;
    record.digest = tag.live->digest;
    record.status = ShadowStatus::kDropped;
    out.push_back(std::move(record));
  }
}

}  // namespace

Shadow::Shadow(ScoreLog& log, const Clock& clock, ShadowLimits limits)
    : log_(log), clock_(clock), limits_(limits), thread_([this] { run(); }) {}

Shadow::~Shadow() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool Shadow::submit(Answered answered) {
  const std::size_t rows = answered.batch.rows();
  const std::size_t bytes = bytes_of(answered);
  const std::int64_t now_ns = clock_.monotonic_ns();
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const bool too_large = queued_bytes_ + bytes > limits_.bytes;
    // However large, a batch that waits alone is taken.
    if (queued_rows_ + rows > limits_.rows || (too_large && !queue_.empty())) {
      counts_.log_dropped += static_cast<std::int64_t>(rows);
      return false;
    }
    const bool was_short = queued_rows_ < limits::kLogBatchRows;
    queued_rows_ += rows;
    queued_bytes_ += bytes;
    queue_.push_back({std::move(answered), now_ns});
    wake = std::exchange(asleep_, false) || (was_short && queued_rows_ >= limits::kLogBatchRows);
  }
  if (wake) {
    wake_.notify_one();
  }
  return true;
}

void Shadow::drain() {
  std::unique_lock lock(mutex_);
  flush_now_ = true;
  wake_.notify_one();
  idle_.wait(lock, [this] { return queued_rows_ == 0 && rows_in_hand_ == 0; });
  flush_now_ = false;
}

Shadow::Counts Shadow::counts() const {
  const std::lock_guard lock(mutex_);
  Counts out = counts_;
  out.queued = static_cast<std::int64_t>(queued_rows_ + rows_in_hand_);
  return out;
}

void Shadow::run() {
  lower_priority();
  Pending pending;
  std::vector<Job> jobs;
  bool was_filling = false;
  std::unique_lock lock(mutex_);
  while (true) {
    wait(lock, pending);
    const bool filling =
        queue_.size() > 1 && (queued_rows_ * 2 > limits_.rows || queued_bytes_ * 2 > limits_.bytes);
    was_filling = was_filling || filling;
    take(jobs);
    const bool nothing_more = queue_.empty();
    const bool in_a_hurry = nothing_more && (flush_now_ || stopping_);
    lock.unlock();
    for (Job& job : jobs) {
      work_on(job, filling, pending);
    }
    jobs.clear();
    if (in_a_hurry || pending.scores.size() >= limits::kLogBatchRows ||
        pending.naps * kNapMs >= limits::kLogBatchMs) {
      flush(pending);
    }
    lock.lock();
    if (pending.scores.empty()) {
      idle_.notify_all();
      if (stopping_ && queue_.empty()) {
        return;
      }
      if (was_filling && queue_.empty()) {
        was_filling = false;
        lock.unlock();
        ::malloc_trim(0);  // what the queue held is in pieces all over the loops' heaps
        lock.lock();
      }
    }
  }
}

void Shadow::wait(std::unique_lock<std::mutex>& lock, Pending& pending) {
  if (pending.scores.empty()) {
    const auto due = [&] { return !queue_.empty() || stopping_; };
    asleep_ = queue_.empty();
    wake_.wait(lock, due);
    asleep_ = false;
    return;
  }
  ++pending.naps;
  wake_.wait_for(lock, std::chrono::milliseconds(kNapMs),
                 [&] { return stopping_ || flush_now_ || queued_rows_ >= limits::kLogBatchRows; });
}

void Shadow::take(std::vector<Job>& jobs) {
  std::size_t taken = 0;
  while (!queue_.empty() && taken < limits::kLogBatchRows) {
    const std::size_t rows = queue_.front().answered.batch.rows();
    queued_rows_ -= rows;
    queued_bytes_ -= bytes_of(queue_.front().answered);
    rows_in_hand_ += rows;
    taken += rows;
    jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

void Shadow::work_on(Job& job, bool skip_candidates, Pending& pending) {
  static thread_local ScratchPool scratch;
  const std::int64_t queue_us = (clock_.monotonic_ns() - job.queued_ns) / kNsPerUs;
  const std::size_t shadows_before = pending.shadows.size();
  const RowBatch& batch = job.answered.batch;
  auto scores = score_records(job.answered);
  std::size_t cells = 0;  // all candidates of a batch hold what one answer may
  std::int64_t scored = 0;
  const auto& production = job.answered.set->production;
  for (const LiveTag& tag : job.answered.set->candidates) {
    const Plan& plan = *tag.live->plan;
    if (production && tag.live->digest == production->live->digest) {
      continue;
    }
    const std::size_t more = batch.rows() * width_of(plan.manifest(), plan.default_outputs());
    const std::size_t before = pending.shadows.size();
    if (skip_candidates || more > limits::kAnswerCells - cells) {
      drop_candidate(tag, scores, pending.shadows);
      continue;
    }
    cells += more;
    score_candidate(tag, batch, scores, clock_, queue_us, scratch, pending.shadows);
    scored += static_cast<std::int64_t>(pending.shadows.size() - before);
  }
  for (std::size_t row = 0; row < scores.size(); ++row) {
    scores[row].features = batch.features_json(row);
    pending.scores.push_back(std::move(scores[row]));
  }
  const auto made = static_cast<std::int64_t>(pending.shadows.size() - shadows_before);
  const std::lock_guard lock(mutex_);
  counts_.scored += scored;
  counts_.shadow_dropped += made - scored;
}

void Shadow::flush(Pending& pending) {
  const std::size_t rows = pending.scores.size();
  pending.naps = 0;
  if (rows == 0) {
    return;
  }
  const auto appended = log_.append(pending.scores, pending.shadows);
  pending.scores.clear();
  pending.shadows.clear();
  const std::lock_guard lock(mutex_);
  (appended ? counts_.logged : counts_.log_dropped) += static_cast<std::int64_t>(rows);
  counts_.log_error = appended ? std::string() : appended.error().message;
  rows_in_hand_ -= rows;
}

}  // namespace bascule
