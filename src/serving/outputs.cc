#include "serving/outputs.h"

#include "package/json.h"

namespace bascule {
namespace {

void write_cell(JsonWriter& json, const Output& output, const ScoredOutput& scored,
                std::size_t cell) {
  switch (output.type) {
    case OutputType::kNumber:
      json.number(scored.numbers[cell]);
      break;
    case OutputType::kInteger:
      json.integer(scored.integers[cell]);
      break;
    case OutputType::kLabel: {
      const auto position = static_cast<std::size_t>(scored.integers[cell]);
      if (position < output.labels.size()) {
        write_label(json, output.labels[position]);
      } else {
        json.integer(scored.integers[cell]);
      }
      break;
    }
  }
}

}  // namespace

std::size_t width_of(const Manifest& manifest, OutputMask wanted) noexcept {
  std::size_t width = 0;
  for (std::size_t i = 0; i < manifest.outputs.size(); ++i) {
    width += (wanted >> i & 1) != 0 ? manifest.outputs[i].width : 0;
  }
  return width;
}

void write_label(JsonWriter& json, const Label& label) {
  if (const auto* integer = label.integer()) {
    json.integer(*integer);
  } else {
    json.raw(canonical_json(label));
  }
}

void write_output(JsonWriter& json, const Output& output, const ScoredOutput& scored,
                  std::size_t row) {
  if (output.width == 1) {
    write_cell(json, output, scored, row);
    return;
  }
  json.begin_array();
  for (std::size_t i = 0; i < output.width; ++i) {
    write_cell(json, output, scored, row * output.width + i);
  }
  json.end_array();
}

void write_outputs(JsonWriter& json, const Manifest& manifest, const Scored& scored,
                   OutputMask wanted, std::size_t row) {
  json.begin_object();
  for (const ScoredOutput& output : scored.outputs) {
    if ((wanted >> output.index & 1) == 0) {
      continue;
    }
    json.key(manifest.outputs[output.index].name);
    write_output(json, manifest.outputs[output.index], output, row);
  }
  json.end_object();
}

}  // namespace bascule
