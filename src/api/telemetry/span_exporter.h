// Spans on their way to an OpenTelemetry collector: as OTLP's JSON over HTTP, in batches.
//
// No request waits for it. What the collector cannot take now is offered again, as OTLP asks: later
// and later, or when the collector says. Meanwhile spans wait as far as there is room.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/telemetry/outbox.h"
#include "base/random.h"

namespace bascule {

class SpanExporter {
 public:
  // What a collector answered.
  struct Reply {
    int status = 0;                   // 0: none
    std::int64_t retry_after_ms = 0;  // 0: it did not say
  };
  // Posts an ExportTraceServiceRequest, and waits so many milliseconds at most.
  using Post = std::function<Reply(std::string_view body, std::int64_t timeout_ms)>;
  // Attributes of what exports.
  struct Resource {
    std::string version;   // of this program
    std::string instance;  // this process among others
  };

  // `random` is for the distances of offers; `executor` is the exporter's own.
  SpanExporter(Resource resource, Post post, Random& random, std::unique_ptr<Executor> executor);

  // The spans of one request, as `request_spans` of api/telemetry/request_record.h writes them. Any
  // thread.
  void add(std::string_view spans) { outbox_.put(spans); }

  // Requests whose spans were taken, and those whose spans were not.
  std::uint64_t exported() const noexcept { return outbox_.sent(); }
  std::uint64_t dropped() const noexcept { return outbox_.dropped(); }

 private:
  Outbox::Outcome send(const Outbox::Batch& batch);
  std::string request_of(std::string_view spans) const;
  std::int64_t pause_ms(const Reply& reply) noexcept;

  const Resource resource_;
  const Post post_;
  Random& random_;
  int offers_ = 0;  // of the batch in hand
  Outbox outbox_;
};

}  // namespace bascule
