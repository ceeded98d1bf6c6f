// What the tests of the catalog share: a folder, a clock that stands, a backend, and short ways to
// make models, versions and changes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "backends.h"

namespace bascule::conformance {

// A folder that is gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The digest of the package that the tests call `n`.
std::string digest_of(int n);
ModelSpec spec_of(const std::string& name);
NewVersion push_of(const std::string& model, int n);

// The value, or a failed test that says why not.
template <typename T>
T need(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return T();
  }
  return *std::move(result);
}

template <typename T>
Code code_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value()) << "expected an error";
  return result ? Code::kInternal : result.error().code;
}

class CatalogTest : public testing::TestWithParam<CatalogBackend> {
 protected:
  static constexpr TimeUs kStart = 1'793'491'200'000'000;  // 2026-11-01T00:00:00Z
  static constexpr const char* kModel = "fraud/charge";

  CatalogTest() { reopen(); }
  void reopen();
  Catalog& catalog() { return *catalog_; }

  // kModel with the versions v1 to v<versions>.
  void create_with_versions(int versions);
  // A change of a tag of kModel, without a revision.
  static TagChange change_of(const std::string& tag, std::int64_t version);
  TagEvent set(const std::string& tag, std::int64_t version);
  TagEvent remove(const std::string& tag);
  // A passing report of `candidate` against `baseline` (0: none), under the policy of now.
  std::string report_on(std::int64_t baseline, std::int64_t candidate);
  std::int64_t resolve(const std::string& reference);

  FakeClock clock_{kStart};
  SeededRandom random_{7};

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace bascule::conformance
