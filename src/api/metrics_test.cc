#include "api/metrics.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

TEST(Histogram, CountsEveryValueInTheBucketThatEndsAboveIt) {
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket + 1 < Histogram::size(); ++bucket) {
    const std::uint64_t upper = Histogram::upper_us(bucket);
    ASSERT_GT(upper, below);
    EXPECT_EQ(Histogram::bucket_of(static_cast<std::int64_t>(below)), bucket);
    EXPECT_EQ(Histogram::bucket_of(static_cast<std::int64_t>(upper - 1)), bucket);
    // The promise of the header: a value is known to an eighth.
    EXPECT_LE(upper - below, std::max<std::uint64_t>(1, below / 8));
    below = upper;
  }
}

TEST(Histogram, TakesWhatIsOutside) {
  EXPECT_EQ(Histogram::bucket_of(-5), 0U);
  EXPECT_EQ(Histogram::bucket_of(INT64_MAX), Histogram::size() - 1);
}

TEST(Metrics, AddUpOverThreads) {
  const std::vector<Route> routes{
      {Method::kGet, "/a", Role::kViewer, Where::kLoop, 0, [](Call&) { return Status(); }}};
  Metrics metrics;
  metrics.name_routes(routes);
  metrics.add_shard().add_request(0, 200, 100);
  metrics.add_shard().add_request(0, 200, 3'000'000);
  metrics.add_shard().add_request(1, 431, 5);
  LiveModels live;
  HttpStats http;
  const std::string text = metrics.text(live, {}, {}, http, {});
  const auto has = [&](std::string_view line) { return text.find(line) != std::string::npos; };
  EXPECT_TRUE(has("bascule_http_requests_total{method=\"GET\",route=\"/a\",status=\"200\"} 2\n"));
  EXPECT_TRUE(has("bascule_http_requests_total{method=\"\",route=\"other\",status=\"431\"} 1\n"));
  EXPECT_TRUE(
      has("bascule_http_request_seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.000128\"} 1\n"));
  EXPECT_TRUE(
      has("bascule_http_request_seconds_bucket{method=\"GET\",route=\"/a\",le=\"+Inf\"} 2\n"));
  EXPECT_TRUE(has("bascule_http_request_seconds_sum{method=\"GET\",route=\"/a\"} 3.0001\n"));
  EXPECT_TRUE(has("bascule_http_request_seconds_count{method=\"GET\",route=\"/a\"} 2\n"));
  EXPECT_FALSE(has("process_resident_memory_bytes 0\n"));
}

}  // namespace
}  // namespace bascule
