#include "sqlite/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"

namespace bascule::sqlite {
namespace {

Code code_of(int code, int system_errno) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Code::kStorageFull;
    case SQLITE_CONSTRAINT:
      return Code::kConflict;
    case SQLITE_IOERR:
      return system_errno == ENOSPC || system_errno == EDQUOT ? Code::kStorageFull
                                                              : Code::kUnavailable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Code::kUnavailable;
    case SQLITE_TOOBIG:
      return Code::kTooLarge;
    default:
      return Code::kInternal;
  }
}

bool is_failed_sync(int code) {
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

std::string_view advice(Code code) {
  switch (code) {
    case Code::kStorageFull:
      return "; free some space and try again, nothing was changed";
    case Code::kUnavailable:
      return "; check the folder's permissions and that no other program uses the file";
    default:
      return "";
  }
}

}  // namespace

// Statement.

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      bind_error_(other.bind_error_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(statement_, other.statement_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);  // its result repeats the last step's
}

Statement& Statement::remember(int code) noexcept {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) {
    bind_error_ = code;
  }
  return *this;
}

Statement& Statement::bind(int index, std::int64_t value) {
  return remember(sqlite3_bind_int64(statement_, index, value));
}

Statement& Statement::bind(int index, double value) {
  return remember(sqlite3_bind_double(statement_, index, value));
}

// A null pointer would bind NULL, and an empty text is not that.
Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();
  return remember(
      sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

Statement& Statement::bind(int index, std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    return remember(sqlite3_bind_zeroblob(statement_, index, 0));
  }
  return remember(
      sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
}

Statement& Statement::bind(int index, std::nullopt_t /*null*/) {
  return remember(sqlite3_bind_null(statement_, index));
}

void Statement::expect_parameters(std::size_t count) const noexcept {
  BASCULE_ASSERT(static_cast<std::size_t>(sqlite3_bind_parameter_count(statement_)) == count);
}

Result<bool> Statement::step() {
  if (bind_error_ != SQLITE_OK) {
    return database_->error(std::exchange(bind_error_, SQLITE_OK));
  }
  if (database_->sync_failed_ && sqlite3_stmt_readonly(statement_) == 0) {
    return database_->refuse_to_write();
  }
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  auto error = database_->error(code);
  sqlite3_reset(statement_);
  return error;
}

Status Statement::run() {
  for (;;) {
    BASCULE_TRY(const bool row, step());
    if (!row) {
      return {};
    }
  }
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_);  // its result repeats the last step's
  bind_error_ = SQLITE_OK;
}

bool Statement::is_null(int column) const noexcept {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_, column);
}

double Statement::number(int column) const noexcept {
  return sqlite3_column_double(statement_, column);
}

std::string_view Statement::text_view(int column) const noexcept {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) {
    return {};
  }
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const std::byte> Statement::bytes(int column) const noexcept {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) {
    return {};
  }
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  return is_null(column) ? std::nullopt : std::optional(integer(column));
}

std::optional<double> Statement::optional_number(int column) const {
  return is_null(column) ? std::nullopt : std::optional(number(column));
}

std::optional<std::string> Statement::optional_text(int column) const {
  return is_null(column) ? std::nullopt : std::optional(text(column));
}

// Database.

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (handle == nullptr) {
    return fail(Code::kInternal, "'{}': {}", path, sqlite3_errstr(code));
  }
  std::unique_ptr<Database> database(new Database(path, handle));
  if (code != SQLITE_OK) {
    return database->error(code);
  }
  sqlite3_extended_result_codes(handle, 1);
  // Exclusive, before the log is opened: no second connection gets in, not even in this process,
  // and the log's index stays in this process's memory.
  BASCULE_CHECK_OK(
      database->run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                    "PRAGMA trusted_schema = OFF"));
  return database;
}

Database::~Database() {
  const int code = sqlite3_close(handle_);
  BASCULE_ASSERT(code == SQLITE_OK);  // else a statement outlives its database
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &raw, &rest);
  if (code != SQLITE_OK) {
    return error(code);
  }
  Statement statement(*this, raw);
  if (raw == nullptr || rest != sql.data() + sql.size()) {
    return fail(Code::kInternal, "'{}': expected one statement: {}", path_, sql);
  }
  for (int index = 1; index <= sqlite3_bind_parameter_count(raw); ++index) {
    const char* name = sqlite3_bind_parameter_name(raw, index);
    if (name == nullptr || name != fmt::format("${}", index)) {
      return fail(Code::kInternal, "'{}': parameter {} of a statement is not ${}: {}", path_, index,
                  index, sql);
    }
  }
  return statement;
}

Status Database::run(std::string_view sql) {
  const int code = sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return error(code);
  }
  return {};
}

std::int64_t Database::changes() const noexcept {
  return sqlite3_changes64(handle_);
}

Status Database::migrate(std::span<const std::string_view> migrations) {
  BASCULE_TRY(auto transaction, Transaction::begin(*this));
  std::size_t version = 0;
  {
    BASCULE_TRY(auto query, prepare("PRAGMA user_version"));
    BASCULE_TRY(const bool row, query.step());
    BASCULE_ASSERT(row);
    version = static_cast<std::size_t>(query.integer(0));
  }
  if (version > migrations.size()) {
    return fail(Code::kUnsupported,
                "'{}' has schema version {}, and this build knows versions up to {}: a newer "
                "Bascule wrote it; run that one, or restore the backup from before it",
                path_, version, migrations.size());
  }
  for (const auto migration : migrations.subspan(version)) {
    BASCULE_CHECK_OK(run(migration));
  }
  BASCULE_CHECK_OK(run(fmt::format("PRAGMA user_version = {}", migrations.size())));
  return transaction.commit();
}

std::unexpected<Error> Database::error(int code) {
  sync_failed_ = sync_failed_ || is_failed_sync(code);
  const Code meaning = code_of(code, sqlite3_system_errno(handle_));
  // The handle's message is about its last call, which need not be the one that gave `code`.
  const bool has_detail = sqlite3_extended_errcode(handle_) == code;
  return fail(meaning, "'{}': {}{}", path_,
              has_detail ? sqlite3_errmsg(handle_) : sqlite3_errstr(code), advice(meaning));
}

std::unexpected<Error> Database::refuse_to_write() const {
  return fail(Code::kUnavailable,
              "'{}': the disk failed to sync, so nothing more is written; check the disk, then "
              "restart the service",
              path_);
}

// Transaction.

Result<Transaction> Transaction::begin(Database& database) {
  if (database.sync_failed_) {
    return database.refuse_to_write();
  }
  BASCULE_CHECK_OK(database.run("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Some errors (a full disk) have rolled it back already.
  if (database_ != nullptr && sqlite3_get_autocommit(database_->handle_) == 0) {
    // Cannot fail in a way that keeps the changes: without COMMIT they are gone on the next open.
    sqlite3_exec(database_->handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

Status Transaction::commit() {
  BASCULE_ASSERT(database_ != nullptr);
  BASCULE_CHECK_OK(database_->run("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace bascule::sqlite
