// A mutator that knows packages: it takes one apart, changes the manifest or a tensor, and puts it
// together again, so that most mutants are still containers and reach the planner.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "package/container.h"
#include "package/json.h"
#include "package/writer.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace bascule {

class PackageMutator {
 public:
  PackageMutator(std::string manifest, std::vector<TensorData> tensors, unsigned int seed)
      : manifest_(std::move(manifest)), tensors_(std::move(tensors)), random_(seed) {}

  std::vector<std::byte> mutant() {
    const bool tensor = !tensors_.empty() && below(2) == 0;
    tensor ? mutate_tensor(tensors_[below(tensors_.size())]) : mutate_manifest();
    auto file = write_package_text(manifest_, tensors_);
    rehash(file);
    return file;
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }

  void mutate_tensor(TensorData& tensor) {
    switch (below(4)) {
      case 0:  // another content of the same size
        LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(tensor.bytes.data()), tensor.bytes.size(),
                         tensor.bytes.size());
        return;
      case 1:  // another number of elements
        resize(tensor, below(12));
        return;
      case 2: {  // another type
        constexpr DType kTypes[] = {DType::kU8,  DType::kI8,  DType::kU16, DType::kU32, DType::kI32,
                                    DType::kU64, DType::kI64, DType::kF32, DType::kF64};
        tensor.dtype = kTypes[below(std::size(kTypes))];
        resize(tensor, tensor.shape.empty() ? 1 : tensor.shape.front());
        return;
      }
      default:  // an element of interest
        if (const std::size_t size = dtype_bytes(tensor.dtype); tensor.bytes.size() >= size) {
          const std::uint64_t value = interesting_bits();
          std::memcpy(tensor.bytes.data() + size * below(tensor.bytes.size() / size), &value, size);
        }
    }
  }

  static void resize(TensorData& tensor, std::size_t count) {
    tensor.shape = {count};
    tensor.bytes.resize(count * dtype_bytes(tensor.dtype));
  }

  std::uint64_t interesting_bits() {
    constexpr std::uint64_t kBits[] = {0,
                                       1,
                                       2,
                                       3,
                                       7,
                                       255,
                                       ~std::uint64_t{0},
                                       0x7ff0000000000000,
                                       0x7ff8000000000000,
                                       0x8000000000000000,
                                       0x7f8000007fc00000,
                                       0x3ff0000000000000};
    return kBits[below(std::size(kBits))];
  }

  // Mostly one text, number or boolean, by another of its kind, so that most mutants are manifests.
  void mutate_manifest() {
    const auto json = parse_json(manifest_, limits::kPackageJsonDepth);
    if (!json) {
      return;
    }
    std::vector<const Json*> leaves;
    std::vector<const Json*> branches;
    collect(*json, leaves, branches);
    const bool branch = leaves.empty() || below(8) == 0;
    const auto& choices = branch ? branches : leaves;
    if (choices.empty()) {
      return;
    }
    const Json* target = choices[below(choices.size())];
    const Json with = branch ? other_branch(*target, branches) : other_leaf(*target, leaves);
    manifest_ = canonical_json(rebuilt(*json, target, with));
  }

  static void collect(const Json& json, std::vector<const Json*>& leaves,
                      std::vector<const Json*>& branches) {
    if (json.object() != nullptr) {
      branches.push_back(&json);
      for (const auto& [key, value] : *json.object()) {
        collect(value, leaves, branches);
      }
    } else if (json.array() != nullptr) {
      branches.push_back(&json);
      for (const auto& value : *json.array()) {
        collect(value, leaves, branches);
      }
    } else {
      leaves.push_back(&json);
    }
  }

  Json other_leaf(const Json& old, const std::vector<const Json*>& leaves) {
    constexpr std::int64_t kIntegers[] = {0,   1,      2,          3,  7,
                                          255, 65'536, 16'777'216, -1, std::int64_t{1} << 53};
    if (const auto* value = old.boolean(); value != nullptr) {
      return Json(!*value);
    }
    if (double number = 0; old.number(number)) {
      return below(4) == 0 ? Json(number / 2) : Json(kIntegers[below(std::size(kIntegers))]);
    }
    std::vector<const Json*> texts;
    std::ranges::copy_if(leaves, std::back_inserter(texts),
                         [](const Json* leaf) { return leaf->string() != nullptr; });
    return texts.empty() ? Json() : *texts[below(texts.size())];
  }

  // One element or member twice, or not at all, or another list or object altogether.
  Json other_branch(const Json& old, const std::vector<const Json*>& branches) {
    const auto place = [&](const auto& list) {
      return list.begin() + static_cast<std::ptrdiff_t>(below(list.size()));
    };
    if (old.array() != nullptr && !old.array()->empty() && below(3) != 0) {
      Json::Array list = *old.array();
      if (below(2) == 0) {
        list.erase(place(list));
      } else {
        list.push_back(list[below(list.size())]);
      }
      return Json(std::move(list));
    }
    if (old.object() != nullptr && !old.object()->empty() && below(3) != 0) {
      Json::Object members = *old.object();
      members.erase(place(members));
      return Json(std::move(members));
    }
    return *branches[below(branches.size())];
  }

  // A copy in which `target` is replaced.
  static Json rebuilt(const Json& json, const Json* target, const Json& with) {
    if (&json == target) {
      return with;
    }
    if (json.object() != nullptr) {
      Json::Object members;
      for (const auto& [key, value] : *json.object()) {
        members.emplace_back(key, rebuilt(value, target, with));
      }
      return Json(std::move(members));
    }
    if (json.array() != nullptr) {
      Json::Array list;
      for (const auto& value : *json.array()) {
        list.push_back(rebuilt(value, target, with));
      }
      return Json(std::move(list));
    }
    return json;
  }

  std::string manifest_;
  std::vector<TensorData> tensors_;
  std::minstd_rand random_;
};

// For LLVMFuzzerCustomMutator: changes the first `size` bytes of `buffer`, which has room to grow.
inline std::size_t mutate_package(std::span<std::uint8_t> buffer, std::size_t size,
                                  unsigned int seed) {
  const auto plain = [&] { return LLVMFuzzerMutate(buffer.data(), size, buffer.size()); };
  if (seed % 32 == 0) {
    return plain();  // the container's own rules want mutants too
  }
  std::vector<std::byte> file(size);
  std::memcpy(file.data(), buffer.data(), size);
  rehash(file);
  const auto container = read_container(file);
  if (!container) {
    return plain();
  }
  std::vector<TensorData> tensors;
  for (const auto& tensor : container->tensors) {
    tensors.push_back({std::string(tensor.name),
                       tensor.dtype,
                       tensor.shape,
                       {tensor.bytes.begin(), tensor.bytes.end()}});
  }
  const auto mutant = PackageMutator(container->manifest_text, std::move(tensors), seed).mutant();
  if (mutant.size() > buffer.size()) {
    return plain();
  }
  std::memcpy(buffer.data(), mutant.data(), mutant.size());
  return mutant.size();
}

}  // namespace bascule
