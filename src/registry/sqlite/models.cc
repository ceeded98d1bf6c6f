// Models: create, read, and the policy that belongs to one.

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/json_writer.h"
#include "base/sha256.h"
#include "package/json.h"
#include "registry/checks.h"
#include "registry/sqlite/schema.h"
#include "registry/sqlite/sqlite_catalog.h"

namespace bascule {
namespace {

constexpr std::size_t kSaltBytes = 32;

constexpr std::string_view kModelColumns =
    "name, kind, owner, label_window_days, key_column, entity_column, amount_column, time_column, "
    "segments, ignore_extra_columns, protected_tags, policy, settings, policy_revision, policy_id, "
    "created_by, created_at";

std::string names_to_json(const std::vector<std::string>& names) {
  std::string out;
  JsonWriter json(out);
  json.array([&] {
    for (const auto& name : names) {
      json.string(name);
    }
  });
  return out;
}

// The inverse; we wrote it, so that anything else means a damaged file.
Result<std::vector<std::string>> names_from_json(std::string_view text) {
  BASCULE_TRY(const auto json, parse_json(text));
  std::vector<std::string> names;
  for (const auto& name : json.array() == nullptr ? Json::Array() : *json.array()) {
    names.push_back(name.string() == nullptr ? "" : *name.string());
  }
  return names;
}

Result<Model> read_model(const sqlite::Statement& row) {
  Model model;
  ModelSpec& spec = model.spec;
  spec.name = row.text(0);
  spec.kind = row.text(1);
  spec.owner = row.text(2);
  spec.label_window_days = row.integer(3);
  spec.key_column = row.text(4);
  spec.entity_column = row.text(5);
  spec.amount_column = row.text(6);
  spec.time_column = row.text(7);
  BASCULE_TRY(spec.segments, names_from_json(row.text_view(8)));
  spec.ignore_extra_columns = row.boolean(9);
  BASCULE_TRY(spec.protected_tags, names_from_json(row.text_view(10)));
  spec.policy = row.text(11);
  spec.settings = row.text(12);
  model.policy_revision = row.integer(13);
  model.policy_id = row.text(14);
  model.created_by = row.text(15);
  model.created_at = row.integer(16);
  return model;
}

std::string new_salt(Random& random) {
  std::array<std::byte, kSaltBytes> salt;
  random.fill(salt);
  return to_hex(salt);
}

}  // namespace

Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::string& folder, const Clock& clock,
                                                     Random& random) {
  BASCULE_CHECK_OK(system_files().make_folders(folder));
  auto lock = FileLock::acquire(folder + "/registry.lock");
  if (!lock) {
    return prefixed(fmt::format("data folder '{}'", folder), std::move(lock.error()));
  }
  BASCULE_TRY(auto database, sqlite::Database::open(folder + "/registry.db"));
  BASCULE_CHECK_OK(database->migrate(registry_migrations()));
  return std::make_unique<SqliteCatalog>(*std::move(lock), std::move(database), clock, random);
}

SqliteCatalog::SqliteCatalog(std::unique_ptr<FileLock> lock,
                             std::unique_ptr<sqlite::Database> database, const Clock& clock,
                             Random& random)
    : lock_(std::move(lock)), database_(std::move(database)), clock_(clock), random_(random) {}

Result<Model> SqliteCatalog::create_model(const ModelSpec& spec, std::string_view actor) {
  BASCULE_CHECK_OK(check_model_spec(spec));
  BASCULE_CHECK_OK(check_actor("the actor", actor));
  BASCULE_TRY(auto policy, canonical_object("the policy", spec.policy));
  BASCULE_TRY(const auto settings, canonical_object("the settings", spec.settings));
  const auto policy_id = digest_text(sha256(policy));

  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto transaction, sqlite::Transaction::begin(*database_));
  if (const auto existing = find_model(spec.name)) {
    return fail(Code::kConflict, "the model {} exists already; {} created it for '{}' at {}",
                spec.name, existing->created_by, existing->spec.owner,
                format_time(existing->created_at));
  } else if (existing.error().code != Code::kNotFound) {
    return std::unexpected(existing.error());
  }
  BASCULE_TRY(auto insert,
              database_->prepare(fmt::format(
                  "INSERT INTO model ({}, salt, version_count) VALUES ($1, $2, $3, $4, $5, $6, "
                  "$7, $8, $9, $10, $11, $12, $13, 1, $14, $15, $16, $17, 0)",
                  kModelColumns)));
  insert.bind_all(spec.name, spec.kind, spec.owner, spec.label_window_days, spec.key_column,
                  spec.entity_column, spec.amount_column, spec.time_column,
                  names_to_json(spec.segments), spec.ignore_extra_columns,
                  names_to_json(spec.protected_tags), policy, settings, policy_id, actor,
                  clock_.now_us(), new_salt(random_));
  BASCULE_CHECK_OK(insert.run());
  TagEvent event;
  event.model = spec.name;
  event.revision = 1;
  event.kind = EventKind::kPolicy;
  event.new_digest = policy_id;
  event.actor = actor;
  event.policy = std::move(policy);
  BASCULE_CHECK_OK(append(event));
  BASCULE_TRY(auto model, find_model(spec.name));
  BASCULE_CHECK_OK(transaction.commit());
  return model;
}

