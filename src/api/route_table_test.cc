#include "api/route_table.h"

#include <gtest/gtest.h>

#include "api/call.h"

namespace bascule {
namespace {

Route get(std::string_view pattern) {
  return {Method::kGet, pattern, Role::kViewer, Where::kLoop, 0, [](Call&) { return Status(); }};
}

struct Found {
  std::string pattern;
  PathParts parts;
};

Found find(const RouteTable& table, std::string_view path, Method method = Method::kGet) {
  std::string allow;
  const auto match = table.match(method, path, allow);
  if (!match) {
    return {};
  }
  return {std::string(table.routes()[match->route].pattern), match->parts};
}

TEST(RouteTable, TakesTheTwoSegmentsOfAName) {
  const RouteTable table({get("/v1/models/{name}/score"), get("/v1/models/{name}")});
  EXPECT_EQ(find(table, "/v1/models/fraud/charge/score").parts.name, "fraud/charge");
  EXPECT_EQ(find(table, "/v1/models/fraud%2Fcharge/score").parts.name, "fraud/charge");
  EXPECT_EQ(find(table, "/v1/models/fraud/charge").pattern, "/v1/models/{name}");
  EXPECT_EQ(find(table, "/v1/models/fraud/score").pattern, "/v1/models/{name}");
  EXPECT_EQ(find(table, "/v1/models/score").pattern, "");
  EXPECT_EQ(find(table, "/v1/models//score").pattern, "");
  EXPECT_EQ(find(table, "/v1/models/fraud/charge/score/").pattern, "");
}

TEST(RouteTable, TakesATagOfOneOrTwoSegments) {
  const RouteTable table({get("/v1/models/{name}/tags/{tag}")});
  EXPECT_EQ(find(table, "/v1/models/a/b/tags/production").parts.tag, "production");
  EXPECT_EQ(find(table, "/v1/models/a/b/tags/candidate/wide").parts.tag, "candidate/wide");
  EXPECT_EQ(find(table, "/v1/models/a/b/tags/candidate%2Fwide").parts.tag, "candidate/wide");
  EXPECT_EQ(find(table, "/v1/models/a/b/tags/a/b/c").pattern, "");
}

TEST(RouteTable, TakesAVersionBeforeAnotherWord) {
  const RouteTable table({get("/v2/models/{name}/versions/{v}/infer")});
  EXPECT_EQ(find(table, "/v2/models/a/b/versions/v7/infer").parts.version, "v7");
  EXPECT_EQ(find(table, "/v2/models/a/b/versions/candidate/wide/infer").parts.version,
            "candidate/wide");
}

TEST(RouteTable, NamesTheMethodsThatThereAre) {
  const RouteTable table({get("/a"), {Method::kPut, "/a", Role::kAdmin, Where::kLoop, 0, [](Call&) {
                                        return Status();
                                      }}});
  std::string allow;
  EXPECT_FALSE(table.match(Method::kDelete, "/a", allow));
  EXPECT_EQ(allow, "GET, PUT");
  allow.clear();
  EXPECT_FALSE(table.match(Method::kDelete, "/b", allow));
  EXPECT_EQ(allow, "");
}

TEST(RouteTable, SaysThatANameHasTwoParts) {
  const RouteTable table({{Method::kPost, "/v2/models/{name}/infer", Role::kScorer, Where::kLoop, 0,
                           [](Call&) { return Status(); }},
                          get("/v2/models/{name}")});
  std::string allow;
  const auto match = table.match(Method::kPost, "/v2/models/charge/infer", allow);
  ASSERT_FALSE(match);
  EXPECT_EQ(allow, "");
  EXPECT_EQ(match.error().message,
            "'charge' is no model's name; a name has two parts, such as fraud/charge");
  EXPECT_FALSE(table.match(Method::kPost, "/v2/models/fraud/charge", allow));
  EXPECT_EQ(allow, "GET");
}

TEST(RouteTable, AnswersHeadWhereThereIsGet) {
  const RouteTable table({get("/a")});
  EXPECT_EQ(find(table, "/a", Method::kHead).pattern, "/a");
}

TEST(RouteTable, RefusesPathsThatCannotBeDecoded) {
  const RouteTable table({get("/v1/models/{name}")});
  for (const std::string_view path : {"/v1/models/a/%", "/v1/models/a/%4", "/v1/models/a/%zz",
                                      "/v1/models/a/%00", "/v1/models/a/%ff", "/v1/models/a/%0a"}) {
    std::string allow;
    const auto match = table.match(Method::kGet, path, allow);
    ASSERT_FALSE(match) << path;
    EXPECT_EQ(match.error().code, Code::kInvalid) << path;
  }
}

TEST(RouteTable, FindsNothingAtTheEndOfVeryLongPaths) {
  const RouteTable table({get("/v1/models/{name}")});
  std::string path;
  for (int i = 0; i < 500; ++i) {
    path += "/x";
  }
  EXPECT_EQ(find(table, path).pattern, "");
}

TEST(Query, DecodesAParameterAndRefusesItTwice) {
  EXPECT_EQ(*query_value("a=1&b=x%2Fy", "b"), "x/y");
  EXPECT_EQ(*query_value("a=1", "b"), "");
  EXPECT_FALSE(query_value("a=1&a=2", "a"));
  EXPECT_FALSE(query_value("a=%", "a"));
}

TEST(Query, RefusesParametersItDoesNotKnow) {
  EXPECT_TRUE(check_query("a=1&b=2", {"a", "b"}));
  const auto status = check_query("a=1&c=2", {"a", "b"});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "unknown query parameter 'c'");
}

}  // namespace
}  // namespace bascule
