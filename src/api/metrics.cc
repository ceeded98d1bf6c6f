#include "api/metrics.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>

#include "registry/reference.h"

namespace bascule {
namespace {

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void sample(std::string& out, std::string_view name, std::string_view labels, double value) {
  fmt::format_to(std::back_inserter(out), "{}{} {}\n", name, labels, value);
}

void single(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            std::uint64_t value) {
  head(out, name, type, help);
  fmt::format_to(std::back_inserter(out), "{} {}\n", name, value);
}

std::uint64_t count_of(std::int64_t value) noexcept {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

// Bytes that are in memory, from the second number of /proc/self/statm; 0 where there is none.
std::uint64_t resident_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "r"),
                                                             &std::fclose);
  unsigned long total = 0;
  unsigned long resident = 0;
  if (!file || std::fscanf(file.get(), "%lu %lu", &total, &resident) != 2) {
    return 0;
  }
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void write_telemetry(std::string& out, const TelemetryCounts& telemetry) {
  single(out, "bascule_request_log_lines_total", "counter", "Lines of the request log.",
         telemetry.lines);
  single(out, "bascule_request_log_dropped_total", "counter",
         "Lines of the request log that found no room, or could not be written.",
         telemetry.lines_dropped);
  single(out, "bascule_traces_exported_total", "counter",
         "Requests whose spans the collector took.", telemetry.traces);
  single(out, "bascule_traces_dropped_total", "counter",
         "Requests whose spans found no room, or no collector that took them.",
         telemetry.traces_dropped);
}

}  // namespace

std::size_t Histogram::bucket_of(std::int64_t us) noexcept {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0));
  if (value < kPerOctave) {
    return static_cast<std::size_t>(value);
  }
  const auto octave = static_cast<std::size_t>(std::bit_width(value)) - 3;  // 1 for 8..15
  const std::size_t within = static_cast<std::size_t>(value >> (octave - 1)) - kPerOctave;
  return std::min(octave * kPerOctave + within, size() - 1);
}

std::uint64_t Histogram::upper_us(std::size_t bucket) noexcept {
  if (bucket < kPerOctave) {
    return bucket + 1;
  }
  const std::size_t octave = bucket / kPerOctave;
  return (bucket % kPerOctave + kPerOctave + 1) << (octave - 1);
}

void MetricsShard::add_request(std::size_t route, int status, std::int64_t us) noexcept {
  PerRoute& counters = routes_[std::min(route, routes_.size() - 1)];
  const auto at = std::find(kStatuses.begin(), kStatuses.end(), status);
  const auto known =
      at == kStatuses.end() ? std::find(kStatuses.begin(), kStatuses.end(), 500) : at;
  counters.statuses[static_cast<std::size_t>(known - kStatuses.begin())].add(1);
  counters.latency.add(us);
}

void MetricsShard::add_stages(const StageTimes& times) noexcept {
  for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
    stages_[stage].add(times.ns(stage) / 1000);
  }
}

VersionCounters& MetricsShard::version(std::string_view model, const LiveTag& tag) {
  if (last_ == tag.live.get() && last_tag_ == tag.tag && !last_live_.expired()) {
    return *last_counters_;
  }
  const std::lock_guard lock(mutex_);
  auto& counters = versions_[{std::string(model), tag.tag, tag.live->digest, tag.live->version}];
  if (!counters) {
    counters = std::make_unique<VersionCounters>();
  }
  last_live_ = tag.live;
  last_ = tag.live.get();
  last_tag_ = tag.tag;
  last_counters_ = counters.get();
  return *counters;
}

void Metrics::name_routes(std::span<const Route> routes) {
  for (const Route& route : routes) {
    routes_.emplace_back(method_name(route.method), route.pattern);
  }
  routes_.emplace_back("", "other");
}

MetricsShard& Metrics::add_shard() {
  const std::lock_guard lock(mutex_);
  shards_.push_back(std::make_unique<MetricsShard>(routes_.size() - 1));
  return *shards_.back();
}

