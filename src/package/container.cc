#include "package/container.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "package/json.h"

namespace bascule {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::size_t kHeaderDepth = 3;  // the object, a tensor, its shape

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The header with its spaces, which tells where the data starts.
Result<std::string_view> header_of(std::span<const std::byte> file) {
  if (file.size() > limits::kPackageBytes) {
    return fail(Code::kTooLarge, "file: has {} bytes; a package has at most {}", file.size(),
                limits::kPackageBytes);
  }
  if (file.size() < kLengthBytes) {
    return fail(Code::kInvalid, "file: has {} bytes, too few for a package", file.size());
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | std::to_integer<std::uint64_t>(file[i]);
  }
  if (length > limits::kHeaderBytes) {
    return fail(Code::kTooLarge,
                "header: says it has {} bytes; at most {} are read, so this is no "
                "package or its length is damaged",
                length, limits::kHeaderBytes);
  }
  if (length > file.size() - kLengthBytes) {
    return fail(Code::kInvalid, "header: says it has {} bytes, but the file ends after {}", length,
                file.size() - kLengthBytes);
  }
  if ((kLengthBytes + length) % kTensorAlignment != 0) {
    return fail(Code::kInvalid, "header: ends at byte {}, expected a multiple of {}",
                kLengthBytes + length, kTensorAlignment);
  }
  return text_of(file.subspan(kLengthBytes, length));
}

// Compares the last bytes of the file with the SHA-256 of all others; the digest of the whole.
Result<Digest> check_digest(std::span<const std::byte> file, std::uint64_t data_start) {
  Digest stored;
  if (file.size() - data_start < stored.size()) {
    return fail(Code::kInvalid, "file: ends before its digest; it was cut off, fetch it again");
  }
  const auto proved = file.first(file.size() - stored.size());
  std::ranges::copy(file.subspan(proved.size()), stored.begin());
  Sha256 hash;
  hash.update(proved);
  if (hash.so_far() != stored) {
    return fail(Code::kInvalid,
                "digest: the last 32 bytes are not the SHA-256 of the bytes before them; the file "
                "was damaged or is no package, fetch or export it again");
  }
  hash.update(stored);
  return hash.finish();
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '/' || c == '-';
}

// Names are not paths, but people will unpack them into folders.
bool is_tensor_name(std::string_view name) {
  if (name.size() > limits::kTensorNameBytes || !std::ranges::all_of(name, is_name_character)) {
    return false;
  }
  while (true) {
    const auto slash = name.find('/');
    const auto part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") {
      return false;
    }
    if (slash == name.npos) {
      return true;
    }
    name.remove_prefix(slash + 1);
  }
}

// A non-negative integer of the header.
bool read_size(const Json& json, std::uint64_t& out) {
  const auto* value = json.integer();
  if (value == nullptr || *value < 0) {
    return false;
  }
  out = static_cast<std::uint64_t>(*value);
  return true;
}

// What the header says of one tensor.
struct Entry {
  DType dtype = DType::kU8;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Status read_offsets(const Json& json, Entry& entry) {
  const auto* offsets = json.array();
  if (offsets == nullptr || offsets->size() != 2 || !read_size((*offsets)[0], entry.begin) ||
      !read_size((*offsets)[1], entry.end) || entry.begin > entry.end) {
    return fail(Code::kInvalid, "data_offsets are not two ascending byte positions");
  }
  return {};
}

Status read_shape(const Json& json, Entry& entry) {
  const auto* shape = json.array();
  if (shape == nullptr) {
    return fail(Code::kInvalid, "shape is not a list");
  }
  if (shape->size() > limits::kTensorDims) {
    return fail(Code::kInvalid, "shape has {} dimensions; at most {} are allowed", shape->size(),
                limits::kTensorDims);
  }
  for (const auto& size : *shape) {
    entry.shape.push_back(0);
    if (!read_size(size, entry.shape.back())) {
      return fail(Code::kInvalid, "shape has an element that is not an integer from 0 to 2^63 - 1");
    }
  }
  return {};
}

Result<Entry> read_entry(const Json& json) {
  constexpr std::string_view kKeys[] = {"data_offsets", "dtype", "shape"};
  const auto* members = json.object();
  if (members == nullptr || members->size() != std::size(kKeys) ||
      !std::ranges::equal(*members, kKeys, {}, [](const auto& member) { return member.first; })) {
    return fail(Code::kInvalid, "expected exactly the keys data_offsets, dtype, shape");
  }
  Entry entry;
  BASCULE_CHECK_OK(read_offsets((*members)[0].second, entry));
  const auto* name = (*members)[1].second.string();
  const auto dtype = name == nullptr ? std::nullopt : parse_dtype(*name);
  if (!dtype) {
    return fail(Code::kInvalid, "dtype is none of BOOL, U8 to U64, I8 to I64, F32, F64");
  }
  entry.dtype = *dtype;
  BASCULE_CHECK_OK(read_shape((*members)[2].second, entry));
  const auto count = checked_product(entry.shape);
  const auto bytes = count ? checked_multiply(*count, dtype_bytes(*dtype)) : std::nullopt;
  if (!bytes || *bytes != entry.end - entry.begin) {
    return fail(Code::kInvalid, "has {} bytes, expected its shape times the {} of {}",
                entry.end - entry.begin, dtype_bytes(*dtype), *name);
  }
  return entry;
}

// Walks the header's tensors in their order and gives each its bytes.
class TensorWalk {
 public:
  // `data` is what follows the header, which ended at a multiple of 64.
  explicit TensorWalk(std::span<const std::byte> data) : data_(data) {}

