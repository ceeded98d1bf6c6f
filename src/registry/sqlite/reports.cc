// Reports, which are kept as they were, and what each server says it has loaded.

#include <algorithm>
#include <utility>

#include "registry/checks.h"
#include "registry/sqlite/sqlite_catalog.h"

namespace bascule {
namespace {

constexpr std::size_t kShortestId = 12;

constexpr std::string_view kSelectReport =
    "SELECT id, model, baseline_digest, candidate_digest, policy_id, passed, body, created_by, "
    "created_at FROM report";

StoredReport read_report(const sqlite::Statement& row) {
  return {.id = row.text(0),
          .model = row.text(1),
          .baseline_digest = row.text(2),
          .candidate_digest = row.text(3),
          .policy_id = row.text(4),
          .passed = row.boolean(5),
          .body = row.text(6),
          .created_by = row.text(7),
          .created_at = row.integer(8)};
}

ServingState read_serving_state(const sqlite::Statement& row) {
  return {.server = row.text(0),
          .model = row.text(1),
          .tag = row.text(2),
          .desired_digest = row.text(3),
          .actual_digest = row.text(4),
          .since = row.integer(5),
          .error = row.text(6)};
}

bool is_report_id(std::string_view id) {
  return id.size() >= kShortestId && id.size() <= kNoHash.size() &&
         id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<StoredReport> SqliteCatalog::add_report(const NewReport& report) {
  BASCULE_CHECK_OK(check_new_report(report));
  const auto id = report_id(report);
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto transaction, sqlite::Transaction::begin(*database_));
  BASCULE_CHECK_OK(find_model(report.model));
  BASCULE_TRY(auto insert,
              database_->prepare("INSERT INTO report (id, model, baseline_digest, "
                                 "candidate_digest, policy_id, passed, body, created_by, "
                                 "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON "
                                 "CONFLICT (id) DO NOTHING"));
  insert.bind_all(id, report.model, report.baseline_digest, report.candidate_digest,
                  report.policy_id, report.passed, report.body, report.created_by, clock_.now_us());
  BASCULE_CHECK_OK(insert.run());
  BASCULE_TRY(auto query, database_->prepare(fmt::format("{} WHERE id = $1", kSelectReport)));
  BASCULE_CHECK_OK(query.bind_all(id).step());
  auto stored = read_report(query);
  query.reset();
  BASCULE_CHECK_OK(transaction.commit());
  return stored;
}

Result<StoredReport> SqliteCatalog::get_report(std::string_view model, std::string_view id) {
  if (!is_report_id(id)) {
    return fail(Code::kInvalid, "report '{}': expected {} to {} digits of 0-9 and a-f",
                id.substr(0, kNoHash.size()), kShortestId, kNoHash.size());
  }
  const std::lock_guard guard(mutex_);
  BASCULE_CHECK_OK(find_model(model));
  BASCULE_TRY(auto query,
              database_->prepare(fmt::format("{} WHERE model = $1 AND id >= $2 AND id < $3 LIMIT 2",
                                             kSelectReport)));
  query.bind_all(model, id, std::string(id) + "g");  // "g" comes after every digit
  BASCULE_TRY(const bool found, query.step());
  if (!found) {
    return fail(Code::kNotFound, "{} has no report {}; bascule report {} makes one", model, id,
                model);
  }
  auto report = read_report(query);
  BASCULE_TRY(const bool another, query.step());
  if (another) {
    return fail(Code::kConflict, "{} has several reports that start with {}; give more digits",
                model, id);
  }
  return report;
}

Result<std::vector<StoredReport>> SqliteCatalog::list_reports(std::string_view model,
                                                              std::size_t limit) {
  BASCULE_CHECK_OK(check_page(limit));
  const std::lock_guard guard(mutex_);
  BASCULE_CHECK_OK(find_model(model));
  BASCULE_TRY(auto query,
              database_->prepare(fmt::format(
                  "{} WHERE model = $1 ORDER BY created_at DESC, id LIMIT $2", kSelectReport)));
  query.bind_all(model, static_cast<std::int64_t>(limit));
  return sqlite::read_rows(query, read_report);
}

Status SqliteCatalog::record_serving_state(const ServingState& state) {
  BASCULE_CHECK_OK(check_serving_state(state));
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto transaction, sqlite::Transaction::begin(*database_));
  BASCULE_CHECK_OK(find_model(state.model));
  BASCULE_TRY(auto put,
              database_->prepare("INSERT INTO serving_state (server, model, tag, desired_digest, "
                                 "actual_digest, since, error) VALUES ($1, $2, $3, $4, $5, $6, $7) "
                                 "ON CONFLICT (server, model, tag) DO UPDATE SET desired_digest = "
                                 "excluded.desired_digest, actual_digest = excluded.actual_digest, "
                                 "since = excluded.since, error = excluded.error"));
  put.bind_all(state.server, state.model, state.tag, state.desired_digest, state.actual_digest,
               state.since, state.error);
  BASCULE_CHECK_OK(put.run());
  return transaction.commit();
}

Result<std::vector<ServingState>> SqliteCatalog::list_serving_states(std::string_view model) {
  const std::lock_guard guard(mutex_);
  BASCULE_CHECK_OK(find_model(model));
  BASCULE_TRY(auto query, database_->prepare("SELECT server, model, tag, desired_digest, "
                                             "actual_digest, since, error FROM serving_state WHERE "
                                             "model = $1 ORDER BY server, tag"));
  query.bind_all(model);
  return sqlite::read_rows(query, read_serving_state);
}

}  // namespace bascule
