#include "package/fingerprint.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

#include "base/json_writer.h"
#include "base/sha256.h"

namespace bascule {
namespace {

constexpr std::array<std::string_view, 6> kParts{"format", "graph",   "inputs",
                                                 "kind",   "outputs", "score"};
constexpr std::array<std::string_view, 7> kInputKeys{
    "name", "type", "nullable", "optional", "missing", "categories", "unknown"};

// Each object of a list with only the keys that `keep` says.
template <typename Keep>
Json filtered(const Json& list, Keep keep) {
  if (list.array() == nullptr) {
    return list;
  }
  Json::Array out;
  for (const auto& element : *list.array()) {
    if (element.object() == nullptr) {
      continue;
    }
    Json::Object members;
    for (const auto& member : *element.object()) {
      if (keep(member.first)) {
        members.push_back(member);
      }
    }
    out.emplace_back(std::move(members));
  }
  return Json(std::move(out));
}

// What decides a score: no ranges, no bounds, no provenance.
Json deciding_parts(const Json& manifest) {
  Json::Object parts;
  for (const auto part : kParts) {
    const auto* value = manifest.find(part);
    if (value == nullptr) {
      continue;
    }
    Json kept = *value;
    if (part == "inputs") {
      kept = filtered(*value, [](const std::string& key) {
        return std::ranges::find(kInputKeys, key) != kInputKeys.end();
      });
    } else if (part == "outputs") {
      kept = filtered(*value, [](const std::string& key) { return key != "bound"; });
    }
    parts.emplace_back(part, std::move(kept));
  }
  return Json(std::move(parts));
}

std::unordered_set<std::string> names_of_nodes(const Json& manifest) {
  std::unordered_set<std::string> names;
  const auto* graph = manifest.find("graph");
  if (graph == nullptr || graph->array() == nullptr) {
    return names;
  }
  for (const auto& node : *graph->array()) {
    const auto* tensors = node.find("tensors");
    if (tensors == nullptr || tensors->object() == nullptr) {
      continue;
    }
    for (const auto& [role, name] : *tensors->object()) {
      if (name.string() != nullptr) {
        names.insert(*name.string());
      }
    }
  }
  return names;
}

std::string head_of(const Tensor& tensor) {
  std::string head;
  JsonWriter json(head);
  json.array([&] {
    json.string(tensor.name).string(dtype_name(tensor.dtype));
    json.array([&] {
      for (const auto size : tensor.shape) {
        json.integer(static_cast<std::int64_t>(size));
      }
    });
  });
  return head;
}

}  // namespace

std::string fingerprint(const Json& manifest, std::span<const Tensor> tensors) {
  Sha256 hash;
  hash.update(canonical_json(deciding_parts(manifest)));
  const auto named = names_of_nodes(manifest);
  for (const auto& tensor : tensors) {
    if (!named.contains(std::string(tensor.name))) {
      continue;
    }
    hash.update(head_of(tensor));
    hash.update(tensor.bytes);
  }
  return digest_text(hash.finish());
}

}  // namespace bascule
