#include "api/request_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/grpc.h"
#include "api/grpc/wire.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "registry/reference.h"

namespace bascule {
namespace {

constexpr double kNsPerSecond = 1e9;

// What is safe to show of a text that somebody else has chosen: control characters and what is no
// UTF-8 become question marks.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, limits::kRequestTextBytes));
  if (!is_utf8(text)) {
    std::ranges::replace_if(out, [](char c) { return c < 0x20 || c > 0x7E; }, '?');
    return out;
  }
  out = utf8_prefix(text, limits::kRequestTextBytes);
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return out;
}

std::string hex(const std::uint8_t* bytes, std::size_t size) {
  std::string out;
  append_hex(out, bytes, size);
  return out;
}

std::string_view level_of(int status) noexcept {
  if (status >= 500) {
    return "error";
  }
  return status >= 400 ? "warn" : "info";
}

std::array<std::pair<std::string_view, std::int64_t>, 4> stages_of(
    const RequestRecord::Stages& stages) noexcept {
  return {{{"wait", stages.wait_ns},
           {"parse", stages.parse_ns},
           {"score", stages.score_ns},
           {"write", stages.write_ns}}};
}

// ---- The line

class Line {
 public:
  explicit Line(std::string& out) : json_(out) { json_.begin_object(); }
  ~Line() { json_.end_object(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) {
      json_.key(key).string(shown(value));
    }
  }
  void number(std::string_view key, std::size_t value) {
    json_.key(key).integer(static_cast<std::int64_t>(value));
  }
  void seconds(std::string_view key, std::int64_t ns) {
    json_.key(key).number(static_cast<double>(ns) / kNsPerSecond);
  }

 private:
  JsonWriter json_;
};

// ---- Spans

enum class Kind : std::uint8_t { kInternal = 1, kServer = 2 };

// An attribute is a KeyValue { key = 1, value = 2: AnyValue { string = 1, int = 3 } }.
class Attributes {
 public:
  explicit Attributes(std::string& out) : out_(out) {}

  void text(std::string_view key, std::string_view value) {
    if (value.empty()) {
      return;
    }
    const std::string safe = shown(value);
    put(key, [&] { wire::put_text(out_, 1, safe); });
  }
  void number(std::string_view key, std::int64_t value) {
    put(key, [&] {
      wire::put_varint(out_, 3 << 3);  // a zero must be written: AnyValue would be empty
      wire::put_varint(out_, static_cast<std::uint64_t>(value));
    });
  }

 private:
  static constexpr std::uint32_t kField = 9;  // of Span

