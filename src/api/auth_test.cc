#include "api/auth.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

Result<std::string> ask(Method method, std::vector<HttpHeader> headers, Role role = Role::kViewer) {
  HttpRequest request;
  request.method = method;
  request.headers = headers;
  return authorize(request, role);
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

TEST(ListenAddress, IsThisMachineOnlyAndSaysWhatToDo) {
  EXPECT_TRUE(check_listen_address("127.0.0.1"));
  EXPECT_TRUE(check_listen_address("::1"));
  for (const std::string_view host : {"0.0.0.0", "::", "192.168.1.2", ""}) {
    const auto status = check_listen_address(host);
    ASSERT_FALSE(status) << host;
    EXPECT_NE(status.error().message.find("proxy with TLS"), std::string::npos);
  }
}

}  // namespace
}  // namespace bascule
