// The manifest's `outputs` and `score`: what a model answers.

#include <algorithm>
#include <array>
#include <limits>

#include "base/limits.h"
#include "base/utf8.h"
#include "package/fields.h"
#include "package/manifest_parts.h"

namespace bascule {
namespace {

constexpr double kLargest = std::numeric_limits<double>::max();

bool has_value(const Manifest& manifest, std::string_view name) {
  constexpr std::string_view kColumnPrefix = "column:";
  if (name.starts_with(kColumnPrefix)) {
    return manifest.find_input(name.substr(kColumnPrefix.size())).has_value();
  }
  return std::ranges::any_of(manifest.graph, [&](const GraphNode& node) {
    return std::ranges::find(node.out, name) != node.out.end();
  });
}

Result<OutputBound> read_bound(const Json& json) {
  if (auto status = fields::check_keys(json, {"here", "anywhere"}); !status) {
    return prefixed("bound", std::move(status.error()));
  }
  OutputBound bound;
  BASCULE_TRY(bound.here, fields::number(json, "here", 0, kLargest));
  BASCULE_TRY(bound.anywhere, fields::number(json, "anywhere", 0, kLargest));
  return bound;
}

// Numbers have one label per column, a label output one per class.
Status read_labels(const Json& json, Output& output) {
  if (json.find("labels") == nullptr) {
    if (output.type != OutputType::kLabel) {
      return {};
    }
    return fail(Code::kInvalid, "gives labels, but key 'labels' is missing");
  }
  BASCULE_TRY(output.labels, fields::distinct_scalars(json, "labels", 1, limits::kWidth));
  if (output.type == OutputType::kInteger) {
    return fail(Code::kInvalid, "gives integers, which have no 'labels'");
  }
  if (output.type == OutputType::kNumber && output.labels.size() != output.width) {
    return fail(Code::kInvalid, "has {} labels, expected one for each of its {} columns",
                output.labels.size(), output.width);
  }
  return {};
}

Result<Output> read_output(const Json& json, const Manifest& manifest) {
  BASCULE_CHECK_OK(
      fields::check_keys(json, {"name", "from", "type", "width", "labels?", "default", "bound"}));
  Output output;
  BASCULE_TRY(output.name, fields::nonempty_text(json, "name"));
  BASCULE_TRY(output.from, fields::text(json, "from"));
  if (!has_value(manifest, output.from)) {
    return fail(Code::kInvalid, "comes from '{}', which no node gives",
                utf8_prefix(output.from, 80));
  }
  constexpr std::array<std::string_view, 3> kTypes{"number", "label", "integer"};
  BASCULE_TRY(const auto type, fields::choice(json, "type", kTypes));
  output.type = static_cast<OutputType>(type);
  const bool one = output.type == OutputType::kLabel;
  BASCULE_TRY(output.width, fields::integer(json, "width", 1, one ? 1 : limits::kWidth));
  BASCULE_CHECK_OK(read_labels(json, output));
  BASCULE_TRY(output.by_default, fields::boolean(json, "default"));
  BASCULE_TRY(output.bound, read_bound(*json.find("bound")));
  return output;
}

// The label that the score's column speaks of must be that column's label.
Status read_positive(const Json& json, const Output& output, Manifest& manifest) {
  const auto* positive = json.find("positive");
  if (positive == nullptr) {
    return {};
  }
  if (manifest.kind != Kind::kYesNo) {
    return fail(Code::kInvalid, "has a 'positive' label, which only the kind yes/no has");
  }
  auto label = fields::scalar(*positive);
  if (!label) {
    return prefixed("'positive'", std::move(label.error()));
  }
  if (!output.labels.empty() &&
      canonical_json(output.labels[manifest.score.column]) != canonical_json(*label)) {
    return fail(Code::kInvalid, "'positive' is {}, but column {} of output '{}' has the label {}",
                utf8_prefix(canonical_json(*label), 80), manifest.score.column, output.name,
                utf8_prefix(canonical_json(output.labels[manifest.score.column]), 80));
  }
  manifest.score.positive = *std::move(label);
  return {};
}

Status read_score_object(const Json& json, Manifest& manifest) {
  BASCULE_CHECK_OK(fields::check_keys(json, {"output", "column", "positive?"}));
  BASCULE_TRY(manifest.score.output, fields::nonempty_text(json, "output"));
  const auto* output = manifest.find_output(manifest.score.output);
  if (output == nullptr || output->type != OutputType::kNumber) {
    return fail(Code::kInvalid, "'{}' is not an output of type number",
                utf8_prefix(manifest.score.output, 80));
  }
  BASCULE_TRY(manifest.score.column, fields::integer(json, "column", 0, output->width - 1));
  return read_positive(json, *output, manifest);
}

}  // namespace

Status read_outputs(const Json& json, Manifest& manifest) {
  BASCULE_TRY(const auto* entries, fields::list(json, "outputs", 1, limits::kOutputs));
  for (const auto& entry : *entries) {
    const auto place = element_place("outputs", manifest.outputs.size());
    auto output = read_output(entry, manifest);
    if (!output) {
      return prefixed(place, std::move(output.error()));
    }
    if (manifest.find_output(output->name) != nullptr) {
      return fail(Code::kInvalid, "{}: the name '{}' stands twice", place,
                  utf8_prefix(output->name, 80));
    }
    manifest.outputs.push_back(*std::move(output));
  }
  return {};
}

Status read_score(const Json& json, Manifest& manifest) {
  const auto* score = json.find("score");
  if (score == nullptr) {
    return {};
  }
  if (auto status = read_score_object(*score, manifest); !status) {
    return prefixed("score", std::move(status.error()));
  }
  return {};
}

}  // namespace bascule
