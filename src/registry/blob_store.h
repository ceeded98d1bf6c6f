// The blob store: package bytes by their digest.
//
// Bytes are whole and on the disk before `put` returns, and only then may a row name them. A kill
// between the two leaves bytes that no row names: they do no harm, and the next push of the same
// package uses them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/limits.h"
#include "base/result.h"

namespace bascule {

// Digests are "sha256:" and 64 hexadecimal digits; other text is kInvalid. Any thread.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // Keeps the bytes. kInvalid when they do not have this digest, kStorageFull when the disk is
  // full; then nothing is there under the digest that was not there before.
  virtual Status put(std::string_view digest, std::span<const std::byte> bytes) = 0;
  // kNotFound when there are none, kInternal when what is stored no longer has its digest.
  virtual Result<std::vector<std::byte>> get(std::string_view digest) = 0;
  virtual Result<bool> exists(std::string_view digest) = 0;
  // Nothing there is no error. The caller knows that no row names it.
  virtual Status remove(std::string_view digest) = 0;
  // All digests, sorted.
  virtual Result<std::vector<std::string>> list() = 0;
};

// One file per blob: <folder>/blobs/sha256/ab/abcdef... Creates the folders, and removes what a
// kill left half written: the folder belongs to this process (open_sqlite_catalog holds its lock).
// `files` outlives the store.
Result<std::unique_ptr<BlobStore>> open_folder_blob_store(std::string folder,
                                                          Files& files = system_files());

}  // namespace bascule
