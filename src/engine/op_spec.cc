#include "engine/op_spec.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "package/integer_tensor.h"
#include "package/string_tensor.h"

namespace bascule {
namespace {
template <typename T>
const T* elements(const Tensor& tensor) noexcept {
  // The package starts every tensor at a multiple of 64 bytes.
  return reinterpret_cast<const T*>(tensor.bytes.data());
}

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", shape[i]);
  }
  return text + "]";
}

std::string shape_text(std::span<const std::size_t> shape, std::size_t any) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += i == 0 ? "" : ", ";
    text += shape[i] == any ? "any" : fmt::format("{}", shape[i]);
  }
  return text + "]";
}

std::string key(std::string_view prefix, std::string_view name) {
  return fmt::format("{}{}", prefix, name);
}
constexpr std::string_view kAttribute = "attribute ";
constexpr std::string_view kTensor = "tensor ";
}  // namespace

std::unexpected<Error> OpSpec::wrap(std::string message) const {
  return fail(Code::kInvalid, "step '{}' ({}): {}", node_.step, node_.op, message);
}

// Inputs.

Status OpSpec::expect_inputs(std::size_t count) const {
  if (inputs_.size() == count) {
    return {};
  }
  return error("has {} inputs, expected {}", inputs_.size(), count);
}

Result<std::size_t> OpSpec::input(std::size_t i, ValueKind kind) const {
  if (i >= inputs_.size()) {
    return error("has {} inputs, expected at least {}", inputs_.size(), i + 1);
  }
  if (inputs_[i].kind != kind) {
    return error("input {} is {}, expected {}", i, value_type_name(inputs_[i]),
                 value_type_name(ValueType{kind, inputs_[i].width}));
  }
  return inputs_[i].width;
}

Status OpSpec::single(std::size_t i, ValueKind kind) const {
  BASCULE_TRY(const auto width, input(i, kind));
  if (width == 1) {
    return {};
  }
  return error("input {} is {}, expected one column", i, value_type_name(inputs_[i]));
}

Result<std::size_t> OpSpec::same_width_f64() {
  BASCULE_CHECK_OK(expect_inputs(1));
  BASCULE_TRY(const auto width, input(0, ValueKind::kF64));
  output(ValueType{ValueKind::kF64, width});
  return width;
}

Result<ValueType> OpSpec::same_f64_or_csr() {
  BASCULE_CHECK_OK(expect_inputs(1));
  const ValueType type = inputs_[0];
  if (type.kind != ValueKind::kF64 && type.kind != ValueKind::kCsr) {
    return error("input 0 is {}, expected f64 or csr", value_type_name(type));
  }
  output(type);
  return type;
}

// Attributes.

bool OpSpec::has(std::string_view name) const noexcept {
  return std::ranges::any_of(node_.attrs, [&](const auto& entry) { return entry.first == name; });
}

const Json* OpSpec::attribute(std::string_view name) {
  for (const auto& [key_text, value] : node_.attrs) {
    if (key_text != name) {
      continue;
    }
    used_.insert(key(kAttribute, name));
    return &value;
  }
  return nullptr;
}

Result<std::int64_t> OpSpec::integer(std::string_view name, std::int64_t low, std::int64_t high) {
  const Json* value = attribute(name);
  if (value == nullptr) {
    return error("attribute '{}' is missing", name);
  }
  const auto* integer = value->integer();
  if (integer == nullptr) {
    return error("attribute '{}' is not an integer", name);
  }
  if (*integer < low || *integer > high) {
    return error("attribute '{}' is {}, expected {} to {}", name, *integer, low, high);
  }
  return *integer;
}

Result<double> OpSpec::number(std::string_view name) {
  const Json* value = attribute(name);
  if (value == nullptr) {
    return error("attribute '{}' is missing", name);
  }
  double number = 0;
  if (!value->number(number) || !std::isfinite(number)) {
    return error("attribute '{}' is not a finite number", name);
  }
  return number;
}

Result<bool> OpSpec::boolean(std::string_view name, bool fallback) {
  const Json* value = attribute(name);
  if (value == nullptr) {
    return fallback;
  }
  if (const auto* boolean = value->boolean()) {
    return *boolean;
  }
  return error("attribute '{}' is not true or false", name);
}

Result<std::string_view> OpSpec::text(std::string_view name) {
  const Json* value = attribute(name);
  if (value == nullptr) {
    return error("attribute '{}' is missing", name);
  }
  if (const auto* text = value->string()) {
    return std::string_view(*text);
  }
  return error("attribute '{}' is not a text", name);
}

Result<std::size_t> OpSpec::choice(std::string_view name,
                                   std::span<const std::string_view> choices) {
  BASCULE_TRY(const auto chosen, text(name));
  const auto found = std::ranges::find(choices, chosen);
  if (found != choices.end()) {
    return static_cast<std::size_t>(found - choices.begin());
  }
  std::string known;
  for (const auto& each : choices) {
    known += fmt::format("{}'{}'", known.empty() ? "" : ", ", each);
  }
  return error("attribute '{}' is '{}', expected {}", name, chosen, known);
}

Result<std::int32_t> OpSpec::model_column(std::string_view name) {
  if (!has(name)) {
    return -1;
  }
  BASCULE_TRY(const auto position, integer(name, -1, static_cast<std::int64_t>(model_inputs_) - 1));
  return static_cast<std::int32_t>(position);
}

