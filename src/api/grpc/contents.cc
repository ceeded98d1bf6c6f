#include "api/grpc/contents.h"

#include <bit>

#include "api/grpc/wire.h"
#include "base/utf8.h"

namespace bascule {
namespace {

constexpr std::size_t kShownBytes = 64;

// The field of InferTensorContents that holds a datatype, and how one value of it is written; FP16
// has none.
struct ContentsField {
  std::uint32_t number = 0;
  wire::Type type = wire::Type::kVarint;
};

ContentsField contents_field(OipType type) noexcept {
  switch (type) {
    case OipType::kBool:
      return {1, wire::Type::kVarint};
    case OipType::kInt8:
    case OipType::kInt16:
    case OipType::kInt32:
      return {2, wire::Type::kVarint};
    case OipType::kInt64:
      return {3, wire::Type::kVarint};
    case OipType::kUint8:
    case OipType::kUint16:
    case OipType::kUint32:
      return {4, wire::Type::kVarint};
    case OipType::kUint64:
      return {5, wire::Type::kVarint};
    case OipType::kFp32:
      return {6, wire::Type::kFixed32};
    case OipType::kFp64:
      return {7, wire::Type::kFixed64};
    case OipType::kBytes:
      return {8, wire::Type::kBytes};
    case OipType::kFp16:
      break;
  }
  return {};
}

// One value of the tensor's own field, as its bits.
Status put_bits(std::uint64_t bits, std::size_t at, const OipCells& cells) {
  const OipTensor& tensor = cells.tensor();
  switch (tensor.type) {
    case OipType::kBool:
      cells.put(at, bits != 0);
      return {};
    case OipType::kFp32:
      cells.put(at, double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))});
      return {};
    case OipType::kFp64:
      cells.put(at, std::bit_cast<double>(bits));
      return {};
    case OipType::kUint64:
      cells.put(at, bits);
      return {};
    default:
      break;
  }
  const auto value = static_cast<std::int64_t>(bits);
  if (tensor.type != OipType::kInt64 && !oip_holds(tensor.type, static_cast<double>(value))) {
    return fail(Code::kInvalid, "input '{}': {} is no {}", utf8_prefix(tensor.name, kShownBytes),
                value, oip_type_name(tensor.type));
  }
  cells.put(at, value);
  return {};
}

}  // namespace

Status read_contents(std::string_view message, const OipCells& cells) {
  const OipTensor& tensor = cells.tensor();
  const ContentsField own = contents_field(tensor.type);
  if (own.number == 0) {
    return fail(Code::kInvalid, "input '{}': {} comes in raw_input_contents only",
                utf8_prefix(tensor.name, kShownBytes), oip_type_name(tensor.type));
  }
  std::size_t at = 0;
  const auto take = [&](std::uint64_t bits) {
    Status status;
    if (at < cells.count()) {
      status = put_bits(bits, at, cells);
    }
    ++at;
    return status;
  };
  wire::Field field;
  wire::Reader reader(message);
  bool packed_broken = false;
  while (reader.next(field) && !packed_broken) {
    if (field.number != own.number) {
      if (field.number <= 8 && !field.bytes.empty()) {
        return fail(Code::kInvalid, "input '{}' is {}, and its contents are of another type",
                    utf8_prefix(tensor.name, kShownBytes), oip_type_name(tensor.type));
      }
      continue;
    }
    if (own.type == wire::Type::kBytes && field.type == own.type) {
      if (at < cells.count()) {
        cells.put(at, field.bytes);
      }
      ++at;
    } else if (field.type == own.type) {
      BASCULE_CHECK_OK(take(field.value));
    } else if (field.type == wire::Type::kBytes) {
      std::string_view rest = field.bytes;
      while (!rest.empty() && !packed_broken) {
        std::uint64_t bits = 0;
        packed_broken = !wire::take(rest, own.type, bits);
        if (!packed_broken) {
          BASCULE_CHECK_OK(take(bits));
        }
      }
    } else {
      packed_broken = true;
    }
  }
  if (reader.broken() || packed_broken) {
    return fail(Code::kInvalid, "input '{}': its contents are no message of inference.proto",
                utf8_prefix(tensor.name, kShownBytes));
  }
  return cells.check_count(at);
}

}  // namespace bascule
