#include "api/span_exporter.h"

#include "api/grpc/wire.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::int64_t kBatchMs = 1'000;
constexpr std::size_t kBatchBytes = 512
                                    << 10;  // that are not kept waiting for the rest of a second
constexpr std::int64_t kPostMs = 5'000;
constexpr std::int64_t kClosingMs = 1'000;

void put_attribute(std::string& out, std::uint32_t field, std::string_view key,
                   std::string_view value) {
  wire::put_nested(out, field, [&] {
    wire::put_text(out, 1, key);
    wire::put_nested(out, 2, [&] { wire::put_text(out, 1, value); });
  });
}

}  // namespace

SpanExporter::SpanExporter(std::string_view version, Post post, std::unique_ptr<Executor> executor)
    : version_(version),
      post_(std::move(post)),
      outbox_(limits::kSpanQueueBytes),
      executor_(std::move(executor)) {}

SpanExporter::~SpanExporter() {
  closing_ = true;
  executor_->post([this] { flush(); });
  executor_.reset();
}

void SpanExporter::add(std::string_view spans) {
  const std::size_t waiting = outbox_.put(spans);
  if (waiting == 0) {
    return;
  }
  if (waiting >= kBatchBytes) {
    if (!hurried_.exchange(true)) {
      executor_->post([this] { flush(); });
    }
  } else if (!scheduled_.exchange(true)) {
    executor_->post_after(kBatchMs, [this] { flush(); });
  }
}

std::uint64_t SpanExporter::dropped() const {
  return outbox_.dropped() + lost_.load(std::memory_order_relaxed);
}

void SpanExporter::flush() {
  scheduled_ = false;  // before taking: what comes from here on schedules again
  hurried_ = false;
  const Outbox::Taken taken = outbox_.take();
  if (taken.entries == 0) {
    return;
  }
  // ExportTraceServiceRequest { resource_spans = 1 { resource = 1, scope_spans = 2 { scope = 1,
  // spans = 2 } } }
  std::string body;
  body.reserve(taken.bytes.size() + 256);
  wire::put_nested(body, 1, [&] {
    wire::put_nested(body, 1, [&] {
      put_attribute(body, 1, "service.name", "bascule");
      put_attribute(body, 1, "service.version", version_);
    });
    wire::put_nested(body, 2, [&] {
      wire::put_nested(body, 1, [&] {
        wire::put_text(body, 1, "bascule");
        wire::put_text(body, 2, version_);
      });
      body += taken.bytes;
    });
  });
  const bool sent = post_(body, closing_ ? kClosingMs : kPostMs);
  (sent ? exported_ : lost_).fetch_add(taken.entries, std::memory_order_relaxed);
}

}  // namespace bascule
