#include "api/auth.h"

#include <gtest/gtest.h>

#include "api/testing.h"

namespace bascule {
namespace {

// Without tokens; with them, in tokens_test.cc.
Result<std::string> ask(Method method, std::vector<HttpHeader> headers, Role role = Role::kViewer,
                        bool loopback = true) {
  HttpRequest request;
  request.method = method;
  request.headers = headers;
  const testing::TestServices stores;
  const Access access{.tokens = false, .loopback = loopback};
  const Tokens tokens(*stores.catalog);
  return Authorizer(access, tokens, system_clock()).authorize(request, role);
}

TEST(Authorize, IsLocalUnlessAPersonIsNamed) {
  EXPECT_EQ(*ask(Method::kPost, {{"Host", "127.0.0.1:8080"}}), "local");
  EXPECT_EQ(*ask(Method::kPost, {{"Host", "localhost"}, {"x-bascule-actor", "anna@risk"}}),
            "anna@risk");
}

TEST(Authorize, RefusesNamesThatAreNone) {
  for (const std::string_view name : {"anna bell", "a\"b", "a\r\nb", "\xff"}) {
    const auto actor = ask(Method::kPost, {{"Host", "localhost"}, {"X-Bascule-Actor", name}});
    ASSERT_FALSE(actor) << name;
    EXPECT_EQ(actor.error().code, Code::kInvalid);
  }
  EXPECT_FALSE(ask(Method::kGet, {{"X-Bascule-Actor", std::string_view(std::string(65, 'a'))}}));
}

// A page of another site that resolves its own name to this machine sends that name.
TEST(Authorize, RefusesAnotherHost) {
  for (const std::string_view host : {"evil.example", "evil.example:8080", "localhost.evil.example",
                                      "127.0.0.1.evil.example", "127.0.0.1:80x", "[::1]evil"}) {
    const auto actor = ask(Method::kGet, {{"Host", host}});
    ASSERT_FALSE(actor) << host;
    EXPECT_EQ(actor.error().code, Code::kForbidden);
  }
  EXPECT_TRUE(ask(Method::kGet, {{"Host", "[::1]:8080"}}));
}

TEST(Authorize, RefusesAChangeFromAnotherOrigin) {
  const HttpHeader host{"Host", "localhost:8080"};
  for (const std::string_view origin :
       {"https://evil.example", "null", "http://localhost.evil.example", "file://"}) {
    EXPECT_FALSE(ask(Method::kPost, {host, {"Origin", origin}})) << origin;
    EXPECT_FALSE(ask(Method::kDelete, {host, {"Origin", origin}})) << origin;
    EXPECT_TRUE(ask(Method::kGet, {host, {"Origin", origin}})) << origin;
  }
  EXPECT_TRUE(ask(Method::kPost, {host, {"Origin", "http://localhost:5173"}}));
}

// Behind a proxy, as the operator said: every name may be this server's, other sites' pages are
// not.
TEST(Authorize, BeyondLoopbackTakesAnyHostAndItsOwnOriginOnly) {
  const HttpHeader host{"Host", "scores.example"};
  const auto post = [&](std::string_view origin) {
    return ask(Method::kPost, {host, {"Origin", origin}}, Role::kViewer, false).has_value();
  };
  EXPECT_TRUE(ask(Method::kPost, {host}, Role::kViewer, false));
  EXPECT_TRUE(post("https://scores.example"));
  EXPECT_FALSE(post("https://evil.example"));
  EXPECT_FALSE(post("http://localhost:5173"));
}

TEST(ListenAddress, NeedsTlsAndTokensBeyondThisMachineAndNamesWhatIsMissing) {
  for (const std::string_view host : {"127.0.0.1", "127.1.2.3", "::1"}) {
    EXPECT_TRUE(check_listen_address(host, false, false, false)) << host;
  }
  for (const std::string_view host : {"0.0.0.0", "::", "192.168.1.2", ""}) {
    EXPECT_TRUE(check_listen_address(host, true, true, false)) << host;
    EXPECT_TRUE(check_listen_address(host, false, false, true)) << host;
    const auto both = check_listen_address(host, false, false, false);
    ASSERT_FALSE(both) << host;
    EXPECT_NE(both.error().message.find("--tls-cert, --tls-key and --tokens"), std::string::npos);
    const auto tls = check_listen_address(host, false, true, false);
    ASSERT_FALSE(tls) << host;
    EXPECT_NE(tls.error().message.find("without TLS:"), std::string::npos);
    const auto tokens = check_listen_address(host, true, false, false);
    ASSERT_FALSE(tokens) << host;
    EXPECT_NE(tokens.error().message.find("without tokens:"), std::string::npos);
  }
}

}  // namespace
}  // namespace bascule
