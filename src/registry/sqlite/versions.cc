// Versions: numbers for packages, and the way from a reference to one.

#include <utility>

#include "registry/checks.h"
#include "registry/sqlite/sqlite_catalog.h"

namespace bascule {
namespace {

constexpr std::string_view kSelectVersion =
    "SELECT v.model, v.number, v.digest, p.size_bytes, p.fingerprint, p.summary, v.notes, "
    "v.pushed_by, v.pushed_at FROM version v JOIN package p ON p.digest = v.digest";

Version read_version(const sqlite::Statement& row) {
  return {.model = row.text(0),
          .number = row.integer(1),
          .digest = row.text(2),
          .size_bytes = row.integer(3),
          .fingerprint = row.text(4),
          .summary = row.text(5),
          .notes = row.text(6),
          .pushed_by = row.text(7),
          .pushed_at = row.integer(8)};
}

}  // namespace

Result<Version> SqliteCatalog::add_version(const NewVersion& pushed) {
  BASCULE_CHECK_OK(check_new_version(pushed));
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto transaction, sqlite::Transaction::begin(*database_));
  BASCULE_TRY(const auto model, find_model(pushed.model));
  if (pushed.kind != model.spec.kind) {
    return fail(Code::kConflict,
                "{} is a model of kind '{}', and this package is of kind '{}'; push it to another "
                "model",
                pushed.model, model.spec.kind, pushed.kind);
  }
  BASCULE_TRY(auto existing, find_digest(pushed.model, pushed.digest));
  if (existing) {
    return *std::move(existing);
  }
  const auto now = clock_.now_us();
  BASCULE_TRY(auto package,
              database_->prepare("INSERT INTO package (digest, size_bytes, kind, fingerprint, "
                                 "summary, pushed_by, pushed_at) VALUES ($1, $2, $3, $4, $5, $6, "
                                 "$7) ON CONFLICT (digest) DO NOTHING"));
  package.bind_all(pushed.digest, pushed.size_bytes, pushed.kind, pushed.fingerprint,
                   pushed.summary, pushed.pushed_by, now);
  BASCULE_CHECK_OK(package.run());
  // The counter and not the largest number, so that a number is never given twice.
  BASCULE_TRY(auto count, database_->prepare("UPDATE model SET version_count = version_count + 1 "
                                             "WHERE name = $1 RETURNING version_count"));
  BASCULE_CHECK_OK(count.bind_all(pushed.model).step());
  const auto number = count.integer(0);
  count.reset();
  BASCULE_TRY(auto version,
              database_->prepare("INSERT INTO version (model, number, digest, notes, pushed_by, "
                                 "pushed_at) VALUES ($1, $2, $3, $4, $5, $6)"));
  version.bind_all(pushed.model, number, pushed.digest, pushed.notes, pushed.pushed_by, now);
  BASCULE_CHECK_OK(version.run());
  BASCULE_TRY(auto added, find_number(pushed.model, number));
  BASCULE_CHECK_OK(transaction.commit());
  return added;
}

Result<Version> SqliteCatalog::find_number(std::string_view model, std::int64_t number) {
  BASCULE_TRY(auto query, database_->prepare(fmt::format("{} WHERE v.model = $1 AND v.number = $2",
                                                         kSelectVersion)));
  BASCULE_TRY(const bool found, query.bind_all(model, number).step());
  if (!found) {
    return fail(Code::kNotFound, "{} has no version {}; bascule list {} shows those it has", model,
                version_text(number), model);
  }
  return read_version(query);
}

Result<std::optional<Version>> SqliteCatalog::find_digest(std::string_view model,
                                                          std::string_view digest) {
  BASCULE_TRY(auto query, database_->prepare(fmt::format("{} WHERE v.model = $1 AND v.digest = $2",
                                                         kSelectVersion)));
  BASCULE_TRY(const bool found, query.bind_all(model, digest).step());
  return found ? std::optional(read_version(query)) : std::nullopt;
}

Result<Version> SqliteCatalog::get_version(std::string_view model, std::int64_t number) {
  const std::lock_guard guard(mutex_);
  BASCULE_CHECK_OK(find_model(model));
  return find_number(model, number);
}

Result<Version> SqliteCatalog::find_version(std::string_view model, std::string_view digest) {
  BASCULE_TRY(auto reference, parse_version_selector(digest));
  if (!std::holds_alternative<DigestPin>(reference)) {
    return fail(Code::kInvalid, "'{}' is no digest; expected sha256: and 64 hexadecimal digits",
                digest);
  }
  const std::lock_guard guard(mutex_);
  BASCULE_CHECK_OK(find_model(model));
  BASCULE_TRY(auto version, find_digest(model, digest));
  if (!version) {
    return fail(Code::kNotFound, "{} has no version with the digest {}; push the package", model,
                digest);
  }
  return *std::move(version);
}

