// A writer of packages: a manifest and tensors in, bytes out.
//
// For tests, tools and the fuzzer, which need packages without Python. Python writes packages with
// its own writer (python/bascule/container.py); both give the same bytes, and a test compares. It
// checks nothing: a package that breaks the rules can be written on purpose. The reader judges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "package/json.h"
#include "package/package.h"

namespace bascule {

// A tensor to be written.
struct TensorData {
  std::string name;
  DType dtype = DType::kF64;
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> bytes;
};

TensorData f64_tensor(std::string name, std::vector<std::uint64_t> shape,
                      std::span<const double> values);
TensorData i64_tensor(std::string name, std::vector<std::uint64_t> shape,
                      std::span<const std::int64_t> values);
TensorData u8_tensor(std::string name, std::span<const std::uint8_t> values);
// Appends "<name>.bytes" and "<name>.offsets" (U32).
void add_string_tensors(std::vector<TensorData>& tensors, const std::string& name,
                        std::span<const std::string> strings);

// The file: tensors in the order given, paddings, the fingerprint put into the manifest, the
// digest.
std::vector<std::byte> write_package(Json::Object manifest_without_fingerprint,
                                     std::span<const TensorData> tensors);

// The same around any manifest text, in which nothing is changed.
std::vector<std::byte> write_package_text(std::string_view manifest,
                                          std::span<const TensorData> tensors);

// Any header text around any data: pads the header, appends the digest. For files that break rules.
std::vector<std::byte> write_container(std::string_view header, std::span<const std::byte> data);

// Makes a changed file prove itself again: writes the digest, and the fingerprint when the file can
// be read that far. Files too short for a digest stay as they are.
void rehash(std::span<std::byte> file);

}  // namespace bascule
