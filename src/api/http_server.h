// The HTTP/1.1 server: sockets, event loops, deadlines and an end that drops no request.
//
// One event loop per thread; each owns its connections and its handler, and shares nothing with the
// others on the path of a request. Connections of all addresses are dealt out in turn, so that a
// few long-lived clients are spread evenly. Every wait has a deadline per message, which a client
// that sends a byte now and then does not extend; connections are swept once a second, and no
// request arms a timer. A handshake of TLS has the deadline of a header.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/handler.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"

namespace bascule {
class TlsSetup;  // api/tls.h

struct ListenAddress {
  std::string host = "127.0.0.1";  // a numeric address
  std::uint16_t port = 0;          // 0: any free one
};

struct HttpOptions {
  // Each speaks every protocol.
  std::vector<ListenAddress> addresses = {{}};
  std::size_t loops = 2;
  std::size_t max_connections = limits::kHttpConnections;
  std::int64_t header_ms = limits::kHttpHeaderSeconds * 1000;
  std::int64_t body_ms = limits::kHttpBodySeconds * 1000;  // and a second for each MiB announced
  std::int64_t idle_ms = limits::kHttpIdleSeconds * 1000;
  std::int64_t drain_ms = limits::kDrainSeconds * 1000;
  std::int64_t sweep_ms = 1000;
  std::shared_ptr<const TlsSetup> tls = {};  // null: plain
};

// Counted by all loops; read by /metrics.
struct HttpStats {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> turned_away{0};  // beyond max_connections, or out of descriptors
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> handler_exceptions{0};
  std::atomic<std::uint64_t> tls_handshakes{0};
  std::atomic<std::uint64_t> tls_failed{0};  // handshakes that were not completed
  std::atomic<std::uint64_t> tls_reloads{0};
  std::atomic<std::uint64_t> tls_failed_reloads{0};
  std::atomic<std::int64_t> tls_expires_at_us{0};  // the certificate; 0 without TLS
};

class HttpServer {
 public:
  // Makes the handler of loop `index`; called before `listen` returns, on the caller's thread.
  using HandlerFactory = std::function<std::unique_ptr<HttpHandler>(std::size_t index)>;

  // Binds, listens and starts the loops. kConflict when a port is taken, kInvalid for an address
  // that is none. `stats` and `clock` outlive the server.
  static Result<std::unique_ptr<HttpServer>> listen(const HttpOptions& options,
                                                    const HandlerFactory& make_handler,
                                                    HttpStats& stats,
                                                    const Clock& clock = system_clock());
  ~HttpServer();  // stops at once
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Of the addresses, in their order.
  std::uint16_t port(std::size_t address = 0) const noexcept;

  // Accepts no more, answers what has begun with `Connection: close`, and ends when the last
  // connection is gone or drain_ms have passed. Any thread.
  void drain();
  // Ends now. Any thread.
  void stop();
  // Returns when the loops have ended.
  void wait();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bascule