Result<std::vector<Version>> SqliteCatalog::list_versions(std::string_view model,
                                                          std::int64_t before, std::size_t limit) {
  BASCULE_CHECK_OK(check_page(limit));
  const std::lock_guard guard(mutex_);
  BASCULE_CHECK_OK(find_model(model));
  BASCULE_TRY(
      auto query,
      database_->prepare(fmt::format(
          "{} WHERE v.model = $1 AND ($2 = 0 OR v.number < $2) ORDER BY v.number DESC LIMIT $3",
          kSelectVersion)));
  query.bind_all(model, before, static_cast<std::int64_t>(limit));
  return sqlite::read_rows(query, read_version);
}

Result<std::vector<std::string>> SqliteCatalog::list_digests(std::string_view after,
                                                             std::size_t limit) {
  BASCULE_CHECK_OK(check_page(limit));
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto query, database_->prepare("SELECT digest FROM package WHERE digest > $1 ORDER "
                                             "BY digest LIMIT $2"));
  query.bind_all(after, static_cast<std::int64_t>(limit));
  return sqlite::read_rows(query, [](const sqlite::Statement& row) { return row.text(0); });
}

Result<Version> SqliteCatalog::resolve(const Reference& reference) {
  const std::lock_guard guard(mutex_);
  BASCULE_CHECK_OK(find_model(reference.name));
  if (const auto* time = std::get_if<TimePin>(&reference.pin)) {
    return resolve_time(reference, time->at);
  }
  if (const auto* back = std::get_if<BackPin>(&reference.pin); back != nullptr && back->steps > 0) {
    return resolve_back(reference, back->steps);
  }
  if (!reference.tag.empty()) {
    return resolve_tag(reference);
  }
  if (const auto* version = std::get_if<VersionPin>(&reference.pin)) {
    return find_number(reference.name, version->number);
  }
  const auto* digest = std::get_if<DigestPin>(&reference.pin);
  if (digest == nullptr) {
    return fail(Code::kInvalid, "the reference {} has neither a tag nor a version", reference.name);
  }
  BASCULE_TRY(auto version, find_digest(reference.name, digest->digest));
  if (!version) {
    return fail(Code::kNotFound, "{} has no version with the digest {}", reference.name,
                digest->digest);
  }
  return *std::move(version);
}

// The tag's version, which the pin may expect to be a certain one.
Result<Version> SqliteCatalog::resolve_tag(const Reference& reference) {
  BASCULE_TRY(const auto tag, need_tag(reference.name, reference.tag));
  const auto* version = std::get_if<VersionPin>(&reference.pin);
  const auto* digest = std::get_if<DigestPin>(&reference.pin);
  if ((version != nullptr && version->number != tag.version) ||
      (digest != nullptr && digest->digest != tag.digest)) {
    return fail(Code::kMoved, "tag '{}' of {} points at {} ({}), not at what {} expects", tag.name,
                tag.model, version_text(tag.version), tag.digest, format_reference(reference));
  }
  return find_number(tag.model, tag.version);
}

// What the tag pointed at when `at` was now.
Result<Version> SqliteCatalog::resolve_time(const Reference& reference, TimeUs at) {
  BASCULE_TRY(auto query, database_->prepare(
                              "SELECT new_version FROM tag_event WHERE model = $1 AND tag = $2 AND "
                              "kind <> 'policy' AND at <= $3 ORDER BY revision DESC LIMIT 1"));
  BASCULE_TRY(const bool found, query.bind_all(reference.name, reference.tag, at).step());
  if (!found || query.integer(0) == 0) {
    return fail(Code::kNotFound,
                "tag '{}' of {} pointed at nothing at {}; bascule history {} "
                "shows when it did",
                reference.tag, reference.name, format_time(at), reference.name);
  }
  return find_number(reference.name, query.integer(0));
}

// The n-th version that the tag pointed at before the one it points at now. An event's old version
// is what answered before it; events that found the tag pointing at nothing have none.
Result<Version> SqliteCatalog::resolve_back(const Reference& reference, std::int64_t steps) {
  BASCULE_TRY(auto query,
              database_->prepare("SELECT old_version FROM tag_event WHERE model = $1 AND tag = $2 "
                                 "AND old_version > 0 ORDER BY revision DESC LIMIT 1 OFFSET $3"));
  BASCULE_TRY(const bool found, query.bind_all(reference.name, reference.tag, steps - 1).step());
  if (!found) {
    return fail(Code::kNotFound,
                "tag '{}' of {} has not moved {} times; bascule history {} shows "
                "its moves",
                reference.tag, reference.name, steps, reference.name);
  }
  return find_number(reference.name, query.integer(0));
}

}  // namespace bascule