// Adds up one histogram of each shard.
template <typename Shards, typename Of>
void Metrics::write_histogram(std::string& out, std::string_view name, const std::string& labels,
                              const Shards& shards, Of&& of) {
  std::uint64_t below = 0;
  std::uint64_t sum_us = 0;
  for (std::size_t bucket = 0; bucket < Histogram::size(); ++bucket) {
    for (const auto& shard : shards) {
      below += of(*shard).count(bucket);
    }
    if (bucket % Histogram::kPerOctave == Histogram::kPerOctave - 1) {
      sample(out, fmt::format("{}_bucket", name),
             fmt::format("{{{},le=\"{}\"}}", labels,
                         static_cast<double>(Histogram::upper_us(bucket)) / 1e6),
             static_cast<double>(below));
    }
  }
  for (const auto& shard : shards) {
    sum_us += of(*shard).sum_us();
  }
  sample(out, fmt::format("{}_bucket", name), fmt::format("{{{},le=\"+Inf\"}}", labels),
         static_cast<double>(below));
  sample(out, fmt::format("{}_sum", name), fmt::format("{{{}}}", labels),
         static_cast<double>(sum_us) / 1e6);
  sample(out, fmt::format("{}_count", name), fmt::format("{{{}}}", labels),
         static_cast<double>(below));
}

void Metrics::write_stages(std::string& out) const {
  head(out, "bascule_stage_seconds", "histogram",
       "Of requests that score rows: reading them, scoring, writing the answer.");
  for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
    write_histogram(
        out, "bascule_stage_seconds", fmt::format("stage=\"{}\"", kStages[stage]), shards_,
        [&](const MetricsShard& shard) -> const Histogram& { return shard.stages_[stage]; });
  }
}

// Routes that nobody asked for are left out.
void Metrics::write_requests(std::string& out) const {
  head(out, "bascule_http_requests_total", "counter", "Requests by route and status.");
  std::string latency;
  head(latency, "bascule_http_request_seconds", "histogram",
       "From the last byte of the request to the answer.");
  for (std::size_t route = 0; route < routes_.size(); ++route) {
    const std::string labels =
        fmt::format("method=\"{}\",route=\"{}\"", routes_[route].first, routes_[route].second);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < MetricsShard::kStatuses.size(); ++i) {
      std::uint64_t count = 0;
      for (const auto& shard : shards_) {
        count += shard->routes_[route].statuses[i].get();
      }
      total += count;
      if (count > 0) {
        sample(out, "bascule_http_requests_total",
               fmt::format("{{{},status=\"{}\"}}", labels, MetricsShard::kStatuses[i]),
               static_cast<double>(count));
      }
    }
    if (total == 0) {
      continue;
    }
    write_histogram(latency, "bascule_http_request_seconds", labels, shards_,
                    [&](const MetricsShard& shard) -> const Histogram& {
                      return shard.routes_[route].latency;
                    });
  }
  out += latency;
}

void Metrics::write_versions(std::string& out) const {
  struct Sum {
    std::uint64_t scored = 0;
    std::uint64_t bad = 0;
  };
  std::map<MetricsShard::VersionKey, Sum> sums;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex_);
    for (const auto& [key, counters] : shard->versions_) {
      sums[key].scored += counters->scored.get();
      sums[key].bad += counters->bad.get();
    }
  }
  const auto write = [&](std::string_view name, std::string_view help,
                         std::uint64_t Sum::* member) {
    head(out, name, "counter", help);
    for (const auto& [key, sum] : sums) {
      sample(out, name,
             fmt::format("{{model=\"{}\",tag=\"{}\",version=\"{}\",digest=\"{}\"}}", key.model,
                         key.tag, version_text(key.version), key.digest),
             static_cast<double>(sum.*member));
    }
  };
  write("bascule_rows_scored_total", "Rows that were answered with a score.", &Sum::scored);
  write("bascule_rows_bad_total", "Rows that were answered with an error.", &Sum::bad);
}