Result<std::vector<std::int32_t>> OpSpec::model_columns(std::string_view name, std::size_t count) {
  std::vector<std::int32_t> columns;
  const Json* value = attribute(name);
  if (value == nullptr) {
    return columns;
  }
  const auto* list = value->array();
  if (list == nullptr) {
    return error("attribute '{}' is not a list", name);
  }
  if (list->size() != count) {
    return error("attribute '{}' has {} elements, expected {}", name, list->size(), count);
  }
  for (const auto& element : *list) {
    const auto* position = element.integer();
    if (position == nullptr || *position < -1 ||
        *position >= static_cast<std::int64_t>(model_inputs_)) {
      return error("attribute '{}' names an input column that the model has not; it has {}", name,
                   model_inputs_);
    }
    columns.push_back(static_cast<std::int32_t>(*position));
  }
  return columns;
}

// Tensors.

bool OpSpec::has_tensor(std::string_view role) const noexcept {
  return std::ranges::any_of(node_.tensors, [&](const auto& entry) { return entry.first == role; });
}

Result<const Tensor*> OpSpec::tensor(std::string_view role) {
  for (const auto& [key_text, name] : node_.tensors) {
    if (key_text != role) {
      continue;
    }
    const Tensor* found = package_.find(name);
    if (found == nullptr) {
      return error("tensor '{}' is '{}', which is not there", role, name);
    }
    used_.insert(key(kTensor, role));
    return found;
  }
  return error("tensor '{}' is missing", role);
}

Result<const Tensor*> OpSpec::shaped(std::string_view role, std::span<const std::size_t> shape) {
  BASCULE_TRY(const auto* found, tensor(role));
  const bool same =
      std::ranges::equal(found->shape, shape, [](std::uint64_t size, std::size_t expected) {
        return expected == kAny || size == expected;
      });
  if (same) {
    return found;
  }
  return error("tensor '{}' has the shape {}, expected {}", role, shape_text(found->shape),
               shape_text(shape, kAny));
}

Result<std::span<const double>> OpSpec::floats(std::string_view role, std::size_t count) {
  const std::array shape{count};
  BASCULE_TRY(const auto* found, shaped(role, shape));
  if (found->dtype != DType::kF64) {
    return error("tensor '{}' is {}, expected F64", role, dtype_name(found->dtype));
  }
  return std::span(elements<double>(*found), static_cast<std::size_t>(found->count()));
}

Result<std::span<const double>> OpSpec::matrix(std::string_view role, std::size_t rows,
                                               std::size_t columns) {
  const std::array shape{rows, columns};
  BASCULE_TRY(const auto* found, shaped(role, shape));
  if (found->dtype != DType::kF64) {
    return error("tensor '{}' is {}, expected F64", role, dtype_name(found->dtype));
  }
  return std::span(elements<double>(*found), static_cast<std::size_t>(found->count()));
}

Result<Floats> OpSpec::any_floats(std::string_view role, std::size_t count) {
  const std::array shape{count};
  BASCULE_TRY(const auto* found, shaped(role, shape));
  if (found->dtype == DType::kF64 || found->dtype == DType::kF32) {
    return Floats(*found);
  }
  return error("tensor '{}' is {}, expected F64 or F32", role, dtype_name(found->dtype));
}

Result<Floats> OpSpec::any_matrix(std::string_view role, std::size_t rows, std::size_t columns) {
  const std::array shape{rows, columns};
  BASCULE_TRY(const auto* found, shaped(role, shape));
  if (found->dtype == DType::kF64 || found->dtype == DType::kF32) {
    return Floats(*found);
  }
  return error("tensor '{}' is {}, expected F64 or F32", role, dtype_name(found->dtype));
}

Result<std::vector<std::int64_t>> OpSpec::integers(std::string_view role, std::size_t count,
                                                   std::int64_t low, std::int64_t high) {
  const std::array shape{count};
  BASCULE_TRY(const auto* found, shaped(role, shape));
  auto widened = widen_integers(*found, low, high);
  if (!widened) {
    return wrap(std::move(widened.error().message));
  }
  return widened;
}

Result<Integers> OpSpec::any_integers(std::string_view role, std::size_t count, std::int64_t low,
                                      std::int64_t high) {
  const std::array shape{count};
  BASCULE_TRY(const auto* found, shaped(role, shape));
  if (auto status = check_integers(*found, low, high); !status) {
    return wrap(std::move(status.error().message));
  }
  return Integers(*found);
}

Status OpSpec::numbers(std::string_view role, std::size_t count) {
  const std::array shape{count};
  BASCULE_TRY(const auto* found, shaped(role, shape));
  if (found->dtype != DType::kBool) {
    return {};
  }
  return error("tensor '{}' is BOOL, expected numbers", role);
}

Result<std::vector<std::string_view>> OpSpec::strings(std::string_view role) {
  BASCULE_TRY(const auto* bytes, tensor(fmt::format("{}.bytes", role)));
  BASCULE_TRY(const auto* offsets, tensor(fmt::format("{}.offsets", role)));
  auto strings = read_strings(*bytes, *offsets);
  if (!strings) {
    return wrap(std::move(strings.error().message));
  }
  return strings;
}

std::shared_ptr<const void>& OpSpec::shared(std::string_view kind,
                                            std::span<const std::string_view> roles) {
  std::string name(kind);
  for (const auto& [role, tensor] : node_.tensors) {
    if (std::ranges::find(roles, role) != roles.end()) {
      name += fmt::format("\n{}={}", role, tensor);
      used_.insert(key(kTensor, role));
    }
  }
  return shared_[std::move(name)];
}

Status OpSpec::all_used() const {
  for (const auto& [name, value] : node_.attrs) {
    if (!used_.contains(key(kAttribute, name))) {
      return error("has an attribute '{}' that the operator does not know", name);
    }
  }
  for (const auto& [role, name] : node_.tensors) {
    if (!used_.contains(key(kTensor, role))) {
      return error("has a tensor '{}' that the operator does not know", role);
    }
  }
  return {};
}

}  // namespace bascule
