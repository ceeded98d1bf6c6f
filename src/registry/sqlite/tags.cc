// Tags: moved by compare-and-swap, in one transaction with the event that records it.

#include <algorithm>
#include <utility>

#include "registry/checks.h"
#include "registry/sqlite/sqlite_catalog.h"

namespace bascule {
namespace {

constexpr std::string_view kSelectTag =
    "SELECT t.model, t.name, t.version, v.digest, t.revision, t.seq, t.moved_at, t.moved_by FROM "
    "tag t LEFT JOIN version v ON v.model = t.model AND v.number = t.version";

bool is_protected(const Model& model, std::string_view tag) {
  return std::ranges::find(model.spec.protected_tags, tag) != model.spec.protected_tags.end();
}

Tag read_tag(const sqlite::Statement& row) {
  return {.model = row.text(0),
          .name = row.text(1),
          .version = row.integer(2),
          .digest = row.text(3),
          .revision = row.integer(4),
          .seq = row.integer(5),
          .is_protected = false,
          .moved_at = row.integer(6),
          .moved_by = row.text(7)};
}

// "is at revision 4: v7 since 2026-..., by ada"
std::string state_of(const Tag& tag) {
  if (tag.revision == 0) {
    return "does not exist";
  }
  return fmt::format("is at revision {}: {} since {}, by {}", tag.revision,
                     tag.version == 0 ? "deleted" : version_text(tag.version),
                     format_time(tag.moved_at), tag.moved_by);
}

Status check_revision(const Tag& tag, const TagChange& change) {
  if (!change.expected_revision) {
    if (!tag.is_protected) {
      return {};
    }
    return fail(Code::kNeedsRevision,
                "tag '{}' of {} is protected, so a change must name the revision it was decided on "
                "(If-Match); it {}",
                tag.name, tag.model, state_of(tag));
  }
  // 0 means that the tag points at nothing, whether it was never there or was deleted.
  if (*change.expected_revision == tag.revision ||
      (*change.expected_revision == 0 && tag.version == 0)) {
    return {};
  }
  return fail(Code::kMoved,
              "tag '{}' of {} moved: you expected {}, and it {}; look again before you change it",
              tag.name, tag.model,
              *change.expected_revision == 0
                  ? "none"
                  : fmt::format("revision {}", *change.expected_revision),
              state_of(tag));
}

}  // namespace

Result<TagEvent> SqliteCatalog::change_tag(const TagChange& change) {
  BASCULE_CHECK_OK(check_tag_change(change));
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(auto transaction, sqlite::Transaction::begin(*database_));
  BASCULE_TRY(const auto model, find_model(change.model));
  BASCULE_TRY(const auto tag, find_tag(model, change.tag));
  BASCULE_CHECK_OK(check_revision(tag, change));
  TagEvent event;
  event.model = change.model;
  event.tag = change.tag;
  event.revision = tag.revision + 1;
  event.kind = change.kind;
  event.old_digest = tag.digest;
  event.old_version = tag.version;
  event.actor = change.actor;
  event.reason = change.reason;
  event.report_id = change.report_id;
  event.forced = change.forced;
  if (change.kind == EventKind::kDelete) {
    if (tag.version == 0) {
      return fail(Code::kNotFound, "{} has no tag '{}' to delete", change.model, change.tag);
    }
  } else {
    BASCULE_TRY(const auto version, find_number(change.model, change.version));
    if (version.number == tag.version) {
      return find_event(tag.seq);
    }
    BASCULE_CHECK_OK(check_promotion(model, tag, change, version));
    BASCULE_CHECK_OK(check_roll_back(change));
    event.new_digest = version.digest;
    event.new_version = version.number;
  }
  BASCULE_CHECK_OK(append(event));
  BASCULE_CHECK_OK(put_tag(event));
  BASCULE_CHECK_OK(transaction.commit());
  return event;
}

Result<Tag> SqliteCatalog::find_tag(const Model& model, std::string_view name) {
  BASCULE_TRY(auto query,
              database_->prepare(fmt::format("{} WHERE t.model = $1 AND t.name = $2", kSelectTag)));
  BASCULE_TRY(const bool found, query.bind_all(model.spec.name, name).step());
  Tag tag;
  if (found) {
    tag = read_tag(query);
  } else {
    tag.model = model.spec.name;
    tag.name = name;
  }
  tag.is_protected = is_protected(model, name);
  return tag;
}

Result<Tag> SqliteCatalog::need_tag(std::string_view model_name, std::string_view name) {
  BASCULE_CHECK_OK(check_tag_name(name));
  BASCULE_TRY(const auto model, find_model(model_name));
  BASCULE_TRY(auto tag, find_tag(model, name));
  if (tag.version == 0) {
    return fail(Code::kNotFound, "{0} has no tag '{1}'; set it with: bascule tag {0} {1} VERSION",
                model_name, name);
  }
  return tag;
}

// The last guard behind lifecycle's gates: it stands inside the transaction, so that neither the
// tag nor the policy can move between the look and the leap.
Status SqliteCatalog::check_promotion(const Model& model, const Tag& tag, const TagChange& change,
                                      const Version& candidate) {
  if (change.kind != EventKind::kPromote || change.forced) {
    return {};
  }
  BASCULE_TRY(auto query, database_->prepare("SELECT baseline_digest, candidate_digest, policy_id, "
                                             "passed FROM report WHERE model = $1 AND id = $2"));
  BASCULE_TRY(const bool found, query.bind_all(change.model, change.report_id).step());
  const auto refused = [&](std::string_view why) {
    return fail(Code::kConflict,
                "{} of {} cannot be promoted to '{}': {}; make a new report, or force it with a "
                "reason",
                version_text(candidate.number), change.model, change.tag, why);
  };
  if (!found) {
    return refused("there is no such report");
  }
  if (query.text_view(1) != candidate.digest) {
    return refused("the report is about another candidate");
  }
  if (query.text_view(0) != tag.digest) {
    return refused("the report compares it with what does not answer now");
  }
  if (query.text_view(2) != model.policy_id) {
    return refused("the policy changed since the report was made");
  }
  if (!query.boolean(3)) {
    return refused("the report did not pass");
  }
  return {};
}

Status SqliteCatalog::check_roll_back(const TagChange& change) {
  if (change.kind != EventKind::kRollBack) {
    return {};
  }
  BASCULE_TRY(auto query, database_->prepare("SELECT 1 FROM tag_event WHERE model = $1 AND tag = "
                                             "$2 AND new_version = $3 LIMIT 1"));
  BASCULE_TRY(const bool found, query.bind_all(change.model, change.tag, change.version).step());
  if (!found) {
    return fail(Code::kConflict,
                "tag '{}' of {} was never at {}, so there is nothing to roll back to; promote it",
                change.tag, change.model, version_text(change.version));
  }
  return {};
}

Status SqliteCatalog::put_tag(const TagEvent& event) {
  BASCULE_TRY(auto put,
              database_->prepare(
                  "INSERT INTO tag (model, name, version, revision, seq, moved_at, "
                  "moved_by) VALUES ($1, $2, NULLIF($3, 0), $4, $5, $6, $7) ON CONFLICT (model, "
                  "name) DO UPDATE SET version = excluded.version, revision = "
                  "excluded.revision, seq = excluded.seq, moved_at = excluded.moved_at, "
                  "moved_by = excluded.moved_by"));
  put.bind_all(event.model, event.tag, event.new_version, event.revision, event.seq, event.at,
               event.actor);
  return put.run();
}

Result<Tag> SqliteCatalog::get_tag(std::string_view model, std::string_view tag) {
  const std::lock_guard guard(mutex_);
  return need_tag(model, tag);
}

Result<std::vector<Tag>> SqliteCatalog::list_tags(std::string_view model_name,
                                                  std::string_view after, std::size_t limit) {
  BASCULE_CHECK_OK(check_page(limit));
  const std::lock_guard guard(mutex_);
  BASCULE_TRY(const auto model, find_model(model_name));
  BASCULE_TRY(auto query,
              database_->prepare(fmt::format("{} WHERE t.model = $1 AND t.name > $2 AND t.version "
                                             "IS NOT NULL ORDER BY t.name LIMIT $3",
                                             kSelectTag)));
  query.bind_all(model_name, after, static_cast<std::int64_t>(limit));
  BASCULE_TRY(auto tags, sqlite::read_rows(query, read_tag));
  for (auto& tag : tags) {
    tag.is_protected = is_protected(model, tag.name);
  }
  return tags;
}

}  // namespace bascule