std::vector<VersionStatistics> Metrics::statistics(std::string_view model) const {
  std::map<std::int64_t, VersionStatistics> sums;
  const std::lock_guard lock(mutex_);
  for (const auto& shard : shards_) {
    const std::lock_guard shard_lock(shard->mutex_);
    for (const auto& [key, counters] : shard->versions_) {
      if (key.model != model) {
        continue;
      }
      VersionStatistics& sum = sums[key.version];
      sum.version = key.version;
      sum.scored += counters->scored.get();
      sum.answered += counters->answered.get();
      sum.failed += counters->failed.get();
      sum.failed_ns += counters->failed_ns.get();
      sum.last_us = std::max(sum.last_us, counters->last_us.get());
      for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
        sum.stage_ns[stage] += counters->stage_ns[stage].get();
      }
    }
  }
  std::vector<VersionStatistics> out;
  for (const auto& [version, sum] : sums) {
    out.push_back(sum);
  }
  return out;
}

std::string Metrics::text(const LiveModels& live, const Host::Counts& host,
                          const Shadow::Counts& shadow, const HttpStats& http,
                          const TelemetryCounts& telemetry) const {
  std::string out;
  const std::lock_guard lock(mutex_);
  write_requests(out);
  write_stages(out);
  write_versions(out);
  head(out, "bascule_live_info", "gauge", "1 for each version that is loaded behind a tag.");
  for (const auto& set : live.all()) {
    const auto write = [&](const LiveTag& tag) {
      sample(out, "bascule_live_info",
             fmt::format("{{model=\"{}\",tag=\"{}\",version=\"{}\",digest=\"{}\"}}", set->model,
                         tag.tag, version_text(tag.live->version), tag.live->digest),
             1);
    };
    if (set->production) {
      write(*set->production);
    }
    std::for_each(set->candidates.begin(), set->candidates.end(), write);
  }
  single(out, "bascule_shadow_queued_rows", "gauge", "Rows that wait for their candidates.",
         count_of(shadow.queued));
  single(out, "bascule_shadow_scored_total", "counter", "Candidate scores made.",
         count_of(shadow.scored));
  single(out, "bascule_shadow_dropped_total", "counter",
         "Candidate scores skipped because the queue was filling.",
         count_of(shadow.shadow_dropped));
  single(out, "bascule_log_rows_total", "counter", "Rows written to the score log.",
         count_of(shadow.logged));
  single(out, "bascule_log_dropped_total", "counter", "Rows lost to a full queue or a failing log.",
         count_of(shadow.log_dropped));
  single(out, "bascule_swaps_total", "counter", "Live sets published.", count_of(host.swaps));
  single(out, "bascule_failed_loads_total", "counter", "Versions that could not be loaded.",
         count_of(host.failed_loads));
  single(out, "bascule_http_connections", "gauge", "Connections that are open.", http.open.load());
  single(out, "bascule_http_connections_total", "counter", "Connections accepted.",
         http.accepted.load());
  single(out, "bascule_http_turned_away_total", "counter",
         "Connections turned away, for want of room or descriptors.", http.turned_away.load());
  std::uint64_t shed = 0;
  for (const auto& shard : shards_) {
    shed += shard->shed.get();
  }
  single(out, "bascule_http_shed_total", "counter",
         "Requests refused because more was ready than could be done in time.", shed);
  single(out, "bascule_http_timeouts_total", "counter", "Connections that timed out.",
         http.timed_out.load());
  single(out, "bascule_http_exceptions_total", "counter", "Exceptions that became a 500.",
         http.handler_exceptions.load());
  single(out, "bascule_tls_handshakes_total", "counter", "TLS handshakes completed.",
         http.tls_handshakes.load());
  single(out, "bascule_tls_failed_handshakes_total", "counter", "TLS handshakes not completed.",
         http.tls_failed.load());
  single(out, "bascule_tls_reloads_total", "counter", "Certificates taken from changed files.",
         http.tls_reloads.load());
  single(out, "bascule_tls_failed_reloads_total", "counter",
         "Changed certificates that could not be used; the old one stays.",
         http.tls_failed_reloads.load());
  single(out, "bascule_tls_certificate_expires_seconds", "gauge",
         "When the certificate ends, in seconds since 1970; 0 without TLS.",
         count_of(http.tls_expires_at_us.load() / 1'000'000));
  write_telemetry(out, telemetry);
  single(out, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
  return out;
}

}  // namespace bascule
