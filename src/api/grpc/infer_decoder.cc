#include "api/grpc/infer_decoder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "api/envelope.h"
#include "api/grpc/contents.h"
#include "api/grpc/wire.h"
#include "base/checked.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace bascule {
namespace {

// An input tensor, before its data is read.
struct Input {
  OipTensor tensor;
  std::string_view datatype;
  std::optional<std::string_view> contents;  // InferTensorContents
  std::optional<std::string_view> raw;
  std::optional<std::string_view> missing;  // the text that means a missing value
};

// A value of the map of parameters: what a caller may say besides tensors.
struct Parameter {
  std::string_view name;
  std::optional<std::string_view> text;
  std::optional<double> number;
};

std::unexpected<Error> broken(std::string_view what) {
  return fail(Code::kInvalid, "{} is no message of inference.proto", what);
}

Result<std::string_view> utf8(std::string_view text, std::string_view what) {
  if (!is_utf8(text)) {
    return fail(Code::kInvalid, "{} is not UTF-8", what);
  }
  return text;
}

// A repeated number: one of its own, or packed ones.
Status append_shape(const wire::Field& field, std::vector<std::uint64_t>& shape) {
  const auto add = [&](std::uint64_t size) -> Status {
    if (static_cast<std::int64_t>(size) < 0) {
      return fail(Code::kInvalid, "a shape must be whole numbers from 0 up, not {}",
                  static_cast<std::int64_t>(size));
    }
    if (shape.size() == 2) {
      return fail(Code::kInvalid, "a shape has one or two sizes: [rows] or [rows, columns]");
    }
    shape.push_back(size);
    return {};
  };
  if (field.type == wire::Type::kVarint) {
    return add(field.value);
  }
  std::string_view rest = field.bytes;
  while (!rest.empty()) {
    std::uint64_t size = 0;
    if (!wire::take_varint(rest, size)) {
      return broken("a shape");
    }
    BASCULE_CHECK_OK(add(size));
  }
  return {};
}

// An entry of map<string, InferParameter>.
Result<Parameter> read_parameter(std::string_view entry) {
  Parameter out;
  std::string_view value;
  wire::Field field;
  wire::Reader reader(entry);
  while (reader.next(field)) {
    if (field.number == 1) {
      out.name = field.bytes;
    } else if (field.number == 2) {
      value = field.bytes;
    }
  }
  wire::Reader inner(value);
  while (inner.next(field)) {
    switch (field.number) {
      case 2:  // int64_param
        out.number = static_cast<double>(static_cast<std::int64_t>(field.value));
        break;
      case 3:  // string_param
        out.text = field.bytes;
        break;
      case 4:  // double_param
        out.number = field.as_double();
        break;
      case 5:  // uint64_param
        out.number = static_cast<double>(field.value);
        break;
      default:
        break;
    }
  }
  if (reader.broken() || inner.broken()) {
    return broken("a parameter");
  }
  return out;
}

// What Triton's clients may ask of a tensor, and would not get.
Status supported(std::string_view parameter, std::string_view where) {
  if (parameter == "classification") {
    return fail(Code::kUnsupported,
                "{}: 'classification' is not supported; ask for the output "
                "itself",
                where);
  }
  if (parameter.starts_with("shared_memory_")) {
    return fail(Code::kUnsupported, "{}: shared memory is not supported; send and take the data",
                where);
  }
  return {};
}

Result<Input> read_input(std::string_view bytes, std::size_t position) {
  const std::string where = fmt::format("inputs[{}]", position);
  Input out;
  wire::Field field;
  wire::Reader reader(bytes);
  while (reader.next(field)) {
    switch (field.number) {
      case 1:
        out.tensor.name = field.bytes;
        break;
      case 2:
        out.datatype = field.bytes;
        break;
      case 3:
        if (auto read = append_shape(field, out.tensor.shape); !read) {
          return prefixed(where, std::move(read.error()));
        }
        break;
      case 4: {
        BASCULE_TRY(const auto parameter, read_parameter(field.bytes));
        BASCULE_CHECK_OK(supported(parameter.name, where));
        if (parameter.name == "missing_value") {
          out.missing = parameter.text;
        }
        break;
      }
      case 5:
        if (out.contents) {
          return fail(Code::kInvalid, "{}: 'contents' stands twice", where);
        }
        out.contents = field.bytes;
        break;
      default:
        break;
    }
  }
  if (reader.broken()) {
    return broken(where);
  }
  BASCULE_CHECK_OK(utf8(out.tensor.name, where + ".name"));
  const auto type = parse_oip_type(out.datatype);
  if (!type) {
    return fail(Code::kInvalid, "{}: unknown datatype '{}'", where,
                is_utf8(out.datatype) ? utf8_prefix(out.datatype, 64) : "?");
  }
  out.tensor.type = *type;
  return out;
}

class Decoder {
 public:
  Decoder(const InferMessage& message, const LiveSet& set, const LiveTag& tag)
      : message_(message), set_(set), columns_(set, tag) {}

  Result<OipRequest> decode();

 private:
  Status input(Input input);
  Status parameters();
  Status envelope_value(const Parameter& parameter);
  Result<std::vector<std::string>> outputs() const;