Result<Model> SqliteCatalog::find_model(std::string_view name) {
  BASCULE_CHECK_OK(check_model_name(name));
  BASCULE_TRY(auto query, database_->prepare(
                              fmt::format("SELECT {} FROM model WHERE name = $1", kModelColumns)));
  BASCULE_TRY(const bool found, query.bind_all(name).step());
  if (!found) {
    return fail(Code::kNotFound,
                "there is no model {0}; create it first, for example: bascule create {0} --kind "
                "yes/no --owner TEAM",
                name);
  }
  return read_model(query);
}

Result<Model> SqliteCatalog::get_model(std::string_view name) {
  const std::lock_guard guard(mutex_);
  return find_model(name);
}

Result<std::vector<Model>> SqliteCatalog::list_models(std::string_view after, std::size_t limit) {
  BASCULE_CHECK_OK(check_page(limit));
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto query,
              database_->prepare(fmt::format(
                  "SELECT {} FROM model WHERE name > $1 ORDER BY name LIMIT $2", kModelColumns)));
  query.bind_all(after, static_cast<std::int64_t>(limit));
  std::vector<Model> models;
  for (;;) {
    BASCULE_TRY(const bool row, query.step());
    if (!row) {
      return models;
    }
    BASCULE_TRY(models.emplace_back(), read_model(query));
  }
}

Result<std::string> SqliteCatalog::entity_salt(std::string_view model) {
  const std::lock_guard guard(mutex_);
  BASCULE_CHECK_OK(find_model(model));
  BASCULE_TRY(auto query, database_->prepare("SELECT salt FROM model WHERE name = $1"));
  BASCULE_CHECK_OK(query.bind_all(model).step());
  // 64 hexadecimal digits, as a digest has.
  BASCULE_TRY(const auto salt, parse_digest("sha256:" + query.text(0)));
  return std::string(reinterpret_cast<const char*>(salt.data()), salt.size());
}

Result<TagEvent> SqliteCatalog::set_policy(const PolicyChange& change) {
  BASCULE_TRY(auto policy, canonical_object("the policy", change.policy));
  BASCULE_CHECK_OK(check_actor("the actor", change.actor));
  BASCULE_CHECK_OK(check_reason(change.reason));

  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto transaction, sqlite::Transaction::begin(*database_));
  BASCULE_TRY(const auto model, find_model(change.model));
  if (change.expected_revision && *change.expected_revision != model.policy_revision) {
    return fail(Code::kMoved,
                "the policy of {} is at revision {}, and you changed revision {}; look at it again",
                change.model, model.policy_revision, *change.expected_revision);
  }
  if (policy == model.spec.policy) {
    return find_policy_event(change.model, model.policy_revision);
  }
  TagEvent event;
  event.model = change.model;
  event.revision = model.policy_revision + 1;
  event.kind = EventKind::kPolicy;
  event.old_digest = model.policy_id;
  event.new_digest = digest_text(sha256(policy));
  event.actor = change.actor;
  event.reason = change.reason;
  event.policy = std::move(policy);
  BASCULE_TRY(auto update, database_->prepare("UPDATE model SET policy = $1, policy_id = $2, "
                                              "policy_revision = $3 WHERE name = $4"));
  update.bind_all(event.policy, event.new_digest, event.revision, event.model);
  BASCULE_CHECK_OK(update.run());
  BASCULE_CHECK_OK(append(event));
  BASCULE_CHECK_OK(transaction.commit());
  return event;
}

}  // namespace bascule
