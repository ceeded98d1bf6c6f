#include "package/string_tensor.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/utf8.h"
#include "package/integer_tensor.h"

namespace bascule {
Result<std::vector<std::int64_t>> widen_integers(const Tensor& tensor, std::int64_t low,
                                                 std::int64_t high) {
  if (tensor.shape.size() != 1) {
    return fail(Code::kInvalid, "tensor '{}' has {} dimensions, expected 1", tensor.name,
                tensor.shape.size());
  }
  std::vector<std::int64_t> widened;
  widened.reserve(static_cast<std::size_t>(tensor.count()));
  BASCULE_CHECK_OK(
      visit_integers(tensor, low, high, [&](std::int64_t value) { widened.push_back(value); }));
  return widened;
}

Result<std::vector<std::string_view>> read_strings(const Tensor& bytes, const Tensor& offsets) {
  if (bytes.dtype != DType::kU8 || bytes.shape.size() != 1) {
    return fail(Code::kInvalid, "tensor '{}' is not U8 of one dimension", bytes.name);
  }
  const auto size = static_cast<std::int64_t>(bytes.bytes.size());
  BASCULE_TRY(const auto starts, widen_integers(offsets, 0, size));
  if (starts.empty() || starts.front() != 0 || starts.back() != size ||
      !std::ranges::is_sorted(starts)) {
    return fail(Code::kInvalid, "tensor '{}' does not ascend from 0 to {}, the size of '{}'",
                offsets.name, size, bytes.name);
  }
  const auto* text = reinterpret_cast<const char*>(bytes.bytes.data());
  std::vector<std::string_view> strings;
  strings.reserve(starts.size() - 1);
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    strings.emplace_back(text + starts[i], static_cast<std::size_t>(starts[i + 1] - starts[i]));
    if (!is_utf8(strings.back())) {
      return fail(Code::kInvalid, "tensor '{}': string {} is not UTF-8", bytes.name, i);
    }
  }
  return strings;
}

Result<std::vector<std::string_view>> read_strings(const Package& package,
                                                   const std::string& name) {
  const Tensor* bytes = package.find(name + ".bytes");
  const Tensor* offsets = package.find(name + ".offsets");
  if (bytes == nullptr || offsets == nullptr) {
    return fail(Code::kInvalid, "'{0}' has not both tensors '{0}.bytes' and '{0}.offsets'", name);
  }
  return read_strings(*bytes, *offsets);
}

}  // namespace bascule
