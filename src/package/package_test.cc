#include "package/package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "base/files.h"
#include "package/testing.h"
#include "package/writer.h"

namespace bascule {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Package, EverySingleBitFlipIsRefused) {
  const auto good = tiny_logistic_package({.columns = {"a", "b", "c", "d", "e", "f"}});
  ASSERT_TRUE(Package::open(good));
  auto file = good;
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    const auto mask = static_cast<std::byte>(1U << bit % 8);
    file[bit / 8] ^= mask;
    ASSERT_FALSE(Package::open(file)) << "bit " << bit % 8 << " of byte " << bit / 8;
    file[bit / 8] ^= mask;
  }
}

TEST(Package, EveryFlipThatProvesItselfIsAnotherPackageOrRefused) {
  const auto good = tiny_logistic_package();
  const Digest digest = (*Package::open(good))->digest();
  for (std::size_t at = 0; at < good.size() - sizeof(Digest); ++at) {
    auto file = good;
    file[at] ^= static_cast<std::byte>(1U << at % 8);
    rehash(file);
    if (file == good) {
      continue;  // the flip was in the fingerprint, which is written anew
    }
    const auto package = Package::open(file);
    if (package) {
      ASSERT_NE((*package)->digest(), digest) << at;
    } else {
      ASSERT_FALSE(package.error().message.empty()) << at;
    }
  }
}

TEST(Package, EveryShorterFileIsRefused) {
  const auto good = tiny_logistic_package();
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_FALSE(Package::open(std::span(good).first(size))) << size;
  }
}

TEST(Package, DamageIsCalledDamageBeforeAnythingElse) {
  auto file = tiny_logistic_package();
  file[100] ^= std::byte{1};
  EXPECT_THAT(Package::open(file).error().message, StartsWith("digest: "));
}

TEST(Package, ItsDigestIsTheSha256OfTheWholeFile) {
  const auto file = tiny_logistic_package();
  const auto package = Package::open(file).value();
  EXPECT_EQ(package->digest(), sha256(file));
  EXPECT_EQ(package->bytes().size(), file.size());
}

TEST(Package, EveryTensorStartsAtAMultipleOf64AndBorrowsFromThePackage) {
  const auto package = Package::open(tiny_logistic_package()).value();
  ASSERT_EQ(package->tensors().size(), 9U);
  const auto* begin = reinterpret_cast<const char*>(package->bytes().data());
  for (const auto& tensor : package->tensors()) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % 64, 0U) << tensor.name;
    EXPECT_GT(tensor.name.data(), begin);
    EXPECT_LT(tensor.name.data(), begin + package->bytes().size());
    EXPECT_EQ(package->find(tensor.name), &tensor);
  }
  double mean = 1;
  std::memcpy(&mean, package->find("mean")->bytes.data(), sizeof mean);
  EXPECT_EQ(mean, 0);
}

TEST(Package, AFileThatIsOverwrittenLaterChangesNothing) {
  const std::string path = testing::TempDir() + fmt::format("tiny-{}.bascule", ::getpid());
  const auto file = tiny_logistic_package();
  ASSERT_TRUE(system_files().write_atomic(path, file));
  const auto package = Package::open_file(path).value();
  ASSERT_EQ(::truncate(path.c_str(), 0), 0);
  EXPECT_EQ(sha256(package->bytes()), sha256(file));
  EXPECT_FALSE(Package::open_file(path));
  ASSERT_TRUE(system_files().remove(path));
  EXPECT_EQ(Package::open_file(path).error().code, Code::kNotFound);
}

TEST(Package, ANewerFormatIsUnsupportedAndNotInvalid) {
  const auto package = Package::open(tiny_logistic_package()).value();
  std::string manifest(package->manifest_text());
  manifest.replace(manifest.find("\"minor\":0"), 9, "\"minor\":1");
  const auto newer = Package::open(write_package_text(manifest, {}));
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Code::kUnsupported);
  EXPECT_THAT(newer.error().message, HasSubstr("upgrade Bascule"));
}

}  // namespace
}  // namespace bascule
