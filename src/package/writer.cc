#include "package/writer.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/sha256.h"
#include "package/container.h"
#include "package/fingerprint.h"

namespace bascule {
namespace {

constexpr std::string_view kFingerprint = "fingerprint";

template <typename T>
std::vector<std::byte> bytes_of(std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  return {bytes.begin(), bytes.end()};
}

std::uint64_t gap_to_alignment(std::uint64_t at) {
  return (kTensorAlignment - at % kTensorAlignment) % kTensorAlignment;
}

std::vector<Tensor> views_of(std::span<const TensorData> tensors) {
  std::vector<Tensor> views;
  views.reserve(tensors.size());
  for (const auto& tensor : tensors) {
    views.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes});
  }
  return views;
}

// Where a digest that was written as text stands, in this file.
std::span<std::byte> place_of(std::span<std::byte> file, std::string_view text) {
  const std::string_view all(reinterpret_cast<const char*>(file.data()), file.size());
  const auto at = all.find(text);
  return at == all.npos ? std::span<std::byte>() : file.subspan(at, text.size());
}

void write_digest(std::span<std::byte> file) {
  const auto proved = file.first(file.size() - sizeof(Digest));
  std::ranges::copy(sha256(proved), file.subspan(proved.size()).begin());
}

}  // namespace

TensorData f64_tensor(std::string name, std::vector<std::uint64_t> shape,
                      std::span<const double> values) {
  return {std::move(name), DType::kF64, std::move(shape), bytes_of(values)};
}

TensorData i64_tensor(std::string name, std::vector<std::uint64_t> shape,
                      std::span<const std::int64_t> values) {
  return {std::move(name), DType::kI64, std::move(shape), bytes_of(values)};
}

TensorData u8_tensor(std::string name, std::span<const std::uint8_t> values) {
  return {std::move(name), DType::kU8, {values.size()}, bytes_of(values)};
}

void add_string_tensors(std::vector<TensorData>& tensors, const std::string& name,
                        std::span<const std::string> strings) {
  std::string text;
  std::vector<std::uint32_t> offsets{0};
  for (const auto& string : strings) {
    text += string;
    offsets.push_back(static_cast<std::uint32_t>(text.size()));
  }
  tensors.push_back(
      {name + ".bytes", DType::kU8, {text.size()}, bytes_of(std::span<const char>(text))});
  tensors.push_back({name + ".offsets",
                     DType::kU32,
                     {offsets.size()},
                     bytes_of(std::span<const std::uint32_t>(offsets))});
}

std::vector<std::byte> write_package(Json::Object manifest_without_fingerprint,
                                     std::span<const TensorData> tensors) {
  Json::Object manifest = std::move(manifest_without_fingerprint);
  manifest.emplace_back(kFingerprint, fingerprint(Json(manifest), views_of(tensors)));
  return write_package_text(canonical_json(Json(std::move(manifest))), tensors);
}

std::vector<std::byte> write_package_text(std::string_view manifest,
                                          std::span<const TensorData> tensors) {
  std::string header = R"({"__metadata__":{"bascule":)";
  append_json_string(header, manifest);
  header += '}';
  std::vector<std::byte> data;
  const auto declare = [&](std::string_view name, DType dtype, std::span<const std::uint64_t> shape,
                           std::uint64_t size) {
    header += ',';
    append_tensor_entry(header, name, dtype, shape, data.size(), data.size() + size);
  };
  for (const auto& tensor : tensors) {
    declare(tensor.name, tensor.dtype, tensor.shape, tensor.bytes.size());
    data.insert(data.end(), tensor.bytes.begin(), tensor.bytes.end());
    const std::uint64_t gap = gap_to_alignment(data.size());
    if (gap == 0) {
      continue;
    }
    declare(tensor.name + "~", DType::kU8, std::span(&gap, 1), gap);
    data.insert(data.end(), gap, std::byte{});
  }
  const std::uint64_t digest_size = sizeof(Digest);
  declare(kDigestTensor, DType::kU8, std::span(&digest_size, 1), digest_size);
  header += '}';
  return write_container(header, data);
}

std::vector<std::byte> write_container(std::string_view header, std::span<const std::byte> data) {
  constexpr std::size_t kLengthBytes = 8;
  std::string text(header);
  text.append(gap_to_alignment(kLengthBytes + header.size()), ' ');
  std::vector<std::byte> file;
  file.reserve(kLengthBytes + text.size() + data.size() + sizeof(Digest));
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    file.push_back(static_cast<std::byte>(text.size() >> (8 * i) & 0xff));
  }
  const auto text_bytes = std::as_bytes(std::span(text));
  file.insert(file.end(), text_bytes.begin(), text_bytes.end());
  file.insert(file.end(), data.begin(), data.end());
  file.resize(file.size() + sizeof(Digest));
  write_digest(file);
  return file;
}

void rehash(std::span<std::byte> file) {
  if (file.size() < sizeof(Digest)) {
    return;
  }
  write_digest(file);
  const auto container = read_container(file);
  if (!container) {
    return;
  }
  const auto manifest = parse_json(container->manifest_text, limits::kPackageJsonDepth);
  if (!manifest) {
    return;
  }
  const auto* written = manifest->find(kFingerprint);
  if (written == nullptr || written->string() == nullptr) {
    return;
  }
  const std::string computed = fingerprint(*manifest, container->tensors);
  if (written->string()->size() != computed.size()) {
    return;
  }
  // The manifest stands in the header as a text; a digest needs no escapes there.
  std::ranges::copy(std::as_bytes(std::span(computed)), place_of(file, *written->string()).begin());
  write_digest(file);
}

}  // namespace bascule
