#include "api/telemetry/trace_context.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bascule {
namespace {

constexpr std::string_view kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, IsWrittenAsItWasRead) {
  const auto context = parse_traceparent(kGood);
  ASSERT_TRUE(context);
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(hex(context->trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(hex(context->span_id), "00f067aa0ba902b7");
  EXPECT_EQ(format_traceparent(*context), kGood);
}

TEST(TraceContext, EveryCharacterCounts) {
  for (std::size_t i = 0; i < kGood.size(); ++i) {
    for (const char c : {'G', 'A', ' ', '/', ':', '`', 'g', '\0', '\xff'}) {
      std::string text(kGood);
      text[i] = c;
      EXPECT_FALSE(parse_traceparent(text)) << text;
    }
    EXPECT_FALSE(parse_traceparent(kGood.substr(0, i)));
  }
}

TEST(TraceContext, LaterVersionsMayBeLonger) {
  const auto version = [](std::string_view digits, std::string_view more) {
    return fmt::format("{}{}{}", digits, kGood.substr(2), more);
  };
  EXPECT_TRUE(parse_traceparent(version("01", "")));
  EXPECT_TRUE(parse_traceparent(version("fe", "-")));
  EXPECT_TRUE(parse_traceparent(version("fe", "-more")));
  EXPECT_FALSE(parse_traceparent(version("fe", "more")));
  EXPECT_FALSE(parse_traceparent(version("ff", "")));
  EXPECT_FALSE(parse_traceparent(version("00", "-more")));
}

TEST(TraceContext, OnlyTheFlagThatIsKnownIsPassedOn) {
  for (unsigned flags = 0; flags < 256; ++flags) {
    const auto context = parse_traceparent(fmt::format("{}{:02x}", kGood.substr(0, 53), flags));
    ASSERT_TRUE(context);
    EXPECT_EQ(context->sampled, flags % 2 == 1);
    EXPECT_TRUE(format_traceparent(*context).ends_with(flags % 2 == 1 ? "-01" : "-00"));
  }
}

TEST(TraceContext, IdsOfNothingButZerosAreNone) {
  const std::string zeros(32, '0');
  EXPECT_FALSE(parse_traceparent(fmt::format("00-{}-00f067aa0ba902b7-01", zeros)));
  EXPECT_FALSE(parse_traceparent(
      fmt::format("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", zeros.substr(16))));
}

TEST(TraceState, HasKeysAndValues) {
  const std::string key(256, 'k');
  const std::string tenant(241, '9');
  const std::string value(256, '~');
  for (const auto& good :
       {std::string("a=1"), std::string("a=1,b=2"), std::string(" a=1\t,,b=x y"), key + "=" + value,
        tenant + "@abcdefghijklmn=1", std::string("a*/-_=!")}) {
    EXPECT_TRUE(is_tracestate(good)) << good;
  }
  for (const auto& bad : {std::string(),
                          std::string(","),
                          std::string("a"),
                          std::string("=1"),
                          std::string("a="),
                          std::string("A=1"),
                          std::string("1a=1"),
                          std::string("a =1"),
                          std::string("a=b=c"),
                          std::string("a@=1"),
                          std::string("@a=1"),
                          std::string("a@b@c=1"),
                          std::string("a@1=1"),
                          key + "k=1",
                          "a=" + value + "~",
                          tenant + "9@a=1",
                          std::string("a@abcdefghijklmno=1"),
                          std::string("a=\x01"),
                          std::string("a=\xc3\xa4"),
                          std::string("a=1;b\r\n")}) {
    EXPECT_FALSE(is_tracestate(bad)) << bad;
  }
}

TEST(TraceState, HasThirtyTwoMembers) {
  std::string list = "a=1";
  for (int i = 1; i < 32; ++i) {
    list += fmt::format(",k{}=v", i);
  }
  EXPECT_TRUE(is_tracestate(list));
  EXPECT_FALSE(is_tracestate(list + ",b=1"));
}

}  // namespace
}  // namespace bascule
