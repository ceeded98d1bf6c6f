#include "package/package.h"

#include "base/files.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "package/container.h"
#include "package/fingerprint.h"
#include "package/golden_check.h"
#include "package/manifest_parts.h"
#include "package/sealed_memory.h"
#include "package/tensor_use.h"

namespace bascule {
namespace {

Status use_tensors_of_nodes(const Manifest& manifest, TensorUse& tensors) {
  for (std::size_t i = 0; i < manifest.graph.size(); ++i) {
    for (const auto& [role, name] : manifest.graph[i].tensors) {
      if (tensors.use(name) != nullptr) {
        continue;
      }
      return fail(Code::kInvalid, "manifest: {}: role '{}' names the tensor '{}', which is missing",
                  element_place("graph", i), utf8_prefix(role, 80), utf8_prefix(name, 80));
    }
  }
  return {};
}

Status check_tensors(const Manifest& manifest, std::span<const Tensor> tensors) {
  TensorUse use(tensors);
  BASCULE_CHECK_OK(use_tensors_of_nodes(manifest, use));
  BASCULE_CHECK_OK(check_golden(manifest, use));
  return use.all_used();
}

Status check_fingerprint(const Manifest& manifest, const Json& json,
                         std::span<const Tensor> tensors) {
  const auto computed = fingerprint(json, tensors);
  if (manifest.fingerprint == computed) {
    return {};
  }
  return fail(Code::kInvalid,
              "manifest: fingerprint is {}, but graph, columns, outputs and tensors give {}; "
              "export the package again",
              manifest.fingerprint, computed);
}

}  // namespace

Package::~Package() = default;

Result<std::shared_ptr<const Package>> Package::open(std::span<const std::byte> bytes) {
  // Before memory is asked for; the container has its own sentences for what is only too short.
  if (bytes.empty() || bytes.size() > limits::kPackageBytes) {
    return fail(bytes.empty() ? Code::kInvalid : Code::kTooLarge,
                "file: has {} bytes, expected 1 to {}", bytes.size(), limits::kPackageBytes);
  }
  std::shared_ptr<Package> package(new Package());
  BASCULE_TRY(package->memory_, SealedMemory::copy_of(bytes));
  package->bytes_ = package->memory_->bytes();

  BASCULE_TRY(auto container, read_container(package->bytes_));
  package->digest_ = container.digest;
  package->manifest_text_ = std::move(container.manifest_text);
  package->tensors_ = std::move(container.tensors);
  for (std::size_t i = 0; i < package->tensors_.size(); ++i) {
    package->by_name_.emplace(package->tensors_[i].name, i);
  }

  auto json = parse_canonical_json(package->manifest_text_);
  if (!json) {
    return prefixed("manifest", std::move(json.error()));
  }
  BASCULE_TRY(package->manifest_, read_manifest(*json));
  BASCULE_CHECK_OK(check_tensors(package->manifest_, package->tensors_));
  BASCULE_CHECK_OK(check_fingerprint(package->manifest_, *json, package->tensors_));
  return package;
}

Result<std::shared_ptr<const Package>> Package::open_file(const std::string& path) {
  BASCULE_TRY(const auto bytes, system_files().read(path, limits::kPackageBytes));
  return open(bytes);
}

const Tensor* Package::find(std::string_view name) const noexcept {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace bascule
