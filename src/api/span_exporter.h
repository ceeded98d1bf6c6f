// Spans on their way to a collector: in batches, from a thread of its own.
//
// Requests never wait for it. While the collector is down or slow, spans wait as far as there is
// room, and are dropped and counted beyond that; a batch that it did not take is not sent again.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/outbox.h"
#include "base/executor.h"

namespace bascule {

class SpanExporter {
 public:
  // Posts an ExportTraceServiceRequest; whether it was taken, within so many milliseconds.
  using Post = std::function<bool(std::string_view body, std::int64_t timeout_ms)>;

  // `executor` is the exporter's own; `version` is this program's.
  SpanExporter(std::string_view version, Post post, std::unique_ptr<Executor> executor);
  // Sends what waits, once, and waits for a second at most.
  ~SpanExporter();
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;

  // Fields 2 of a ScopeSpans: the spans of one request. Any thread.
  void add(std::string_view spans);

  // Requests whose spans were taken, and those whose spans were not.
  std::uint64_t exported() const noexcept { return exported_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const;

 private:
  void flush();

  const std::string version_;
  const Post post_;
  Outbox outbox_;
  std::atomic<bool> scheduled_{false};  // a flush will come
  std::atomic<bool> hurried_{false};    // and one that does not wait
  std::atomic<bool> closing_{false};
  std::atomic<std::uint64_t> exported_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::unique_ptr<Executor> executor_;
};

}  // namespace bascule
