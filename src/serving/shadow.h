// The shadow: what happens to a batch after its answer is on its way.
//
// One low-priority thread takes batches from a bounded queue, scores the candidates on production's
// rows, and writes the score log in large transactions. Production never waits for it: when the
// queue is half full the candidates are skipped (the log says "dropped"), and so are those whose
// outputs are more than an answer may hold; when the queue is full the batch is not logged at all.
// All of it is counted.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "scorelog/score_log.h"
#include "serving/answered.h"

namespace bascule {

struct ShadowLimits {
  std::size_t rows = limits::kShadowQueueRows;
  std::size_t bytes = limits::kShadowQueueBytes;
};

class Shadow {
 public:
  struct Counts {
    std::int64_t queued = 0;          // rows in the queue, and in hand
    std::int64_t scored = 0;          // candidate scores made
    std::int64_t shadow_dropped = 0;  // candidate scores skipped: the queue fills, or too large
    std::int64_t logged = 0;          // rows written
    std::int64_t log_dropped = 0;     // rows lost to a full queue or a failing log
    std::string log_error;            // the log's last failure; empty when the last write went well
  };

  // Starts the thread. Both outlive the shadow.
  Shadow(ScoreLog& log, const Clock& clock, ShadowLimits limits = {});
  // Finishes what is queued.
  ~Shadow();
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  // Any thread; holds a lock for the push only, and seldom wakes the shadow's thread, which would
  // cost more than answering did. False when the batch was dropped.
  bool submit(Answered answered);

  Counts counts() const;
  // Waits until everything that was submitted before is in the log, or lost and counted.
  void drain();

 private:
  struct Job {
    Answered answered;
    std::int64_t queued_ns = 0;  // monotonic
  };
  // Rows that are scored, and wait to be written together.
  struct Pending {
    std::vector<ScoreRecord> scores;
    std::vector<ShadowRecord> shadows;
    int naps = 0;  // since the first of them
  };

  void run();
  // Returns when there may be something to do. Holds the lock before and after.
  void wait(std::unique_lock<std::mutex>& lock, Pending& pending);
  // Up to a transaction's worth of rows, out of the queue. Under the lock.
  void take(std::vector<Job>& jobs);
  void work_on(Job& job, bool skip_candidates, Pending& pending);
  void flush(Pending& pending);

  ScoreLog& log_;
  const Clock& clock_;
  const ShadowLimits limits_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable wake_, idle_;
  std::deque<Job> queue_;
  std::size_t queued_rows_ = 0, queued_bytes_ = 0;
  std::size_t rows_in_hand_ = 0;  // taken from the queue, not yet flushed
  bool asleep_ = false;           // nothing is pending: the next batch must wake the thread
  bool stopping_ = false;
  bool flush_now_ = false;
  Counts counts_;
  std::thread thread_;
};

}  // namespace bascule
