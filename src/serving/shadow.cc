#include "serving/shadow.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "serving/log_bin.h"
#include "serving/outputs.h"
#include "serving/score.h"

namespace bascule {
namespace {

constexpr std::int64_t kNsPerUs = 1'000;
constexpr std::int64_t kNsPerMs = 1'000'000;

// About what a job holds in memory.
std::size_t job_bytes(const ShadowJob& job) noexcept {
  return job.batch.memory_bytes() + job.records.size() * sizeof(ScoreRecord);
}

// Yields to the threads that answer, but not for ever: an idle-class thread would starve on a busy
// machine, and the report waits for it.
void lower_priority() noexcept {
  constexpr int kNice = 10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  pthread_setname_np(pthread_self(), "shadow");
}

ShadowStatus status_of(const BadRow& bad, const RowBatch& batch, std::size_t row) {
  if (bad.code != "missing") {
    return ShadowStatus::kError;
  }
  const auto column = batch.columns().find(bad.column);
  const bool absent = column && batch.state(row, *column) == CellState::kAbsent;
  return absent ? ShadowStatus::kMissingFeature : ShadowStatus::kError;
}

// The shadow records of one candidate over a batch. Rows that production refused have none.
void score_candidate(const LiveTag& tag, const ShadowJob& job, const Clock& clock,
                     std::int64_t queue_us, ScratchPool& scratch, std::vector<ShadowRecord>& out) {
  const std::int64_t started = clock.monotonic_ns();
  const OutputMask wanted = tag.live->plan->default_outputs();
  std::vector<std::unique_ptr<BadRow>> bad(job.batch.rows());
  const Scored scored = score_batch(
      tag, job.batch, wanted, scratch.of(tag.live->plan),
      [&](std::size_t row, BadRow why) { bad[row] = std::make_unique<BadRow>(std::move(why)); });
  const auto rows = static_cast<std::int64_t>(job.batch.rows());
  const std::int64_t latency_us = (clock.monotonic_ns() - started) / kNsPerUs / rows;
  for (std::size_t row = 0; row < job.batch.rows(); ++row) {
    if (job.records[row].status != "ok") {
      continue;
    }
    ShadowRecord record;
    record.event_id = job.records[row].event_id;
    record.row = job.records[row].row;
    record.tag = tag.tag;
    record.version = tag.live->version;
    record.digest = tag.live->digest;
    record.latency_us = latency_us;
    record.queue_us = queue_us;
    if (bad[row] != nullptr) {
      record.status = status_of(*bad[row], job.batch, row);
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

void drop_candidate(const LiveTag& tag, const ShadowJob& job, std::vector<ShadowRecord>& out) {
  for (const ScoreRecord& score : job.records) {
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

bool Shadow::submit(ShadowJob job) {
  const std::size_t rows = job.batch.rows();
  const std::size_t bytes = job_bytes(job);
  job.queued_ns = clock_.monotonic_ns();
  {
    const std::lock_guard lock(mutex_);
    if (queued_rows_ + rows > limits_.rows || queued_bytes_ + bytes > limits_.bytes) {
      counts_.log_dropped += static_cast<std::int64_t>(rows);
      return false;
    }
    queued_rows_ += rows;
    queued_bytes_ += bytes;
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
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
  std::unique_lock lock(mutex_);
  while (true) {
    const auto due = [&] {
      return !queue_.empty() || stopping_ || (flush_now_ && rows_in_hand_ > 0);
    };
    if (pending.scores.empty()) {
      wake_.wait(lock, due);
    } else {
      wake_.wait_for(lock, std::chrono::milliseconds(limits::kLogBatchMs), due);
    }
    if (queue_.empty()) {
      lock.unlock();
      flush(pending);
      lock.lock();
      idle_.notify_all();
      if (stopping_ && queue_.empty()) {
        return;
      }
      continue;
    }
    const bool filling = queued_rows_ * 2 > limits_.rows || queued_bytes_ * 2 > limits_.bytes;
    ShadowJob job = std::move(queue_.front());
    queue_.pop_front();
    const std::size_t rows = job.batch.rows();
    queued_rows_ -= rows;
    queued_bytes_ -= job_bytes(job);
    rows_in_hand_ += rows;
    lock.unlock();
    work_on(job, filling, pending);
    const std::int64_t waited_ms = (clock_.monotonic_ns() - pending.first_ns) / kNsPerMs;
    if (pending.scores.size() >= limits::kLogBatchRows || waited_ms >= limits::kLogBatchMs) {
      flush(pending);
    }
    lock.lock();
  }
}

void Shadow::work_on(ShadowJob& job, bool skip_candidates, Pending& pending) {
  static thread_local ScratchPool scratch;
  if (pending.scores.empty()) {
    pending.first_ns = clock_.monotonic_ns();
  }
  const std::int64_t queue_us = (clock_.monotonic_ns() - job.queued_ns) / kNsPerUs;
  const std::size_t shadows_before = pending.shadows.size();
  const auto& production = job.set->production;
  for (const LiveTag& tag : job.set->candidates) {
    if (production && tag.live->digest == production->live->digest) {
      continue;
    }
    if (skip_candidates) {
      drop_candidate(tag, job, pending.shadows);
    } else {
      score_candidate(tag, job, clock_, queue_us, scratch, pending.shadows);
    }
  }
  for (std::size_t row = 0; row < job.records.size(); ++row) {
    ScoreRecord& record = job.records[row];
    record.features = job.batch.features_json(row);
    if (record.key.empty()) {
      record.row_hash = job.batch.row_hash(row);
    }
    pending.scores.push_back(std::move(record));
  }
  const auto made = static_cast<std::int64_t>(pending.shadows.size() - shadows_before);
  const std::lock_guard lock(mutex_);
  (skip_candidates ? counts_.shadow_dropped : counts_.scored) += made;
}

void Shadow::flush(Pending& pending) {
  const std::size_t rows = pending.scores.size();
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
