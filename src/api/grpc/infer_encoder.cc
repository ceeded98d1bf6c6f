#include "api/grpc/infer_encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "api/grpc/wire.h"
#include "api/oip_binary.h"
#include "api/oip_types.h"
#include "serving/outputs.h"

namespace bascule {
namespace {

constexpr std::uint32_t kRawOutputContents = 6;

void put_bits(std::string& out, std::uint64_t bits) {
  char bytes[sizeof bits];
  std::memcpy(bytes, &bits, sizeof bits);
  out.append(bytes, sizeof bytes);
}

// The cells of one output, whatever the form of the answer.
class Cells {
 public:
  Cells(const Output& output, const ScoredOutput& scored, std::size_t count)
      : output_(output), scored_(scored), count_(count), type_(oip_type_of(output)) {}

  OipType type() const noexcept { return type_; }
  std::size_t count() const noexcept { return count_; }
  // The value of a cell that is no text, as 64 bits.
  std::uint64_t bits(std::size_t cell) const {
    if (output_.type == OutputType::kNumber) {
      return std::bit_cast<std::uint64_t>(scored_.numbers[cell]);
    }
    if (!is_label()) {
      return static_cast<std::uint64_t>(scored_.integers[cell]);
    }
    const Label& label = label_of(cell);
    if (type_ == OipType::kInt64) {
      return static_cast<std::uint64_t>(*label.integer());
    }
    if (type_ == OipType::kBool) {
      return *label.boolean() ? 1 : 0;
    }
    double number = 0;
    static_cast<void>(label.number(number));  // the type says that it is one
    return std::bit_cast<std::uint64_t>(number);
  }
  std::string text(std::size_t cell) const { return label_text(label_of(cell)); }

 private:
  bool is_label() const noexcept {
    return output_.type == OutputType::kLabel && !output_.labels.empty();
  }
  const Label& label_of(std::size_t cell) const {
    return output_.labels[static_cast<std::size_t>(scored_.integers[cell])];
  }

  const Output& output_;
  const ScoredOutput& scored_;
  const std::size_t count_;
  const OipType type_;
};

// inference.InferTensorContents
void put_contents(std::string& out, const Cells& cells) {
  enum : std::uint32_t { kBools = 1, kInt64s = 3, kDoubles = 7, kTexts = 8 };
  if (cells.type() == OipType::kBytes) {
    for (std::size_t cell = 0; cell < cells.count(); ++cell) {
      const std::string text = cells.text(cell);
      wire::put_head(out, kTexts, text.size());
      out += text;
    }
    return;
  }
  const std::uint32_t field = cells.type() == OipType::kBool    ? kBools
                              : cells.type() == OipType::kInt64 ? kInt64s
                                                                : kDoubles;
  wire::put_nested(out, field, [&] {
    for (std::size_t cell = 0; cell < cells.count(); ++cell) {
      if (field == kDoubles) {
        put_bits(out, cells.bits(cell));
      } else {
        wire::put_varint(out, cells.bits(cell));
      }
    }
  });
}

void put_tensor(std::string& out, const Output& output, const Cells& cells, std::size_t rows,
                bool raw) {
  wire::put_text(out, 1, output.name);
  wire::put_text(out, 2, oip_type_name(cells.type()));
  wire::put_nested(out, 3, [&] {
    wire::put_varint(out, rows);
    if (output.width > 1) {
      wire::put_varint(out, output.width);
    }
  });
  if (!raw) {
    wire::put_nested(out, 5, [&] { put_contents(out, cells); });
  }
}

// An entry of map<string, InferParameter>: a text.
void put_parameter(std::string& out, std::uint32_t field, std::string_view name,
                   std::string_view text) {
  wire::put_nested(out, field, [&] {
    wire::put_text(out, 1, name);
    wire::put_nested(out, 2, [&] { wire::put_text(out, 3, text); });
  });
}

}  // namespace

void encode_infer(std::string& out, const LiveSet& set, std::size_t rows, const Answer& answer,
                  std::span<const std::size_t> outputs, const std::optional<std::string>& id,
                  bool raw) {
  const LiveVersion& live = *answer.tag->live;
  wire::put_text(out, 1, set.model);
  wire::put_text(out, 2, std::to_string(live.version));
  wire::put_text(out, 3, id.value_or(std::string()));
  put_parameter(out, 4, "digest", live.digest);
  const auto scored_of = [&](std::size_t index) -> const ScoredOutput& {
    return *std::ranges::find(answer.scored.outputs, index, &ScoredOutput::index);
  };
  for (const std::size_t index : outputs) {
    const Output& output = live.plan->manifest().outputs[index];
    const Cells cells(output, scored_of(index), rows * output.width);
    wire::put_nested(out, 5, [&] { put_tensor(out, output, cells, rows, raw); });
  }
  if (raw) {
    for (const std::size_t index : outputs) {
      const Output& output = live.plan->manifest().outputs[index];
      wire::put_nested(out, kRawOutputContents,
                       [&] { append_binary(out, output, scored_of(index), rows * output.width); });
    }
  }
}

void encode_streamed_infer(std::string& out, const LiveSet& set, std::size_t rows,
                           const Answer& answer, std::span<const std::size_t> outputs,
                           const std::optional<std::string>& id, bool raw) {
  wire::put_nested(out, 2, [&] {
    encode_infer(out, set, rows, answer, outputs, id, raw);
    // What Triton's decoupled models need, and clients of them look for.
    wire::put_nested(out, 4, [&] {
      wire::put_text(out, 1, "triton_final_response");
      wire::put_nested(out, 2, [&] { wire::put_number(out, 1, 1); });
    });
  });
}

}  // namespace bascule
