#include "package/golden_check.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "package/string_tensor.h"

namespace bascule {
namespace {

std::string shape_text(std::span<const std::uint64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

template <typename T>
std::span<const T> elements(const Tensor& tensor) {
  return {reinterpret_cast<const T*>(tensor.bytes.data()),
          static_cast<std::size_t>(tensor.count())};
}

class GoldenCheck {
 public:
  GoldenCheck(const Manifest& manifest, TensorUse& tensors)
      : manifest_(manifest), tensors_(tensors), rows_(manifest.golden.rows) {}

  Status run() {
    BASCULE_TRY(refused_, flags("golden.refused"));
    for (std::size_t i = 0; i < manifest_.inputs.size(); ++i) {
      BASCULE_CHECK_OK(check_input(fmt::format("golden.in.{}", i), manifest_.inputs[i].type));
    }
    for (std::size_t j = 0; j < manifest_.outputs.size(); ++j) {
      BASCULE_CHECK_OK(check_output(j, manifest_.outputs[j]));
    }
    return {};
  }

 private:
  // A tensor of this type and one of these shapes.
  Result<const Tensor*> tensor(const std::string& name, DType dtype,
                               std::initializer_list<std::vector<std::uint64_t>> shapes) {
    const auto* found = tensors_.use(name);
    if (found == nullptr) {
      return fail(Code::kInvalid, "tensor '{}': is missing", name);
    }
    if (found->dtype != dtype || std::ranges::find(shapes, found->shape) == shapes.end()) {
      return fail(Code::kInvalid, "tensor '{}': is {} {}, expected {} {}", name,
                  dtype_name(found->dtype), shape_text(found->shape), dtype_name(dtype),
                  shape_text(*shapes.begin()));
    }
    return found;
  }

  // One 0 or 1 per row; empty when the tensor is left out.
  Result<std::span<const std::uint8_t>> flags(const std::string& name) {
    if (tensors_.use(name) == nullptr) {
      return std::span<const std::uint8_t>();
    }
    BASCULE_TRY(const auto* found, tensor(name, DType::kU8, {{rows_}}));
    const auto values = elements<std::uint8_t>(*found);
    if (std::ranges::any_of(values, [](std::uint8_t flag) { return flag > 1; })) {
      return fail(Code::kInvalid, "tensor '{}': holds a flag that is neither 0 nor 1", name);
    }
    return values;
  }

  Status check_input(const std::string& name, ColumnType type) {
    BASCULE_CHECK_OK(flags(name + ".valid"));
    switch (type.kind) {
      case ColumnKind::kNumber:
        return dense(name, DType::kF64, {rows_});
      case ColumnKind::kNumber32:
        return dense(name, DType::kF32, {rows_});
      case ColumnKind::kInteger:
      case ColumnKind::kDatetime:
        return dense(name, DType::kI64, {rows_});
      case ColumnKind::kMatrix:
        return dense(name, DType::kF64, {rows_, type.width});
      case ColumnKind::kBoolean:
        BASCULE_CHECK_OK(dense(name, DType::kU8, {rows_}));
        BASCULE_CHECK_OK(flags(name));
        return {};
      case ColumnKind::kString:
        return strings(name);
      case ColumnKind::kTokens:
        return lists(name);
      case ColumnKind::kSparse:
      case ColumnKind::kDict:
        break;
    }
    return fail(Code::kUnsupported, "golden: format 1 has no golden rows for a column of type {}",
                column_type_name(type));
  }

  Status dense(const std::string& name, DType dtype, std::vector<std::uint64_t> shape) {
    BASCULE_TRY(const auto* found, tensor(name, dtype, {std::move(shape)}));
    static_cast<void>(found);  // any content is a row
    return {};
  }

  Status strings(const std::string& name) {
    BASCULE_TRY(const auto count, string_count(name));
    if (count == rows_) {
      return {};
    }
    return fail(Code::kInvalid, "tensor '{}.offsets': has {} strings, expected {}", name, count,
                rows_);
  }

  // All strings, row after row, and where each row starts among them.
  Status lists(const std::string& name) {
    BASCULE_TRY(const auto count, string_count(name));
    const auto* starts = tensors_.use(name + ".starts");
    if (starts == nullptr) {
      return fail(Code::kInvalid, "tensor '{}.starts': is missing", name);
    }
    const auto last = static_cast<std::int64_t>(count);
    BASCULE_TRY(const auto at, widen_integers(*starts, 0, last));
    if (at.size() == rows_ + 1 && at.front() == 0 && at.back() == last &&
        std::ranges::is_sorted(at)) {
      return {};
    }
    return fail(Code::kInvalid, "tensor '{}': does not ascend from 0 to {} in {} steps",
                starts->name, count, rows_);
  }

  Result<std::size_t> string_count(const std::string& name) {
    const auto* bytes = tensors_.use(name + ".bytes");
    const auto* offsets = tensors_.use(name + ".offsets");
    if (bytes == nullptr || offsets == nullptr) {
      return fail(Code::kInvalid, "tensor '{0}.bytes' or '{0}.offsets': is missing", name);
    }
    BASCULE_TRY(const auto texts, read_strings(*bytes, *offsets));
    return texts.size();
  }

  Status check_output(std::size_t j, const Output& output) {
    const auto name = fmt::format("golden.out.{}", j);
    BASCULE_CHECK_OK(flags(fmt::format("golden.tie.{}", j)));
    if (output.type != OutputType::kNumber) {
      return integers(name, output);
    }
    BASCULE_CHECK_OK(dense(name, DType::kF64, {rows_, output.width}));
    for (const auto* where : {"here", "anywhere"}) {
      BASCULE_CHECK_OK(bound(fmt::format("golden.bound.{}.{}", where, j), output.width));
    }
    return {};
  }

  // [rows, width]; [rows] will do for one column.
  Status integers(const std::string& name, const Output& output) {
    std::vector<std::uint64_t> flat{rows_};
    if (output.width > 1) {
      flat.push_back(output.width);
    }
    BASCULE_TRY(const auto* found, tensor(name, DType::kI64, {flat, {rows_, output.width}}));
    const auto values = elements<std::int64_t>(*found);
    for (std::size_t row = 0; output.type == OutputType::kLabel && row < rows_; ++row) {
      const bool refused = !refused_.empty() && refused_[row] != 0;
      if (refused || (values[row] >= 0 && std::cmp_less(values[row], output.labels.size()))) {
        continue;
      }
      return fail(Code::kInvalid, "tensor '{}': row {} holds {}, no position of {} labels", name,
                  row, values[row], output.labels.size());
    }
    return {};
  }

  Status bound(const std::string& name, std::size_t width) {
    if (tensors_.use(name) == nullptr) {
      return {};
    }
    BASCULE_TRY(const auto* found, tensor(name, DType::kF64, {{rows_, width}}));
    // Written so that NaN fails too; infinity says that any answer may be right.
    const auto is_bound = [](double value) { return value >= 0; };
    if (std::ranges::all_of(elements<double>(*found), is_bound)) {
      return {};
    }
    return fail(Code::kInvalid, "tensor '{}': holds a bound that is negative or NaN", name);
  }

  const Manifest& manifest_;
  TensorUse& tensors_;
  std::uint64_t rows_;
  std::span<const std::uint8_t> refused_;
};

}  // namespace

Status check_golden(const Manifest& manifest, TensorUse& tensors) {
  // No rows, no tensors: what `pack` itself loads before there are any.
  if (manifest.golden.rows == 0) {
    return {};
  }
  return GoldenCheck(manifest, tensors).run();
}

}  // namespace bascule
