// The registry's records as the JSON of docs/http-api.md.
#pragma once

#include <span>
#include <string>

#include "base/json_writer.h"
#include "lifecycle/lifecycle.h"
#include "registry/catalog.h"

namespace bascule {

// {"version":"v7","digest":...}; null for version 0.
void write_version_ref(JsonWriter& json, std::int64_t version, const std::string& digest);
void write_tag(JsonWriter& json, const Tag& tag);
// The members of an entry of the list of models; `full` adds settings and policy.
void write_model(JsonWriter& json, const Model& model, std::span<const Tag> tags, bool full);
// The members of an entry of the list of versions.
void write_version_members(JsonWriter& json, const Version& version, std::span<const Tag> tags);
void write_event(JsonWriter& json, const TagEvent& event);
// A change of a tag: what it is now (or would be), and from where to where.
void write_moved(JsonWriter& json, const Moved& moved);

// All tags of a model.
Result<std::vector<Tag>> all_tags(Catalog& catalog, const std::string& model);

}  // namespace bascule