  Status next(std::string_view name, const Json& json) {
    auto entry = read_entry(json);
    if (!entry) {
      return std::unexpected(std::move(entry.error()));
    }
    BASCULE_CHECK_OK(check_place(*entry));
    const auto bytes = data_.subspan(entry->begin, entry->end - entry->begin);
    const std::uint64_t place = std::exchange(end_, entry->end);
    if (has_digest_) {
      return fail(Code::kInvalid, "stands behind {}", kDigestTensor);
    }
    if (place % kTensorAlignment != 0) {
      return padding(name, *entry, bytes, place);
    }
    if (name == kDigestTensor) {
      if (entry->dtype != DType::kU8 || entry->shape != std::vector<std::uint64_t>{32}) {
        return fail(Code::kInvalid, "is not U8 [32]");
      }
      has_digest_ = true;
      return {};
    }
    return data_tensor(name, std::move(*entry), bytes);
  }

  Status finish() const {
    if (!has_digest_) {
      return fail(Code::kInvalid, "header: the last tensor is not {}; this is not a package",
                  kDigestTensor);
    }
    if (end_ != data_.size()) {
      return fail(Code::kInvalid, "file: has {} bytes behind its last tensor", data_.size() - end_);
    }
    return {};
  }

  std::vector<Tensor> take_tensors() { return std::move(tensors_); }

 private:
  Status check_place(const Entry& entry) const {
    if (entry.begin < end_) {
      return fail(Code::kInvalid, "starts at {} and overlaps the tensor before, which ends at {}",
                  entry.begin, end_);
    }
    if (entry.begin > end_) {
      return fail(Code::kInvalid, "starts at {} and leaves a hole behind {}", entry.begin, end_);
    }
    if (entry.end > data_.size()) {
      return fail(Code::kInvalid, "ends at {}, but the file has only {} bytes of data", entry.end,
                  data_.size());
    }
    return {};
  }

  // The tensor before ended at `place`, which is no multiple of 64.
  Status padding(std::string_view name, const Entry& entry, std::span<const std::byte> bytes,
                 std::uint64_t place) const {
    const std::string expected = fmt::format("{}~", tensors_.back().name);
    if (name != expected) {
      return fail(Code::kInvalid,
                  "starts at byte {} of the data, expected a multiple of {}; the "
                  "padding '{}' is missing",
                  place, kTensorAlignment, expected);
    }
    const std::uint64_t size = kTensorAlignment - place % kTensorAlignment;
    if (entry.dtype != DType::kU8 || entry.shape != std::vector<std::uint64_t>{size}) {
      return fail(Code::kInvalid, "is a padding that is not U8 [{}]", size);
    }
    if (std::ranges::any_of(bytes, [](std::byte byte) { return byte != std::byte{}; })) {
      return fail(Code::kInvalid, "is a padding with a byte that is not zero");
    }
    return {};
  }

  Status data_tensor(std::string_view name, Entry entry, std::span<const std::byte> bytes) {
    if (!is_tensor_name(name)) {
      return fail(Code::kInvalid,
                  "its name is not 1 to {} characters of A-Z a-z 0-9 . _ / - with "
                  "no part '', '.' or '..'",
                  limits::kTensorNameBytes);
    }
    if (tensors_.size() == limits::kTensors) {
      return fail(Code::kTooLarge, "is one more than the {} tensors a package may have",
                  limits::kTensors);
    }
    const auto is_boolean = [](std::byte byte) { return byte <= std::byte{1}; };
    if (entry.dtype == DType::kBool && !std::ranges::all_of(bytes, is_boolean)) {
      return fail(Code::kInvalid, "is BOOL and has a byte that is neither 0 nor 1");
    }
    tensors_.push_back({name, entry.dtype, std::move(entry.shape), bytes});
    return {};
  }

