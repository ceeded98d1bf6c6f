// Metrics: what this process did, counted by each thread for itself and added up when asked.
//
// A shard belongs to one thread, which is its only writer; a scrape reads all of them. Latencies go
// to log-linear histograms (eight buckets for each power of two), so that no bucket has to be
// chosen and a percentile is known to an eighth.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_server.h"
#include "api/route_table.h"
#include "serving/host.h"
#include "serving/live.h"
#include "serving/shadow.h"

namespace bascule {

// Written by one thread, read by any.
class Counter {
 public:
  void add(std::uint64_t n) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Histogram {
 public:
  static constexpr std::size_t kPerOctave = 8;
  static constexpr std::size_t kOctaves = 28;  // of microseconds: up to four minutes

  void add(std::int64_t us) noexcept {
    buckets_[bucket_of(us)].add(1);
    sum_us_.add(static_cast<std::uint64_t>(us < 0 ? 0 : us));
  }
  // Where a value is counted: values of bucket i are below `upper_us(i)`.
  static std::size_t bucket_of(std::int64_t us) noexcept;
  static std::uint64_t upper_us(std::size_t bucket) noexcept;
  std::uint64_t count(std::size_t bucket) const noexcept { return buckets_[bucket].get(); }
  std::uint64_t sum_us() const noexcept { return sum_us_.get(); }
  static constexpr std::size_t size() noexcept { return kOctaves * kPerOctave; }

 private:
  std::array<Counter, kOctaves * kPerOctave> buckets_;
  Counter sum_us_;
};

// What a request that scores rows passes through.
enum class Stage : std::uint8_t { kParse, kScore, kWrite };
inline constexpr std::array<std::string_view, 3> kStages{"parse", "score", "write"};

// One request: when it was complete, when its rows were read, scored, and its answer was written.
struct StageTimes {
  std::int64_t complete_ns = 0;
  std::array<std::int64_t, kStages.size()> end_ns{};

  std::int64_t ns(std::size_t stage) const noexcept {
    return end_ns[stage] - (stage == 0 ? complete_ns : end_ns[stage - 1]);
  }
};

// What one live version did, as one thread saw it.
struct VersionCounters {
  Counter scored;  // rows
  Counter bad;
  Counter answered;  // requests with an answer, and those without
  Counter failed;
  Counter failed_ns;
  std::array<Counter, kStages.size()> stage_ns;  // of the answered ones
  Counter last_us;                               // when the last one ended
};

// The same, summed over threads and tags.
struct VersionStatistics {
  std::int64_t version = 0;
  std::uint64_t scored = 0;
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::uint64_t failed_ns = 0;
  std::array<std::uint64_t, kStages.size()> stage_ns{};
  std::uint64_t last_us = 0;

  std::uint64_t answered_ns() const noexcept { return stage_ns[0] + stage_ns[1] + stage_ns[2]; }
};

class MetricsShard {
 public:
  explicit MetricsShard(std::size_t routes) : routes_(routes + 1) {}

  // `route` is its position in the table, or the table's size for requests without a route.
  void add_request(std::size_t route, int status, std::int64_t us) noexcept;
  void add_stages(const StageTimes& times) noexcept;
  // The counters of a version; they live as long as the shard.
  VersionCounters& version(std::string_view model, const LiveTag& tag);

  Counter shed;  // requests refused because the loop's queue stood

 private:
  friend class Metrics;
  // The statuses that the service gives; others are counted as 500.
  static constexpr std::array<int, 20> kStatuses{200, 201, 400, 401, 403, 404, 405, 408, 409, 412,
                                                 413, 415, 422, 428, 429, 431, 500, 503, 504, 507};
  struct PerRoute {
    std::array<Counter, kStatuses.size()> statuses;
    Histogram latency;
  };
  struct VersionKey {
    std::string model, tag, digest;
    std::int64_t version = 0;
    auto operator<=>(const VersionKey&) const = default;
  };

  std::vector<PerRoute> routes_;
  std::array<Histogram, kStages.size()> stages_;
  std::mutex mutex_;  // guards the map, not the counters
  std::map<VersionKey, std::unique_ptr<VersionCounters>> versions_;
  // The version asked for last: found without a lock, by the address of its digest's owner.
  std::weak_ptr<const LiveVersion> last_live_;
  const LiveVersion* last_ = nullptr;
  std::string last_tag_;
  VersionCounters* last_counters_ = nullptr;
};

// What requests told when they ended: api/telemetry/telemetry.h.
struct TelemetryCounts {
  std::uint64_t lines = 0;
  std::uint64_t lines_dropped = 0;
  std::uint64_t traces = 0;  // requests whose spans a collector took
  std::uint64_t traces_dropped = 0;
};

class Metrics {
 public:
  // Before the first shard.
  void name_routes(std::span<const Route> routes);

  // A shard for one more thread; lives as long as the metrics. Any thread.
  MetricsShard& add_shard();

  // Of the versions of a model that were asked for since the server started, in their order.
  std::vector<VersionStatistics> statistics(std::string_view model) const;

  // The Prometheus text format, version 0.0.4.
  std::string text(const LiveModels& live, const Host::Counts& host, const Shadow::Counts& shadow,
                   const HttpStats& http, const TelemetryCounts& telemetry) const;

 private:
  void write_requests(std::string& out) const;
  void write_stages(std::string& out) const;
  template <typename Shards, typename Of>
  static void write_histogram(std::string& out, std::string_view name, const std::string& labels,
                              const Shards& shards, Of&& of);
  void write_versions(std::string& out) const;

  std::vector<std::pair<std::string, std::string>> routes_;  // method, pattern
  mutable std::mutex mutex_;                                 // guards shards_
  std::vector<std::unique_ptr<MetricsShard>> shards_;
};

}  // namespace bascule
