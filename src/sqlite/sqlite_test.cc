#include "sqlite/sqlite.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>

namespace bascule::sqlite {
namespace {

// A database in a folder of its own, gone with the test.
class Sqlite : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "bascule-sqlite-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    reopen();
  }
  void TearDown() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  void reopen() {
    database_.reset();
    auto opened = Database::open(path());
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = *std::move(opened);
  }
  std::string path() const { return folder_ + "/test.db"; }
  void run(std::string_view sql) {
    const auto status = database_->run(sql);
    ASSERT_TRUE(status) << status.error().message;
  }
  Statement prepare(std::string_view sql) {
    auto statement = database_->prepare(sql);
    EXPECT_TRUE(statement) << statement.error().message;
    return *std::move(statement);
  }
  std::int64_t count() {
    auto query = prepare("SELECT count(*) FROM t");
    EXPECT_TRUE(query.step());
    return query.integer(0);
  }

  std::string folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(Sqlite, GivesBackTheValuesItWasGiven) {
  run("CREATE TABLE t(i BIGINT, d REAL, s TEXT, b BLOB, n TEXT)");
  const std::array bytes{std::byte{0}, std::byte{255}};
  const std::string text("a\0b\xc3\xa4", 5);
  auto insert = prepare("INSERT INTO t VALUES($1, $2, $3, $4, $5)");
  insert.bind_all(std::numeric_limits<std::int64_t>::min(), 0.1, text,
                  std::span<const std::byte>(bytes), std::optional<std::string>());
  ASSERT_TRUE(insert.run());

  auto query = prepare("SELECT i, d, s, b, n FROM t");
  ASSERT_TRUE(query.step().value());
  EXPECT_EQ(query.integer(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(query.number(1), 0.1);
  EXPECT_EQ(query.text(2), text);
  EXPECT_TRUE(std::ranges::equal(query.bytes(3), bytes));
  EXPECT_TRUE(query.is_null(4));
  EXPECT_EQ(query.optional_text(4), std::nullopt);
  EXPECT_EQ(query.optional_integer(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_FALSE(query.step().value());
}

TEST_F(Sqlite, KeepsAnEmptyTextApartFromNull) {
  run("CREATE TABLE t(s TEXT, b BLOB, d REAL)");
  auto insert = prepare("INSERT INTO t VALUES($1, $2, $3)");
  insert.bind_all(std::string_view(), std::span<const std::byte>(), std::nan(""));
  ASSERT_TRUE(insert.run());
  auto query = prepare("SELECT s, b, d FROM t");
  ASSERT_TRUE(query.step().value());
  EXPECT_FALSE(query.is_null(0));
  EXPECT_FALSE(query.is_null(1));
  EXPECT_TRUE(query.is_null(2));  // SQLite has no NaN
}

TEST_F(Sqlite, BindsOneParameterThatStandsTwice) {
  auto query = prepare("SELECT $1 + $2 + $1");
  query.bind_all(3, 10);
  ASSERT_TRUE(query.step().value());
  EXPECT_EQ(query.integer(0), 16);
}

TEST_F(Sqlite, RefusesParametersThatAreOutOfOrder) {
  const auto swapped = database_->prepare("SELECT $2 + $1");
  ASSERT_FALSE(swapped);
  EXPECT_EQ(swapped.error().code, Code::kInternal);
  EXPECT_FALSE(database_->prepare("SELECT ?"));
  EXPECT_FALSE(database_->prepare("SELECT 1; SELECT 2"));
  EXPECT_FALSE(database_->prepare(""));
}

TEST_F(Sqlite, ForgetsATransactionThatWasNotCommitted) {
  run("CREATE TABLE t(i BIGINT)");
  {
    auto transaction = Transaction::begin(*database_);
    ASSERT_TRUE(transaction);
    run("INSERT INTO t VALUES(1)");
  }
  EXPECT_EQ(count(), 0);
  {
    auto transaction = Transaction::begin(*database_);
    ASSERT_TRUE(transaction);
    run("INSERT INTO t VALUES(1)");
    ASSERT_TRUE(transaction->commit());
  }
  reopen();
  EXPECT_EQ(count(), 1);
}

TEST_F(Sqlite, CallsAConstraintAConflict) {
  run("CREATE TABLE t(i BIGINT PRIMARY KEY); INSERT INTO t VALUES(1)");
  auto insert = prepare("INSERT INTO t VALUES($1)");
  const auto status = insert.bind_all(1).run();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kConflict);
  EXPECT_TRUE(insert.bind_all(2).run());  // the statement is usable afterwards
  EXPECT_EQ(database_->changes(), 1);
}

TEST_F(Sqlite, EnforcesForeignKeys) {
  run("CREATE TABLE p(i BIGINT PRIMARY KEY); CREATE TABLE t(i BIGINT REFERENCES p(i))");
  EXPECT_FALSE(database_->run("INSERT INTO t VALUES(1)"));
}

TEST_F(Sqlite, LetsNoSecondConnectionIn) {
  run("CREATE TABLE t(i BIGINT)");
  const auto second = Database::open(path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
}

TEST_F(Sqlite, SyncsEveryCommit) {
  auto query = prepare("PRAGMA synchronous");
  ASSERT_TRUE(query.step().value());
  EXPECT_EQ(query.integer(0), 2);  // FULL
  auto journal = prepare("PRAGMA journal_mode");
  ASSERT_TRUE(journal.step().value());
  EXPECT_EQ(journal.text(0), "wal");
}

TEST_F(Sqlite, SaysThatTheStorageIsFullAndLosesNothing) {
  run("CREATE TABLE t(s TEXT)");
  run("INSERT INTO t VALUES('kept')");
  run("PRAGMA max_page_count = 8");
  auto insert = prepare("INSERT INTO t VALUES($1)");
  {
    auto transaction = Transaction::begin(*database_);
    ASSERT_TRUE(transaction);
    const auto status = insert.bind_all(std::string(100'000, 'x')).run();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::kStorageFull);
    EXPECT_NE(status.error().message.find(path()), std::string::npos);
  }
  EXPECT_TRUE(insert.bind_all("small").run());
  EXPECT_EQ(count(), 2);
}

TEST_F(Sqlite, RefusesAFileThatIsNoDatabase) {
  database_.reset();
  std::filesystem::remove(path());
  std::FILE* file = std::fopen(path().c_str(), "w");
  ASSERT_NE(file, nullptr);
  for (int i = 0; i < 1000; ++i) {
    std::fputs("not a database", file);
  }
  std::fclose(file);
  const auto opened = Database::open(path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kInternal);
}

TEST_F(Sqlite, MigratesStepByStepAndRefusesANewerFile) {
  constexpr std::array<std::string_view, 2> migrations{"CREATE TABLE t(i BIGINT)",
                                                       "ALTER TABLE t ADD COLUMN j BIGINT"};
  ASSERT_TRUE(database_->migrate(std::span(migrations).first(1)));
  run("INSERT INTO t(i) VALUES(7)");
  reopen();
  ASSERT_TRUE(database_->migrate(migrations));
  ASSERT_TRUE(database_->migrate(migrations));  // nothing left to do
  auto query = prepare("SELECT i, j FROM t");
  ASSERT_TRUE(query.step().value());
  EXPECT_EQ(query.integer(0), 7);
  query.reset();

  const auto older_build = database_->migrate(std::span(migrations).first(1));
  ASSERT_FALSE(older_build);
  EXPECT_EQ(older_build.error().code, Code::kUnsupported);
  EXPECT_NE(older_build.error().message.find("version 2"), std::string::npos);
}

TEST_F(Sqlite, LeavesTheFileAsItWasWhenAMigrationFails) {
  constexpr std::array<std::string_view, 2> broken{"CREATE TABLE t(i BIGINT)", "no SQL at all"};
  EXPECT_FALSE(database_->migrate(broken));
  EXPECT_FALSE(database_->prepare("SELECT i FROM t"));
}

// The machine's disk, but for syncs that fail while `broken`.
struct BrokenSync {
  static inline bool broken = false;
  static inline sqlite3_vfs* real = nullptr;
  static inline sqlite3_vfs vfs{};
  // Databases and logs have different methods.
  static inline std::map<const sqlite3_io_methods*, sqlite3_io_methods> methods;
  static inline int (*real_sync)(sqlite3_file*, int) = nullptr;

  static int sync(sqlite3_file* file, int flags) {
    return broken ? SQLITE_IOERR_FSYNC : real_sync(file, flags);
  }
  static int open(sqlite3_vfs* /*vfs*/, sqlite3_filename name, sqlite3_file* file, int flags,
                  int* out_flags) {
    const int code = real->xOpen(real, name, file, flags, out_flags);
    if (file->pMethods != nullptr) {
      auto& patched = methods.try_emplace(file->pMethods, *file->pMethods).first->second;
      real_sync = file->pMethods->xSync;
      patched.xSync = sync;
      file->pMethods = &patched;
    }
    return code;
  }
  BrokenSync() {
    real = sqlite3_vfs_find(nullptr);
    vfs = *real;
    vfs.zName = "broken-sync";
    vfs.xOpen = open;
    sqlite3_vfs_register(&vfs, 1);
  }
  ~BrokenSync() {
    broken = false;
    sqlite3_vfs_register(real, 1);
    sqlite3_vfs_unregister(&vfs);
  }
};

// After a failed fsync the kernel may call the same pages clean, so the next fsync that succeeds
// proves nothing (the PostgreSQL "fsyncgate" of 2018).
TEST_F(Sqlite, WritesNothingMoreAfterASyncFailedUntilItIsOpenedAgain) {
  database_.reset();
  const BrokenSync disk;
  reopen();
  run("CREATE TABLE t(i BIGINT)");
  auto insert = std::make_unique<Statement>(prepare("INSERT INTO t VALUES($1)"));
  ASSERT_TRUE(insert->bind_all(1).run());
  BrokenSync::broken = true;
  EXPECT_FALSE(insert->bind_all(2).run());
  BrokenSync::broken = false;

  const auto write = insert->bind_all(3).run();
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().code, Code::kUnavailable);
  EXPECT_FALSE(Transaction::begin(*database_));
  EXPECT_EQ(count(), 1);  // reading goes on

  insert.reset();
  reopen();
  EXPECT_TRUE(Transaction::begin(*database_));
}

}  // namespace
}  // namespace bascule::sqlite
