#include "api/oip_plain.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "api/envelope.h"
#include "api/json_number.h"
#include "api/oip_columns.h"
#include "api/oip_types.h"
#include "base/limits.h"

namespace bascule {
namespace {

// What stands in a text as itself, of ASCII.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = ' '; c <= '~'; ++c) {
    plain[c] = c != '"' && c != '\\';
  }
  return plain;
}();

// Each function that returns a bool says whether what it read is plain, and is done when it is not.
class PlainReader {
 public:
  PlainReader(std::string_view body, const LiveSet& set, const LiveTag& tag)
      : at_(body.data()), end_(body.data() + body.size()), columns_(set, tag) {}

  bool request();
  RowBatch& batch() noexcept { return columns_.batch(); }
  std::optional<std::string>& id() noexcept { return id_; }

 private:
  // Keys: of the request, and of a tensor.
  static constexpr unsigned kInputs = 1, kId = 2;
  static constexpr unsigned kName = 1, kShape = 2, kType = 4, kData = 8;

  void blanks() noexcept { at_ = json::skip_blanks(at_, end_); }
  // The next character that is no blank, and the blanks behind it.
  bool take(char wanted) noexcept;
  bool text(std::string_view& out) noexcept;
  // The bits of the keys of an object, each of which stands there once; 0 when it is not plain.
  // member(key, bits so far) reads the value and returns the key's bit, or 0.
  template <typename Member>
  unsigned object(Member&& member);
  template <typename Element>
  bool array(Element&& element);

  bool tensor();
  bool shape(OipTensor& tensor);
  bool data(const OipTensor& tensor);
  // One row's; all columns are of numbers.
  bool numbers(OipType type, std::span<const std::uint32_t> columns, std::size_t row);
  bool read_numbers(OipType type, std::span<double> out) noexcept;
  // One row's.
  bool cells(OipType type, std::span<const std::uint32_t> columns, std::size_t row);
  bool cell(OipType type, std::size_t row, std::uint32_t column);

  const char* at_;
  const char* const end_;
  OipColumns columns_;
  std::optional<std::string> id_;
};

bool PlainReader::take(char wanted) noexcept {
  if (at_ >= end_ || *at_ != wanted) {
    return false;
  }
  ++at_;
  blanks();
  return true;
}

bool PlainReader::text(std::string_view& out) noexcept {
  if (at_ >= end_ || *at_ != '"') {
    return false;
  }
  const char* const begin = ++at_;
  while (at_ < end_ && kPlain[static_cast<unsigned char>(*at_)]) {
    ++at_;
  }
  out = {begin, at_};
  return take('"');
}

template <typename Member>
unsigned PlainReader::object(Member&& member) {
  if (!take('{')) {
    return 0;
  }
  unsigned seen = 0;
  do {
    std::string_view key;
    if (!text(key) || !take(':')) {
      return 0;
    }
    const unsigned bit = member(key, seen);
    if (bit == 0 || (seen & bit) != 0) {
      return 0;
    }
    seen |= bit;
  } while (take(','));
  return take('}') ? seen : 0;
}

template <typename Element>
bool PlainReader::array(Element&& element) {
  if (!take('[')) {
    return false;
  }
  do {
    if (!element()) {
      return false;
    }
  } while (take(','));
  return take(']');
}

bool PlainReader::request() {
  blanks();
  const unsigned seen = object([&](std::string_view key, unsigned) -> unsigned {
    if (key == "inputs") {
      return array([&] { return tensor(); }) ? kInputs : 0;
    }
    std::string_view id;
    if (key != "id" || !text(id)) {
      return 0;
    }
    id_ = id;
    return kId;
  });
  return (seen & kInputs) != 0 && at_ == end_ && columns_.all_given();
}

bool PlainReader::tensor() {
  OipTensor tensor;
  const unsigned all = object([&](std::string_view key, unsigned seen) -> unsigned {
    if (key == "data") {
      return seen == (kName | kShape | kType) && data(tensor) ? kData : 0;
    }
    if (key == "shape") {
      return shape(tensor) ? kShape : 0;
    }
    std::string_view value;
    if (!text(value)) {
      return 0;
    }
    if (key == "name") {
      tensor.name = value;
      return value.empty() ? 0 : kName;
    }
    const auto type = parse_oip_type(value);
    if (key != "datatype" || !type) {
      return 0;
    }
    tensor.type = *type;
    return kType;
  });
  return all == (kName | kShape | kType | kData);
}

