#include "api/oip_binary.h"

#include <array>
#include <bit>
#include <cstring>

#include "api/oip_types.h"
#include "base/json_writer.h"
#include "serving/outputs.h"

namespace bascule {
namespace {

static_assert(std::endian::native == std::endian::little);

template <typename T>
void append_raw(std::string& out, T value) {
  std::array<char, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

void append_label(std::string& out, const Label& label, OipType type) {
  double number = 0;
  if (type == OipType::kInt64 && label.integer() != nullptr) {
    append_raw(out, *label.integer());
  } else if (type == OipType::kBool && label.boolean() != nullptr) {
    append_raw(out, static_cast<std::uint8_t>(*label.boolean() ? 1 : 0));
  } else if (type == OipType::kFp64 && label.number(number)) {
    append_raw(out, number);
  } else {
    const std::string text = label_text(label);
    append_raw(out, static_cast<std::uint32_t>(text.size()));
    out += text;
  }
}

}  // namespace

std::string label_text(const Label& label) {
  if (label.string() != nullptr) {
    return *label.string();
  }
  std::string text;
  JsonWriter json(text);
  write_label(json, label);
  return text;
}

void append_binary(std::string& out, const Output& output, const ScoredOutput& scored,
                   std::size_t cells) {
  const OipType type = oip_type_of(output);
  for (std::size_t cell = 0; cell < cells; ++cell) {
    if (output.type == OutputType::kNumber) {
      append_raw(out, scored.numbers[cell]);
    } else if (output.type == OutputType::kLabel && !output.labels.empty()) {
      append_label(out, output.labels[static_cast<std::size_t>(scored.integers[cell])], type);
    } else {
      append_raw(out, scored.integers[cell]);
    }
  }
}

}  // namespace bascule
