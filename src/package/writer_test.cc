#include "package/writer.h"

#include <gtest/gtest.h>

#include <string>

#include "base/files.h"
#include "package/container.h"
#include "package/testing.h"

namespace bascule {
namespace {

// Read, taken apart and written again.
std::vector<std::byte> written_again(const Package& package) {
  const auto manifest = parse_json(package.manifest_text(), limits::kPackageJsonDepth).value();
  Json::Object members = *manifest.object();
  std::erase_if(members, [](const auto& member) { return member.first == "fingerprint"; });
  std::vector<TensorData> tensors;
  for (const auto& tensor : package.tensors()) {
    tensors.push_back({std::string(tensor.name),
                       tensor.dtype,
                       tensor.shape,
                       {tensor.bytes.begin(), tensor.bytes.end()}});
  }
  return write_package(std::move(members), tensors);
}

TEST(Writer, WritesWhatItReadsByteForByte) {
  const auto file = tiny_logistic_package();
  EXPECT_EQ(written_again(*Package::open(file).value()), file);
}

// The file was written by Python's writer: tests/golden/README.md.
TEST(Writer, WritesTheBytesOfPythonsWriter) {
  const auto file = system_files().read("tests/golden/format-1.0.bascule", 1 << 20).value();
  const auto package = Package::open(file);
  ASSERT_TRUE(package) << package.error().message;
  EXPECT_EQ(written_again(**package), file);
}

TEST(Rehash, MakesAChangedTensorProveItself) {
  auto file = tiny_logistic_package({.bias = 1.5});
  const auto before = Package::open(file).value();
  const auto offset = before->find("bias")->bytes.data() - before->bytes().data();
  file[static_cast<std::size_t>(offset)] = std::byte{1};
  ASSERT_FALSE(Package::open(file));
  rehash(file);
  const auto after = Package::open(file);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_NE((*after)->manifest().fingerprint, before->manifest().fingerprint);
}

TEST(Rehash, LeavesAFileThatIsRightAsItIs) {
  const auto file = tiny_logistic_package();
  auto again = file;
  rehash(again);
  EXPECT_EQ(again, file);
}

TEST(Rehash, DoesNotTouchWhatIsTooShortForADigest) {
  std::vector<std::byte> file(31, std::byte{7});
  rehash(file);
  EXPECT_EQ(file, std::vector<std::byte>(31, std::byte{7}));
}

}  // namespace
}  // namespace bascule
