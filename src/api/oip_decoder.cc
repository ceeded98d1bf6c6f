#include "api/oip_decoder.inc"

#include <fmt/ranges.h>

#include <algorithm>

#include "api/envelope.h"
#include "api/json_cells.h"
#include "api/oip_cells.h"
#include "api/oip_plain.h"
#include "base/checked.h"

namespace bascule {
namespace oip {

Result<Value> Decoder::member(Object& object, std::string_view key) {
  Value value;
  if (const auto error = object.reset().error()) {
    return body_.broken(error);
  }
  if (const auto error = object.find_field_unordered(key).get(value)) {
    return body_.broken(error);
  }
  return value;
}

// Keys may come in any order, but data cannot be read before its shape, nor parameters before the
// number of rows. What comes too early is passed over, and read when the object has been walked.
Result<OipRequest> Decoder::decode() {
  BASCULE_TRY(auto object, body_.open());
  bool has_inputs = false;
  bool early_parameters = false;
  BASCULE_CHECK_OK(
      fields(object, "the body", [&](std::string_view key, Value value) -> Result<bool> {
        if (key == "inputs") {
          has_inputs = true;
          BASCULE_CHECK_OK(inputs(value));
        } else if (key == "parameters" && columns_.has_batch()) {
          BASCULE_CHECK_OK(parameters(value));
        } else if (key == "parameters") {
          early_parameters = true;
        } else if (key == "id") {
          BASCULE_TRY(id_, text(value, "'id'"));
        } else if (key == "outputs") {
          BASCULE_CHECK_OK(outputs(value));
        } else if (key == "model_name") {  // kserve's client says it here too
          BASCULE_CHECK_OK(model_name(value));
        } else {
          return false;
        }
        return true;
      }));
  BASCULE_CHECK_OK(body_.finish());
  if (!has_inputs) {
    return fail(Code::kInvalid, "the body has no 'inputs'");
  }
  if (early_parameters) {
    BASCULE_TRY(const auto values, member(object, "parameters"));
    BASCULE_CHECK_OK(parameters(values));
  }
  BASCULE_CHECK_OK(columns_.all_given());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    binary_outputs_[i] = binary_given_[i] ? binary_outputs_[i] : all_binary_;
  }
  take_envelopes_from_columns(set_, columns_.batch());
  return OipRequest{std::move(columns_.batch()), std::move(id_), std::move(outputs_),
                    std::move(binary_outputs_), all_binary_};
}

Status Decoder::model_name(Value value) {
  BASCULE_TRY(const auto name, text(value, "'model_name'"));
  if (name != set_.model) {
    return fail(Code::kInvalid, "the body is for the model '{}', and the path for '{}'",
                json::shortened(name), set_.model);
  }
  return {};
}

Status Decoder::inputs(Value value) {
  Array array;
  if (value.get_array().get(array)) {
    return fail(Code::kInvalid, "'inputs' must be a list of tensors, not {}",
                json::describe(value));
  }
  std::size_t position = 0;
  for (auto item : array) {
    Value inner;
    if (const auto error = std::move(item).get(inner)) {
      return body_.broken(error);
    }
    BASCULE_CHECK_OK(input(inner, position));
    ++position;
  }
  if (position == 0) {
    return fail(Code::kInvalid, "'inputs' is empty");
  }
  if (!binary_.empty()) {
    return fail(Code::kInvalid, "{} bytes follow that belong to no input", binary_.size());
  }
  return {};
}

Status Decoder::input(Value value, std::size_t position) {
  Object object;
  if (value.get_object().get(object)) {
    return fail(Code::kInvalid, "inputs[{}] must be an object, not {}", position,
                json::describe(value));
  }
  Tensor tensor;
  BASCULE_CHECK_OK(read_tensor(object, position, tensor));
  if (!tensor.is_described() || (!tensor.has_data && !tensor.binary_bytes)) {
    return fail(Code::kInvalid, "inputs[{}]: a tensor needs name, datatype, shape and data",
                position);
  }
  if (tensor.binary_bytes) {
    return binary_data(tensor);
  }
  if (!tensor.data_is_read) {
    BASCULE_TRY(const auto content, member(object, "data"));
    BASCULE_CHECK_OK(data(content, tensor));
  }
  return {};
}

Status Decoder::read_tensor(Object& object, std::size_t position, Tensor& tensor) {
  const std::string where = "inputs[" + std::to_string(position) + "]";
  return fields(object, where, [&](std::string_view key, Value value) -> Result<bool> {
    if (key == "name") {
      BASCULE_TRY(tensor.name, text(value, where, "name"));
    } else if (key == "datatype") {
      BASCULE_TRY(const auto name, text(value, where, "datatype"));
      const auto type = parse_oip_type(name);
      if (!type) {
        return fail(Code::kInvalid, "{}: unknown datatype '{}'", where, json::shortened(name));
      }
      tensor.type = *type;
      tensor.has_type = true;
    } else if (key == "shape") {
      if (auto read = shape(value, tensor); !read) {
        return prefixed(where, std::move(read.error()));
      }
    } else if (key == "data") {
      tensor.has_data = true;
      if (tensor.is_described()) {
        tensor.data_is_read = true;
        BASCULE_CHECK_OK(data(value, tensor));
      }
    } else if (key == "parameters") {
      BASCULE_CHECK_OK(tensor_parameters(value, where, tensor));
    } else {
      return false;
    }
    return true;
  });
}

Status Decoder::tensor_parameters(Value value, std::string_view where, Tensor& tensor) {
  Object object;
  if (value.get_object().get(object)) {
    return fail(Code::kInvalid, "{}.parameters must be an object, not {}", where,
                json::describe(value));
  }
  return fields(object, where, [&](std::string_view key, Value part) -> Result<bool> {
    if (key == "binary_data_size") {
      std::int64_t bytes = 0;
      if (json::read_int64(part, bytes) != Number::kFine || bytes < 0) {
        return fail(Code::kInvalid, "{}: binary_data_size must be a number of bytes, not {}", where,
                    json::describe(part));
      }
      tensor.binary_bytes = static_cast<std::uint64_t>(bytes);
      return true;
    }
    if (key.starts_with("shared_memory_")) {
      return fail(Code::kUnsupported, "{}: shared memory is not supported; send the data", where);
    }
    BASCULE_CHECK_OK(json::skip(body_, part, kTensorDepth + 2));
    return true;
  });
}

// The next bytes behind the JSON.
Status Decoder::binary_data(const Tensor& tensor) {
  const auto name = json::shortened(tensor.name);
  if (tensor.has_data) {
    return fail(Code::kInvalid, "input '{}' has both data and binary_data_size", name);
  }
  if (*tensor.binary_bytes > binary_.size()) {
    return fail(Code::kInvalid, "input '{}' announces {} bytes, and {} follow", name,
                *tensor.binary_bytes, binary_.size());
  }
  BASCULE_TRY(const auto columns, columns_.place(tensor));
  const auto bytes = binary_.substr(0, static_cast<std::size_t>(*tensor.binary_bytes));
  binary_.remove_prefix(bytes.size());
  return OipCells(columns_.batch(), tensor, columns).read_raw(bytes);
}

Status Decoder::shape(Value value, Tensor& tensor) {
  tensor.has_shape = true;
  Array array;
  if (value.get_array().get(array)) {
    return fail(Code::kInvalid, "a shape must be a list of numbers, not {}", json::describe(value));
  }
  for (auto item : array) {
    Value inner;
    if (const auto error = std::move(item).get(inner)) {
      return body_.broken(error);
    }
    std::int64_t size = 0;
    if (json::read_int64(inner, size) != Number::kFine || size < 0) {
      return fail(Code::kInvalid, "a shape must be whole numbers from 0 up, not {}",
                  json::describe(inner));
    }
    if (tensor.shape.size() == 2) {
      return fail(Code::kInvalid, "a shape has one or two sizes: [rows] or [rows, columns]");
    }
    tensor.shape.push_back(static_cast<std::uint64_t>(size));
  }
  return {};
}

Status Decoder::data(Value value, const Tensor& tensor) {
  if (tensor.type == OipType::kFp16) {
    return fail(Code::kInvalid, "input '{}': FP16 comes as binary data; send FP32 or FP64 in JSON",
                json::shortened(tensor.name));
  }
  BASCULE_TRY(const auto columns, columns_.place(tensor));
  Array array;
  if (value.get_array().get(array)) {
    return fail(Code::kInvalid, "input '{}': data must be a list, not {}", tensor.name,
                json::describe(value));
  }
  std::size_t at = 0;
  BASCULE_CHECK_OK(elements(array, tensor, 0, columns, at));
  const std::uint64_t expected = *checked_product(tensor.shape);
  if (at != expected) {
    return fail(Code::kInvalid, "input '{}' has {} values, and the shape [{}] needs {}",
                tensor.name, at, fmt::join(tensor.shape, ", "), expected);
  }
  return {};
}

namespace {

// Most tensors are of numbers for columns of numbers: their elements from the `at`th on, without
// the questions that other elements raise.
class Numbers {
 public:
  Numbers(RowBatch& batch, const OipTensor& tensor, std::span<const std::uint32_t> columns,
          std::size_t at)
      : batch_(batch), columns_(columns), row_(0), k_(0), rows_(0) {
    if (tensor.type == OipType::kFp64 && !columns.empty() && are_numbers(batch, tensor, columns)) {
      rows_ = batch.rows();
      row_ = at / columns.size();
      k_ = at % columns.size();
    }
  }

