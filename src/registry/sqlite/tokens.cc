// Tokens: who may ask. Rows are kept for ever, so that an actor of the history can be looked up.

#include <utility>

#include "base/limits.h"
#include "registry/checks.h"
#include "registry/sqlite/sqlite_catalog.h"

namespace bascule {
namespace {

constexpr std::string_view kSelectToken =
    "SELECT id, principal, role, hash, created_by, created_at, expires_at, used_day, revoked_by, "
    "revoked_at FROM token";

Token read_token(const sqlite::Statement& row) {
  return {.id = row.integer(0),
          .principal = row.text(1),
          .role = row.text(2),
          .hash = row.text(3),
          .created_by = row.text(4),
          .created_at = row.integer(5),
          .expires_at = row.integer(6),
          .used_day = row.integer(7),
          .revoked_by = row.text(8),
          .revoked_at = row.integer(9)};
}

}  // namespace

Result<Token> SqliteCatalog::find_token(std::int64_t id) {
  BASCULE_TRY(auto query, database_->prepare(fmt::format("{} WHERE id = $1", kSelectToken)));
  BASCULE_TRY(const bool found, query.bind_all(id).step());
  if (!found) {
    return fail(Code::kNotFound, "there is no token {}; list them to see which there are", id);
  }
  return read_token(query);
}

Result<Token> SqliteCatalog::add_token(const NewToken& token) {
  BASCULE_CHECK_OK(check_new_token(token));
  const std::lock_guard guard(mutex_);
  const TimeUs now = clock_.now_us();
  BASCULE_TRY(auto transaction, sqlite::Transaction::begin(*database_));
  BASCULE_TRY(auto count, database_->prepare("SELECT COUNT(*), (SELECT COALESCE(MAX(id), 0) FROM "
                                             "token) FROM token WHERE revoked_at = 0 AND "
                                             "(expires_at = 0 OR expires_at > $1)"));
  BASCULE_CHECK_OK(count.bind_all(now).step());
  if (count.integer(0) >= static_cast<std::int64_t>(limits::kTokens)) {
    return fail(Code::kTooLarge, "there are {} tokens already; revoke some that nobody uses",
                limits::kTokens);
  }
  const std::int64_t id = count.integer(1) + 1;
  count.reset();
  BASCULE_TRY(auto insert,
              database_->prepare("INSERT INTO token (id, principal, role, hash, created_by, "
                                 "created_at, expires_at, used_day, revoked_by, revoked_at) VALUES "
                                 "($1, $2, $3, $4, $5, $6, $7, 0, '', 0)"));
  insert.bind_all(id, token.principal, token.role, token.hash, token.created_by, now,
                  token.expires_at);
  BASCULE_CHECK_OK(insert.run());
  BASCULE_TRY(auto added, find_token(id));
  BASCULE_CHECK_OK(transaction.commit());
  return added;
}

Result<std::vector<Token>> SqliteCatalog::list_tokens(std::int64_t after, std::size_t limit) {
  BASCULE_CHECK_OK(check_page(limit));
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto query, database_->prepare(
                              fmt::format("{} WHERE id > $1 ORDER BY id LIMIT $2", kSelectToken)));
  query.bind_all(after, static_cast<std::int64_t>(limit));
  return sqlite::read_rows(query, read_token);
}

Result<Token> SqliteCatalog::revoke_token(std::int64_t id, std::string_view actor) {
  BASCULE_CHECK_OK(check_actor("the actor", actor));
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto update, database_->prepare("UPDATE token SET revoked_at = $1, revoked_by = $2 "
                                              "WHERE id = $3 AND revoked_at = 0"));
  update.bind_all(clock_.now_us(), actor, id);
  BASCULE_CHECK_OK(update.run());
  return find_token(id);
}

Status SqliteCatalog::record_token_use(std::int64_t id, std::int64_t day) {
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto update,
              database_->prepare("UPDATE token SET used_day = $1 WHERE id = $2 AND used_day < $1"));
  return update.bind_all(day, id).run();
}

}  // namespace bascule
