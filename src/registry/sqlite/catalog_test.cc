// What only the SQLite catalog promises; the contract is tests/conformance.

#include "registry/sqlite/catalog.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "base/sha256.h"
#include "sqlite/sqlite.h"

namespace bascule {
namespace {

class SqliteCatalogTest : public testing::Test {
 protected:
  SqliteCatalogTest() : folder_(testing::TempDir() + "bascule-registry-XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  ~SqliteCatalogTest() override {
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }
  // One model with three versions and a tag that moved from v1 over v2 to v3: events 1 to 4.
  void write_history() {
    open();
    ModelSpec spec;
    spec.name = "fraud/charge";
    spec.kind = "number";
    spec.owner = "risk";
    ASSERT_TRUE(catalog_->create_model(spec, "ada"));
    for (int n = 1; n <= 3; ++n) {
      NewVersion pushed;
      pushed.model = spec.name;
      pushed.digest = digest_text(sha256(std::to_string(n)));
      pushed.size_bytes = n;
      pushed.kind = spec.kind;
      pushed.pushed_by = "ada";
      ASSERT_TRUE(catalog_->add_version(pushed));
      ASSERT_TRUE(catalog_->change_tag(
          {.model = spec.name, .tag = "t", .version = n, .actor = "ada", .reason = "better"}));
    }
  }
  void open() {
    catalog_.reset();
    auto opened = open_sqlite_catalog(folder_);
    ASSERT_TRUE(opened) << opened.error().message;
    catalog_ = *std::move(opened);
  }
  // Runs SQL behind the catalog's back, as an intruder with the file in hand would.
  Status tamper(std::string_view sql) {
    catalog_.reset();
    BASCULE_TRY(const auto database, sqlite::Database::open(folder_ + "/registry.db"));
    return database->run(sql);
  }
  std::string verify() {
    open();
    const auto check = catalog_->verify_history();
    return check ? "verified" : check.error().message;
  }

  std::string folder_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(SqliteCatalogTest, RefusesToChangeOrDropAnEvent) {
  write_history();
  EXPECT_FALSE(tamper("UPDATE tag_event SET actor = 'eve' WHERE seq = 2"));
  const auto status = tamper("DELETE FROM tag_event WHERE seq = 2");
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("append-only"), std::string::npos);
  EXPECT_EQ(verify(), "verified");
}

constexpr std::string_view kNoTriggers =
    "DROP TRIGGER tag_event_keeps_rows; DROP TRIGGER tag_event_keeps_values;";

TEST_F(SqliteCatalogTest, FindsWhatWasChangedPastTheTriggers) {
  struct Case {
    std::string sql;
    std::string found;
  };
  const Case cases[] = {
      {"UPDATE tag_event SET actor = 'eve' WHERE seq = 2", "event 2"},
      {"UPDATE tag_event SET reason = '' WHERE seq = 4", "event 4"},
      {"UPDATE tag_event SET policy = '{\"a\":1}' WHERE seq = 1", "event 1"},
      {"UPDATE tag_event SET hash = prev_hash WHERE seq = 3", "event 3"},
      {"DELETE FROM tag_event WHERE seq = 2", "event 2"},
      {"PRAGMA foreign_keys = OFF; DELETE FROM tag_event WHERE seq = 4", "ends at event 3"},
      {"UPDATE tag_event SET seq = 9 WHERE seq = 2", "event 2"},
      {"UPDATE tag SET version = 1", "tag is not where"},
      {"UPDATE tag SET version = 2, seq = 3, revision = 2", "tag is not where"},
      {"UPDATE tag SET version = NULL", "tag is not where"},
      {"DELETE FROM tag", "is gone"},
      {"UPDATE model SET policy = '{\"a\":1}'", "policy is not"},
      {"PRAGMA foreign_keys = OFF; UPDATE version SET number = 5 WHERE number = 3; UPDATE version "
       "SET number = 3 WHERE number = 2; UPDATE version SET number = 2 WHERE number = 5",
       "another digest"},
      {"UPDATE registry_head SET seq = 7", "ends at event 4, and 7"},
      {"DELETE FROM registry_head", "lost its head row"},
  };
  for (const auto& [sql, found] : cases) {
    std::filesystem::remove(folder_ + "/registry.db");
    write_history();
    ASSERT_EQ(verify(), "verified");
    const auto status = tamper(std::string(kNoTriggers) + sql);
    ASSERT_TRUE(status) << sql << ": " << status.error().message;
    EXPECT_NE(verify().find(found), std::string::npos) << sql << ": " << verify();
  }
}

TEST_F(SqliteCatalogTest, IsTheOnlyProcessInItsFolder) {
  open();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // The parent's lock must not be taken for ours, so nothing of it is destroyed here.
    const auto second = open_sqlite_catalog(folder_);
    const bool told = !second && second.error().code == Code::kConflict &&
                      second.error().message.find(folder_) != std::string::npos &&
                      second.error().message.find(std::to_string(::getppid())) != std::string::npos;
    ::_exit(told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(SqliteCatalogTest, LeavesAFileOfANewerBasculeAlone) {
  write_history();
  ASSERT_TRUE(tamper("PRAGMA user_version = 99"));
  const auto opened = open_sqlite_catalog(folder_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kUnsupported);
  EXPECT_NE(opened.error().message.find("schema version 99"), std::string::npos);
}

TEST_F(SqliteCatalogTest, SaysWhichFolderItCannotUse) {
  const auto file = folder_ + "/file";
  std::fclose(std::fopen(file.c_str(), "w"));
  const auto refused = open_sqlite_catalog(file);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(file), std::string::npos);
}

}  // namespace
}  // namespace bascule
