#include "api/content_coding.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

TEST(ContentCoding, UnpacksWhatItPacks) {
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    text += std::to_string(i * i);
  }
  Packer packer;
  for (int round = 0; round < 3; ++round) {
    for (const Coding coding : {Coding::kGzip, Coding::kDeflate}) {
      std::string packed = text;
      ASSERT_TRUE(packer.pack(packed, coding));
      EXPECT_LT(packed.size(), text.size());
      const auto unpacked = unpack(packed, coding_name(coding), text.size());
      ASSERT_TRUE(unpacked);
      EXPECT_EQ(unpacked->text(), text);
    }
  }
}

TEST(ContentCoding, UnpacksNoMoreThanTheLimit) {
  std::string bomb(std::size_t{64} << 20, 'a');
  Packer packer;
  ASSERT_TRUE(packer.pack(bomb, Coding::kGzip));
  const auto unpacked = unpack(bomb, "gzip", 1 << 20);
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().code, Code::kTooLarge);
  std::string exact(1000, 'a');
  ASSERT_TRUE(packer.pack(exact, Coding::kGzip));
  EXPECT_TRUE(unpack(exact, "gzip", 1000));
  EXPECT_FALSE(unpack(exact, "gzip", 999));
}

TEST(ContentCoding, RefusesBytesThatAreNoneOfIt) {
  std::string packed(1000, 'a');
  ASSERT_TRUE(Packer().pack(packed, Coding::kGzip));
  EXPECT_EQ(unpack("{}", "gzip", 100).error().code, Code::kInvalid);
  EXPECT_EQ(unpack("", "gzip", 100).error().code, Code::kInvalid);
  EXPECT_FALSE(unpack(packed.substr(0, packed.size() - 1), "gzip", 5000));
  EXPECT_FALSE(unpack(packed + "x", "gzip", 5000));
  EXPECT_EQ(unpack(packed, "br", 5000).error().code, Code::kUnsupported);
}

TEST(ContentCoding, ReadsWhatAClientAccepts) {
  EXPECT_EQ(accepted_coding("gzip, deflate, br"), Coding::kGzip);
  EXPECT_EQ(accepted_coding("br , Deflate;q=0.5"), Coding::kDeflate);
  EXPECT_EQ(accepted_coding("gzip;q=0, deflate"), Coding::kDeflate);
  EXPECT_EQ(accepted_coding("gzip; q=0.001"), Coding::kGzip);
  EXPECT_EQ(accepted_coding("gzip;q=0.0"), Coding::kIdentity);
  EXPECT_EQ(accepted_coding(""), Coding::kIdentity);
  EXPECT_EQ(accepted_coding("*"), Coding::kIdentity);
}

}  // namespace
}  // namespace bascule
