#include "package/sealed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace bascule {
namespace {

// A sealed memory file with the content, or -1 when this system gives none.
int sealed_file(std::span<const std::byte> bytes) {
  const int fd = ::memfd_create("bascule-package", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) {
    return -1;
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      break;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (bytes.empty() && ::fcntl(fd, F_ADD_SEALS, kSeals) == 0) {
    return fd;
  }
  ::close(fd);
  return -1;
}

}  // namespace

Result<std::unique_ptr<SealedMemory>> SealedMemory::copy_of(std::span<const std::byte> bytes) {
  const int fd = sealed_file(bytes);
  if (fd < 0) {
    return anonymous_copy_of(bytes);
  }
  // Private: older kernels refuse a shared mapping of a file that is sealed against writing.
  void* at = ::mmap(nullptr, bytes.size(), PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);  // the mapping keeps the file
  if (at == MAP_FAILED) {
    return anonymous_copy_of(bytes);
  }
  return std::unique_ptr<SealedMemory>(
      new SealedMemory({static_cast<const std::byte*>(at), bytes.size()}));
}

Result<std::unique_ptr<SealedMemory>> SealedMemory::anonymous_copy_of(
    std::span<const std::byte> bytes) {
  void* at =
      ::mmap(nullptr, bytes.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    return fail(Code::kUnavailable, "no memory for a package of {} bytes: {}", bytes.size(),
                std::generic_category().message(errno));
  }
  std::memcpy(at, bytes.data(), bytes.size());
  if (::mprotect(at, bytes.size(), PROT_READ) != 0) {
    const int error = errno;
    ::munmap(at, bytes.size());
    return fail(Code::kUnavailable, "cannot make the memory of a package read-only: {}",
                std::generic_category().message(error));
  }
  return std::unique_ptr<SealedMemory>(
      new SealedMemory({static_cast<const std::byte*>(at), bytes.size()}));
}

SealedMemory::~SealedMemory() {
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace bascule
