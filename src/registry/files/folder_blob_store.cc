#include <fmt/format.h>

#include <utility>

#include "base/sha256.h"
#include "registry/blob_store.h"

namespace bascule {
namespace {

constexpr std::string_view kAlgorithm = "sha256:";
constexpr std::size_t kShardDigits = 2;
constexpr std::string_view kUnfinished = ".part-";  // in the names of Files::write_atomic

class FolderBlobStore final : public BlobStore {
 public:
  FolderBlobStore(std::string folder, Files& files) : folder_(std::move(folder)), files_(files) {}

  Status put(std::string_view digest, std::span<const std::byte> bytes) override {
    BASCULE_CHECK_OK(check_bytes(digest, bytes));
    BASCULE_TRY(const bool there, exists(digest));
    // What is there was written whole; writing it again would only wear the disk. Unless it rotted:
    // then the good bytes take its place.
    if (there && get(digest)) {
      return {};
    }
    BASCULE_CHECK_OK(files_.make_folders(shard_of(digest)));
    return files_.write_atomic(path_of(digest), bytes);
  }

  Result<std::vector<std::byte>> get(std::string_view digest) override {
    BASCULE_CHECK_OK(parse_digest(digest));
    auto bytes = files_.read(path_of(digest), limits::kPackageBytes);
    if (!bytes && bytes.error().code == Code::kNotFound) {
      return fail(Code::kNotFound, "'{}' holds no package {}; push it again", folder_, digest);
    }
    if (bytes && digest_text(sha256(*bytes)) != digest) {
      return fail(Code::kInternal,
                  "'{}' changed after it was written: its SHA-256 is no longer its name; push the "
                  "package again",
                  path_of(digest));
    }
    return bytes;
  }

  Result<bool> exists(std::string_view digest) override {
    BASCULE_CHECK_OK(parse_digest(digest));
    return files_.exists(path_of(digest));
  }

  Status remove(std::string_view digest) override {
    BASCULE_CHECK_OK(parse_digest(digest));
    auto status = files_.remove(path_of(digest));
    if (!status && status.error().code == Code::kNotFound) {
      return {};
    }
    return status;
  }

  Result<std::vector<std::string>> list() override {
    std::vector<std::string> digests;
    BASCULE_TRY(const auto shards, files_.list(folder_));
    for (const auto& shard : shards) {
      BASCULE_TRY(const auto names, files_.list(folder_ + "/" + shard));
      for (const auto& name : names) {
        if (auto digest = std::string(kAlgorithm) + name; parse_digest(digest)) {
          digests.push_back(std::move(digest));
        }
      }
    }
    return digests;
  }

  // Removes what a kill left half written: it may be gigabytes, and nobody will finish it.
  Status remove_unfinished() {
    BASCULE_TRY(const auto shards, files_.list(folder_));
    for (const auto& shard : shards) {
      BASCULE_TRY(const auto names, files_.list(folder_ + "/" + shard));
      for (const auto& name : names) {
        if (name.find(kUnfinished) != std::string::npos) {
          BASCULE_CHECK_OK(files_.remove(fmt::format("{}/{}/{}", folder_, shard, name)));
        }
      }
    }
    return {};
  }

 private:
  // The digest is one: it becomes a path.
  static std::string_view hex_of(std::string_view digest) {
    return digest.substr(kAlgorithm.size());
  }
  std::string shard_of(std::string_view digest) const {
    return fmt::format("{}/{}", folder_, hex_of(digest).substr(0, kShardDigits));
  }
  std::string path_of(std::string_view digest) const {
    return fmt::format("{}/{}", shard_of(digest), hex_of(digest));
  }

  static Status check_bytes(std::string_view digest, std::span<const std::byte> bytes) {
    BASCULE_CHECK_OK(parse_digest(digest));
    if (bytes.size() > limits::kPackageBytes) {
      return fail(Code::kTooLarge, "the package {} has {} bytes; at most {} are kept", digest,
                  bytes.size(), limits::kPackageBytes);
    }
    if (const auto actual = digest_text(sha256(bytes)); actual != digest) {
      return fail(Code::kInvalid,
                  "the {} bytes sent as {} have the digest {}; something changed them on the way, "
                  "send them again",
                  bytes.size(), digest, actual);
    }
    return {};
  }

  std::string folder_;  // .../blobs/sha256
  Files& files_;
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_folder_blob_store(std::string folder, Files& files) {
  folder += "/blobs/sha256";
  BASCULE_CHECK_OK(files.make_folders(folder));
  auto store = std::make_unique<FolderBlobStore>(std::move(folder), files);
  BASCULE_CHECK_OK(store->remove_unfinished());
  return store;
}

}  // namespace bascule
