#include "fixture.h"

#include <cstdlib>
#include <filesystem>

#include "base/sha256.h"

namespace bascule::conformance {

TemporaryFolder::TemporaryFolder() : path_(testing::TempDir() + "bascule-XXXXXX") {
  EXPECT_NE(::mkdtemp(path_.data()), nullptr);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // what is left behind harms no other test
  std::filesystem::remove_all(path_, ignored);
}

std::string digest_of(int n) {
  return digest_text(sha256(fmt::format("package {}", n)));
}

ModelSpec spec_of(const std::string& name) {
  ModelSpec spec;
  spec.name = name;
  spec.kind = "yes/no";
  spec.owner = "risk";
  return spec;
}

NewVersion push_of(const std::string& model, int n) {
  NewVersion pushed;
  pushed.model = model;
  pushed.digest = digest_of(n);
  pushed.size_bytes = 1000 + n;
  pushed.kind = "yes/no";
  pushed.fingerprint = fmt::format("fingerprint {}", n);
  pushed.summary = R"({"inputs":[]})";
  pushed.notes = fmt::format("notes {}", n);
  pushed.pushed_by = "ada";
  return pushed;
}

void CatalogTest::reopen() {
  catalog_.reset();
  catalog_ = need(GetParam().open(folder_.path(), clock_, random_));
}

void CatalogTest::create_with_versions(int versions) {
  need(catalog().create_model(spec_of(kModel), "ada"));
  for (int n = 1; n <= versions; ++n) {
    EXPECT_EQ(need(catalog().add_version(push_of(kModel, n))).number, n);
  }
}

TagChange CatalogTest::change_of(const std::string& tag, std::int64_t version) {
  TagChange change;
  change.model = kModel;
  change.tag = tag;
  change.kind = version == 0 ? EventKind::kDelete : EventKind::kSet;
  change.version = version;
  change.actor = "ada";
  return change;
}

TagEvent CatalogTest::set(const std::string& tag, std::int64_t version) {
  return need(catalog().change_tag(change_of(tag, version)));
}

TagEvent CatalogTest::remove(const std::string& tag) {
  return set(tag, 0);
}

std::string CatalogTest::report_on(std::int64_t baseline, std::int64_t candidate) {
  NewReport report;
  report.model = kModel;
  report.baseline_digest = baseline == 0 ? "" : digest_of(static_cast<int>(baseline));
  report.candidate_digest = digest_of(static_cast<int>(candidate));
  report.policy_id = need(catalog().get_model(kModel)).policy_id;
  report.passed = true;
  report.body = "{}";
  report.created_by = "ada";
  return need(catalog().add_report(report)).id;
}

std::int64_t CatalogTest::resolve(const std::string& reference) {
  return need(catalog().resolve(need(parse_reference(reference)))).number;
}

}  // namespace bascule::conformance