  std::span<const std::byte> data_;
  std::vector<Tensor> tensors_;
  std::uint64_t end_ = 0;  // of the tensors so far
  bool has_digest_ = false;
};

// The manifest's text out of the first member.
Result<std::string> read_metadata(const Json::Object& header) {
  if (header.empty() || header.front().first != "__metadata__") {
    return fail(Code::kInvalid, "header: the first key is not __metadata__; this is not a package");
  }
  const auto* metadata = header.front().second.object();
  if (metadata == nullptr || metadata->size() != 1 || metadata->front().first != "bascule" ||
      metadata->front().second.string() == nullptr) {
    return fail(Code::kInvalid,
                "header: __metadata__ is not exactly one text named 'bascule', the manifest");
  }
  return *metadata->front().second.string();
}

// The header in the one form that is accepted must be the header that stands there. Then the names
// of the tensors, which need no escapes, stand in the file, and are borrowed from there.
Status check_form(std::string_view header, const Json::Object& members) {
  std::string expected = R"({"__metadata__":{"bascule":)";
  append_json_string(expected, *members.front().second.find("bascule")->string());
  expected += '}';
  for (std::size_t i = 1; i < members.size(); ++i) {
    expected += ',';
    append_json_string(expected, members[i].first);
    expected += ':';
    expected += canonical_json(members[i].second);
  }
  expected += '}';
  const std::size_t padded = kTensorAlignment - (kLengthBytes + expected.size()) % kTensorAlignment;
  expected.append(padded % kTensorAlignment, ' ');
  if (header != expected) {
    const auto at = std::ranges::mismatch(header, expected).in1 - header.begin();
    return fail(Code::kInvalid,
                "header: is not canonical JSON padded with spaces to a multiple of "
                "{}; the first other byte is {}",
                kTensorAlignment, at);
  }
  return {};
}

// Where the names stand in the header, in order. Each `,"name":{` is searched behind the one
// before; the manifest's text cannot contain it, as its quotes are escaped.
void borrow_names(std::string_view header, std::vector<Tensor>& tensors) {
  std::size_t at = 0;
  for (auto& tensor : tensors) {
    const std::string key = fmt::format(R"(,"{}":{{)", tensor.name);
    at = header.find(key, at);
    tensor.name = header.substr(at + 2, tensor.name.size());
    at += key.size();
  }
}

}  // namespace

Result<Container> read_container(std::span<const std::byte> file) {
  BASCULE_TRY(const auto header, header_of(file));
  const std::uint64_t data_start = kLengthBytes + header.size();
  Container container;
  BASCULE_TRY(container.digest, check_digest(file, data_start));

  const std::string_view text = header.substr(0, header.find_last_not_of(' ') + 1);
  auto json = parse_json(text, kHeaderDepth);
  if (!json) {
    return prefixed("header", std::move(json.error()));
  }
  const auto* members = json->object();
  if (members == nullptr) {
    return fail(Code::kInvalid, "header: is not a JSON object");
  }
  BASCULE_TRY(container.manifest_text, read_metadata(*members));

  TensorWalk walk(file.subspan(data_start));
  for (const auto& [name, entry] : std::span(*members).subspan(1)) {
    if (auto status = walk.next(name, entry); !status) {
      return prefixed(fmt::format("tensor '{}'", utf8_prefix(name, 80)), std::move(status.error()));
    }
  }
  BASCULE_CHECK_OK(walk.finish());
  BASCULE_CHECK_OK(check_form(header, *members));
  container.tensors = walk.take_tensors();
  borrow_names(header, container.tensors);
  return container;
}

void append_tensor_entry(std::string& out, std::string_view name, DType dtype,
                         std::span<const std::uint64_t> shape, std::uint64_t begin,
                         std::uint64_t end) {
  JsonWriter json(out);
  append_json_string(out, name);
  out += ':';
  json.object([&] {
    json.key("data_offsets").array([&] {
      json.integer(static_cast<std::int64_t>(begin)).integer(static_cast<std::int64_t>(end));
    });
    json.key("dtype").string(dtype_name(dtype));
    json.key("shape").array([&] {
      for (const auto size : shape) {
        json.integer(static_cast<std::int64_t>(size));
      }
    });
  });
}

}  // namespace bascule
