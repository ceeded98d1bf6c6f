// An OpenTelemetry collector that takes traces by OTLP over plain HTTP.
//
// Each request has a connection of its own: there is about one in a second.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/telemetry/span_exporter.h"
#include "base/result.h"

namespace bascule {

class Collector {
 public:
  // "http://collector:4318", perhaps with a path in front of /v1/traces. kInvalid for another form;
  // nobody is asked yet.
  static Result<Collector> parse(std::string_view endpoint);

  // Posts an ExportTraceServiceRequest as JSON, and waits for the reply `timeout_ms` at most, apart
  // from a resolver of names that takes longer.
  SpanExporter::Reply post(std::string_view body, std::int64_t timeout_ms) const;

  const std::string& host() const noexcept { return host_; }
  const std::string& port() const noexcept { return port_; }
  const std::string& target() const noexcept { return target_; }

 private:
  Collector(std::string host, std::string port, std::string target)
      : host_(std::move(host)), port_(std::move(port)), target_(std::move(target)) {}

  std::string host_;
  std::string port_;
  std::string target_;
};

}  // namespace bascule
