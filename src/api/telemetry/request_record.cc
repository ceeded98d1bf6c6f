#include "api/telemetry/request_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/grpc.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "registry/reference.h"

namespace bascule {
namespace {

constexpr double kNsPerSecond = 1e9;

// What is safe to show of a text that somebody else has chosen: control characters, and in what is
// no UTF-8 all but ASCII, become question marks.
std::string shown(std::string_view text) {
  const bool readable = is_utf8(text);
  std::string out(utf8_prefix(text, limits::kRequestTextBytes));
  std::ranges::replace_if(
      out,
      [readable](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F || (byte > 0x7F && !readable);
      },
      '?');
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

constexpr int kInternal = 1;
constexpr int kServer = 2;
constexpr int kError = 2;  // a status

// "attributes":[{"key":"a","value":{"stringValue":"b"}}]
class Attributes {
 public:
  explicit Attributes(JsonWriter& json) : json_(json) { json_.key("attributes").begin_array(); }
  ~Attributes() { json_.end_array(); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) {
      write(key, "stringValue", shown(value));
    }
  }
  void number(std::string_view key, std::int64_t value) {
    write(key, "intValue", std::to_string(value));
  }

 private:
  void write(std::string_view key, std::string_view type, std::string_view value) {
    json_.object([&] {
      json_.key("key").string(key);
      json_.key("value").object([&] { json_.key(type).string(value); });
    });
  }

  JsonWriter& json_;
};

// What the spans of a request have in common, and the comma behind each.
template <typename Rest>
void append_span(std::string& out, const RequestRecord& record, const SpanId& id,
                 const std::optional<SpanId>& parent, std::string_view name, int kind,
                 std::int64_t begin_ns, std::int64_t end_ns, Rest&& rest) {
  JsonWriter json(out);
  json.object([&] {
    json.key("traceId").string(hex(record.trace.trace_id));
    json.key("spanId").string(hex(id));
    if (!record.trace_state.empty()) {
      json.key("traceState").string(record.trace_state);
    }
    if (parent) {
      json.key("parentSpanId").string(hex(*parent));
    }
    json.key("flags").integer(record.trace.sampled ? 1 : 0);
    json.key("name").string(name);
    json.key("kind").integer(kind);
    json.key("startTimeUnixNano").string(std::to_string(begin_ns));
    json.key("endTimeUnixNano").string(std::to_string(end_ns));
    rest(json);
  });
  out += ',';
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
  int port = 0;  // stays what it is, when it is no number
  static_cast<void>(std::from_chars(peer.data() + colon + 1, peer.data() + peer.size(), port));
  attributes.text("client.address", address);
  attributes.number("client.port", port);
}

void put_grpc(Attributes& attributes, const RequestRecord& record) {
  const auto slash = record.path.rfind('/');
  attributes.text("rpc.system", "grpc");
  attributes.text("rpc.service", record.path.substr(1, slash > 1 ? slash - 1 : 0));
  attributes.text("rpc.method", record.path.substr(slash + 1));
  attributes.number("rpc.grpc.status_code", grpc_status_of_http(record.status));
}

bool is_known_method(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 9> kKnown{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                   "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  return std::ranges::find(kKnown, method) != kKnown.end();
}

void put_http(Attributes& attributes, const RequestRecord& record) {
  if (is_known_method(record.method)) {
    attributes.text("http.request.method", record.method);
  } else {
    attributes.text("http.request.method", "_OTHER");
    attributes.text("http.request.method_original", record.method);
  }
  attributes.text("http.route", record.route);
  attributes.text("url.path", record.path);
  attributes.text("url.scheme", record.secure ? "https" : "http");
  attributes.number("http.response.status_code", record.status);
}

void put_attributes(Attributes& attributes, const RequestRecord& record) {
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
  attributes.text("bascule.event_id", record.event_id);
}

std::string span_name(const RequestRecord& record) {
  if (record.grpc) {
    return std::string(record.route.empty() ? "other" : record.route.substr(1));
  }
  const std::string_view method = is_known_method(record.method) ? record.method : "HTTP";
  return record.route.empty() ? std::string(method) : fmt::format("{} {}", method, record.route);
}

// What is an error for the conventions: the server's, not the caller's.
bool is_error(const RequestRecord& record) noexcept {
  if (!record.grpc) {
    return record.status >= 500;
  }
  // UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS
  constexpr std::array kErrors{2, 4, 12, 13, 14, 15};
  return std::ranges::find(kErrors, grpc_status_of_http(record.status)) != kErrors.end();
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
    if (record.route.empty()) {
      line.text("path", record.path);
    }
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
    line.text("request_id", record.request_id);
    line.text("event_id", record.event_id);
    line.text("trace_id", hex(record.trace.trace_id));
    line.text("span_id", hex(record.trace.span_id));
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
  out.reserve(4096);
  append_span(out, record, record.trace.span_id, record.parent, span_name(record), kServer,
              begin_ns, end_ns, [&](JsonWriter& json) {
                {
                  Attributes attributes(json);
                  put_attributes(attributes, record);
                }
                if (is_error(record)) {
                  json.key("status").object([&] { json.key("code").integer(kError); });
                }
              });
  if (!record.stages) {
    return out;
  }
  std::int64_t at_ns = begin_ns;
  for (const auto& [name, ns] : stages_of(*record.stages)) {
    append_span(out, record, new_span_id(random), record.trace.span_id, name, kInternal, at_ns,
                at_ns + ns, [](JsonWriter&) {});
    at_ns += ns;
  }
  return out;
}

}  // namespace bascule
