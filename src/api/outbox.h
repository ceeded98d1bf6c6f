// Bytes on their way to somebody slow: a disk, a pipe, a collector.
//
// Whoever puts something in never waits for whoever takes it out: entries that find no room are
// dropped and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace bascule {

class Outbox {
 public:
  explicit Outbox(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // How many bytes wait now, or 0 when there was no room. Any thread.
  std::size_t put(std::string_view entry);

  struct Taken {
    std::string bytes;
    std::uint64_t entries = 0;
  };
  // Everything that waits. Any thread.
  Taken take();

  std::uint64_t dropped() const;

 private:
  const std::size_t max_bytes_;
  mutable std::mutex mutex_;  // guards what follows; held to copy an entry, or to swap
  Taken waiting_;
  std::uint64_t dropped_ = 0;
};

}  // namespace bascule
