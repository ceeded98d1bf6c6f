#include "api/telemetry/span_exporter.h"

#include <algorithm>
#include <span>

#include "base/json_writer.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::int64_t kDelayMs = 1'000;
constexpr std::int64_t kPostMs = 5'000;
constexpr std::int64_t kClosingMs = 1'000;
constexpr int kOffers = 6;                         // of one batch: over a minute
constexpr std::int64_t kPauseMs = 2'000;           // at most, before the second offer; then doubled
constexpr std::int64_t kLongestPauseMs = 300'000;  // that a collector may ask for

// OTLP 1.x: the others are not to be sent again.
bool may_succeed_later(int status) noexcept {
  return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

void write_attribute(JsonWriter& json, std::string_view key, std::string_view value) {
  json.object([&] {
    json.key("key").string(key);
    json.key("value").object([&] { json.key("stringValue").string(value); });
  });
}

}  // namespace

SpanExporter::SpanExporter(Resource resource, Post post, Random& random,
                           std::unique_ptr<Executor> executor)
    : resource_(std::move(resource)),
      post_(std::move(post)),
      random_(random),
      outbox_(limits::kSpanQueueBytes, kDelayMs, std::move(executor),
              [this](const Outbox::Batch& batch) { return send(batch); }) {}

Outbox::Outcome SpanExporter::send(const Outbox::Batch& batch) {
  const Reply reply = post_(request_of(batch.text), outbox_.closing() ? kClosingMs : kPostMs);
  if (++offers_ < kOffers && may_succeed_later(reply.status)) {
    return {.again_in_ms = pause_ms(reply)};
  }
  offers_ = 0;
  return {.sent = reply.status / 100 == 2 ? batch.entries : 0};
}

std::int64_t SpanExporter::pause_ms(const Reply& reply) noexcept {
  if (reply.retry_after_ms > 0) {
    return std::min(reply.retry_after_ms, kLongestPauseMs);
  }
  // From a half of it on: servers that lost the same collector should not all come back at once.
  const std::int64_t longest = kPauseMs << (offers_ - 1);
  std::uint64_t chance = 0;
  random_.fill(std::as_writable_bytes(std::span(&chance, 1)));
  return longest / 2 + static_cast<std::int64_t>(chance % static_cast<std::uint64_t>(longest / 2));
}

std::string SpanExporter::request_of(std::string_view spans) const {
  spans.remove_suffix(1);  // its comma
  std::string out;
  out.reserve(spans.size() + 512);
  JsonWriter json(out);
  const auto scope_spans = [&] {
    json.key("scope").object([&] {
      json.key("name").string("bascule");
      json.key("version").string(resource_.version);
    });
    json.key("spans").array([&] { json.raw(spans); });
  };
  const auto resource_spans = [&] {
    json.key("resource").object([&] {
      json.key("attributes").array([&] {
        write_attribute(json, "service.name", "bascule");
        write_attribute(json, "service.version", resource_.version);
        write_attribute(json, "service.instance.id", resource_.instance);
      });
    });
    json.key("scopeSpans").array([&] { json.object(scope_spans); });
  };
  json.object([&] { json.key("resourceSpans").array([&] { json.object(resource_spans); }); });
  return out;
}

}  // namespace bascule
