#include "package/manifest.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "package/fields.h"
#include "package/manifest_parts.h"
#include "package/model_name.h"

namespace bascule {
namespace {

constexpr std::uint32_t kFormatMajor = 1;
constexpr std::uint32_t kFormatMinor = 0;

// A newer format may mean anything by the other keys, so this comes before them.
Status read_format(const Json& json, Manifest& manifest) {
  const auto* format = json.find("format");
  if (format == nullptr) {
    return fail(Code::kInvalid, "key 'format' is missing");
  }
  if (auto status = fields::check_keys(*format, {"major", "minor"}); !status) {
    return prefixed("format", std::move(status.error()));
  }
  constexpr std::uint64_t kHighest = 1'000'000;
  BASCULE_TRY(const auto major, fields::integer(*format, "major", 1, kHighest));
  BASCULE_TRY(const auto minor, fields::integer(*format, "minor", 0, kHighest));
  if (major != kFormatMajor || minor > kFormatMinor) {
    return fail(Code::kUnsupported,
                "format {}.{} is newer than {}.{}, the newest this build reads; upgrade Bascule",
                major, minor, kFormatMajor, kFormatMinor);
  }
  manifest.format_major = static_cast<std::uint32_t>(major);
  manifest.format_minor = static_cast<std::uint32_t>(minor);
  return {};
}

Status read_identity(const Json& json, Manifest& manifest) {
  BASCULE_TRY(manifest.fingerprint, fields::text(json, "fingerprint"));
  if (auto digest = parse_digest(manifest.fingerprint); !digest) {
    return prefixed("fingerprint", std::move(digest.error()));
  }
  if (json.find("model") != nullptr) {
    BASCULE_TRY(manifest.model, fields::text(json, "model"));
    if (!is_model_name(manifest.model)) {
      return fail(Code::kInvalid, "'model' is '{}', expected a name such as fraud/charge",
                  utf8_prefix(manifest.model, 140));
    }
  }
  BASCULE_TRY(const auto kind, fields::text(json, "kind"));
  const auto known = parse_kind(kind);
  if (!known) {
    return fail(Code::kInvalid,
                "'kind' is '{}', expected yes/no, classes, number, ranking, anomaly or "
                "transformation",
                utf8_prefix(kind, 80));
  }
  manifest.kind = *known;
  return {};
}

Status read_golden(const Json& json, Manifest& manifest) {
  const auto& golden = *json.find("golden");
  if (auto status = fields::check_keys(golden, {"rows", "source"}); !status) {
    return prefixed("golden", std::move(status.error()));
  }
  BASCULE_TRY(manifest.golden.rows, fields::integer(golden, "rows", 0, limits::kGoldenRows));
  constexpr std::array<std::string_view, 2> kSources{"synthesised", "sample"};
  BASCULE_TRY(const auto source, fields::choice(golden, "source", kSources));
  manifest.golden.source = kSources[source];
  return {};
}

Status check_provenance(const Json& json) {
  BASCULE_CHECK_OK(fields::check_keys(
      json, {"libraries", "parameters", "metrics", "notes", "git_commit?", "data_fingerprint"}));
  BASCULE_TRY(const auto* libraries, fields::object(json, "libraries"));
  for (const auto& [library, version] : *libraries->object()) {
    if (version.string() == nullptr) {
      return fail(Code::kInvalid, "'libraries' is not a map from names to versions");
    }
  }
  for (const auto* key : {"parameters", "metrics"}) {
    BASCULE_CHECK_OK(fields::object(json, key));
  }
  for (const auto* key : {"notes", "data_fingerprint"}) {
    BASCULE_CHECK_OK(fields::text(json, key));
  }
  if (json.find("git_commit") != nullptr) {
    BASCULE_CHECK_OK(fields::text(json, "git_commit"));
  }
  return {};
}

Status read_provenance(const Json& json, Manifest& manifest) {
  BASCULE_TRY(const auto* numerics, fields::object(json, "numerics"));
  manifest.numerics = *numerics;
  const auto& provenance = *json.find("provenance");
  if (auto status = check_provenance(provenance); !status) {
    return prefixed("provenance", std::move(status.error()));
  }
  manifest.provenance = provenance;
  return {};
}

Result<Manifest> read_checked(const Json& json) {
  Manifest manifest;
  BASCULE_CHECK_OK(read_format(json, manifest));
  BASCULE_CHECK_OK(
      fields::check_keys(json, {"format", "fingerprint", "model?", "kind", "score?", "inputs",
                                "outputs", "graph", "golden", "numerics", "provenance"}));
  BASCULE_CHECK_OK(read_identity(json, manifest));
  BASCULE_CHECK_OK(read_inputs(json, manifest));
  BASCULE_CHECK_OK(read_graph(json, manifest));
  BASCULE_CHECK_OK(read_outputs(json, manifest));
  BASCULE_CHECK_OK(read_score(json, manifest));
  BASCULE_CHECK_OK(read_golden(json, manifest));
  BASCULE_CHECK_OK(read_provenance(json, manifest));
  return manifest;
}

}  // namespace

std::string element_place(std::string_view list, std::size_t i) {
  return fmt::format("{}[{}]", list, i);
}

const Output* Manifest::find_output(std::string_view name) const noexcept {
  const auto found = std::ranges::find(outputs, name, &Output::name);
  return found == outputs.end() ? nullptr : &*found;
}

std::optional<std::size_t> Manifest::find_input(std::string_view name) const noexcept {
  const auto found = std::ranges::find(inputs, name, &InputColumn::name);
  if (found == inputs.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - inputs.begin());
}

Result<Json> parse_canonical_json(std::string_view text) {
  auto json = parse_json(text, limits::kPackageJsonDepth);
  if (!json) {
    return json;
  }
  const std::string canonical = canonical_json(*json);
  if (canonical != text) {
    const auto at = std::ranges::mismatch(text, canonical).in1 - text.begin();
    return fail(Code::kInvalid, "is not canonical JSON (RFC 8785); the first other byte is {}", at);
  }
  return json;
}

Result<Manifest> read_manifest(const Json& json) {
  auto manifest = read_checked(json);
  if (!manifest) {
    return prefixed("manifest", std::move(manifest.error()));
  }
  return manifest;
}

Result<Manifest> parse_manifest(std::string_view text) {
  auto json = parse_canonical_json(text);
  if (!json) {
    return prefixed("manifest", std::move(json.error()));
  }
  return read_manifest(*json);
}

}  // namespace bascule