  template <typename Write>
  void put(std::string_view key, Write&& write) {
    wire::put_nested(out_, kField, [&] {
      wire::put_text(out_, 1, key);
      wire::put_nested(out_, 2, write);
    });
  }
  std::string& out_;
};

std::string_view bytes_of(const std::uint8_t* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

template <typename Rest>
void put_span(std::string& out, const RequestRecord& record, const SpanId& id,
              const std::optional<SpanId>& parent, std::string_view name, Kind kind,
              std::int64_t begin_ns, std::int64_t end_ns, Rest&& rest) {
  // Fields of Span, in their order.
  wire::put_nested(out, 2, [&] {
    wire::put_text(out, 1, bytes_of(record.trace.trace_id.data(), record.trace.trace_id.size()));
    wire::put_text(out, 2, bytes_of(id.data(), id.size()));
    wire::put_text(out, 3, record.trace_state);
    if (parent) {
      wire::put_text(out, 4, bytes_of(parent->data(), parent->size()));
    }
    wire::put_text(out, 5, name);
    wire::put_number(out, 6, static_cast<std::uint64_t>(kind));
    wire::put_fixed64(out, 7, static_cast<std::uint64_t>(begin_ns));
    wire::put_fixed64(out, 8, static_cast<std::uint64_t>(end_ns));
    rest();
    wire::put_fixed32(out, 16, record.trace.flags);
  });
}

// "127.0.0.1" and 51324 of "127.0.0.1:51324".
void put_peer(Attributes& attributes, std::string_view peer) {
  const auto colon = peer.rfind(':');
  if (colon == std::string_view::npos) {
    return;
  }
  std::string_view address = peer.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  attributes.text("client.address", address);
  std::int64_t port = 0;
  for (const char digit : peer.substr(colon + 1)) {
    port = port * 10 + (digit - '0');
  }
  attributes.number("client.port", port);
}

void put_grpc(Attributes& attributes, const RequestRecord& record) {
  const auto slash = record.path.rfind('/');
  attributes.text("rpc.system", "grpc");
  attributes.text("rpc.service", record.path.substr(1, slash > 1 ? slash - 1 : 0));
  attributes.text("rpc.method", record.path.substr(slash + 1));
  attributes.number("rpc.grpc.status_code", grpc_status_of_http(record.status));
}

void put_http(Attributes& attributes, const RequestRecord& record) {
  attributes.text("http.request.method", record.method == "other" ? "_OTHER" : record.method);
  if (record.route != "other") {
    attributes.text("http.route", record.route);
  }
  attributes.text("url.path", record.path);
  attributes.text("url.scheme", record.secure ? "https" : "http");
  attributes.number("http.response.status_code", record.status);
}

void put_attributes(std::string& out, const RequestRecord& record) {
  Attributes attributes(out);
  if (record.grpc) {
    put_grpc(attributes, record);
  } else {
    put_http(attributes, record);
  }
  attributes.text("network.protocol.version", record.protocol_version);
  put_peer(attributes, record.peer);
  attributes.number("http.request.body.size", static_cast<std::int64_t>(record.bytes_in));
  attributes.number("http.response.body.size", static_cast<std::int64_t>(record.bytes_out));
  attributes.text("error.type", record.code);
  attributes.text("bascule.model", record.model);
  if (record.version != 0) {
    attributes.text("bascule.version", version_text(record.version));
  }
  attributes.text("bascule.digest", record.digest);
  attributes.text("bascule.tag", record.tag);
  if (record.stages) {
    attributes.number("bascule.rows", static_cast<std::int64_t>(record.rows));
    attributes.number("bascule.bad_rows", static_cast<std::int64_t>(record.bad_rows));
  }
  attributes.text("bascule.principal", record.principal);
  attributes.text("bascule.request_id", record.request_id);
}

std::string span_name(const RequestRecord& record) {
  if (record.grpc) {
    return record.route == "other" ? "other" : std::string(record.route.substr(1));
  }
  if (record.route == "other") {
    return record.method == "other" ? "HTTP" : std::string(record.method);
  }
  return fmt::format("{} {}", record.method, record.route);
}

}  // namespace

std::string request_line(const RequestRecord& record) {
  std::string out;
  out.reserve(1024);
  {
    Line line(out);
    line.text("time", format_time(record.ended_us));
    line.text("level", level_of(record.status));
    line.text("method", record.method);
    line.text("route", record.route);
    line.text("protocol", record.grpc ? "grpc" : record.protocol_version);
    line.text("model", record.model);
    if (record.version != 0) {
      line.text("version", version_text(record.version));
    }
    line.text("digest", record.digest);
    line.text("tag", record.tag);
    if (record.stages) {
      line.number("rows", record.rows);
      line.number("bad_rows", record.bad_rows);
    }
    line.number("status", static_cast<std::size_t>(record.status));
    if (record.grpc) {
      line.number("grpc_status", static_cast<std::size_t>(grpc_status_of_http(record.status)));
    }
    line.text("code", record.code);
    line.number("problems", record.problems);
    line.text("principal", record.principal);
    line.text("request_id", record.request_id.substr(0, limits::kRequestIdBytes));
    line.text("trace_id", hex(record.trace.trace_id.data(), record.trace.trace_id.size()));
    line.text("span_id", hex(record.trace.span_id.data(), record.trace.span_id.size()));
    line.number("bytes_in", record.bytes_in);
    line.number("bytes_out", record.bytes_out);
    line.seconds("seconds", record.duration_ns);
    if (record.stages) {
      for (const auto& [name, ns] : stages_of(*record.stages)) {
        line.seconds(fmt::format("{}_seconds", name), ns);
      }
    }
    line.text("peer", record.peer);
  }
  out += '\n';
  return out;
}

std::string request_spans(const RequestRecord& record, Random& random) {
  const std::int64_t end_ns = record.ended_us * 1000;
  const std::int64_t begin_ns = end_ns - record.duration_ns;
  std::string out;
  put_span(out, record, record.trace.span_id, record.parent, span_name(record), Kind::kServer,
           begin_ns, end_ns, [&] {
             put_attributes(out, record);
             if (record.status >= 500) {
               constexpr std::uint64_t kError = 2;
               wire::put_nested(out, 15, [&] { wire::put_number(out, 3, kError); });
             }
           });
  if (!record.stages) {
    return out;
  }
  std::int64_t at_ns = begin_ns;
  for (const auto& [name, ns] : stages_of(*record.stages)) {
    put_span(out, record, new_span_id(random), record.trace.span_id, name, Kind::kInternal, at_ns,
             at_ns + ns, [] {});
    at_ns += ns;
  }
  return out;
}

}  // namespace bascule