  // Whether it was such a number, and is in its cell; else the value was not read.
  bool take(Value& value) noexcept {
    double number = 0;
    if (row_ >= rows_ || json::read_double(value, number) != Number::kFine) {
      return false;
    }
    batch_.set_number(row_, columns_[k_], number);
    pass();
    return true;
  }
  // Another element was somebody else's.
  void pass() noexcept {
    if (++k_ == columns_.size()) {
      k_ = 0;
      ++row_;
    }
  }

 private:
  RowBatch& batch_;
  const std::span<const std::uint32_t> columns_;
  std::size_t row_;
  std::size_t k_;
  std::size_t rows_;  // 0: all elements are somebody else's
};

// A float32 tensor holds float32 values, however many digits were sent.
double held(OipType type, double number) noexcept {
  return type == OipType::kFp32 ? static_cast<float>(number) : number;
}

}  // namespace

// Flat, or nested as the shape says; not a mixture.
Status Decoder::elements(Array& array, const Tensor& tensor, std::size_t dim,
                         std::span<const std::uint32_t> columns, std::size_t& at) {
  const auto ragged = [&] {
    return fail(Code::kInvalid, "input '{}': data must be flat, or nested as the shape [{}] says",
                tensor.name, fmt::join(tensor.shape, ", "));
  };
  const std::size_t start = at;
  std::size_t lists = 0;
  std::size_t scalars = 0;
  Numbers numbers(columns_.batch(), tensor, columns, at);
  for (auto item : array) {
    Value inner;
    if (const auto error = std::move(item).get(inner)) {
      return body_.broken(error);
    }
    if (lists == 0 && numbers.take(inner)) {
      ++scalars;
      ++at;
      continue;
    }
    Type type{};
    if (const auto error = inner.type().get(type)) {
      return body_.broken(error);
    }
    if (type != Type::array) {
      if (lists > 0) {
        return ragged();
      }
      ++scalars;
      BASCULE_CHECK_OK(element(inner, tensor, columns, at));
      ++at;
      numbers.pass();
      continue;
    }
    Array nested;
    if (scalars > 0 || dim + 1 == tensor.shape.size()) {
      return ragged();
    }
    ++lists;
    if (const auto error = inner.get_array().get(nested)) {
      return body_.broken(error);
    }
    BASCULE_CHECK_OK(elements(nested, tensor, dim + 1, columns, at));
  }
  const bool nested_wrong = lists > 0 && lists != tensor.shape[dim];
  const bool inner_wrong = dim > 0 && at - start != tensor.shape[dim];
  return nested_wrong || inner_wrong ? Status(ragged()) : Status();
}

Status Decoder::element(Value value, const Tensor& tensor, std::span<const std::uint32_t> columns,
                        std::size_t at) {
  RowBatch& batch = columns_.batch();
  const std::size_t width = tensor.width();
  const std::size_t rows = batch.rows();
  const std::size_t row = width == 0 ? rows : at / width;
  if (row >= rows) {
    return json::skip(body_, value, kDataDepth + 2);  // too many: counted, and refused by the count
  }
  const std::size_t k = at - row * width;
  const bool matrix = columns.size() == 1 && width > 1;
  const std::uint32_t column = columns[matrix ? 0 : k];
  const ColumnType type = batch.columns()[column].type;
  double number = 0;
  if (oip_type_of(type) != OipType::kBytes && tensor.type != OipType::kBool &&
      json::read_double(value, number) == Number::kFine) {
    if (!oip_holds(tensor.type, number)) {
      return fail(Code::kInvalid, "input '{}': {} is no {}", tensor.name, json::describe(value),
                  oip_type_name(tensor.type));
    }
    if (type.kind == ColumnKind::kNumber) {
      batch.set_number(row, column, held(tensor.type, number));
      return {};
    }
  }
  if (type.kind == ColumnKind::kMatrix) {
    return matrix_element(value, tensor.type, column, row, k);
  }
  return json::read_cell(body_, value, batch, row, column, kDataDepth + 2);
}

Status Decoder::matrix_element(Value value, OipType type, std::uint32_t column, std::size_t row,
                               std::size_t k) {
  double number = 0;
  RowBatch& batch = columns_.batch();
  BASCULE_CHECK_OK(json::read_element(body_, value, batch, row, column, kDataDepth + 2, number));
  batch.set_matrix(row, column)[k] = held(type, number);
  return {};
}

}  // namespace oip

Result<OipRequest> decode_oip(JsonParser& parser, std::string_view body, const LiveSet& set,
                              const LiveTag& tag, std::string_view binary) {
  if (binary.empty()) {
    if (auto plain = read_plain_oip(body, set, tag)) {
      return std::move(*plain);
    }
  }
  return oip::Decoder(parser, body, set, tag, binary).decode();
}

}  // namespace bascule