  const InferMessage& message_;
  const LiveSet& set_;
  OipColumns columns_;
};

Result<OipRequest> Decoder::decode() {
  if (message_.inputs.empty()) {
    return fail(Code::kInvalid, "the request has no inputs");
  }
  if (!message_.raw.empty() && message_.raw.size() != message_.inputs.size()) {
    return fail(Code::kInvalid, "raw_input_contents has {} entries for {} inputs",
                message_.raw.size(), message_.inputs.size());
  }
  for (std::size_t i = 0; i < message_.inputs.size(); ++i) {
    BASCULE_TRY(auto read, read_input(message_.inputs[i], i));
    if (!message_.raw.empty()) {
      read.raw = message_.raw[i];
    }
    BASCULE_CHECK_OK(input(std::move(read)));
  }
  BASCULE_CHECK_OK(parameters());
  BASCULE_CHECK_OK(columns_.all_given());
  BASCULE_TRY(auto wanted, outputs());
  OipRequest out{.batch = std::move(columns_.batch()),
                 .id = std::nullopt,
                 .outputs = std::move(wanted),
                 .binary_outputs = {}};
  take_envelopes_from_columns(set_, out.batch);
  if (!message_.id.empty()) {
    out.id = std::string(message_.id);
  }
  return out;
}

Status Decoder::input(Input input) {
  if (input.raw && input.contents && !input.contents->empty()) {
    return fail(Code::kInvalid,
                "input '{}' has contents, and there are raw_input_contents too; send one of them",
                utf8_prefix(input.tensor.name, 64));
  }
  BASCULE_TRY(const auto columns, columns_.place(input.tensor));
  const OipCells cells(columns_.batch(), input.tensor, columns, input.missing);
  if (input.raw) {
    return cells.read_raw(*input.raw);
  }
  return read_contents(input.contents.value_or(std::string_view()), cells);
}

// Ours are a value for the one row that there is; others are somebody else's business.
Status Decoder::parameters() {
  for (const auto entry : message_.parameters) {
    BASCULE_TRY(const auto parameter, read_parameter(entry));
    if (parameter.name == "bascule_key" || parameter.name == "bascule_entity" ||
        parameter.name == "bascule_amount" || parameter.name == "bascule_time") {
      BASCULE_CHECK_OK(envelope_value(parameter));
    }
  }
  return {};
}

Status Decoder::envelope_value(const Parameter& parameter) {
  RowBatch& batch = columns_.batch();
  if (batch.rows() != 1) {
    return fail(Code::kInvalid,
                "parameter '{}' is for a request of one row, and this one has {}; name columns in "
                "the model's settings instead",
                parameter.name, batch.rows());
  }
  Envelope& envelope = batch.envelope(0);
  if (parameter.name == "bascule_amount") {
    if (!parameter.number || !std::isfinite(*parameter.number)) {
      return fail(Code::kInvalid, "parameter '{}' must be a number", parameter.name);
    }
    envelope.amount = parameter.number;
    return {};
  }
  if (!parameter.text || !is_utf8(*parameter.text) || parameter.text->size() > limits::kKeyBytes) {
    return fail(Code::kInvalid, "parameter '{}' must be a text of at most {} bytes", parameter.name,
                limits::kKeyBytes);
  }
  if (parameter.name == "bascule_time") {
    BASCULE_TRY(envelope.time, parse_time(*parameter.text));
  } else {
    (parameter.name == "bascule_key" ? envelope.key : envelope.entity) = *parameter.text;
  }
  return {};
}

Result<std::vector<std::string>> Decoder::outputs() const {
  std::vector<std::string> names;
  for (const auto bytes : message_.outputs) {
    const std::string where = fmt::format("outputs[{}]", names.size());
    std::string_view name;
    wire::Field field;
    wire::Reader reader(bytes);
    while (reader.next(field)) {
      if (field.number == 1) {
        name = field.bytes;
      } else if (field.number == 2) {
        BASCULE_TRY(const auto parameter, read_parameter(field.bytes));
        BASCULE_CHECK_OK(supported(parameter.name, where));
      }
    }
    if (reader.broken()) {
      return broken(where);
    }
    BASCULE_CHECK_OK(utf8(name, where + ".name"));
    if (name.empty() || std::ranges::find(names, name) != names.end() ||
        names.size() == limits::kOutputs) {
      return fail(Code::kInvalid, "{} must have a name that does not stand there twice", where);
    }
    names.emplace_back(name);
  }
  return names;
}

}  // namespace

Result<InferMessage> read_infer_message(std::string_view bytes) {
  InferMessage out;
  wire::Field field;
  wire::Reader reader(bytes);
  while (reader.next(field)) {
    switch (field.number) {
      case 1:
        out.model = field.bytes;
        break;
      case 2:
        out.version = field.bytes;
        break;
      case 3:
        out.id = field.bytes;
        break;
      case 4:
        out.parameters.push_back(field.bytes);
        break;
      case 5:
        out.inputs.push_back(field.bytes);
        break;
      case 6:
        out.outputs.push_back(field.bytes);
        break;
      case 7:
        out.raw.push_back(field.bytes);
        break;
      default:
        break;
    }
  }
  if (reader.broken()) {
    return broken("the request");
  }
  BASCULE_CHECK_OK(utf8(out.model, "model_name"));
  BASCULE_CHECK_OK(utf8(out.version, "model_version"));
  BASCULE_CHECK_OK(utf8(out.id, "id"));
  return out;
}

Result<OipRequest> decode_infer(const InferMessage& message, const LiveSet& set,
                                const LiveTag& tag) {
  return Decoder(message, set, tag).decode();
}

}  // namespace bascule
