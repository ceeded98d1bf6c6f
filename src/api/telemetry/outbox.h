// Text on its way to somebody slow (a disk, a pipe, a collector), on a thread of its own.
//
// Whoever puts an entry in never waits for whoever takes it: one that finds no room is dropped and
// counted. Entries go out in batches: some time after the first of them, or as soon as there is
// much to send.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/executor.h"

namespace bascule {

class Outbox {
 public:
  struct Batch {
    std::string text;
    std::uint64_t entries = 0;
  };
  struct Outcome {
    std::uint64_t sent = 0;        // entries; the others are lost
    std::int64_t again_in_ms = 0;  // not 0: neither yet, `send` wants to be asked with them again
  };
  using Send = std::function<Outcome(const Batch& batch)>;

  // `send` runs on `executor`, which is the outbox's own. At most `max_bytes` wait, and as much is
  // being sent.
  Outbox(std::size_t max_bytes, std::int64_t delay_ms, std::unique_ptr<Executor> executor,
         Send send);
  // Sends what waits, once.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Any thread.
  void put(std::string_view entry);
  // The destructor waits: `send` should be quick, and is not asked again.
  bool closing() const noexcept { return closing_.load(std::memory_order_relaxed); }

  // Entries that were sent, and those that found no room or were lost. Any thread.
  std::uint64_t sent() const noexcept { return sent_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  void flush();
  void resume();

  const std::size_t max_bytes_;
  const std::int64_t delay_ms_;
  const Send send_;
  std::mutex mutex_;  // guards waiting_; held to copy an entry, or to swap
  Batch waiting_;
  std::atomic<bool> closing_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> dropped_{0};
  Batch batch_;           // the executor's, as is what follows
  bool pausing_ = false;  // until `send` is asked again
  std::unique_ptr<Executor> executor_;
};

}  // namespace bascule