bool PlainReader::shape(OipTensor& tensor) {
  tensor.shape.reserve(2);
  return array([&] {
    std::int64_t size = 0;
    const char* const after = json::read_whole(at_, end_, size);
    if (after == nullptr || size < 1 || tensor.shape.size() == 2) {
      return false;
    }
    at_ = after;
    blanks();
    tensor.shape.push_back(static_cast<std::uint64_t>(size));
    return true;
  });
}

bool PlainReader::data(const OipTensor& tensor) {
  if (tensor.type == OipType::kFp16 || tensor.type == OipType::kBool) {
    return false;
  }
  const auto columns = columns_.place(tensor);
  if (!columns || columns->size() != tensor.width() || !take('[')) {
    return false;
  }
  const bool nested = tensor.shape.size() == 2 && at_ < end_ && *at_ == '[';
  const bool all_numbers = are_numbers(batch(), tensor, *columns);
  for (std::size_t row = 0; row < batch().rows(); ++row) {
    if ((row > 0 && !take(',')) || (nested && !take('[')) ||
        !(all_numbers ? numbers(tensor.type, *columns, row) : cells(tensor.type, *columns, row)) ||
        (nested && !take(']'))) {
      return false;
    }
  }
  return take(']');
}

bool PlainReader::cells(OipType type, std::span<const std::uint32_t> columns, std::size_t row) {
  for (std::size_t k = 0; k < columns.size(); ++k) {
    if ((k > 0 && !take(',')) || !cell(type, row, columns[k])) {
      return false;
    }
  }
  return true;
}

bool PlainReader::numbers(OipType type, std::span<const std::uint32_t> columns, std::size_t row) {
  std::array<double, 64> some;
  for (std::size_t done = 0; done < columns.size();) {
    const auto values = std::span(some).first(std::min(some.size(), columns.size() - done));
    if ((done > 0 && !take(',')) || !read_numbers(type, values)) {
      return false;
    }
    for (const double value : values) {
      batch().set_number(row, columns[done++], value);
    }
  }
  return true;
}

bool PlainReader::read_numbers(OipType type, std::span<double> out) noexcept {
  const char* const after = json::read_numbers(at_, end_, out);
  if (after == nullptr) {
    return false;
  }
  at_ = after;
  if (type == OipType::kFp64) {
    return true;
  }
  for (double& value : out) {
    if (!oip_holds(type, value)) {
      return false;
    }
    if (type == OipType::kFp32) {
      value = static_cast<float>(value);
    }
  }
  return true;
}

bool PlainReader::cell(OipType type, std::size_t row, std::uint32_t column) {
  const ColumnKind kind = batch().columns()[column].type.kind;
  if (kind == ColumnKind::kNumber) {
    double value = 0;
    if (!read_numbers(type, {&value, 1})) {
      return false;
    }
    batch().set_number(row, column, value);
    return true;
  }
  if (kind == ColumnKind::kInteger) {
    std::int64_t value = 0;
    const char* const after = json::read_whole(at_, end_, value);
    if (after == nullptr || !oip_holds(type, static_cast<double>(value))) {
      return false;
    }
    at_ = after;
    blanks();
    batch().set_integer(row, column, value);
    return true;
  }
  std::string_view value;
  if (kind != ColumnKind::kString || !text(value) || value.size() > limits::kStringBytes) {
    return false;
  }
  batch().set_string(row, column, value);
  return true;
}

}  // namespace

std::optional<OipRequest> read_plain_oip(std::string_view body, const LiveSet& set,
                                         const LiveTag& tag) {
  PlainReader reader(body, set, tag);
  if (!reader.request()) {
    return std::nullopt;
  }
  take_envelopes_from_columns(set, reader.batch());
  return OipRequest{std::move(reader.batch()), std::move(reader.id()), {}, {}, false};
}

}  // namespace bascule
