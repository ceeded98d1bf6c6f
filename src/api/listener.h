// The listening socket: accepts peers and hands their descriptors over.
//
// It survives running out of descriptors: one is kept in reserve, so that a peer can still be
// accepted and turned away, where otherwise it would wake the loop for ever.
// Threads: the thread of its loop, apart from `open` and `start`, which come before the loop runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace bascule {
struct HttpStats;  // api/http_server.h
namespace http {
class Poller;  // api/poller.h
}  // namespace http

class Listener {
 public:
  // Takes over a connected, non-blocking socket; it is counted in `stats.open` already.
  using Take = std::function<void(int descriptor)>;

  // `loop` and `stats` outlive the listener. With `tls` a peer is turned away without a word: it
  // would not understand one.
  Listener(http::Poller& loop, HttpStats& stats, std::size_t max_connections, bool tls, Take take);
  ~Listener();

  // kInvalid for an address that is none, kConflict when the port cannot be had.
  Status open(const std::string& host, std::uint16_t port);
  std::uint16_t port() const noexcept;

  void start();
  // Accepts what waits in the backlog, then closes: as far as those peers know, they are connected.
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bascule
