// Tokens by themselves, and every route of the table against every role and every kind of token.

#include "api/tokens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <set>
#include <vector>

#include "api/api.h"
#include "api/auth.h"
#include "api/testing.h"

namespace bascule {
namespace {

constexpr TimeUs kNow = 1'793'491'200'000'000;  // 2026-11-01T00:00:00Z
constexpr std::array kRoles{Role::kViewer,   Role::kScorer,   Role::kPublisher,
                            Role::kPromoter, Role::kOperator, Role::kAdmin};

class TokensTest : public ::testing::Test {
 protected:
  // A new token; it is known after the next `load`.
  std::string add(Role role, std::string_view name, TimeUs expires_at = 0) {
    std::string token = make_token(random);
    const auto added = stores.catalog->add_token({.principal = std::string(name),
                                                  .role = std::string(role_name(role)),
                                                  .hash = token_hash(token),
                                                  .expires_at = expires_at,
                                                  .created_by = "test"});
    EXPECT_TRUE(added) << added.error().message;
    last_id = added->id;
    return token;
  }
  Result<std::string> ask(std::string_view authorization, Role role = Role::kViewer) {
    const std::array headers{
        HttpHeader{"Host", "scores.example"}, HttpHeader{"Origin", "https://else.example"},
        HttpHeader{"X-Bascule-Actor", "mallory"}, HttpHeader{"Authorization", authorization}};
    HttpRequest request;
    request.method = Method::kPost;
    request.headers = authorization.empty() ? std::span(headers).first(3) : std::span(headers);
    return authorizer.authorize(request, role);
  }
  Code refused(std::string_view authorization, Role role = Role::kViewer) {
    const auto actor = ask(authorization, role);
    EXPECT_FALSE(actor) << authorization;
    return actor ? Code::kInternal : actor.error().code;
  }

