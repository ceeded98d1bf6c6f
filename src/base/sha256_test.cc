#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace bascule {
namespace {

TEST(Sha256, GivesTheDigestsOfFips180) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PiecesGiveTheDigestOfTheWhole) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  EXPECT_EQ(hash.so_far(), sha256("a"));
  hash.update("bc");
  EXPECT_EQ(hash.finish(), sha256("abc"));
}

// RFC 4231, section 4.
TEST(HmacSha256, GivesTheDigestsOfRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'),
                               "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, AnEmptyKeyIsNotTheKeyOfTheCallBefore) {
  const Digest empty = hmac_sha256("", "text");
  static_cast<void>(hmac_sha256("key", "text"));
  EXPECT_EQ(hmac_sha256(std::string_view(), "text"), empty);
  EXPECT_NE(hmac_sha256("key", "text"), empty);
}

TEST(DigestText, ReadsBackAndRefusesAnythingElse) {
  const Digest digest = sha256("abc");
  const std::string text = digest_text(digest);
  EXPECT_EQ(parse_digest(text).value(), digest);
  std::string upper = text;
  upper[10] = 'A';
  upper[11] = 'G';
  for (const std::string& bad : {std::string(), text + "0", text.substr(0, 70), text.substr(7),
                                 "sha512:" + text.substr(7), upper}) {
    EXPECT_FALSE(parse_digest(bad)) << bad;
  }
}

}  // namespace
}  // namespace bascule
