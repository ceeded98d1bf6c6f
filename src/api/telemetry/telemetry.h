// What requests tell to the outside when they end: lines of the request log, spans of traces.
//
// Only some of them do, since most cost more to tell of than to answer: one in so many, what a
// caller's trace asks for, and every error. The others cost a look at their headers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/metrics.h"
#include "api/route_table.h"
#include "api/telemetry/request_log.h"
#include "api/telemetry/request_record.h"
#include "api/telemetry/span_exporter.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace bascule {
struct Call;     // api/call.h
struct LiveSet;  // serving/live.h
struct LiveTag;

struct TelemetryOptions {
  std::string request_log;                // "stderr", or a file; empty: none
  std::uint32_t request_log_every = 100;  // one line for so many; 0: for errors only
  std::string trace_endpoint;             // "http://localhost:4318"; empty: no spans
  std::uint32_t trace_every = 100;        // of requests without a trace; 0: none of them
  std::string instance;                   // this process among others, for the collector
};

// What a call has found out on its way. Its pointers hold while its answer is sent.
struct CallNotes {
  const LiveSet* set = nullptr;
  const LiveTag* tag = nullptr;
  std::size_t rows = 0;
  std::size_t bad_rows = 0;
  std::size_t problems = 0;
  std::string_view event_id;  // of the first row
  std::string_view code;      // of an error
  std::int64_t wait_ns = 0;   // for a worker
  StageTimes times;           // of what scores rows; complete_ns is 0 for others
};

// Shared by all threads.
class Telemetry {
 public:
  // Before the first thread looks. kInvalid, or the error of opening the file. `random` outlives
  // it.
  Status open(const TelemetryOptions& options, std::string_view version, bool secure,
              Random& random);
  void name_routes(std::span<const Route> routes) noexcept { routes_ = routes; }
  // The request log's file was moved away. Any thread but an event loop's.
  Status reopen();

  TelemetryCounts counts() const;

 private:
  friend class RequestObserver;

  TelemetryOptions options_;
  bool secure_ = false;
  std::span<const Route> routes_;
  std::unique_ptr<RequestLog> log_;
  std::unique_ptr<SpanExporter> spans_;
};

// Takes one in `every`, at distances that chance decides: no rhythm of callers hides from it.
class Sampler {
 public:
  // 0: none.
  Sampler(std::uint32_t every, Random& random) noexcept : every_(every) { draw(random); }

  bool take(Random& random) noexcept {
    if (every_ == 0) {
      return false;
    }
    if (left_ > 0) {
      --left_;
      return false;
    }
    draw(random);
    return true;
  }

 private:
  void draw(Random& random) noexcept;

  const std::uint32_t every_;
  std::uint64_t left_ = 0;
};

// Looks at the requests of one thread as they end.
class RequestObserver {
 public:
  // Both outlive the observer.
  RequestObserver(const Telemetry& telemetry, Random& random) noexcept;

  // Before the answer is sent: it gets the headers that tell its trace and its id.
  void ended(Call& call, const Clock& clock, std::int64_t duration_ns);
  // A request that was answered before it had a route.
  void refused(int status, std::string_view peer, const Clock& clock);

 private:
  bool wants_line(int status, std::string_view code) noexcept;

  const Telemetry& telemetry_;
  Random& random_;
  Sampler lines_;
  Sampler traces_;
};

}  // namespace bascule
