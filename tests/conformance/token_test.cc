// Tokens: every backend.

#include "base/limits.h"
#include "base/sha256.h"
#include "fixture.h"

namespace bascule::conformance {
namespace {

class Tokens : public CatalogTest {
 protected:
  static NewToken token_of(int n) {
    return {.principal = "anna",
            .role = "scorer",
            .hash = to_hex(sha256(std::to_string(n))),
            .created_by = "grace"};
  }
};
INSTANTIATE_TEST_SUITE_P(Every, Tokens, testing::ValuesIn(catalog_backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Tokens, KeepEveryFieldAcrossARestart) {
  NewToken wanted = token_of(1);
  wanted.expires_at = kStart + 5;
  EXPECT_EQ(need(catalog().add_token(wanted)).id, 1);
  EXPECT_TRUE(catalog().record_token_use(1, 20'758));
  clock_.advance_us(9);
  need(catalog().revoke_token(1, "ben"));
  reopen();
  const auto tokens = need(catalog().list_tokens(0, 10));
  ASSERT_EQ(tokens.size(), 1U);
  const Token& kept = tokens.front();
  EXPECT_EQ(kept.id, 1);
  EXPECT_EQ(kept.principal, "anna");
  EXPECT_EQ(kept.role, "scorer");
  EXPECT_EQ(kept.hash, wanted.hash);
  EXPECT_EQ(kept.created_by, "grace");
  EXPECT_EQ(kept.created_at, kStart);
  EXPECT_EQ(kept.expires_at, kStart + 5);
  EXPECT_EQ(kept.used_day, 20'758);
  EXPECT_EQ(kept.revoked_by, "ben");
  EXPECT_EQ(kept.revoked_at, kStart + 9);
}

TEST_P(Tokens, AreListedInTheOrderTheyWereMade) {
  for (int n = 1; n <= 3; ++n) {
    EXPECT_EQ(need(catalog().add_token(token_of(n))).id, n);
  }
  EXPECT_EQ(need(catalog().list_tokens(0, 2)).back().id, 2);
  const auto rest = need(catalog().list_tokens(2, 2));
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest.front().hash, token_of(3).hash);
}

TEST_P(Tokens, AreRevokedOnceAndForEver) {
  need(catalog().add_token(token_of(1)));
  need(catalog().revoke_token(1, "ben"));
  clock_.advance_us(5);
  const auto again = need(catalog().revoke_token(1, "carl"));
  EXPECT_EQ(again.revoked_by, "ben");
  EXPECT_EQ(again.revoked_at, kStart);
  EXPECT_EQ(code_of(catalog().revoke_token(2, "ben")), Code::kNotFound);
}

TEST_P(Tokens, AreUsedOnTheLatestDayThatWasTold) {
  need(catalog().add_token(token_of(1)));
  EXPECT_TRUE(catalog().record_token_use(1, 7));
  EXPECT_TRUE(catalog().record_token_use(1, 6));
  EXPECT_EQ(need(catalog().list_tokens(0, 1)).front().used_day, 7);
}

TEST_P(Tokens, AreAtMostSoManyThatStillLetIn) {
  NewToken expired = token_of(0);
  expired.expires_at = kStart - 1;
  need(catalog().add_token(expired));
  for (int n = 1; n <= static_cast<int>(limits::kTokens); ++n) {
    ASSERT_TRUE(catalog().add_token(token_of(n)));
  }
  EXPECT_EQ(code_of(catalog().add_token(token_of(-1))), Code::kTooLarge);
  need(catalog().revoke_token(2, "ben"));
  need(catalog().add_token(token_of(-1)));
}

TEST_P(Tokens, HaveEachAHashOfTheirOwn) {
  need(catalog().add_token(token_of(1)));
  EXPECT_EQ(code_of(catalog().add_token(token_of(1))), Code::kConflict);
}

TEST_P(Tokens, NeedAPrincipalARoleAndAHash) {
  const auto refused = [&](auto change) {
    NewToken token = token_of(1);
    change(token);
    return code_of(catalog().add_token(token));
  };
  EXPECT_EQ(refused([](NewToken& t) { t.principal = ""; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewToken& t) { t.role = ""; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewToken& t) { t.hash = "secret"; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewToken& t) { t.created_by = ""; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewToken& t) { t.expires_at = -1; }), Code::kInvalid);
}

}  // namespace
}  // namespace bascule::conformance
