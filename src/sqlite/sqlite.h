// A thin layer over SQLite: one connection, statements, transactions, and errors as Result.
//
// There is exactly one connection per file in this process, and the caller lets one thread at a
// time use it (a mutex or a thread of its own); a lock file (base/files.h) keeps a second process
// out. That is what makes the write-ahead log safe: SQLite 3.7.0 to 3.51.2 can corrupt one that
// two connections share. Every commit is synced (synchronous=FULL) before it returns.
//
// Parameters are written $1, $2, ... in the order of their first appearance, as PostgreSQL wants
// them, so that the same text runs on both.
//
//   BASCULE_TRY(auto transaction, sqlite::Transaction::begin(database));
//   BASCULE_TRY(auto find, database.prepare("SELECT owner FROM model WHERE name = $1"));
//   find.bind_all(name);
//   BASCULE_TRY(const bool found, find.step());
//   ... find.text(0) ...
//   return transaction.commit();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bascule::sqlite {

class Database;

// A prepared statement. Belongs to its database, which outlives it, and to the same thread.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameter `index` counts from 1. Text and bytes are copied; NaN becomes null. What goes wrong
  // here (a value beyond SQLite's limits) is told by the next `step`.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, int value) { return bind(index, std::int64_t{value}); }
  Statement& bind(int index, bool value) { return bind(index, std::int64_t{value ? 1 : 0}); }
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, const std::string& text) {
    return bind(index, std::string_view(text));
  }
  Statement& bind(int index, const char* text) { return bind(index, std::string_view(text)); }
  Statement& bind(int index, std::span<const std::byte> bytes);
  Statement& bind(int index, std::nullopt_t null);
  template <typename T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind(index, std::nullopt);
  }

  // Resets, then binds $1, $2, ... to the values; as many as the statement has parameters.
  template <typename... Values>
  Statement& bind_all(const Values&... values) {
    reset();
    expect_parameters(sizeof...(values));
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }

  // Moves to the next row; false when there is none. The columns below are those of that row.
  Result<bool> step();
  // Steps to the end and resets: for statements whose rows nobody wants.
  Status run();
  // Makes the statement ready to run again; its bindings stay.
  void reset() noexcept;

  // Columns count from 0. Views are borrowed until the next `step`, `reset` or bind.
  bool is_null(int column) const noexcept;
  std::int64_t integer(int column) const noexcept;
  double number(int column) const noexcept;
  bool boolean(int column) const noexcept { return integer(column) != 0; }
  std::string_view text_view(int column) const noexcept;
  std::string text(int column) const { return std::string(text_view(column)); }
  std::span<const std::byte> bytes(int column) const noexcept;
  std::optional<std::int64_t> optional_integer(int column) const;
  std::optional<double> optional_number(int column) const;
  std::optional<std::string> optional_text(int column) const;

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}
  void expect_parameters(std::size_t count) const noexcept;
  Statement& remember(int code) noexcept;

  Database* database_;
  sqlite3_stmt* statement_;
  int bind_error_ = 0;  // the first one, an SQLite code
};

class Database {
 public:
  // Opens or creates the file (":memory:" for tests): write-ahead log, synchronous=FULL, foreign
  // keys on. kUnavailable when it cannot be opened, kInternal when it is no database.
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // `sql` is our own text: a mistake in it, or parameters out of order, is kInternal.
  Result<Statement> prepare(std::string_view sql);
  // Runs one or more statements without parameters.
  Status run(std::string_view sql);
  // Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const noexcept;

  // Brings the schema up to `migrations.size()`: each text moves it on by one version, all in one
  // transaction, and the version is kept in the file. kUnsupported when the file is newer than
  // this build.
  Status migrate(std::span<const std::string_view> migrations);

  const std::string& path() const noexcept { return path_; }
  // For what this layer does not cover.
  sqlite3* handle() const noexcept { return handle_; }

 private:
  friend class Statement;
  friend class Transaction;
  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  // The error of the last call as a sentence. kStorageFull when the disk is full, kConflict for a
  // constraint, kUnavailable when the file cannot be read or written, else kInternal.
  std::unexpected<Error> error(int code);
  std::unexpected<Error> refuse_to_write() const;

  std::string path_;
  sqlite3* handle_;
  // A sync failed: the kernel may have dropped the pages, so a second sync that succeeds proves
  // nothing. Nothing is written any more until the file is opened again.
  bool sync_failed_ = false;
};

// The rows that are left, each made into a value by `read(statement)`.
template <typename Read>
auto read_rows(Statement& statement, Read read)
    -> Result<std::vector<decltype(read(std::as_const(statement)))>> {
  std::vector<decltype(read(std::as_const(statement)))> values;
  for (;;) {
    BASCULE_TRY(const bool row, statement.step());
    if (!row) {
      return values;
    }
    values.push_back(read(std::as_const(statement)));
  }
}

// A transaction that holds the write lock from its start. Rolled back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  // When it returns without an error, what was done is on the disk.
  Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // null when finished or moved away
};

}  // namespace bascule::sqlite
