// Outputs and parameters of an Open Inference request.

#include "api/oip_decoder.inc"
#include "base/clock.h"
#include "base/limits.h"

namespace bascule::oip {

Result<std::string> Decoder::text(Value value, std::string_view where, std::string_view key) {
  Type type{};
  if (const auto error = value.type().get(type)) {
    return body_.broken(error);
  }
  if (type != Type::string) {
    return fail(Code::kInvalid, "{}{}{} must be a text, not {}", where, key.empty() ? "" : ".", key,
                json::describe(value));
  }
  std::string_view read;
  if (const auto error = value.get_string().get(read)) {
    return body_.broken(error);
  }
  return std::string(read);
}

Status Decoder::outputs(Value value) {
  Array array;
  if (value.get_array().get(array)) {
    return fail(Code::kInvalid, "'outputs' must be a list, not {}", json::describe(value));
  }
  for (auto item : array) {
    Value inner;
    Object object;
    if (const auto error = std::move(item).get(inner)) {
      return body_.broken(error);
    }
    const std::string where = fmt::format("outputs[{}]", outputs_.size());
    if (inner.get_object().get(object)) {
      return fail(Code::kInvalid, R"({} must be an object such as {{"name":"predict"}})", where);
    }
    std::string name;
    std::optional<bool> binary;
    BASCULE_CHECK_OK(fields(object, where, [&](std::string_view key, Value part) -> Result<bool> {
      if (key == "name") {
        BASCULE_TRY(name, text(part, where, "name"));
        return true;
      }
      if (key == "parameters") {
        BASCULE_CHECK_OK(output_parameters(part, where, binary));
        return true;
      }
      BASCULE_CHECK_OK(json::skip(body_, part, kTensorDepth + 1));
      return false;
    }));
    if (name.empty() || std::find(outputs_.begin(), outputs_.end(), name) != outputs_.end() ||
        outputs_.size() == limits::kOutputs) {
      return fail(Code::kInvalid, "{} must have a name that does not stand there twice", where);
    }
    outputs_.push_back(std::move(name));
    binary_outputs_.push_back(binary.value_or(false));
    binary_given_.push_back(binary.has_value());
  }
  return {};
}

Status Decoder::output_parameters(Value value, std::string_view where,
                                  std::optional<bool>& binary) {
  Object object;
  if (value.get_object().get(object)) {
    return fail(Code::kInvalid, "{}.parameters must be an object, not {}", where,
                json::describe(value));
  }
  return fields(object, where, [&](std::string_view key, Value part) -> Result<bool> {
    if (key == "binary_data") {
      BASCULE_TRY(binary, flag(part, "binary_data"));
      return true;
    }
    if (key == "classification" || key.starts_with("shared_memory_")) {
      return fail(Code::kUnsupported, "{}: '{}' is not supported; ask for the output itself", where,
                  json::shortened(key));
    }
    BASCULE_CHECK_OK(json::skip(body_, part, kTensorDepth + 2));
    return true;
  });
}

Result<bool> Decoder::flag(Value value, std::string_view what) {
  bool truth = false;
  Type type{};
  if (value.type().get(type) || type != Type::boolean || value.get_bool().get(truth)) {
    return fail(Code::kInvalid, "'{}' must be true or false, not {}", what, json::describe(value));
  }
  return truth;
}

Status Decoder::parameters(Value value) {
  Object object;
  if (value.get_object().get(object)) {
    return fail(Code::kInvalid, "'parameters' must be an object, not {}", json::describe(value));
  }
  return fields(object, "parameters", [&](std::string_view key, Value part) -> Result<bool> {
    const std::string name(key);
    BASCULE_CHECK_OK(parameter(name, part));
    return true;
  });
}

// Ours are a value for all rows, or a list with one for each. Others are somebody else's business.
Status Decoder::parameter(std::string_view name, Value value) {
  if (name == "binary_data_output") {
    BASCULE_TRY(all_binary_, flag(value, name));
    return {};
  }
  const bool ours = name == "bascule_key" || name == "bascule_entity" || name == "bascule_amount" ||
                    name == "bascule_time";
  if (!ours) {
    return json::skip(body_, value, kTensorDepth);
  }
  Type type{};
  if (const auto error = value.type().get(type)) {
    return body_.broken(error);
  }
  if (type != Type::array) {
    if (columns_.batch().rows() != 1) {
      return fail(Code::kInvalid,
                  "parameter '{}' must be a list with one value for each of {} rows", name,
                  columns_.batch().rows());
    }
    return envelope_value(name, value, 0);
  }
  Array array;
  if (const auto error = value.get_array().get(array)) {
    return body_.broken(error);
  }
  std::size_t row = 0;
  for (auto item : array) {
    Value inner;
    if (const auto error = std::move(item).get(inner)) {
      return body_.broken(error);
    }
    if (row < columns_.batch().rows()) {
      BASCULE_CHECK_OK(envelope_value(name, inner, row));
    } else {
      BASCULE_CHECK_OK(json::skip(body_, inner, kTensorDepth + 1));
    }
    ++row;
  }
  if (row != columns_.batch().rows()) {
    return fail(Code::kInvalid, "parameter '{}' has {} values for {} rows", name, row,
                columns_.batch().rows());
  }
  return {};
}

Status Decoder::envelope_value(std::string_view name, Value value, std::size_t row) {
  Type type{};
  if (const auto error = value.type().get(type)) {
    return body_.broken(error);
  }
  if (type == Type::null) {
    return json::skip(body_, value, kTensorDepth + 1);
  }
  Envelope& envelope = columns_.batch().envelope(row);
  if (name == "bascule_amount") {
    double amount = 0;
    if (json::read_double(value, amount) != Number::kFine) {
      return fail(Code::kInvalid, "parameter '{}' must be a number, not {}", name,
                  json::describe(value));
    }
    envelope.amount = amount;
    return {};
  }
  BASCULE_TRY(auto read, text(value, fmt::format("parameter '{}'", name)));
  if (read.size() > limits::kKeyBytes) {
    return fail(Code::kInvalid, "parameter '{}' has {} bytes; at most {} are taken", name,
                read.size(), limits::kKeyBytes);
  }
  if (name == "bascule_time") {
    BASCULE_TRY(envelope.time, parse_time(read));
  } else {
    (name == "bascule_key" ? envelope.key : envelope.entity) = std::move(read);
  }
  return {};
}

}  // namespace bascule::oip
