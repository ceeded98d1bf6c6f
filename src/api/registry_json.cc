#include "api/registry_json.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "package/json.h"
#include "registry/reference.h"

namespace bascule {
namespace {

void text(JsonWriter& json, std::string_view key, const std::string& value) {
  json.key(key);
  value.empty() ? json.null() : json.string(value);
}

void write_settings(JsonWriter& json, const Model& model) {
  const ModelSpec& spec = model.spec;
  json.key("label_window_days").integer(spec.label_window_days);
  json.key("segments").array([&] {
    for (const auto& segment : spec.segments) {
      json.string(segment);
    }
  });
  json.key("columns").object([&] {
    const auto column = [&](std::string_view key, const std::string& name) {
      if (!name.empty()) {
        json.key(key).string(name);
      }
    };
    column("key", spec.key_column);
    column("entity", spec.entity_column);
    column("amount", spec.amount_column);
    column("time", spec.time_column);
  });
  json.key("extra_columns").string(spec.ignore_extra_columns ? "ignore" : "refuse");
  json.key("policy").raw(spec.policy);
  json.key("policy_revision").integer(model.policy_revision);
  json.key("policy_id").string(model.policy_id);
  json.key("created_by").string(model.created_by);
}

}  // namespace

void write_version_ref(JsonWriter& json, std::int64_t version, const std::string& digest) {
  if (version == 0) {
    json.null();
    return;
  }
  json.object([&] {
    json.key("version").string(version_text(version));
    json.key("digest").string(digest);
  });
}

void write_tag(JsonWriter& json, const Tag& tag) {
  json.object([&] {
    json.key("tag").string(tag.name);
    json.key("version").string(version_text(tag.version));
    json.key("digest").string(tag.digest);
    json.key("revision").integer(tag.revision);
    json.key("updated_at").string(format_time(tag.moved_at));
    json.key("updated_by").string(tag.moved_by);
  });
}

void write_model(JsonWriter& json, const Model& model, std::span<const Tag> tags, bool full) {
  json.object([&] {
    json.key("name").string(model.spec.name);
    json.key("kind").string(model.spec.kind);
    json.key("owner").string(model.spec.owner);
    if (full) {
      write_settings(json, model);
    }
    json.key("tags").object([&] {
      for (const Tag& tag : tags) {
        json.key(tag.name).object([&] {
          json.key("version").string(version_text(tag.version));
          json.key("digest").string(tag.digest);
          json.key("revision").integer(tag.revision);
        });
      }
    });
    json.key("created_at").string(format_time(model.created_at));
  });
}

void write_version_members(JsonWriter& json, const Version& version, std::span<const Tag> tags) {
  json.key("version").string(version_text(version.number));
  json.key("digest").string(version.digest);
  json.key("size").integer(version.size_bytes);
  json.key("fingerprint").string(version.fingerprint);
  json.key("notes").string(version.notes);
  // Written by this server at the push, and canonical: read again to take two members out of it.
  const auto summary = parse_json(version.summary, limits::kPackageJsonDepth);
  const Json* provenance = summary ? summary->find("provenance") : nullptr;
  const Json* metrics = provenance == nullptr ? nullptr : provenance->find("metrics");
  json.key("metrics");
  metrics == nullptr ? json.raw("{}") : json.raw(canonical_json(*metrics));
  json.key("pushed_by").string(version.pushed_by);
  json.key("pushed_at").string(format_time(version.pushed_at));
  json.key("tags").array([&] {
    for (const Tag& tag : tags) {
      if (tag.version == version.number) {
        json.string(tag.name);
      }
    }
  });
}

void write_event(JsonWriter& json, const TagEvent& event) {
  const auto version = [&](std::string_view key, std::int64_t number) {
    json.key(key);
    number == 0 ? json.null() : json.string(version_text(number));
  };
  json.object([&] {
    json.key("seq").integer(event.seq);
    json.key("model").string(event.model);
    text(json, "tag", event.tag);
    json.key("revision").integer(event.revision);
    json.key("kind").string(event_kind_name(event.kind));
    text(json, "old", event.old_digest);
    text(json, "new", event.new_digest);
    version("old_version", event.old_version);
    version("new_version", event.new_version);
    json.key("actor").string(event.actor);
    text(json, "reason", event.reason);
    text(json, "report", event.report_id);
    json.key("forced").boolean(event.forced);
    json.key("at").string(format_time(event.at));
    json.key("hash").string(event.hash);
  });
}

void write_moved(JsonWriter& json, const Moved& moved) {
  json.object([&] {
    json.key("model").string(moved.model);
    json.key("tag").object([&] {
      json.key("tag").string(moved.tag);
      json.key("version");
      moved.to_version == 0 ? json.null() : json.string(version_text(moved.to_version));
      text(json, "digest", moved.to_digest);
      json.key("revision").integer(moved.revision);
    });
    json.key("from");
    write_version_ref(json, moved.from_version, moved.from_digest);
    json.key("to");
    write_version_ref(json, moved.to_version, moved.to_digest);
    json.key("dry_run").boolean(moved.dry_run);
  });
}

Result<std::vector<Tag>> all_tags(Catalog& catalog, const std::string& model) {
  std::vector<Tag> tags;
  for (;;) {
    BASCULE_TRY(auto page,
                catalog.list_tags(model, tags.empty() ? "" : tags.back().name, limits::kPageRows));
    const bool last = page.size() < limits::kPageRows;
    std::move(page.begin(), page.end(), std::back_inserter(tags));
    if (last) {
      return tags;
    }
  }
}

}  // namespace bascule