  testing::TestServices stores;
  SeededRandom random{3};
  FakeClock clock{kNow};
  Tokens tokens{*stores.catalog};
  Access access{.tokens = true, .loopback = true};
  Authorizer authorizer{access, tokens, clock};
  std::int64_t last_id = 0;
};

TEST_F(TokensTest, ATokenIs256BitsAndOnlyItsHashIsKept) {
  const std::string token = add(Role::kScorer, "shop");
  EXPECT_EQ(token.size(), 8 + 64);
  EXPECT_NE(token, make_token(random));
  const auto kept = stores.catalog->list_tokens(0, 1);
  EXPECT_EQ(kept->front().hash, to_hex(sha256(token)));
}

TEST_F(TokensTest, TheActorIsThePrincipalWhateverAHeaderSays) {
  const std::string token = add(Role::kScorer, "shop");
  ASSERT_TRUE(tokens.load());
  EXPECT_EQ(*ask("Bearer " + token), "shop");
  EXPECT_EQ(*ask("bearer  " + token, Role::kScorer), "shop");
}

TEST_F(TokensTest, NoTokenOrAWrongOneIsUnauthorized) {
  const std::string token = add(Role::kAdmin, "root");
  ASSERT_TRUE(tokens.load());
  std::string other = token;
  other.back() = other.back() == '0' ? '1' : '0';
  for (const std::string& wrong :
       {std::string(), std::string("Bearer"), std::string("Bearer "), "Basic " + token, token,
        "Bearer " + other, "Bearer " + token + " ", "Bearer " + token.substr(8),
        "Bearer " + token_hash(token), "Bearer bascule_" + token_hash(token)}) {
    EXPECT_EQ(refused(wrong), Code::kUnauthorized) << wrong;
  }
}

TEST_F(TokensTest, TwoTokensAreRefused) {
  const std::string value = "Bearer " + add(Role::kAdmin, "root");
  ASSERT_TRUE(tokens.load());
  const std::array headers{HttpHeader{"Authorization", value}, HttpHeader{"authorization", value}};
  HttpRequest request;
  request.headers = headers;
  EXPECT_EQ(authorizer.authorize(request, Role::kViewer).error().code, Code::kUnauthorized);
}

TEST_F(TokensTest, ASmallerRoleIsForbiddenAndTheMessageNamesWhatIsNeeded) {
  const std::string value = "Bearer " + add(Role::kScorer, "shop");
  ASSERT_TRUE(tokens.load());
  const auto actor = ask(value, Role::kPromoter);
  ASSERT_FALSE(actor);
  EXPECT_EQ(actor.error().code, Code::kForbidden);
  EXPECT_EQ(actor.error().message, "this needs the role promoter, and shop is scorer");
}

TEST_F(TokensTest, ExpiresToTheMicrosecond) {
  const std::string value = "Bearer " + add(Role::kScorer, "shop", kNow + 10);
  ASSERT_TRUE(tokens.load());
  clock.advance_us(9);
  EXPECT_TRUE(ask(value));
  clock.advance_us(1);
  EXPECT_EQ(refused(value), Code::kUnauthorized);
}

TEST_F(TokensTest, ARevokedTokenLetsNobodyInFromTheNextRequestOn) {
  const std::string value = "Bearer " + add(Role::kScorer, "shop");
  ASSERT_TRUE(tokens.load());
  EXPECT_TRUE(ask(value));
  ASSERT_TRUE(stores.catalog->revoke_token(last_id, "root"));
  ASSERT_TRUE(tokens.load());
  const auto actor = ask(value);
  ASSERT_FALSE(actor);
  EXPECT_NE(actor.error().message.find("was revoked"), std::string::npos);
}

TEST_F(TokensTest, RemembersTheDayOfTheLastUseAcrossALoad) {
  const std::string value = "Bearer " + add(Role::kScorer, "shop");
  ASSERT_TRUE(tokens.load());
  EXPECT_FALSE(tokens.has_uses());
  ASSERT_TRUE(ask(value));
  EXPECT_TRUE(tokens.has_uses());
  ASSERT_TRUE(tokens.load());
  ASSERT_TRUE(tokens.record_uses());
  EXPECT_FALSE(tokens.has_uses());
  EXPECT_EQ(stores.catalog->list_tokens(0, 1)->front().used_day, kNow / 86'400'000'000);
  ASSERT_TRUE(ask(value));
  EXPECT_FALSE(tokens.has_uses()) << "the same day is not told twice";
}

TEST_F(TokensTest, ARoleOfANewerBuildLetsNobodyIn) {
  const std::string token = make_token(random);
  ASSERT_TRUE(stores.catalog->add_token(
      {.principal = "eve", .role = "emperor", .hash = token_hash(token), .created_by = "test"}));
  ASSERT_TRUE(tokens.load());
  EXPECT_EQ(refused("Bearer " + token), Code::kUnauthorized);
}

TEST_F(TokensTest, TheFirstAdminIsWrittenForTheOwnerAloneAndOnlyWhenThereIsNone) {
  const std::string file = stores.folder() + "/admin.token";
  EXPECT_TRUE(*tokens.ensure_admin(file, kNow, random));
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::string token;
  std::getline(std::ifstream(file), token);
  EXPECT_EQ(*ask("Bearer " + token, Role::kAdmin), "admin");
  EXPECT_FALSE(*tokens.ensure_admin(file, kNow, random));
  // A way back in for who lost it: when it is revoked or has expired, a restart makes another.
  ASSERT_TRUE(stores.catalog->revoke_token(1, "test"));
  ASSERT_TRUE(tokens.load());
  EXPECT_TRUE(*tokens.ensure_admin(file, kNow, random));
  EXPECT_EQ(refused("Bearer " + token), Code::kUnauthorized);
}

// Keeps the answer's coming, from whatever thread.
class Waiter final : public AnswerSink {
 public:
  void answered() override { done_.set_value(); }
  void wait() { done_.get_future().wait(); }

 private:
  std::promise<void> done_;
};

class EveryRoute : public TokensTest {
 protected:
  EveryRoute() {
    context.access = access;
    context.workers = std::make_unique<WorkerPool>(8, context.http.handler_exceptions);
    context.workers->add(thread_executor("test"),
                         std::make_unique<ThreadState>(
                             context.services, context.metrics.add_shard(), context.telemetry));
    handler = api.make_handler();
  }

  HttpResponse answer(Method method, std::string_view path, const std::string& authorization) {
    std::vector<HttpHeader> headers{{"Host", "scores.example"}};
    if (!authorization.empty()) {
      headers.push_back({"Authorization", authorization});
    }
    HttpRequest request;
    request.method = method;
    request.method_text = method_name(method);
    request.path = path;
    request.headers = headers;
    request.grpc =
        method == Method::kPost && (path.starts_with("/inference.") || path.starts_with("/grpc."));
    const std::string padding(kBodyPadding, '\0');
    request.body = std::string_view(padding).substr(0, 0);
    HttpResponse response;
    const auto waiter = std::make_shared<Waiter>();
    handler->handle(request, Responder(waiter, response));
    waiter->wait();
    return response;
  }

  ApiContext context{stores.services()};
  Api api{context};
  std::unique_ptr<HttpHandler> handler;
};

// "/v1/models/{name}/tags/{tag}" as a path of something that is not there.
std::string path_of(std::string_view pattern) {
  std::string path(pattern);
  for (const auto& [hole, text] : {std::pair{"{name}", "a/b"}, std::pair{"{tag}", "candidate/c"},
                                   std::pair{"{v}", "v1"}, std::pair{"{id}", "987654321"}}) {
    if (const auto at = path.find(hole); at != std::string::npos) {
      path.replace(at, std::string_view(hole).size(), text);
    }
  }
  return path;
}

TEST_F(EveryRoute, AnswersExactlyTheRolesThatMayAndNobodyWithoutATokenThatLetsIn) {
  const auto now = system_clock().now_us();
  std::map<Role, std::string> good;
  std::map<Role, std::vector<std::string>> bad;
  for (const Role role : kRoles) {
    good[role] = "Bearer " + add(role, role_name(role));
    bad[role].push_back("Bearer " + add(role, "late", now - 1));
    bad[role].push_back("Bearer " + add(role, "gone"));
    ASSERT_TRUE(stores.catalog->revoke_token(last_id, "test"));
  }
  ASSERT_TRUE(context.tokens.load());
  const std::string wrong = "Bearer " + make_token(random);

  std::set<std::string> paths;
  std::map<std::pair<Method, std::string>, Role> needs;
  for (const Route& route : api.table().routes()) {
    const std::string path = path_of(route.pattern);
    paths.insert(path);
    needs.emplace(std::pair(route.method, path),
                  route.role);  // the first row is the one that counts
  }
  std::size_t asked = 0;
  const auto expect = [&](Method method, const std::string& path, const std::string& token,
                          int status) {
    const HttpResponse response = answer(method, path, token);
    const auto what = fmt::format("{} {} with '{}': {} {}", method_name(method), path, token,
                                  response.status, response.body);
    ++asked;
    if (status != 0) {
      EXPECT_EQ(response.status, status) << what;
    } else {
      EXPECT_TRUE(response.status != 401 && response.status != 403) << what;
    }
    const bool challenge = std::ranges::any_of(
        response.headers, [](const auto& header) { return header.first == "WWW-Authenticate"; });
    const bool grpc = path.starts_with("/inference.") || path.starts_with("/grpc.");
    if (method == Method::kPost || !grpc) {
      EXPECT_EQ(challenge, response.status == 401 && !grpc) << what;
    }
  };
  for (const std::string& path : paths) {
    for (const Method method : {Method::kGet, Method::kHead, Method::kPost, Method::kPut,
                                Method::kDelete, Method::kOther}) {
      const auto found = needs.find({method == Method::kHead ? Method::kGet : method, path});
      // What is not there is for those who may look.
      const Role needed = found == needs.end() ? Role::kViewer : found->second;
      const int without = needed == Role::kAnyone ? 0 : 401;
      expect(method, path, "", without);
      expect(method, path, wrong, without);
      for (const Role role : kRoles) {
        expect(method, path, good[role], may(role, needed) ? 0 : 403);
        for (const std::string& token : bad[role]) {
          expect(method, path, token, without);
        }
      }
    }
  }
  EXPECT_GT(asked, 5'000U);
  // And what is at no path at all.
  expect(Method::kGet, "/nothing", "", 401);
  expect(Method::kPost, "/inference.GRPCInferenceService/Nothing", "", 401);
  expect(Method::kGet, "/nothing", good[Role::kViewer], 404);
}

TEST_F(EveryRoute, ABodyOfAStrangerIsRefusedBeforeItIsRead) {
  HttpRequest head;
  head.method = Method::kPost;
  head.path = "/v1/models/a/b/versions";
  HttpResponse response;
  EXPECT_TRUE(handler->deny(head, response));
  EXPECT_EQ(response.status, 401);
  const std::string value = "Bearer " + add(Role::kPublisher, "ci");
  ASSERT_TRUE(context.tokens.load());
  const std::array headers{HttpHeader{"Authorization", value}};
  head.headers = headers;
  response.reset();
  EXPECT_FALSE(handler->deny(head, response));
}

}  // namespace
}  // namespace bascule
